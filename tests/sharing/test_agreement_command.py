"""An agreement by the commands alone, from the first draft to its end, on an embedded log, by several people of the machine."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bus.cli import context
from bus.cli.context import App
from bus.config import read_settings
from bus.event import Output, Record
from bus.eventlog import topics
from bus.sharing import history
from bus.sharing.lifecycle import Event
from tests import warm
from tests.cli.test_errors import HAN, civicbus, expect
from tests.sharing.paper import text

ID = "civil-housing-of-families"
SOURCE = {"delivery": "2026-09", "file": None, "sheet": None, "row": 2, "key": {"id": "1"}, "role": "dwelling", "ordinal": 0}


def value_of(said: Any, department: str) -> dict[str, Any]:
    return {
        "value": said, "department": department, "event_id": "e", "valid_from": None, "known_from": "2026-09-01T00:00:00.000Z",
        "rule": "authority", "agree": 1, "disputed": False,
    }  # fmt: skip


def house(fields: dict[str, Any], *departments: str, said_by: str = "housing") -> dict[str, Any]:
    sources = [{**SOURCE, "department": each, "dataset": f"{each}.dwelling"} for each in departments]
    held = {name: value_of(said, said_by) for name, said in fields.items()}
    return {"subject": "00", "sources": sources, "fields": held, "links": [], "operation": "changed", "corrects": [], "event_id": "e" * 32}


HOUSES = [
    house({"usage": "residence", "area_total": 48.5}, "housing", "civil"),
    house({"usage": "residence"}, "housing", "civil"),
    house({"usage": "office"}, "civil", said_by="civil"),
    house({"usage": "residence", "area_total": 90.0}, "housing"),
]


class Office:
    """A log with four houses, a folder of files, and people who run commands."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        self.file = folder / "paper.yaml"
        self.write()
        app = self.app = App(read_settings({"home": str(self.home)}, {}))
        app.create_topics()
        encode = app.codec.encoder("master.dwelling-value")
        with app.log.writer("merge") as writer:
            records = [Record(bytes([at]) * 16, encode(value), 1_790_000_000_000) for at, value in enumerate(HOUSES)]
            writer.append([Output("master.dwelling", each) for each in records])

    def write(self, **changed: Any) -> None:
        self.file.write_text(text(**changed), encoding="utf-8")

    def by(self, person: str, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("CIVICBUS_")}
        told = {**kept, "CIVICBUS_HOME": str(self.home), "COLUMNS": "200", **env}
        return warm.run(["agreement", *arguments], told, person=person)

    def done(self, person: str, *arguments: str, **env: str) -> str:
        finished = self.by(person, *arguments, **env)
        assert finished.returncode == 0, finished.stderr
        return finished.stdout

    def refused(self, person: str, *arguments: str) -> str:
        finished = self.by(person, *arguments)
        assert finished.returncode == 2, finished.stderr
        return finished.stderr

    def plan(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.done("li", "plan", str(self.file)))
        return found

    def shown(self, **env: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.done("li", "show", ID, **env))
        return found

    def applied(self) -> None:
        self.done("li", "submit", str(self.file))
        for who, step in (("wang", "review"), ("zhao", "approve"), ("li", "apply")):
            self.done(who, step, ID)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    made = Office(tmp_path)
    yield made
    made.app.close()


def test_an_agreement_lives_from_its_submission_to_its_end_and_every_step_says_who_and_why(office: Office) -> None:
    office.done("li", "submit", str(office.file), "--reason", "yearly check")
    states = [office.shown()["state"]]
    for who, step, *why in (
        ("wang", "review"),
        ("zhao", "approve"),
        ("li", "apply"),
        ("zhao", "suspend", "--reason", "a complaint"),
        ("zhao", "resume"),
        ("wang", "revoke", "--reason", "the task is done"),
    ):
        office.done(who, step, ID, *why)
        states.append(office.shown()["state"])

    assert states == ["submitted", "reviewed", "approved", "active", "suspended", "active", "revoked"]
    assert [(each["step"], each["by"], each["reason"]) for each in office.shown()["events"]] == [
        ("submit", "li", "yearly check"),
        ("review", "wang", ""),
        ("approve", "zhao", ""),
        ("apply", "li", ""),
        ("suspend", "zhao", "a complaint"),
        ("resume", "zhao", ""),
        ("revoke", "wang", "the task is done"),
    ]


