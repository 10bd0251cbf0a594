"""Names that are one name written in two ways."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bus.standards.names import read_name
from bus.standards.spellings import same_by_another_spelling

ONE_NAME = [
    ("张丽", "张莉", "by ear"),
    ("李国辉", "李囯晖", "by ear, in two places"),
    ("单勇", "善勇", "any reading of a surname counts"),
    ("张偉", "张伟", "a traditional character"),
    ("張國強", "张国强", "a name in traditional characters alone"),
    ("王䶮", "王YAN", "pinyin for a rare character"),
    ("吕女", "吕nü", "pinyin with ü"),
    ("王䶮", "王\ue020", "a private-use character for a rare one"),
    ("吐尔逊·阿不都", "吐尔逊阿不都", "without the dot"),
]
TWO_NAMES = [
    ("张伟", "张强", "another character"),
    ("章威", "张伟", "alike in nothing that is written"),
    ("李伟", "李\ue020", "a private-use character for one that every system holds"),
    ("王䶮", "王龙天", "two characters for one, though they be its parts"),
    ("王䶮", "王伟", "another character for a rare one"),
    ("䶮", "YAN", "nothing is left to be alike"),
    ("张伟", "张伟强", "a character more"),
]


@pytest.mark.parametrize(("one", "other", "why"), ONE_NAME, ids=[case[2] for case in ONE_NAME])
def test_a_name_is_known_by_another_spelling(one: str, other: str, why: str) -> None:
    assert same_by_another_spelling(one, other)
    assert same_by_another_spelling(other, one)


@pytest.mark.parametrize(("one", "other", "why"), TWO_NAMES, ids=[case[2] for case in TWO_NAMES])
def test_two_names_are_not_taken_for_one(one: str, other: str, why: str) -> None:
    assert not same_by_another_spelling(one, other)
    assert not same_by_another_spelling(other, one)


@pytest.mark.parametrize("written", ["张 丽", "张　丽", " 张丽 ", "张\u200b丽"])
def test_blanks_for_alignment_are_gone_before_names_are_compared(written: str) -> None:
    read = read_name(written).value
    assert read and read.name == "张丽"


@given(st.text(max_size=5), st.text(max_size=5))
def test_any_two_texts_can_be_compared_and_in_either_order(one: str, other: str) -> None:
    assert same_by_another_spelling(one, other) == same_by_another_spelling(other, one)
