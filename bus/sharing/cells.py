"""What the barrier matrix is made of, and its cells, as plain values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

from bus.sharing.agreement import Agreement
from bus.sharing.clocks import Limits
from bus.sharing.data_items import DataItem
from bus.sharing.items import Offer
from bus.sharing.lifecycle import Standing, Words
from bus.standards.working_days import WorkingDays

State = Literal["flowing", "stale", "waiting", "refused", "never_asked", "broken"]
STATES: Sequence[State] = ("flowing", "stale", "waiting", "refused", "never_asked", "broken")


class Source(NamedTuple):
    """A dataset as it was handed in so far. `heard`: when last, with or without changes (ms); `rows`: rows published."""

    cadence: str
    heard: int | None = None
    rows: int = 0


class Flow(NamedTuple):
    """What became of the records that the step of an agreement read. `newest`: time of the newest it read (ms); `waiting`: of the oldest it
    has not read; `error`: the code that it fails with, if it does."""

    delivered: int = 0
    withheld: Mapping[str, int] = {}
    dead_letter: int = 0
    newest: int | None = None
    waiting: int | None = None
    error: str = ""

    @property
    def read(self) -> int:
        """All records that were read."""
        return self.delivered + sum(self.withheld.values()) + self.dead_letter


class Wait(NamedTuple):
    """What is waited for, for how many working days by now, and until when it may be."""

    waits_for: Literal["answer", "supply"]
    days: int
    due: str
    overdue: bool


class Request(NamedTuple):
    """One version of an agreement, as far as it is about a cell. `fields`: what of the item it grants; `rank`: the least decides."""

    agreement: Agreement
    version: int
    state: State
    reason: Words
    fields: tuple[str, ...]
    rank: int
    flow: Flow = Flow()
    wait: Wait | None = None


class Cell(NamedTuple):
    """How one data item stands between two departments. `requests`: first the one that decides; `heard`: when the provider last handed in
    anything of it (ms); `rows`: how many rows it handed in."""

    provider: str
    consumer: str
    item: str
    state: State
    reason: Words
    requests: tuple[Request, ...]
    heard: int | None
    rows: int

    @property
    def wait(self) -> Wait | None:
        """What is waited for, if anything."""
        return self.requests[0].wait if self.state == "waiting" else None

    @property
    def delivered(self) -> int:
        """Events delivered under all of its agreements (each may be about other items too)."""
        return sum(each.flow.delivered for each in self.requests)

    @property
    def newest(self) -> int | None:
        """The time of the newest record that was shared under any of its agreements, else of what lies with the provider (ms)."""
        return max((each.flow.newest for each in self.requests if each.flow.newest is not None), default=self.heard)


class City(NamedTuple):
    """All that the matrix is made of. `sources` by dataset, `flows` by agreement; `at`: now (ms)."""

    items: Sequence[DataItem]
    offers: Mapping[str, Offer]
    departments: Sequence[str]
    standings: Mapping[str, Standing]
    sources: Mapping[str, Source]
    flows: Mapping[str, Flow]
    limits: Limits
    calendar: WorkingDays
    at: int
