"""What was so on a day, what we had been told by a time: one version of each statement answers."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bus.resolver.history import Times, Version, at, began_before
from bus.resolver.survivorship import Statement


def version(number: int, known_from: int, since: str | None, operation: str = "changed") -> Version:
    said: dict[str, Any] = {"operation": operation, "updated_at": since, "number": number}
    return Version(bytes((number,)), Statement(b"k", known_from, said))


def number(versions: list[Version], as_of: str | None = None, known_at: int | None = None) -> int | None:
    found = at(versions, Times(as_of, known_at))
    return None if found is None else int(found.said["number"])


MOVED = [version(1, 100, "2020-01-01", "created"), version(2, 200, "2026-09-15"), version(3, 300, "2026-10-01")]


def test_without_a_time_the_newest_version_answers() -> None:
    assert number(MOVED) == 3


@pytest.mark.parametrize(
    ("day", "found"), [("2019", None), ("2020-01-01", 1), ("2026-09-14", 1), ("2026-09-15", 2), ("2026-09", 2), ("2030", 3)]
)
def test_on_a_day_that_version_was_so_which_began_last_before_it(day: str, found: int | None) -> None:
    assert number(MOVED, as_of=day) == found


@pytest.mark.parametrize(("time", "found"), [(99, None), (100, 1), (299, 2), (300, 3)])
def test_at_a_time_that_version_was_known_which_was_published_last_before_it(time: int, found: int | None) -> None:
    assert number(MOVED, known_at=time) == found


def test_what_was_so_by_what_was_known_then() -> None:
    assert number(MOVED, as_of="2026-12-31", known_at=250) == 2


def test_a_statement_that_says_no_date_always_was_so() -> None:
    assert number([version(1, 100, None)], as_of="1900") == 1


def test_a_correction_puts_right_what_stood_before_it_for_all_times_but_not_before_it_was() -> None:
    corrected = [version(1, 100, "2020-01-01", "created"), version(2, 200, "2026-09-15", "corrected")]
    assert number(corrected, as_of="2021") == 2
    assert number(corrected, as_of="2019") is None
    assert number(corrected, as_of="2021", known_at=150) == 1


def test_an_end_takes_effect_on_its_date() -> None:
    ended = [version(1, 100, "2020-01-01", "created"), version(2, 200, "2026-09-15", "ended")]
    assert (number(ended, as_of="2026-09-14"), number(ended, as_of="2026-09-15")) == (1, 2)


def test_a_correction_takes_the_place_of_the_version_before_it_and_of_no_other() -> None:
    corrected = [version(1, 100, "2020", "created"), version(2, 200, "2022"), version(3, 300, "2025", "corrected")]
    assert [number(corrected, as_of=day) for day in ("2021", "2023", "2026")] == [1, 3, 3]


def test_a_correction_of_the_date_counts_from_the_date_that_it_says() -> None:
    corrected = [version(1, 100, "2020", "created"), version(2, 200, "2018", "corrected")]
    assert [number(corrected, as_of=day) for day in ("2017", "2019")] == [None, 2]


def test_what_was_annulled_never_was_whatever_the_day() -> None:
    annulled = [version(1, 100, "2020", "created"), version(2, 200, "2022"), version(3, 300, "2025", "annulled")]
    assert [number(annulled, as_of=day) for day in ("2021", "2023", "2026")] == [3, 3, 3]
    assert number(annulled, as_of="2023", known_at=250) == 2


def test_what_is_said_anew_after_it_was_annulled_counts_from_its_own_date() -> None:
    again = [version(1, 100, "2020", "created"), version(2, 200, "2022", "annulled"), version(3, 300, "2023")]
    assert [number(again, as_of=day) for day in ("2021", "2023")] == [2, 3]


def test_what_is_kept_began_with_the_first_version_or_there_were_others_before() -> None:
    assert not began_before(MOVED)
    assert not began_before(MOVED[::-1])
    assert began_before(MOVED[1:])
    assert began_before([])


OPERATIONS = st.sampled_from(["created", "changed", "corrected", "ended", "annulled"])
DATES = st.sampled_from([None, "2020", "2021-05", "2022-01-01", "2022-01-01T08:30:00+08:00"])


@given(st.lists(st.tuples(st.integers(1, 9), DATES, OPERATIONS), min_size=1, max_size=8))
def test_at_the_end_of_time_the_newest_version_answers(said: list[tuple[int, str | None, str]]) -> None:
    versions = [version(n, *each) for n, each in enumerate(sorted(said, key=lambda each: each[0]))]
    assert at(versions, Times("9999-12-31", 10**15)) == at(versions, Times()) == versions[-1].statement


@given(st.lists(st.tuples(st.integers(1, 9), DATES, OPERATIONS), min_size=1, max_size=8), st.randoms())
def test_order_and_repetition_do_not_matter(said: list[tuple[int, str | None, str]], chance: random.Random) -> None:
    versions = [version(n, *each) for n, each in enumerate(sorted(said, key=lambda each: each[0]))]
    again = versions + versions[: chance.randint(0, len(versions))]
    chance.shuffle(again)

    for times in (Times(), Times("2021"), Times(None, 5), Times("2021-12-31", 4)):
        assert at(versions, times) == at(again, times)
