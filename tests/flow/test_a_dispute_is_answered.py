"""Where two departments differ the one that is asked finds it, answers it, and the mark travels with the value until it is over."""

from __future__ import annotations

import json
import re
import shutil
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bus.contracts import catalog
from bus.contracts.codec import Codec
from bus.event import Output, Record
from bus.eventlog.sqlite import SqliteLog
from bus.resolver.disputes import LOCAL
from tests.flow.city_bus import BOTH_LOGS, Bus

FILES = {
    "civil.assistance_member": "civil/DB_MEMBER.csv",
    "civil.old_age_allowance": "civil/高龄津贴发放表.xlsx",
    "housing.dwelling": "housing/FC_HXX.csv",
    "social.resident_survey": "social/WG_RK.csv",
}
SURVEY = "social.resident_survey"


@pytest.fixture(scope="module")
def resolved(tmp_path_factory: pytest.TempPathFactory, delivery: Path) -> Bus:
    """What four datasets say, resolved on the embedded log; each test has a copy of it."""
    return resolve(Bus("sqlite", tmp_path_factory.mktemp("resolved") / "home", differing(delivery, tmp_path_factory.mktemp("differing"))))


@pytest.fixture
def bus(resolved: Bus, tmp_path: Path) -> Bus:
    shutil.copytree(resolved.home, tmp_path / "home")
    return Bus("sqlite", tmp_path / "home", Path(shutil.copytree(resolved.delivery, tmp_path / "delivery")))


def differing(delivery: Path, into: Path) -> Path:
    """The delivery, with other names in the survey for twelve people whom other departments know by the same number."""
    own = Path(shutil.copytree(delivery, into / "2026-09"))
    elsewhere = (own / FILES["civil.assistance_member"]).read_text("gb18030") + (own / FILES["housing.dwelling"]).read_text("gb18030")
    lines = (own / FILES[SURVEY]).read_text(encoding="utf-8").splitlines(keepends=True)
    known = [at for at, line in enumerate(lines) if (number := re.search(r"3799\d{14}", line)) and number[0] in elsewhere][:12]
    for at in known:
        lines[at] = re.sub(r"(?<=,)([\u4e00-\u9fff])[\u4e00-\u9fff]{1,2}(?=,)", r"\1玥珩", lines[at], count=1)
    (own / FILES[SURVEY]).write_text("".join(lines), encoding="utf-8")
    return own


def resolve(bus: Bus) -> Bus:
    for dataset, file in FILES.items():
        bus("publish", dataset, str(bus.delivery / file))
    bus("run", "--until-idle")
    return bus


def test_the_file_shows_what_the_department_is_asked(bus: Bus) -> None:
    disputes = listed(bus)
    assert len(disputes) > 5
    assert {each["state"] for each in disputes} == {"open"}
    for each in disputes:
        assert field(bus, each)["disputed"]
        assert field(bus, each)["value"] == each["holds"]["value"] or each["field"].endswith("address")
    assert marks(bus) == {(each["subject"], each["field"]) for each in disputes}


def test_every_department_has_a_topic_of_its_own(bus: Bus) -> None:
    there = {line["name"] for line in json.loads(bus("topics", "--format", "json"))}
    assert {f"dispute.{department}" for department in catalog.load().departments} <= there


def test_each_department_is_shown_its_own_and_each_dispute_by_its_id(bus: Bus) -> None:
    disputes = listed(bus)
    assert {each["department"] for each in listed(bus, "--department", "civil")} == {"civil"}
    (shown,) = bus.lines("dispute", "show", disputes[0]["id"])
    assert shown == disputes[0]
    table = bus.tried("dispute", "list", "--format", "table").stderr
    assert "姓名 Name" in table
    assert "待处理 open" in table
    assert bus.tried("dispute", "show", "0" * 32).returncode == 5


def test_confirmed_takes_the_mark_off(bus: Bus) -> None:
    first, *others = listed(bus)
    bus("dispute", "answer", first["id"], "confirmed", "--reason", "已核对户口簿")
    bus("run", "--until-idle")

    assert listed(bus) == others
    assert not field(bus, first)["disputed"]
    (closed,) = listed(bus, "--state", "closed")
    assert (closed["closed_because"], closed["answer"]["reason"], closed["holds"]["value"]) == ("confirmed", "已核对户口簿", None)
    assert bus.tried("dispute", "answer", first["id"], "confirmed", "--reason", "再次").returncode == 2


def test_a_corrected_delivery_ends_it_by_itself(bus: Bus) -> None:
    wrong = next(each for each in listed(bus) if each["field"] == "name" and of_survey(each) and len(each["others"]) == 1)
    bus("dispute", "answer", wrong["id"], "corrected", "--reason", "下批更正")
    bus("run", "--until-idle")
    assert field(bus, wrong)["disputed"]

    (said,) = wrong["others"]
    lines = (bus.delivery / FILES[SURVEY]).read_text(encoding="utf-8").splitlines(keepends=True)
    row = said["source"]["row"] - 1
    assert said["value"] in lines[row]
    lines[row] = lines[row].replace(said["value"], wrong["holds"]["value"])
    (bus.delivery / FILES[SURVEY]).write_text("".join(lines), encoding="utf-8")
    bus("publish", SURVEY, str(bus.delivery / FILES[SURVEY]), "--delivery", "2026-10")
    bus("run", "--until-idle")

    assert not field(bus, wrong)["disputed"]
    (closed,) = listed(bus, "--state", "closed")
    assert (closed["id"], closed["closed_because"]) == (wrong["id"], "corrected")


