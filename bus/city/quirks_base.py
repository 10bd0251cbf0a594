"""What a quirk is given and what it answers."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any, NamedTuple

from bus.city.entry import Column, Entry
from bus.city.numbers import is_citizen_number


class Cell(NamedTuple):
    """A clean cell, or one person's part of it, and where it stands."""

    value: Any
    rng: Random
    entry: Entry
    column: Column
    today: str  # last day of the delivery's month, ISO


class Mark(NamedTuple):
    """What stands there now. No code: a readable style. `true` is the clean value unless given."""

    value: Any
    code: str
    quirk: str
    true: Any = ...
    recoverable: bool = True
    needs: str = "row"
    also: tuple[str, ...] = ()


Quirk = Callable[[Cell], Mark | None]


def style(value: Any, form: str) -> Mark:
    """A readable deviation."""
    return Mark(value, "", form)


def numbered_here(value: Any) -> bool:
    """Whether a cell holds a sound citizen number, so that a birth date or a sex can contradict it."""
    return isinstance(value, str) and value.startswith("3799") and is_citizen_number(value)
