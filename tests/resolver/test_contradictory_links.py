"""Links that cannot be so at one time are disputes: the departments are asked, the mark stays until it is answered or mended."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from bus.eventlog import topics
from bus.eventlog.port import EventLog
from bus.resolver.disputes import Answer
from bus.resolver.routing import Routes
from bus.resolver.subject import ANSWER
from tests.conformance.adapters import MAKERS
from tests.resolver.link_world import DEPARTMENTS, Said, codec, house, key, lives, married, party, person, publish, rented, resolve, say
from tests.resolver.world import KEYS, TIME, masters

Tell = Callable[..., None]


@pytest.fixture
def log(tmp_path: Path) -> Iterator[EventLog]:
    opened = MAKERS["sqlite"](tmp_path).open()
    yield opened
    opened.close()


@pytest.fixture
def tell(log: EventLog, tmp_path: Path) -> Tell:
    def told(*said: Sequence[Said]) -> None:
        publish(log, [each for some in said for each in some])
        resolve(log, tmp_path / "state")

    return told


def paid_at(row: str, unit: str, who: str, at: int = 0, operation: str = "created", **person_: Any) -> list[Said]:
    """A row of the old-age allowance: a person and the home that civil affairs know."""
    of = "civil.old_age_allowance"
    link = {"kind": "resident", "party": party(of, "self", row), "dwelling_key": key(of, "home", row).hex()}
    return [
        say("resident", of, "self", row, at, name=who, id_token=who, **person_),
        say("dwelling", of, "home", row, at, kind="unit", real_estate_unit_no=unit),
        say("residency_link", of, "self", row, at, operation, **link),
    ]


def disputes(log: EventLog) -> dict[tuple[str, str], dict[str, Any]]:
    """(department, field) → what it was told last."""
    found = {}
    for department in DEPARTMENTS:
        for batch in log.scan(topics.dispute(department)):
            for each in batch.records:
                assert each.key is not None and each.value is not None
                found[department, each.key.decode().partition(":")[2]] = codec().decode(each.value)[1]
    return found


def marks(log: EventLog, entity: str, subject: bytes) -> list[bool]:
    record = masters(log)[entity][subject.hex().encode()]
    return [each["disputed"] for each in codec().decode(record.value or b"")[1]["links"]]


def test_who_answers_for_homes_is_asked_about_two_present_homes(log: EventLog, tell: Tell) -> None:
    tell(lives("1", "U", "甲", seen="2026-05-01"), paid_at("2", "V", "甲"))

    (((department, field), dispute),) = disputes(log).items()
    assert (department, field, dispute["state"]) == ("social", "links.resident", "open")
    assert (dispute["holds"]["value"], dispute["holds"]["source"]["dataset"]) == (house("U").hex(), "social.resident_survey")
    assert [(each["value"], each["source"]["dataset"]) for each in dispute["others"]] == [(house("V").hex(), "civil.old_age_allowance")]
    assert marks(log, "resident", person("甲")) == [True, True]
    assert marks(log, "dwelling", house("V")) == [True]


def test_a_home_is_shown_as_the_row_writes_it(log: EventLog, tell: Tell) -> None:
    tell(lives("1", "U", "甲"), paid_at("2", "V", "甲", residence_address=_address("阳光花园1号楼1单元102室")))

    assert disputes(log)["social", "links.resident"]["others"][0]["value"] == "阳光花园1号楼1单元102室"


def test_rows_that_differ_about_the_address_are_not_asked_about_twice(log: EventLog, tell: Tell) -> None:
    here, there = _address("阳光花园1号楼1单元102室", room="102"), _address("阳光花园1号楼1单元301室", room="301")
    tell(lives("1", "U", "甲", residence_address=here), paid_at("2", "V", "甲", residence_address=there))

    assert list(disputes(log)) == [("social", "residence_address")]


def test_confirmed_the_mark_comes_off_in_both_files(log: EventLog, tell: Tell) -> None:
    tell(lives("1", "U", "甲"), paid_at("2", "V", "甲"))
    dispute = disputes(log)["social", "links.resident"]
    said = Answer(tuple(each["difference"] for each in dispute["others"]), "confirmed", "入户核实", "clerk", "social", TIME + 99_000)
    name = said.name(KEYS, dispute["id"])
    with log.writer("answers") as writer:
        writer.append([Routes().told("resident", person("甲"), ANSWER, name, said.encoded(), TIME + 99_000)])
    tell()

    closed = disputes(log)["social", "links.resident"]
    assert (closed["state"], closed["closed_because"]) == ("closed", "confirmed")
    assert marks(log, "resident", person("甲")) == [False, False]
    assert marks(log, "dwelling", house("V")) == [False]


def test_a_home_that_ends_ends_the_dispute(log: EventLog, tell: Tell) -> None:
    tell(lives("1", "U", "甲"), paid_at("2", "V", "甲"))
    tell(paid_at("2", "V", "甲", 9, "ended"))

    assert disputes(log)["social", "links.resident"]["state"] == "closed"
    assert marks(log, "resident", person("甲")) == [False, False]


def test_who_answers_for_tenure_is_asked_about_a_home_that_the_lease_register_says_is_rented(log: EventLog, tell: Tell) -> None:
    tell(lives("1", "U", "甲", tenure="own"), rented("2", "U", "乙", ["甲"]))

    (((department, field), dispute),) = disputes(log).items()
    assert (department, field, dispute["state"]) == ("social", "links.tenure", "open")
    assert (dispute["holds"]["value"], dispute["holds"]["source"]["dataset"]) == ("own", "social.resident_survey")
    assert [(each["value"], each["source"]["dataset"]) for each in dispute["others"]] == [("rent", "housing.lease")]
    assert marks(log, "resident", person("甲")) == [True, True]
    assert sorted(marks(log, "dwelling", house("U"))) == [False, True, True]  # that he lets it is not in doubt

    tell(lives("1", "U", "甲", 9, tenure="rent"))
    assert disputes(log)["social", "links.tenure"]["closed_because"] == "corrected"
    assert marks(log, "resident", person("甲")) == [False, False]


def test_the_row_of_the_residency_is_asked_about_though_that_of_the_person_says_otherwise(log: EventLog, tell: Tell) -> None:
    of = "social.residency_survey"
    link = {"kind": "resident", "person_key": key("social.resident_survey", "self", "1").hex(), "dwelling_key": key(of, "home", "g").hex()}
    surveyed = [
        say("dwelling", of, "home", "g", kind="unit", real_estate_unit_no="U"),
        say("residency_link", of, "self", "g", tenure="own", **link),
    ]
    tell(lives("1", "U", "甲", tenure="rent"), surveyed, rented("2", "U", "乙", ["甲"]))

    dispute = disputes(log)["social", "links.tenure"]
    assert (dispute["holds"]["value"], dispute["holds"]["source"]["dataset"]) == ("own", of)
    assert [(each["value"], each["source"]["dataset"]) for each in dispute["others"]] == [("rent", "housing.lease")]


@pytest.mark.parametrize(
    "lease",
    [
        rented("2", "U", "乙", ["丙"]),
        rented("2", "V", "乙", ["甲"]),
        rented("2", "U", "乙", ["甲"], status="cancelled"),
        rented("2", "U", "甲", ["丙"]),
    ],
    ids=["another's", "of another dwelling", "that is over", "by which he lets it"],
)
def test_no_other_lease_contradicts_his_tenure(log: EventLog, tell: Tell, lease: list[Said]) -> None:
    tell(lives("1", "U", "甲", tenure="own"), lease)

    assert disputes(log) == {}


def test_the_register_is_asked_about_two_marriages_at_once(log: EventLog, tell: Tell) -> None:
    tell(married("1", "甲", "乙"), married("2", "甲", "丙"))

    dispute = disputes(log)["civil", "links.spouse"]
    assert {dispute["holds"]["value"], dispute["others"][0]["value"]} == {person("乙").hex(), person("丙").hex()}
    tell(married("3", "甲", "丙", 9, "divorce", "2003-03-03"))
    assert disputes(log)["civil", "links.spouse"]["state"] == "closed"


def _address(text: str, **parts: str) -> dict[str, Any]:
    return {"text": text, "compound_code": "C1", "building": "1", "entrance": "1", "room": "102", **parts}
