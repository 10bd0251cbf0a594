"""TIME: what was so on a day, and what we had been told by a time. All versions of a statement → the one that is asked for. Pure.

    known at T    the newest version published by T, as who is who is decided today: what the file would have shown then
    as of D       the newest version that the department dates on or before D. One that says no date always was so. One that *corrects*
                  takes the place of the version before it, for all times; one that *annuls* says of all before it that they never
                  were; one that *ends* takes effect on its date

Both at once: of what we knew at T, what was so on D.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Collection, Iterable, Sequence
from operator import attrgetter
from typing import NamedTuple

from bus.resolver.survivorship import Statement

Since = Callable[[Statement], str | None]
"""Since when a version says that it is so (ISO 8601; None: always)."""
_DAY = len("2026-09-30")


class Times(NamedTuple):
    """For when an answer is. `as_of`: ISO 8601, as precise as it is meant (2026-09, 2026-09-30, 2026-09-30T12:00:00+08:00);
    `known_at`: ms since 1970. None: now."""

    as_of: str | None = None
    known_at: int | None = None

    @property
    def are_now(self) -> bool:
        """Whether no other time than now is asked for."""
        return self.as_of is None and self.known_at is None

    @property
    def day(self) -> str | None:
        """The last day of what `as_of` means, ISO 8601."""
        if self.as_of is None:
            return None
        year, month, *_ = (*self.as_of.split("-"), "12")
        return self.as_of[:_DAY] if len(self.as_of) >= _DAY else f"{year}-{month}-{monthrange(int(year), int(month))[1]}"


class Version(NamedTuple):
    """One version of a statement. `order`: bytes that rise from version to version (`identify.version_order`)."""

    order: bytes
    statement: Statement


def at(versions: Iterable[Version], times: Times, since: Since = attrgetter("valid_from")) -> Statement | None:
    """The version of one statement that answers for these times; None where it was not known, or not so, yet."""
    known = {each.order: each.statement for each in versions if times.known_at is None or each.statement.known_from <= times.known_at}
    told = [known[order] for order in sorted(known)]
    if times.as_of is None:
        return told[-1] if told else None
    return _as_of([(since(each), each) for each in told], times.as_of)


def began_before(versions: Collection[Version]) -> bool:
    """Whether there were versions before those that are kept: a log lets go of the oldest first, and the first of all says *created*."""
    return not versions or min(versions, key=lambda each: each.order).statement.said["operation"] != "created"


def _as_of(told: Sequence[tuple[str | None, Statement]], day: str) -> Statement | None:
    """`told`: versions in rising order, and since when each says that it is so."""
    held: list[tuple[str | None, Statement]] = []
    for said_since, each in told:
        since, replaced = said_since, {"corrected": held[-1:], "annulled": held}.get(each.said["operation"], [])
        if replaced:
            since = _earliest([since, *(began for began, _ in replaced)])
            held = held[: len(held) - len(replaced)]
        held.append((since, each))
    return next((each for since, each in reversed(held) if since is None or since[: len(day)] <= day), None)


def _earliest(dates: Iterable[str | None]) -> str | None:
    """None (always) is before all. Of 2026 and 2026-09 the former is the earlier: it may mean its first day."""
    return min(dates, key=lambda date: date or "") or None