def test_apply_makes_the_topic_and_nothing_before_it_does(office: Office) -> None:
    def there() -> bool:
        return any(info.name == topics.share(ID) for info in office.app.log.topics())

    office.done("li", "submit", str(office.file))
    office.done("wang", "review", ID)
    assert "reviewed" in office.refused("li", "apply", ID)
    assert not there()
    office.done("zhao", "approve", ID)
    office.done("li", "apply", ID)
    assert there()


def test_the_text_is_kept_and_does_not_depend_on_the_file(office: Office) -> None:
    office.done("li", "submit", str(office.file))
    before = office.file.read_text("utf-8")
    office.file.unlink()

    assert office.shown()["text"] == before


def test_whoever_submitted_it_does_not_approve_it(office: Office) -> None:
    office.done("li", "submit", str(office.file))

    assert "提交人" in office.refused("li", "review", ID)
    assert office.shown()["state"] == "submitted"


def test_a_refusal_needs_a_reason_and_it_is_shown(office: Office) -> None:
    office.done("li", "submit", str(office.file))

    assert office.by("wang", "refuse", ID).returncode == 2
    assert "理由" in office.refused("wang", "refuse", ID, "--reason", " ")
    office.done("wang", "refuse", ID, "--reason", "no basis")
    assert (office.shown()["state"], office.shown()["refused"]) == ("refused", "no basis")


def test_plan_says_what_is_new_to_whom_and_about_how_many(office: Office) -> None:
    found = office.plan()

    assert (found["consumer"], found["subjects"], found["subjects_in_scope"], found["approvals"]) == ("civil", 2, 3, 1)
    assert [(each["field"], each["subjects"]) for each in found["reveals"]] == [("address", 0), ("usage", 2), ("area_total", 1)]


def test_plan_does_not_say_none_where_it_is_not_known_how_many(office: Office, tmp_path: Path) -> None:
    plan, elsewhere = ("plan", str(office.file)), {"CIVICBUS_HOME": str(tmp_path / "without-masters")}
    found = json.loads(office.done("li", *plan, **elsewhere))

    assert (found["subjects"], found["subjects_in_scope"], {each["subjects"] for each in found["reveals"]}) == (None, None, {None})
    said = office.by("li", *plan, "--format", "table", **elsewhere).stderr
    assert "涉及数量未知" in said and "of an unknown number" in said


def test_plan_says_it_to_people_in_chinese_and_english(office: Office) -> None:
    said = office.by("li", "plan", str(office.file), "--format", "table").stderr

    for words in (
        "市住建局 → 市民政局",
        "Housing Bureau → Civil Affairs Bureau",
        "约涉及 2 套",
        "about 2 dwellings",
        "仅到社区 to the community",
    ):
        assert words in said


def test_what_is_in_force_already_is_not_new_and_a_change_shows_only_what_it_adds(office: Office) -> None:
    office.applied()
    assert office.plan()["reveals"] == []

    office.write(rows=None)
    assert {(each["field"], each["change"], each["subjects"]) for each in office.plan()["reveals"]} == {
        ("address", "rows", 0),
        ("usage", "rows", 1),
        ("area_total", "rows", 1),
    }


def test_a_change_is_a_new_version_that_goes_the_same_way(office: Office) -> None:
    office.applied()
    office.write(fields={"usage": "clear"})
    office.done("li", "submit", str(office.file))
    found = office.shown()

    assert (found["state"], found["version"], found["pending"]["version"]) == ("active", 1, 2)


def test_two_have_to_approve_what_newly_shows_something_sensitive(office: Office) -> None:
    office.write(entity="resident", provider=["social"], fields={"political_status": "clear"}, impact_assessment="PIA-2026-012")
    office.done("li", "submit", str(office.file))
    office.done("wang", "review", ID)
    office.done("wang", "approve", ID)

    assert "另一人" in office.refused("wang", "approve", ID)
    assert office.shown()["state"] == "reviewed"
    office.done("zhao", "approve", ID)
    assert office.shown()["state"] == "approved"


def test_what_the_catalog_does_not_allow_is_not_submitted_and_all_of_it_is_said(office: Office) -> None:
    office.write(fields={"usage": "year", "colour": "clear"})
    done = office.by("li", "submit", str(office.file))

    expect(subprocess.CompletedProcess([], done.returncode, done.stdout, done.stderr), 3, "AGREEMENT_REFUSED", "paper.yaml:")
    assert "fields.usage" in done.stderr
    assert "fields.colour" in done.stderr
    assert history.standings(office.app.log, named=False) == {}


