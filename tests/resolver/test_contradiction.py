"""Under one number, whose statements are another person's."""

from __future__ import annotations

import random
from typing import Any

import pytest

from bus.resolver.contradiction import BIRTH_DATE_DIFFERS, others_under_one_number
from bus.resolver.survivorship import Statement


def said(key: str, name: str | None, *codes: str, token: str | None = "t.1") -> Statement:
    found: list[dict[str, Any]] = [{"code": code, "column": None, "severity": "warn"} for code in codes]
    return Statement(key.encode(), 1, {"name": name, "id_token": token, "quality": found})


def test_another_name_with_another_birth_date_is_another_person() -> None:
    statements = [said("parent", "王建国"), said("again", "王建国"), said("child", "王小明", BIRTH_DATE_DIFFERS)]
    assert others_under_one_number(statements) == {b"child"}


def test_another_name_alone_is_not() -> None:
    assert others_under_one_number([said("one", "王建国"), said("other", "王小明")]) == frozenset()


def test_another_birth_date_alone_is_not() -> None:
    assert others_under_one_number([said("one", "王建国"), said("other", "王建国", BIRTH_DATE_DIFFERS)]) == frozenset()


def test_a_name_of_which_a_character_was_lost_cannot_be_held_against_anybody() -> None:
    assert others_under_one_number([said("one", "王建龑"), said("other", "王建YAN", BIRTH_DATE_DIFFERS)]) == frozenset()


def test_where_all_contradict_the_number_nothing_tells_whose_it_is() -> None:
    statements = [said("one", "王建国", BIRTH_DATE_DIFFERS), said("other", "王小明", BIRTH_DATE_DIFFERS)]
    assert others_under_one_number(statements) == frozenset()


def test_whoever_bears_any_of_the_names_that_the_number_goes_by_is_meant() -> None:
    statements = [said("maiden", "李兰"), said("later", "李岚"), said("old", "李兰", BIRTH_DATE_DIFFERS)]
    assert others_under_one_number(statements) == frozenset()


def numbered(key: str, name: str | None, sex: str = "1", *codes: str) -> Statement:
    of = said(key, name, *codes)
    return of._replace(said={**of.said, "sex": sex})


def in_words(key: str, name: str | None = None, **knows: str) -> Statement:
    return Statement(key.encode(), 1, {"name": name, "said_id_token": "t.1", "quality": [], **knows})


@pytest.mark.parametrize("caller", ["王建国", "王建國", "王健国"])
def test_a_number_left_in_words_is_his_whose_name_fits_that_of_its_owner(caller: str) -> None:
    assert others_under_one_number([numbered("owner", "王建国"), in_words("caller", caller)]) == frozenset()


@pytest.mark.parametrize("caller", ["李兰", "王小明", None])
def test_a_number_left_in_words_under_another_name_is_somebody_elses(caller: str | None) -> None:
    assert others_under_one_number([numbered("owner", "王建国"), in_words("caller", caller)]) == {b"caller"}


@pytest.mark.parametrize(("form", "others"), [("王先生", set()), ("王女士", {b"caller"}), ("李先生", {b"caller"}), ("市民", {b"caller"})])
def test_of_a_form_of_address_surname_and_sex_have_to_fit(form: str, others: set[bytes]) -> None:
    assert others_under_one_number([numbered("owner", "王建国"), in_words("caller", form_of_address=form)]) == others


def test_whoever_bears_one_of_the_owners_names_may_have_left_the_number() -> None:
    assert others_under_one_number([numbered("maiden", "李兰"), numbered("later", "李岚岚"), in_words("caller", "李岚岚")]) == frozenset()


def test_a_child_entered_under_the_number_is_nobody_to_compare_with_who_left_it() -> None:
    statements = [numbered("parent", "王建国"), numbered("child", "王小明", "1", BIRTH_DATE_DIFFERS), in_words("caller", "王小明")]
    assert others_under_one_number(statements) == {b"child", b"caller"}


def test_who_left_the_number_makes_nobody_elses_name_sound() -> None:
    statements = [numbered("child", "王小明", "1", BIRTH_DATE_DIFFERS), in_words("caller", "王建国")]
    assert b"child" not in others_under_one_number(statements)


def test_where_nobody_stands_under_the_number_it_is_taken_for_that_of_who_left_it() -> None:
    assert others_under_one_number([in_words("once", "王建国"), in_words("again", form_of_address="王先生")]) == frozenset()


def test_a_number_that_two_left_who_are_not_one_is_nobodys() -> None:
    assert others_under_one_number([in_words("one", "王建国"), in_words("other", "李兰")]) == {b"one", b"other"}


def test_it_does_not_matter_in_what_order_they_are_looked_at() -> None:
    statements = [
        numbered("parent", "王建国"),
        numbered("child", "王小明", "1", BIRTH_DATE_DIFFERS),
        in_words("he", "王建国"),
        in_words("sir", form_of_address="王先生"),
        in_words("she", "李兰"),
    ]
    for seed in range(20):
        shuffled = random.Random(seed).sample(statements, len(statements))
        assert others_under_one_number(shuffled) == {b"child", b"she"}
