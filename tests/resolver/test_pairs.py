"""Who stands beside whom: what is told of each two who are gathered, and who is found by that."""

from __future__ import annotations

from functools import partial

from hypothesis import given
from hypothesis import strategies as st

from bus.resolver.evidence import MOST_NAMES, ROW, WITH, Claim, candidates, kind_of, looks
from bus.resolver.likeness import Likeness
from bus.resolver.pairs import TOGETHER, is_pair, pair_key, pairs, sides
from tests.resolver.test_evidence import claim, ident
from tests.resolver.world import KEYS

PAIR_KEY = partial(pair_key, KEYS)


def gathered(**persons: Claim) -> dict[bytes, bytes]:
    """What is told of those who are gathered in one row, by pair."""
    return pairs([(ident(statement), each) for statement, each in persons.items()], PAIR_KEY)


def found(*rows: dict[bytes, bytes]) -> dict[bytes, dict[bytes, Likeness]]:
    """Whom those without a number may be, by what was told of pairs in these rows."""
    told = {key: {TOGETHER + ident(str(n)): row[key] for n, row in enumerate(rows) if key in row} for row in rows for key in row}
    return {s: alike for items in told.values() for side in sides(items) for s, alike in candidates(side, KEYS).items()}


def test_persons_of_one_row_are_told_of_two_by_two_whoever_is_named_first() -> None:
    row = gathered(h=claim("张三", kind=ROW), w=claim("李四", kind=ROW), c=claim("张小三", kind=ROW))
    assert set(row) == {PAIR_KEY("李四", "张三"), PAIR_KEY("张小三", "张三"), PAIR_KEY("李四", "张小三")}
    assert all(is_pair({TOGETHER: value}) for value in row.values())


def test_who_stands_beside_the_same_person_meets_though_both_names_are_written_by_ear() -> None:
    row = gathered(h=claim("潘志磊", kind=ROW), w=claim("廖芳红", kind=ROW))
    elsewhere = gathered(a=claim("潘志雷", "P", kind=ROW), b=claim("廖芳虹", "L", kind=ROW))

    assert found(row, elsewhere) == {
        ident("w"): {ident("L"): Likeness("v", "-", "-")},
        ident("h"): {ident("P"): Likeness("v", "-", "-")},
    }


def test_a_brother_is_not_held_against_his_sister_whose_name_is_like_his() -> None:
    assert found(gathered(b=claim("王小明"), s=claim("王小红", "S"))) == {}
    assert found(gathered(b=claim("王小明"), s=claim("王小红")), gathered(b=claim("王小明", "B"), s=claim("王小红", "S"))) == {
        ident("b"): {ident("B"): Likeness("e", "-", "-")},
        ident("s"): {ident("S"): Likeness("e", "-", "-")},
    }


def test_two_whose_names_sound_alike_stand_on_one_side() -> None:
    assert found(gathered(a=claim("王方"), b=claim("王芳", "F"))) == {ident("a"): {ident("F"): Likeness("v", "-", "-")}}


def test_what_several_rows_say_alike_of_one_by_number_is_told_once() -> None:
    once = gathered(a=claim("张三", "A"), b=claim("李四", "B"))
    assert gathered(a=claim("张三", "A"), again=claim("张三", "A"), b=claim("李四", "B")) == once
    assert gathered(a=claim("张三", "A"), more=claim("张三", "A", born="1951"), b=claim("李四", "B")) != once


def test_it_is_seen_from_outside_whether_anybody_there_is_looked_for() -> None:
    known = gathered(a=claim("张三", "A"), b=claim("李四", "B"))
    looking = gathered(a=claim("张三", "A"), b=claim("李四"))
    assert [looks(value) for row in (known, looking) for value in row.values()] == [False, True]
    assert {kind_of(value).decode() for value in known.values()} == {WITH}


def test_a_dormitory_is_no_family() -> None:
    assert gathered(**{f"s{n}": claim(f"张{n}", kind=ROW) for n in range(MOST_NAMES + 1)}) == {}
    assert gathered(one=claim("张三", kind=ROW), nameless=claim("", called="李")) == {}


persons = st.dictionaries(
    st.text("abcdef", min_size=1, max_size=3),
    st.builds(
        claim, st.sampled_from(["张三", "李四", "李思", "王小五"]), st.sampled_from(["", "A", "B"]), born=st.sampled_from(["", "1951"])
    ),
    max_size=6,
)


@given(persons)
def test_all_who_are_told_of_are_read_again_each_on_the_side_of_his_name(persons: dict[str, Claim]) -> None:
    for key, value in gathered(**persons).items():
        read = [each for side in sides({TOGETHER: value}) for each in side.items()]
        looking = {(ident(s), p._replace(kind=WITH)) for s, p in persons.items() if not p.subject}
        known = {p._replace(kind=WITH) for p in persons.values() if p.subject}
        assert {each for each in read if not each[1].subject} <= looking
        assert {each for _, each in read if each.subject} <= known
        assert key in {PAIR_KEY(one.name, other.name) for _, one in read for _, other in read}
