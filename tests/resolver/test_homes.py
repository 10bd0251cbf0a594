"""A home that only one row puts a person in, against all his others: for somebody to look at."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bus.eventlog import topics
from bus.resolver.evidence import HERE, PLACE, UNPLACED, Claim
from bus.resolver.homes import HOME, Home, among_strangers, at_home, held, home_key, is_home, may_be_held
from bus.resolver.identify import subject_of
from tests.conformance.adapters import MAKERS
from tests.resolver.world import KEYS, Said, publish, resolve, together

HERS = {"compound_code": "X", "road": "R", "building": "6", "entrance": "2", "room": "302"}
WRONG = {**HERS, "building": "1"}


def ident(text: str) -> bytes:
    return text.encode().ljust(16, b".")


def home(place: str, row: str, alias: str = "") -> Home:
    return Home(ident("P"), ident(place), ident(row), ident(alias) if alias else b"")


def test_a_home_that_no_other_row_of_the_person_knows_is_held_where_they_know_another() -> None:
    assert held({b"roster": home("x", "1", "at x"), b"survey": home("y", "2")}) == {b"roster": ident("at x")}


@pytest.mark.parametrize(
    "others",
    [
        {},
        {b"survey": home("x", "2")},
        {b"survey": home("y", "2"), b"owner": home("x", "3")},
        {b"person of the row": home("x", "1")},
    ],
)
def test_it_is_not_held_where_another_row_agrees_or_nobody_says_anything(others: dict[bytes, Home]) -> None:
    assert held({b"roster": home("x", "1", "at x"), **others}) == {}


def test_a_row_does_not_speak_for_itself() -> None:
    homes = {b"roster": home("x", "1", "at x"), b"person of the row": home("x", "1"), b"survey": home("y", "2")}
    assert held(homes) == {b"roster": ident("at x")}


@pytest.mark.parametrize(("said", "may"), [({}, True), ({"source_code": "F1"}, False), ({"real_estate_unit_no": "U"}, False)])
def test_only_a_home_that_is_named_by_its_address_alone_can_be_held(said: dict[str, Any], may: bool) -> None:
    assert may_be_held({"source": {"role": HOME}, **said}) is may
    assert not may_be_held({"source": {"role": "dwelling"}, **said})


def test_an_owner_is_put_where_the_row_says_and_who_has_no_number_nowhere() -> None:
    row, place = ident("row"), ident("place")
    claims = {
        b"d": Claim(HERE, b"", place.hex(), "", "", ident("alias").hex()),
        b"o": Claim(UNPLACED, ident("P"), "张三", "", ""),
        b"n": Claim(UNPLACED, b"", "李四", "", ""),
    }
    key = home_key(ident("P"), KEYS)
    assert at_home(row, claims, KEYS) == {
        (key, b"o"): Home(ident("P"), place, row),
        (key, b"d"): Home(ident("P"), place, row, ident("alias")),
        (place, b"d"): Home(ident("P"), place, row, ident("alias")),
    }
    assert at_home(row, {**claims, b"e": claims[b"d"]}, KEYS) == {}


def living(*names: str) -> list[Claim]:
    """Who says that he lives at the place: P first, then others by number."""
    return [Claim(PLACE, ident("P" if at == 0 else f"n{at}"), name, "", "") for at, name in enumerate(names)]


STRANGE = home("x", "1", "at x")


def test_a_home_among_several_others_of_whom_none_bears_the_surname_is_a_strange_one() -> None:
    key = home_key(ident("P"), KEYS), b"roster"
    assert among_strangers({b"roster": STRANGE}, living("李红", "王军", "赵敏"), KEYS) == {key: STRANGE._replace(strange=True)}


@pytest.mark.parametrize("names", [("李红",), ("李红", "王军"), ("李红", "王军", "李明"), ("", "王军", "赵敏"), ("李红", "王军", "王军")])
def test_it_is_none_where_few_live_or_one_of_the_name_or_who_it_is_about_is_not_known(names: tuple[str, ...]) -> None:
    others = living(*names)
    same = [each._replace(subject=ident("n1")) if each.name == "王军" else each for each in others]
    assert among_strangers({b"roster": STRANGE}, same, KEYS) == {}


def test_a_strange_home_is_held_where_no_other_row_of_the_person_says_where_he_lives() -> None:
    strange = {b"roster": STRANGE, b"roster by the place": STRANGE._replace(strange=True)}
    assert held(strange) == {b"roster by the place": ident("at x")}
    assert held({**strange, b"survey": home("x", "2")}) == {}


keys = st.binary(min_size=16, max_size=16)


@given(keys, keys, keys, st.one_of(st.tuples(st.just(b""), st.just(False)), st.tuples(keys, st.booleans())))
def test_a_home_is_read_as_it_was_written(subject: bytes, place: bytes, row: bytes, of: tuple[bytes, bool]) -> None:
    written = Home(subject, place, row, *of)
    assert is_home(written.encoded())
    assert Home.decoded(written.encoded()) == written
    assert not is_home(Claim(HERE, subject, "a", "", "").encoded())


@pytest.mark.parametrize("seed", range(2))
def test_whatever_the_order_a_home_among_strangers_waits_for_a_person(tmp_path: Path, seed: int) -> None:
    log = MAKERS["sqlite"](tmp_path).open()
    wrong = ("place:wrong",)
    order = [
        Said("dwelling", ident("roster home"), 3, wrong, "roster home", {"row": "roster", "address": WRONG, "role": HOME}),
        Said(
            "resident", ident("roster self"), 4, ("token:p",), "roster self", {"row": "roster", "name": "李红", "residence_address": WRONG}
        ),
        Said("dwelling", ident("neighbour"), 5, wrong, "neighbour home", {"row": "neighbour", "address": WRONG}),
        *(
            Said("resident", ident(f"n{n}"), 6 + n, (f"token:{n}",), f"n{n}", {"row": f"n{n}", "name": name, "residence_address": WRONG})
            for n, name in enumerate(["王军", "赵敏"])
        ),
    ]
    Random(seed).shuffle(order)
    for part in (order[:3], order[3:]):
        publish(log, part)
        resolve(log, tmp_path / "state")
    resolve(log, tmp_path / "state")

    assert together(log)["dwelling"] == {frozenset({"roster home"}), frozenset({"neighbour home"})}
    log.close()


def statements() -> list[Said]:
    """She owns her home; the roster puts her in another building, where a neighbour lives."""
    token, hers, wrong = ("token:p",), ("place:hers",), ("place:wrong",)
    return [
        Said("dwelling", ident("deed home"), 1, hers, "deed home", {"row": "deed", "address": HERS}),
        Said("resident", ident("deed owner"), 2, token, "deed owner", {"row": "deed", "name": "李红"}),
        Said("dwelling", ident("roster home"), 3, wrong, "roster home", {"row": "roster", "address": WRONG, "role": HOME}),
        Said("resident", ident("roster self"), 4, token, "roster self", {"row": "roster", "name": "李红", "residence_address": WRONG}),
        Said("dwelling", ident("neighbour"), 5, wrong, "neighbour home", {"row": "neighbour", "address": WRONG}),
    ]


@pytest.mark.parametrize("seed", range(4))
def test_whatever_the_order_the_home_of_the_row_stays_by_itself_and_waits_for_a_person(tmp_path: Path, seed: int) -> None:
    log = MAKERS["sqlite"](tmp_path).open()
    order = statements()
    Random(seed).shuffle(order)
    publish(log, order[:2])
    resolve(log, tmp_path / "state")
    publish(log, order[2:])
    for _ in range(2):
        resolve(log, tmp_path / "state")

    assert together(log)["dwelling"] == {frozenset({"deed home"}), frozenset({"roster home"}), frozenset({"neighbour home"})}
    decided = {record.key: record.value for batch in log.scan(topics.DECISION) for record in batch.records}
    at = subject_of(KEYS, "dwelling", "place:wrong").hex()
    assert json.loads(decided[ident("roster home")] or b"")["evidence"] == {at: ["elsewhere"]}
    log.close()


def test_it_joins_its_neighbours_once_another_row_puts_her_there_too(tmp_path: Path) -> None:
    log = MAKERS["sqlite"](tmp_path).open()
    publish(log, statements())
    resolve(log, tmp_path / "state")
    moved = Said("resident", ident("survey"), 9, ("token:p",), "survey", {"row": "survey", "name": "李红", "residence_address": WRONG})
    publish(log, [moved])
    for _ in range(2):
        resolve(log, tmp_path / "state")

    assert frozenset({"roster home", "neighbour home"}) in together(log)["dwelling"]
    decided = {record.key: record.value for batch in log.scan(topics.DECISION) for record in batch.records}
    assert decided[ident("roster home")] is None
    log.close()
