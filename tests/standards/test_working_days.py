"""How many working days: weekends, holidays, make-up days, a city's own days, and years of which nobody knows yet."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bus.errors import ConfigRefused
from bus.standards.working_days import Deadline, WorkingDays, read_own

NATIONAL = WorkingDays({})


def test_weekends_are_not_counted() -> None:
    assert NATIONAL.after(date(2026, 11, 20), 1) == Deadline(date(2026, 11, 23), True)  # a Friday


def test_ten_days_over_the_national_holiday_end_after_it_and_its_make_up_day_counts() -> None:
    assert NATIONAL.after(date(2026, 9, 28), 10) == Deadline(date(2026, 10, 16), True)  # 1 to 7 off, Saturday 10 worked


def test_where_make_up_days_do_not_count_the_same_ten_days_end_later() -> None:
    assert WorkingDays({}, make_up=False).after(date(2026, 9, 28), 10) == Deadline(date(2026, 10, 19), True)


def test_a_city_knows_better_than_the_national_calendar() -> None:
    own = read_own("# 汛期\n2026-11-23 rest\n2026-11-28 work  # 补班\n\n", "own.txt")
    assert WorkingDays(own).after(date(2026, 11, 20), 1).on == date(2026, 11, 24)
    assert WorkingDays(own).is_one(date(2026, 11, 28))


def test_a_year_that_no_calendar_knows_is_counted_from_monday_to_friday_and_said_to_be() -> None:
    assert NATIONAL.after(date(2199, 12, 30), 3) == Deadline(date(2200, 1, 2), False)


def test_a_year_of_which_the_city_names_days_is_known() -> None:
    assert WorkingDays(read_own("2200-01-01 rest", "own.txt")).after(date(2199, 12, 31), 1).known is True


@pytest.mark.parametrize("line", ["2026-13-01 rest", "2026-01-01", "2026-01-01 holiday", "rest 2026-01-01", "2026-01-01 rest work"])
def test_a_line_that_is_not_right_is_refused_by_its_number(line: str) -> None:
    with pytest.raises(ConfigRefused) as refused:
        read_own(f"2026-11-23 rest\n{line}\n", "own.txt")
    assert refused.value.place == "own.txt:2"


@given(st.dates(date(2004, 1, 1), date(2040, 1, 1)), st.integers(1, 60), st.booleans())
def test_the_last_day_is_a_working_day_and_exactly_so_many_lie_before_it(start: date, days: int, make_up: bool) -> None:
    calendar = WorkingDays({}, make_up)
    due = calendar.after(start, days).on
    passed = [start + timedelta(days=n + 1) for n in range((due - start).days)]
    assert calendar.is_one(due)
    assert sum(map(calendar.is_one, passed)) == days


@given(st.dates(date(2026, 1, 1), date(2026, 12, 1)), st.integers(1, 20))
def test_a_deadline_is_as_many_working_days_away_as_were_given(start: date, days: int) -> None:
    assert NATIONAL.between(start, NATIONAL.after(start, days).on) == days


def test_no_working_day_lies_between_a_day_and_one_that_is_not_later() -> None:
    assert NATIONAL.between(date(2026, 11, 25), date(2026, 11, 25)) == NATIONAL.between(date(2026, 11, 25), date(2026, 11, 20)) == 0