def test_a_rebuild_says_nothing_again(bus: Bus) -> None:
    bus("dispute", "answer", listed(bus)[0]["id"], "not-mine", "--reason", "非本部门登记")
    bus("run", "--until-idle")
    before = sorted(bus.seen("dispute.", "master."))
    bus("rebuild")
    bus("run", "--until-idle")
    assert sorted(bus.seen("dispute.", "master.")) == before != []


def test_not_mine_asks_the_other_department(bus: Bus) -> None:
    first = listed(bus, "--department", "civil")[0]
    bus("dispute", "answer", first["id"], "not-mine", "--reason", "非本部门登记")
    bus("run", "--until-idle")

    (asked,) = [each for each in listed(bus) if each["id"] == first["id"]]
    assert asked["department"] == first["others"][0]["source"]["department"]
    assert asked["passed_on_by"] == ["civil"]
    assert field(bus, first)["disputed"]


def test_what_nobody_may_say_is_refused(bus: Bus) -> None:
    first = listed(bus)[0]["id"]
    number = bus.tried("dispute", "answer", first, "confirmed", "--reason", "见13800138000来电")
    assert (number.returncode, "13800138000" in number.stderr + number.stdout) == (2, False)
    assert bus.tried("dispute", "answer", first, "confirmed", "--reason", "  ").returncode == 2
    assert bus.tried("dispute", "answer", first, "perhaps", "--reason", "x").returncode == 2
    assert bus.tried("dispute", "list", "--department", "water").returncode == 2


def test_how_long_there_is_to_answer_and_which_days_count_are_settings(bus: Bus, tmp_path: Path) -> None:
    opened = {each["id"]: datetime.fromisoformat(each["opened_at"]).astimezone(LOCAL).date() for each in listed(bus)}
    own = {day + timedelta(days=n): n == 20 for day in opened.values() for n in range(1, 21)}  # one long holiday
    (tmp_path / "own.txt").write_text("".join(f"{day} {'work' if works else 'rest'}\n" for day, works in own.items()))
    bus.env |= {"CIVICBUS_DISPUTE_DAYS": "1", "CIVICBUS_WORKING_DAYS": str(tmp_path / "own.txt")}
    bus("rebuild", "merge")
    bus("run", "--until-idle")

    assert {each["id"]: each["due_on"] for each in listed(bus)} == {
        id: (day + timedelta(days=20)).isoformat() for id, day in opened.items()
    }


def test_what_is_overdue_is_escalated_where_it_is_listed(bus: Bus) -> None:
    first = listed(bus)[0]
    overdue = Codec(catalog.load().registry).encode("dispute.department-value", {**_typed(first), "due_on": "2026-01-05"})
    key = f"{first['subject']}:{first['field']}".encode()
    before = next(each for each in bus.seen("dispute.") if each.key == key)
    log = SqliteLog(bus.home / "civicbus.db")
    with log.writer("test") as writer:
        writer.append([Output(before.topic, Record(key, overdue, 0), before.partition)])
    log.close()

    for state in ("overdue", "escalated"):
        assert [each["id"] for each in listed(bus, "--state", state)] == [first["id"]]
    assert "已逾期 overdue" in bus.tried("dispute", "list", "--format", "table").stderr


@pytest.mark.parametrize("adapter", BOTH_LOGS)
def test_on_either_log_an_answer_comes_to_the_file(adapter: str, resolved: Bus, tmp_path: Path) -> None:
    bus = resolve(Bus(adapter, tmp_path / "home", resolved.delivery, keys=resolved.home))
    first, *others = listed(bus)
    bus("dispute", "answer", first["id"], "confirmed", "--reason", "已核对户口簿")
    bus("run", "--until-idle")

    assert [each["id"] for each in listed(bus)] == [each["id"] for each in others]
    assert sorted(each["id"] for each in (first, *others)) == sorted(each["id"] for each in listed(resolved))
    assert not field(bus, first)["disputed"]


def listed(bus: Bus, *options: str) -> list[dict[str, Any]]:
    return bus.lines("dispute", "list", "--format", "jsonl", *options)


def of_survey(dispute: dict[str, Any]) -> bool:
    return {each["source"]["dataset"] for each in dispute["others"]} == {SURVEY}


def field(bus: Bus, dispute: dict[str, Any]) -> dict[str, Any]:
    """The field of the file that a dispute is about."""
    (record,) = bus.lines("show", dispute["entity"], "--subject", dispute["subject"], "--format", "json")
    found: dict[str, Any] = record["fields"][dispute["field"]]
    return found


def marks(bus: Bus) -> set[tuple[str, str]]:
    """All that is marked in the files, of the fields that rules name."""
    beside = {"birth_date_precision", "completed_on_precision"}
    last = {line["key"]: line["value"] for line in bus.lines("read", "master.*")}
    return {
        (key, name)
        for key, value in last.items()
        if value
        for name, held in value["fields"].items()
        if held["disputed"] and name not in beside
    }


def _typed(printed: dict[str, Any]) -> dict[str, Any]:
    """A dispute as it was before it was printed."""
    return {name: value for name, value in printed.items() if name != "overdue"}
