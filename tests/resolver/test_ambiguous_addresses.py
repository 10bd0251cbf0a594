"""An address that fits several dwellings: never guessed, queued for a person where there are several, joined where there is one."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bus.eventlog import topics
from bus.eventlog.port import EventLog
from bus.resolver import docket, rulings
from bus.resolver.identify import own_subject, subject_of
from bus.resolver.identity import may_be, without_entrance
from bus.resolver.questions import Question
from bus.resolver.routing import Routes
from bus.resolver.rulings import Move, Ruling
from tests.conformance.adapters import MAKERS
from tests.resolver.world import KEYS, TIME, Said, masters, publish, resolve, together

AT_HOME = {"building": "3", "entrance": "2", "room": "401"}
"""The parts of an address whose compound is not certain."""
ONE, OTHER = ({"compound_code": code, **AT_HOME} for code in ("XQ1", "XQ2"))


def dwelling(**said: Any) -> dict[str, Any]:
    return {"kind": "unit", "source": {"department": "social"}, "quality": [], **said}


def test_an_address_in_several_compounds_may_be_a_place_in_each() -> None:
    assert may_be(dwelling(address=AT_HOME, compound_codes=["XQ1", "XQ2"])) == ("place:XQ1|3|2|401", "place:XQ2|3|2|401")


def test_an_address_without_an_entrance_may_be_in_any() -> None:
    assert may_be(dwelling(address={**ONE, "entrance": None})) == ("part:XQ1|3||401",)


@pytest.mark.parametrize(
    "said",
    [
        {"address": ONE},
        {"address": AT_HOME, "compound_codes": ["XQ1", "XQ2"], "source_code": "F1"},
        {"address": {**AT_HOME, "room": None}, "compound_codes": ["XQ1", "XQ2"]},
        {"address": AT_HOME},
        {"address": AT_HOME, "compound_codes": ["XQ1", "XQ2"], "kind": "place"},
        {"address": AT_HOME, "compound_codes": ["XQ1", "XQ2"], "room": "402"},
    ],
    ids=[
        "its place is certain",
        "it has a code",
        "no room",
        "nobody knows its compound",
        "where something happened",
        "it contradicts itself",
    ],
)
def test_nothing_else_is_asked_for(said: dict[str, Any]) -> None:
    assert may_be(dwelling(**said)) == ()


def test_only_the_keeper_of_dwellings_knows_which_entrances_there_are() -> None:
    assert without_entrance(dwelling(source={"department": "housing"}, address=ONE)) == "part:XQ1|3||401"
    assert without_entrance(dwelling(address=ONE)) is None


ids = st.binary(min_size=16, max_size=16)


@given(st.sampled_from([("dwelling", True, False), ("dwelling", False, True)]), st.lists(ids, max_size=5), st.binary())
def test_a_question_that_asks_or_waits_is_read_as_it_was_written(kind: tuple[str, bool, bool], weaker: list[bytes], said: bytes) -> None:
    entity, *how = kind
    assert Question.decoded(Question(entity, weaker, said, *how).encoded()) == Question(entity, weaker, said, *how)


def said(name: str, *names: str, **knows: Any) -> Said:
    at = TIME + sum(name.encode())
    return Said("dwelling", name.encode().ljust(16, b"."), at, names, name, {"row": name, **knows})


def register(name: str, *names: str, **address: str) -> Said:
    return said(name, *names, department="housing", address=address)


def lease(name: str, *compounds: str, **address: str | None) -> Said:
    return said(name, address=address, compound_codes=list(compounds))


WORLD = [
    register("deed one", "unit:1", "place:XQ1|3|2|401", **ONE),
    register("deed other", "unit:2", "place:XQ2|3|2|401", **OTHER),
    register("deed alone", "unit:3", "place:XQ1|5|1|101", compound_code="XQ1", building="5", entrance="1", room="101"),
    register("deed left", "unit:4", "place:XQ1|6|1|101", compound_code="XQ1", building="6", entrance="1", room="101"),
    register("deed right", "unit:5", "place:XQ1|6|2|101", compound_code="XQ1", building="6", entrance="2", room="101"),
    lease("either compound", "XQ1", "XQ2", **AT_HOME),
    lease("either as well", "XQ1", "XQ2", **AT_HOME),
    lease("one compound", "XQ1", "XQ2", building="5", entrance="1", room="101"),
    lease("of one entrance", compound_code="XQ1", building="5", room="101"),
    lease("of two entrances", compound_code="XQ1", building="6", room="101"),
    lease("nowhere", "XQ1", "XQ2", building="9", entrance="1", room="101"),
    register("deed before", "unit:6", "place:XQ1|7|1|101", compound_code="XQ1", building="7", entrance="1", room="101"),
    register("deed again", "unit:7", "place:XQ1|7|1|101", compound_code="XQ1", building="7", entrance="1", room="101"),
    said("at one place", "place:XQ1|7|1|101", address={"compound_code": "XQ1", "building": "7", "entrance": "1", "room": "101"}),
]
FILES = {
    frozenset({"deed one"}),
    frozenset({"deed other"}),
    frozenset({"deed alone", "one compound", "of one entrance"}),
    frozenset({"deed left"}),
    frozenset({"deed right"}),
    frozenset({"deed before"}),
    frozenset({"deed again"}),
    *(frozenset({each}) for each in ("either compound", "either as well", "of two entrances", "nowhere", "at one place")),
}


def subjects(*names: str) -> set[bytes]:
    return {subject_of(KEYS, "dwelling", name) for name in names}


def waiting(log: EventLog) -> dict[str, set[bytes]]:
    """What stands in the queue: name of the statement → which dwellings it may be."""
    return {key.decode().rstrip("."): set(each.candidates) for key, each in docket.read(log).doubts.items() if each.entity == "dwelling"}


@pytest.mark.parametrize("seed", range(4))
def test_whatever_the_order_one_that_fits_is_meant_and_several_wait_for_a_person(tmp_path: Path, seed: int) -> None:
    log = MAKERS["sqlite"](tmp_path).open()
    order = list(WORLD)
    Random(seed).shuffle(order)
    for part in (order[:4], order[4:], order[:3]):
        publish(log, part)
        resolve(log, tmp_path / "state")
    resolve(log, tmp_path / "state")

    assert together(log)["dwelling"] == FILES
    both = subjects("unit:1", "unit:2")
    assert waiting(log) == {
        "either compound": both,
        "either as well": both,
        "of two entrances": subjects("unit:4", "unit:5"),
        "at one place": subjects("unit:6", "unit:7"),  # two unit numbers are given to it
    }
    log.close()


def test_the_last_that_is_left_is_meant_once_the_other_is_known_to_be_elsewhere(tmp_path: Path) -> None:
    log = MAKERS["sqlite"](tmp_path).open()
    publish(log, WORLD)
    resolve(log, tmp_path / "state")
    moved = register("deed other", "unit:2", "place:XQ2|7|1|101", compound_code="XQ2", building="7", entrance="1", room="101")
    publish(log, [moved._replace(at=moved.at + 10_000)])
    for _ in range(2):
        resolve(log, tmp_path / "state")

    assert frozenset({"deed one", "either compound", "either as well"}) in together(log)["dwelling"]
    assert set(waiting(log)) == {"of two entrances", "at one place"}
    log.close()


def test_a_place_under_two_unit_numbers_waits_until_one_of_them_is_known_to_be_elsewhere(tmp_path: Path) -> None:
    log = MAKERS["sqlite"](tmp_path).open()
    publish(log, WORLD)
    resolve(log, tmp_path / "state")
    assert waiting(log)["at one place"] == subjects("unit:6", "unit:7")
    mended = register("deed again", "unit:7", "place:XQ1|7|1|102", compound_code="XQ1", building="7", entrance="1", room="102")
    publish(log, [mended._replace(at=mended.at + 10_000)])
    resolve(log, tmp_path / "state")

    assert frozenset({"deed before", "at one place"}) in together(log)["dwelling"]
    assert "at one place" not in waiting(log)
    log.close()


@pytest.mark.parametrize("to", ["deed one", "itself"])
def test_a_person_decides_and_a_rebuild_is_told_the_same(tmp_path: Path, to: str) -> None:
    log = MAKERS["sqlite"](tmp_path).open()
    publish(log, WORLD)
    resolve(log, tmp_path / "state")
    statement = b"either compound".ljust(16, b".")
    own = own_subject(KEYS, statement)
    target = subject_of(KEYS, "dwelling", "unit:1") if to == "deed one" else own
    ruled = Ruling(b"r" * 16, "join", "dwelling", "clerk", "looked at the lease", TIME + 99_999, [Move(own, statement, target)])
    with log.writer("rulings") as writer:
        writer.append(rulings.outputs(ruled, Routes()))
    resolve(log, tmp_path / "state")
    before = masters(log)
    assert frozenset({"deed one", "either compound"} if to == "deed one" else {"either compound"}) in together(log)["dwelling"]
    assert "either compound" not in waiting(log)

    shutil.rmtree(tmp_path / "state")
    publish(log, WORLD[:2])
    for _ in range(2):
        resolve(log, tmp_path / "state")
    assert masters(log) == before
    assert json.loads(next(r.value for b in log.scan(topics.DECISION) for r in b.records if r.key == b"r" * 16))["reason"]
    log.close()