def test_an_old_approval_does_not_share_what_is_not_shared_any_more(office: Office) -> None:
    office.app.log.create([topics.spec(topics.AGREEMENT)])
    broken = text(fields={"colour": "clear"})
    for at, (step, by) in enumerate((("submit", "li"), ("review", "wang"), ("approve", "zhao"))):
        said = {"text": broken, "share_class": "conditional", "approvals": 1} if step == "submit" else {}
        history.write(office.app.log, Event(ID, 1, step, by, 1_790_000_000_000 + at, **said), named=False)  # type: ignore[arg-type]
    done = office.by("li", "apply", ID)

    assert done.returncode == 3
    assert "fields.colour" in done.stderr
    assert office.shown()["state"] == "approved"


def test_one_approval_is_not_enough_once_it_would_reveal_what_takes_two(office: Office) -> None:
    sensitive = {"entity": "resident", "provider": ["social"], "fields": {"political_status": "clear"}, "impact_assessment": "PIA-1"}
    office.write(**sensitive)
    office.done("li", "submit", str(office.file))
    for person, step in (("wang", "review"), ("wang", "approve"), ("zhao", "approve"), ("li", "apply")):
        office.done(person, step, ID)
    office.write(**sensitive, agreement="the-same-again")
    office.done("li", "submit", str(office.file))
    office.done("wang", "review", "the-same-again")
    office.done("wang", "approve", "the-same-again")
    office.done("wang", "revoke", ID, "--reason", "over")

    assert "须由更多人批准" in office.refused("li", "apply", "the-same-again")


def test_list_shows_drafts_what_is_in_force_and_what_waits_until_when(office: Office) -> None:
    office.done("li", "submit", str(office.file))
    lines = {each["agreement"]: each for each in map(json.loads, office.done("li", "list", CIVICBUS_ANSWER_DAYS="5").splitlines())}

    assert lines["housing-life-events"]["state"] == "draft"
    assert lines[ID]["clock"]["waits_for"] == "answer"
    assert lines[ID]["clock"]["overdue"] is False
    assert "待答复 answer" in office.by("li", "list", "--format", "table").stderr


def test_the_limits_are_settings(office: Office) -> None:
    office.done("li", "submit", str(office.file))
    due = [office.shown(CIVICBUS_ANSWER_DAYS=days)["clock"]["due"] for days in ("1", "10")]

    assert due == sorted(set(due))


def test_a_draft_names_every_field_with_its_ways_and_is_refused_as_long_as_it_is_one(tmp_path: Path) -> None:
    file = tmp_path / "draft.yaml"
    wanted = ("--provider", "housing", "--consumer", "civil", "--entity", "dwelling", "--into", str(file))
    assert civicbus(tmp_path, "agreement", "new", "a-draft", *wanted).returncode == 0

    assert "# usage: clear | exists    用途 Use" in file.read_text("utf-8")
    assert civicbus(tmp_path, "agreement", "check", str(file)).returncode == 3
    expect(civicbus(tmp_path, "agreement", "new", "a-draft", *wanted), 2, "WRONG_USE", "draft.yaml")
    expect(civicbus(tmp_path, "agreement", "new", "../x", *wanted), 2, "WRONG_USE", "../x")


def test_the_agreements_that_came_with_civicbus_are_right(tmp_path: Path) -> None:
    done = civicbus(tmp_path, "agreement", "check")

    assert done.returncode == 0
    assert HAN.search(done.stderr)


def test_an_agreement_that_nobody_submitted_is_not_there(tmp_path: Path) -> None:
    expect(civicbus(tmp_path, "agreement", "approve", ID), 2, "WRONG_USE", ID)


def test_who_acts_is_whom_kafka_knows_and_on_the_embedded_log_the_user_of_the_machine_whatever_the_environment_says() -> None:
    env = {"CIVICBUS_KAFKA_SASL_USERNAME": "office-wang"}

    assert context.person(App(read_settings({"log": "kafka://broker:9092"}, env))) == "office-wang"
    assert context.person(App(read_settings({}, env))) == context.person(App(read_settings({}, {}))) != "office-wang"
