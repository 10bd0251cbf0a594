"""The file of a person is erased by two persons: what is gone, who is told, what stays and until when; and that it does not come back."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
from base64 import b64decode
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from bus import keys
from bus.cli.context import App
from bus.config import read_settings
from bus.errors import KeyRefused
from bus.eventlog import topics
from bus.sealing import unseal
from tests import warm
from tests.flow.city_bus import Bus
from tests.sharing.in_force import put_in_force

FILES = {"civil.assistance_member": "civil/DB_MEMBER.csv", "civil.marriage": "civil/HYDJ.csv"}
PEOPLE, MARRIAGES = "people-of-civil", "marriages-of-civil"
TEXT = """
agreement: {id}
title: {{zh: 示例, en: Example}}
provider: [civil]
consumer: {consumer}
subscribers: [svc-{consumer}]
entity: {entity}
fields: {{{fields}}}
purpose: 核对名单
basis: 测试用依据
scene: 定期核对
scope: 经办人员
way: topic
until: 2099-12-31
retention_days: 30
impact_assessment: PIA-TEST
"""


class Office:
    """A bus with two agreements, and a person with a row of her own who is also in a marriage."""

    def __init__(self, bus: Bus, copied: Office | None = None) -> None:
        self.bus = bus
        if copied is None:
            self._fill()
        else:
            shutil.copytree(copied.bus.home, bus.home)
        numbered = {str(said["source"]["key"]) for said in self.newest(topics.canonical("resident")).values() if said and said["id_sealed"]}
        self.subject, self.master = next(
            (value["subject"], value)
            for value in self.newest(topics.master("resident")).values()
            if value
            and {source["dataset"] for source in value["sources"]} == set(FILES)
            and all(str(source["key"]) in numbered for source in value["sources"])
        )

    def _fill(self) -> None:
        bus = self.bus
        for dataset, file in FILES.items():
            bus("publish", dataset, str(bus.delivery / file))
        app = self.app()
        app.create_topics()
        put_in_force(app, TEXT.format(id=PEOPLE, consumer="social", entity="resident", fields="name: clear, sex: clear"))
        put_in_force(app, TEXT.format(id=MARRIAGES, consumer="housing", entity="marriage", fields="husband: clear, wife: clear"))
        app.close()
        bus("run", "--until-idle")

    def app(self) -> App:
        return App(read_settings({"home": str(self.bus.home), "log": self.bus.env["CIVICBUS_LOG"]}, {}))

    def by(self, person: str, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        env = {**self.bus.env, "CIVICBUS_HOME": str(self.bus.home), "PATH": "/usr/bin:/bin", **more}
        return warm.run(arguments, env, person=person)

    def done(self, person: str, *arguments: str) -> Any:
        finished = self.by(person, *arguments)
        assert finished.returncode == 0, finished.stderr
        return json.loads(finished.stdout)

    def requested(self) -> str:
        said = self.done("li", "erase", "request", self.subject, "--reason", "withdrew her application", "--format", "json")
        id: str = said["id"]
        return id

    def erased(self) -> dict[str, Any]:
        report: dict[str, Any] = self.done("wang", "erase", "carry-out", self.requested(), "--format", "json")
        self.bus("run", "--until-idle")
        return report

    def newest(self, topic: str) -> dict[str, Any]:
        return {each["key"]: each["value"] for each in self.bus.lines("read", topic)}

    def sealed(self) -> dict[tuple[str, str, str], str]:
        """(statement, field, token) → ciphertext, of all numbers and phones in the newest statements about residents."""
        found = {}
        for key, said in self.newest(topics.canonical("resident")).items():
            if said and said["id_sealed"]:
                found[key, "id_sealed", said["id_token"]] = said["id_sealed"]
            found.update({(key, "phones", each["token"]): each["sealed"] for each in (said or {}).get("phones") or ()})
        return found

    def told(self, agreement: str) -> list[dict[str, Any]]:
        return self.bus.lines("subscribe", agreement, "--until-idle")


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory, delivery: Path) -> Office:
    return Office(Bus("sqlite", tmp_path_factory.mktemp("erase") / "home", delivery))


class Erased(NamedTuple):
    """What there was before, what the report said, and the bus as it is now."""

    before: list[dict[str, Any]]
    report: dict[str, Any]
    office: Office


@pytest.fixture(scope="module")
def erased(tmp_path_factory: pytest.TempPathFactory, office: Office) -> Erased:
    copy = Office(Bus("sqlite", tmp_path_factory.mktemp("erased") / "home", office.bus.delivery), office)
    before = copy.told(PEOPLE)
    return Erased(before, copy.erased(), copy)


def test_nothing_is_changed_by_a_plan_or_a_request_and_who_asks_does_not_carry_it_out(office: Office) -> None:
    plan = office.done("li", "erase", "plan", office.subject, "--format", "json")
    id = office.requested()
    refused = office.by("li", "erase", "carry-out", id)
    office.bus("run", "--until-idle")

    assert plan["rows"] == [{"dataset": "civil.assistance_member", "key": _key(office.master, "civil.assistance_member")}]
    assert refused.returncode == 2 and "申请人" in refused.stderr
    assert office.newest(topics.master("resident"))[office.subject]["subject"] == office.subject


def test_the_file_goes_its_rows_go_and_whoever_was_told_is_told_that_it_ended(erased: Erased) -> None:
    before, report, office = erased
    known = {each["event_id"] for each in before}
    new = [each for each in office.told(PEOPLE) if each["event_id"] not in known]
    gone = [each["subject"] for each in new if each["operation"] == "ended"]
    hers = {_said_by(each) for each in office.master["sources"]}

    assert office.newest(topics.master("resident"))[office.subject] is None
    assert office.newest("raw.civil.assistance_member")[report["rows"][0]["key"]] is None
    assert len(gone) == 1 and [each["operation"] for each in new if each["subject"] in gone] == ["ended"]
    assert not any(
        hers & {_said_by(each) for each in file["sources"]} for file in office.newest(topics.master("resident")).values() if file
    )
    assert {each["agreement"] for each in report["receivers"]} == {PEOPLE, MARRIAGES}
    assert json.loads(office.bus("account", "--format", "json"))["balanced"]


def test_what_was_sealed_of_the_person_opens_for_nobody_any_more_and_all_else_still_does(office: Office, erased: Erased) -> None:
    before, ring = office.sealed(), keys.load(erased.office.bus.home)
    withdrawn = {key for key, said in erased.office.newest(topics.canonical("resident")).items() if said is None}
    hers = {place for place in before if place[0] in withdrawn}

    assert {field for _, field, _ in hers} == {"id_sealed", "phones"}
    assert {place for place, sealed in before.items() if not opens(ring, place[1], sealed)} == hers
    assert all(opens(keys.load(office.bus.home), place[1], before[place]) for place in hers)  # with the keys of before, so: it is the keys


def test_what_the_department_hands_in_again_is_sealed_anew_and_opens(office: Office, tmp_path: Path) -> None:
    again = Office(Bus("sqlite", tmp_path / "home", office.bus.delivery), office)
    before = again.sealed()
    again.erased()
    again.bus("publish", "civil.assistance_member", str(again.bus.delivery / FILES["civil.assistance_member"]))
    again.bus("run", "--until-idle")
    ring, anew = keys.load(again.bus.home), again.sealed()
    back = {place for place in anew if not opens(ring, place[1], before[place])}

    assert back and all(opens(ring, place[1], anew[place]) for place in anew)


def test_who_is_killed_between_the_keys_and_the_rest_does_it_again(office: Office, tmp_path: Path) -> None:
    copy = Office(Bus("sqlite", tmp_path / "home", office.bus.delivery), office)
    id, rows = copy.requested(), copy.newest("raw.civil.assistance_member")
    killed = copy.by("wang", "erase", "carry-out", id, CIVICBUS_TEST="1", CIVICBUS_CRASH_AT="before_end")
    assert killed.returncode == -signal.SIGKILL
    assert json.loads(copy.bus("keys", "list"))["destroyed"] > 0
    assert copy.newest("raw.civil.assistance_member") == rows

    report = copy.done("wang", "erase", "carry-out", id, "--format", "json")
    assert copy.newest("raw.civil.assistance_member")[report["rows"][0]["key"]] is None


def test_the_report_says_what_stays_and_until_when(erased: Erased) -> None:
    kept = {each["where"]: each for each in erased.report["kept"]}
    in_days = {where: (date.fromisoformat(each["until"]) - date.today()).days for where, each in kept.items() if each["until"]}

    assert in_days["canonical.resident"] in (0, 1)  # on Kafka 407 days
    assert "ciphertexts" in kept["canonical.resident"]["what"]
    assert {in_days[each] for each in ("master.resident", "internal.evidence", "dispute.", "raw.civil.assistance_member")} <= {0, 1}
    assert kept[f"share.{PEOPLE}"]["until"] > "2026"
    assert kept["raw.civil.marriage"]["until"] is None  # the marriage is the husband's, or the wife's, as well
    assert {"audit", "backup", "internal.decision", "internal.watch", "internal.refused", "social", "housing"} <= kept.keys()


def test_the_older_versions_are_gone_once_the_log_is_tidied(erased: Erased) -> None:
    office = erased.office
    office.bus("tidy")
    row = erased.report["rows"][0]["key"].encode()
    left = office.bus.seen("raw.civil.assistance_member", "canonical.resident")
    hers = json.dumps(office.master["fields"]["name"]["value"], ensure_ascii=False).strip('"').encode()

    assert [each.value for each in left if each.key == row] == [None]
    assert len([each for each in left if each.topic == "canonical.resident" and each.value is None]) == erased.report["statements"]
    assert not any(row in (each.value or b"") and hers in (each.value or b"") for each in left)
    assert json.loads(office.bus("account", "--format", "json"))["balanced"]


def test_who_asked_and_who_did_it_is_on_record_and_in_the_audit(erased: Erased) -> None:
    office = erased.office
    line = office.bus.lines("erase", "list", "--format", "jsonl")[-1]
    entries = [json.loads(each["entry"]) for each in office.bus.lines("audit", "export")]
    acts = [(each["actor"], each["rule"]) for each in entries if each["action"] == "erased"]

    assert (line["by"], line["done_by"], line["reason"]) == ("li", "wang", "withdrew her application")
    assert acts == [("wang", line["id"])]
    told = json.loads(office.bus("disclosures", office.subject, "--format", "json"))["disclosures"]
    assert [each["action"] for each in told][-2:] == ["erased", "delivered"]  # the end that receivers were told of


def test_it_does_not_come_back_when_the_steps_begin_anew(erased: Erased) -> None:
    office = erased.office
    office.bus("rebuild")
    office.bus("run", "--until-idle")

    assert office.newest(topics.master("resident")).get(office.subject) is None


def test_what_other_entities_told_of_a_person_is_among_what_was_disclosed(office: Office) -> None:
    told = json.loads(office.bus("disclosures", office.subject, "--format", "json"))["disclosures"]

    assert {each["agreement"] for each in told} == {PEOPLE, MARRIAGES}


def _said_by(source: dict[str, Any]) -> tuple[str, str, str]:
    return source["dataset"], source["role"], json.dumps(source["key"], sort_keys=True)


def opens(ring: keys.KeyRing, field: str, sealed: str) -> bool:
    """Whether these keys open a ciphertext, as a command shows it."""
    try:
        return bool(unseal(ring, topics.canonical("resident"), field, b64decode(sealed)))
    except KeyRefused:
        return False


def _key(master: dict[str, Any], dataset: str) -> str:
    return ",".join(next(source["key"] for source in master["sources"] if source["dataset"] == dataset).values())
