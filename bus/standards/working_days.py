"""Working days (工作日): weekends, the holidays and make-up days that the State Council sets each year, and what a city knows better. Pure.

The holidays of a year are known from the autumn before. A year that neither the library nor the city's own file knows is counted from
Monday to Friday, and whoever asks is told so.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import NamedTuple

from chinese_calendar.constants import holidays, workdays

from bus.errors import ConfigRefused

KINDS = {"work": True, "rest": False}
_YEARS = frozenset(day.year for day in holidays)
_ONE_DAY = timedelta(days=1)


class Deadline(NamedTuple):
    """The day on which a number of working days is over. `known`: whether the calendar of every year in between is."""

    on: date
    known: bool


class WorkingDays(NamedTuple):
    """A calendar. `own`: day → whether it is worked, before anything else. `make_up`: whether the weekend days that are worked instead of a
    holiday count (they are worked, but some rules leave them out of time limits)."""

    own: Mapping[date, bool]
    make_up: bool = True

    def after(self, start: date, days: int) -> Deadline:
        """`days` working days after `start`, which does not count itself."""
        years = _YEARS | {day.year for day in self.own}
        day, left, known = start, days, True
        while left:
            day += _ONE_DAY
            known = known and day.year in years
            left -= self.is_one(day)
        return Deadline(day, known)

    def between(self, start: date, end: date) -> int:
        """How many working days came after `start`, up to and with `end`; 0 where `end` is not later."""
        return sum(self.is_one(start + _ONE_DAY * n) for n in range(1, (end - start).days + 1))

    def is_one(self, day: date) -> bool:
        """Whether `day` is a working day."""
        if day in self.own:
            return self.own[day]
        if day.weekday() >= 5:
            return self.make_up and day in workdays
        return day not in holidays


def read_own(text: str, place: str) -> dict[date, bool]:
    """A city's own days: lines of `2027-02-05 rest` or `2027-02-06 work`, comments after `#`. Raises `ConfigRefused` naming the line."""
    found: dict[date, bool] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not (words := line.partition("#")[0].split()):
            continue
        try:
            day, kind = words
            found[date.fromisoformat(day)] = KINDS[kind]
        except (ValueError, KeyError):
            raise ConfigRefused(
                "A line is not a date and 'work' or 'rest'.",
                "有一行不是“日期 work”或“日期 rest”。",
                place=f"{place}:{number}",
                hint="For example: 2027-02-05 rest",
                hint_zh="例如：2027-02-05 rest",
            ) from None
    return found
