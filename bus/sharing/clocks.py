"""HOW LONG A REQUEST MAY WAIT, in working days (令809号 Art. 21, 22; domain facts §1.1). Every limit is a setting. Pure."""

from __future__ import annotations

from datetime import date
from typing import Literal, NamedTuple

from bus.sharing.lifecycle import Standing, day_of
from bus.standards.working_days import WorkingDays


class Limits(NamedTuple):
    """Working days: for the answer to a request, by share class, and from then until the data is supplied."""

    answer_unconditional: int = 1
    answer_conditional: int = 10
    supply: int = 20


class Clock(NamedTuple):
    """What is waited for: since when (ms), until which day. `known`: whether the calendar of all years in between is."""

    waits_for: Literal["answer", "supply"]
    since: int
    due: date
    known: bool

    def overdue(self, at: int) -> bool:
        """Whether the last day is over at a time (ms)."""
        return day_of(at) > self.due


def clock(standing: Standing, limits: Limits, calendar: WorkingDays) -> Clock | None:
    """The clock that runs for the version on its way; None where nothing is waited for."""
    if (pending := standing.pending) is None:
        return None
    if (approved := pending.approved_at) is not None:
        due = calendar.after(day_of(approved), limits.supply)
        return Clock("supply", approved, due.on, due.known)
    since = pending.submitted.at
    open_to_all = pending.submitted.share_class == "unconditional"
    due = calendar.after(day_of(since), limits.answer_unconditional if open_to_all else limits.answer_conditional)
    return Clock("answer", since, due.on, due.known)
