"""Under one number, whose statements are another person's."""

from __future__ import annotations

from typing import Any

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
