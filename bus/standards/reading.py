"""What a reader of a cell gives back: the value, if it is certain, and the quality codes of what was found."""

from __future__ import annotations

from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")


class Reading(NamedTuple, Generic[T]):
    """A cell, read. `value` None: nothing certain can be said (withheld or empty). `codes`: of `bus.quality.CODES`, all that were found.

    No codes and a value: the cell was good, or merely written in another style.
    """

    value: T | None
    codes: tuple[str, ...] = ()
