"""A valve between a long line of records and the steps behind it: how much a step takes on at a time, and what first.

What is published stands in a topic for each dataset; behind the normalizer there is one line for all, in which a row waits for all before
it. So what waits is kept before the valve, and how long the line behind it may be is weighed anew all the time:

- a *live* row, one that has just come to a partition where next to nothing waits, passes by all that waits, also while the valve is shut;
- while live rows come, the line is `SHORT`: what each of them waits for behind the valve is bounded by it, however much is left to do;
- where none came for `QUIET_S` it is `LONG`: of a longer line merge decides less often on each subject. The first live row after that
  waits for the long one, once.

Steps that nobody runs, or that hang, are not waited for; but steps that are about to begin look like those: where none is at work, what is
taken on only doubles every half a second, and when they come there is no flood before them. The clock paces, and decides on no output.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from bus.event import Position
from bus.eventlog.port import EventLog, Partitions
from bus.step.progress import Movement, Reads, is_read


class Line(NamedTuple):
    """The line behind the valve. `most`: records before all steps in it, beyond which the valve is shut; `at_once`: records of a batch."""

    most: int
    at_once: int


SHORT = Line(500, 100)  # at once no fewer than there are partitions of raw.* that may be waiting, so that each has its share
LONG = Line(4000, 1000)  # a longer one is hardly faster
FEW = 20  # records: a partition where more are waiting has a backlog, and is nobody's live line
QUIET_S = 60.0
DOUBLE_S = 0.5
_LOOK_S = 0.02
_LOOKS = 4  # so many times as long as a look took, the work goes on without another


class Take(NamedTuple):
    """What to take on: so many records, of these partitions `only` (None: of all)."""

    records: int
    only: Partitions | None = None


@dataclass(slots=True)
class Valve:
    """Before it, the topics that `group` reads; `after`: the steps behind it, each with what it reads."""

    log: EventLog
    group: str
    reads: Reads
    after: Mapping[str, Reads]
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    _moves: dict[str, Movement] = field(default_factory=dict)
    _ends: Position = field(default_factory=dict)
    _live: Partitions = frozenset()  # where live rows came, to be taken on
    _live_at: float | None = None
    _waiting: int | None = None
    _look_at: float = 0.0
    _unwatched: int = SHORT.at_once  # as many at a time where no step is at work
    _double_at: float | None = None

    def take(self, wanted: int, wait_s: float) -> Take:
        """What may be taken on now, of the records `wanted`. Waits up to `wait_s` where too many are on their way, then one is taken on
        all the same: a step has to poll to stay in its group, and nothing may stand still for good. Raises what looking into the log
        raises."""
        until = self.clock() + wait_s
        while True:
            self._look()
            if self._live:
                only, self._live = self._live, frozenset()
                return Take(wanted, only)
            line = LONG if self._live_at is None or self.clock() - self._live_at > QUIET_S else SHORT
            if self._waiting is None:
                return Take(min(wanted, self._doubled(wanted)))
            if self._waiting <= line.most:
                self._double_at = None
                return Take(min(wanted, line.at_once))
            if self.clock() >= until:
                return Take(1)
            self.sleep(_LOOK_S)

    def _doubled(self, wanted: int) -> int:
        now = self.clock()
        if self._double_at is None:
            self._unwatched, self._double_at = SHORT.at_once, now + DOUBLE_S
        elif now >= self._double_at:
            self._unwatched, self._double_at = min(2 * self._unwatched, wanted), now + DOUBLE_S
        return self._unwatched

    def _look(self) -> None:
        """How things stand before and behind the valve. On Kafka a look takes some requests: most of the time is left to the work."""
        began = self.clock()
        if began < self._look_at:
            return
        ends = [(info.name, partition, *each) for info in self.log.topics() for partition, each in info.ends.items()]
        self._before(ends)
        self._behind(ends)
        now = self.clock()
        self._look_at = now + _LOOKS * (now - began)

    def _before(self, ends: list[tuple[str, int, int, int]]) -> None:
        """Where live rows came since the last look: the end moved, and few are waiting there. What stood there at the first look did not
        come then."""
        positions = self.log.positions(self.group)
        mine = [((name, p), first, end) for name, p, first, end in ends if is_read(name, self.reads)]
        live = {
            place for place, first, end in mine if end > self._ends.get(place, end) and end - max(first, positions.get(place, first)) <= FEW
        }
        self._ends = {place: end for place, _, end in mine}
        if live:
            self._live, self._live_at = self._live | live, self.clock()

    def _behind(self, ends: list[tuple[str, int, int, int]]) -> None:
        """How many records are before the steps that are at work, None where some wait and none is."""
        now = self.clock()
        total = asleep = 0
        for group, reads in self.after.items():
            positions = self.log.positions(group)
            moves = self._moves.setdefault(group, Movement()).seen(sum(positions.values()), now)
            left = sum(end - max(first, positions.get((name, p), first)) for name, p, first, end in ends if is_read(name, reads))
            total += left * moves
            asleep += left * (not moves)
        self._waiting = None if asleep and not total else total
