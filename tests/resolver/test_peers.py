"""Statements without a number that are about one person, whom nobody knows by number."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bus.resolver.evidence import MOST_SUBJECTS, ROW, Claim
from bus.resolver.peers import by_strength, is_peer, peers
from bus.resolver.questions import Question
from bus.resolver.store import Store
from tests.conformance.adapters import MAKERS
from tests.resolver.world import KEYS, codec, masters, publish, resolve, together, without_numbers

KEY = b"k" * 16


def claim(name: str = "张三", subject: bytes = b"", sex: str = "", born: str = "", kind: str = "phone") -> Claim:
    return Claim(kind, subject, name, sex, born)


def grouped(**claims: Claim) -> set[str]:
    """Which of these statements are of a group."""
    return {statement.decode() for statement, _ in peers(KEY, {name.encode(): each for name, each in claims.items()}, KEYS)}


def test_two_of_one_name_under_one_key_are_one_person() -> None:
    assert grouped(a=claim(), b=claim(), c=claim("李四")) == {"a", "b"}


def test_who_is_alone_or_has_a_number_or_gave_no_name_is_of_no_group() -> None:
    assert grouped(a=claim(), b=claim(subject=b"P" * 16)) == set()
    assert grouped(a=claim(""), b=claim("")) == set()


@pytest.mark.parametrize("other", [{"sex": "2"}, {"born": "1980"}])
def test_who_contradict_each_other_are_not(other: dict[str, str]) -> None:
    assert grouped(a=claim(sex="1", born="1950-01-01"), b=claim(**other)) == set()


def test_names_in_one_row_and_a_phone_of_a_crowd_make_no_group() -> None:
    assert grouped(a=claim(kind=ROW), b=claim(kind=ROW)) == set()
    crowd = {f"s{n}": claim(f"张{n}") for n in range(MOST_SUBJECTS)}
    assert grouped(a=claim(), b=claim(), **crowd) == set()


def called(surname: str = "张", sex: str = "1", kind: str = "phone") -> Claim:
    return Claim(kind, b"", "", sex, "", surname)


def test_who_gives_a_form_of_address_is_of_the_one_name_that_it_fits_at_that_phone() -> None:
    assert grouped(a=claim(), b=called()) == {"a", "b"}
    assert grouped(a=claim(kind="place"), b=called(kind="place")) == set()
    assert grouped(a=claim(sex="2"), b=called(sex="1")) == set()
    assert grouped(a=claim(), b=claim("张四"), c=called()) == set()
    assert grouped(a=claim(), b=claim("张四", subject=b"P" * 16), c=called()) == set()


def test_who_give_the_same_form_of_address_at_one_phone_are_one_where_no_name_fits() -> None:
    assert grouped(a=called(), b=called(), c=called(sex="2"), d=called("李"), e=claim("王五")) == {"a", "b"}


def test_at_the_phone_of_an_office_two_who_are_addressed_alike_may_be_anybody() -> None:
    office = {f"s{n}": claim(name) for n, name in enumerate(("李四", "王五", "赵六"))}
    assert grouped(a=called(), b=called(), c=claim("钱七"), d=claim("钱七"), **office) == {"c", "d"}


def test_groups_of_two_names_and_of_two_keys_are_not_one() -> None:
    both = {b"a": claim(), b"b": claim(), b"c": claim("李四"), b"d": claim("李四")}
    assert len({group for _, group in peers(KEY, both, KEYS)} | {group for _, group in peers(b"l" * 16, both, KEYS)}) == 4


def test_a_departments_own_number_is_stronger_than_a_phone_and_a_phone_than_a_dwelling() -> None:
    items: dict[bytes, bytes] = {}
    for kind in ("place", "code", "phone"):
        under = {b"a": claim(kind=kind), b"b": claim(kind=kind)}
        items |= {kind.encode(): said for said in peers(KEY, under, KEYS).values()}
    assert all(map(is_peer, items.values()))
    assert [kind for _, kind in by_strength(items)] == ["code", "phone", "place"]


@given(st.sampled_from(["resident", "dwelling"]), st.lists(st.binary(min_size=16, max_size=16), max_size=9), st.binary())
def test_a_question_is_read_as_it_was_written(entity: str, weaker: list[bytes], statement: bytes) -> None:
    asked = Question(entity, weaker, statement)
    assert Question.decoded(asked.encoded()) == asked


def test_who_called_twice_has_one_file_and_whoever_asks_is_told_why(tmp_path: Path) -> None:
    log = MAKERS["sqlite"](tmp_path).open()
    publish(log, without_numbers(1))
    for _ in range(2):
        resolve(log, tmp_path / "state")

    files = together(log)["resident"]
    store = Store(log, "resident", codec().decoder(), KEYS, tmp_path / "state")
    subjects = [bytes.fromhex(json.loads(record.value or b"")[0]) for record in masters(log)["resident"].values()]
    told = [store.evidence(subject, store.statements(subject)) for subject in subjects]

    assert [{text[:3] for text in file} for file in files if any(text.startswith("ca0") for text in file)] == [{"ca0", "cb0"}]
    assert any(text.startswith("cd0") for file in files if any(text.startswith("wi0") for text in file) for text in file)
    assert {b"ca0": ("phone",), b"cb0": ("phone",)} in [{key.rstrip(b"."): kinds for key, kinds in each.items()} for each in told]
    log.close()
