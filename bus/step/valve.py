"""A valve between a long line of records and the steps behind it: how much a step takes on at a time, and what first.

What is published stands in a topic for each dataset; behind the normalizer there is one line for all, in which a row waits for all before
it. So what waits is kept before the valve, and how long the line behind it may be is weighed anew all the time:

- a *live* row, one that has just come to a partition where next to nothing waits, passes by all that waits, also while the valve is shut;
- while live rows come, the line is `SHORT`: what each of them waits for behind the valve is bounded by it, however much is left to do;
- where none came for `QUIET_S` it is longer: then merge decides less often on each subject. The first live row after that waits for the
  longer one, once; so it is as long as the steps behind it need some tenths of a second for, at the pace at which they are (`longer`).

Steps that nobody runs, or that hang, are not waited for; but steps that are about to begin look like those: where none is at work, what is
taken on only doubles every half a second, and when they come there is no flood before them. The clock paces, and decides on no output.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from bus.event import Position
from bus.eventlog.port import EventLog, Partitions, TopicInfo
from bus.step.progress import Movement, Reads, is_read


class Line(NamedTuple):
    """The line behind the valve. `most`: records before all steps in it, beyond which the valve is shut; `at_once`: records of a batch;
    `look_s`: between two looks while it is shut, much less than it takes to work such a line off."""

    most: int
    at_once: int
    look_s: float


SHORT = Line(500, 100, 0.02)  # at once no fewer than there are partitions of raw.* that may be waiting, so that each has its share
LONG_S = 0.12  # of work for the steps behind it; what is in it, and what is taken on at once, comes before each of several of them
LONGEST = 3000  # a longer one is hardly faster
PACE_S = 1.0  # over which a pace is measured
FEW = 20  # records: a partition where more are waiting has a backlog, and is nobody's live line
QUIET_S = 60.0
DOUBLE_S = 0.5
_LOOKS = 4  # so many times as long as a look took, the work goes on without another


def longer(pace: float) -> Line:
    """The line while nobody is live, before steps that take so many records a second off it."""
    most = min(LONGEST, max(SHORT.most, int(pace * LONG_S)))
    return Line(most, most // 5, 0.1)


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
    _passed: bool = False  # they had the last turn; where it is open, the next is everybody's
    _waiting: int | None = None
    _pace: float = 0.0  # records a second, of all steps behind it together
    _paced: tuple[float, int] | None = None  # since when it is measured, and how far they were
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
            line = longer(self._pace) if self._live_at is None or self.clock() - self._live_at > QUIET_S else SHORT
            shut = self._waiting is not None and self._waiting > line.most
            if self._live and (shut or not self._passed):
                only, self._live, self._passed = self._live, frozenset(), True
                return Take(wanted, only)
            self._passed = False
            if self._waiting is None:
                return Take(min(wanted, self._doubled(wanted)))
            if not shut:
                self._double_at = None
                return Take(min(wanted, line.at_once))
            if self.clock() >= until:
                return Take(1)
            self.sleep(line.look_s)

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
        infos = self.log.topics()
        self._before(infos)
        self._behind(infos)
        now = self.clock()
        self._look_at = now + _LOOKS * (now - began)

    def _before(self, infos: list[TopicInfo]) -> None:
        """Where live rows came since the last look: the end moved, and few are waiting there. What stood there at the first look did not
        come then."""
        left, _ = self._left(infos, self.group, self.reads)
        ends = {(info.name, p): end for info in infos if is_read(info.name, self.reads) for p, (_, end) in info.ends.items()}
        live = {place for place, end in ends.items() if end > self._ends.get(place, end) and left[place] <= FEW}
        self._ends = ends
        if live:
            self._live, self._live_at = self._live | live, self.clock()

    def _behind(self, infos: list[TopicInfo]) -> None:
        """How many records are before the steps that are at work, None where some wait and none is."""
        now = self.clock()
        total = asleep = done = 0
        for group, reads in self.after.items():
            left, at = self._left(infos, group, reads)
            moves = self._moves.setdefault(group, Movement()).seen(at, now)
            total += sum(left.values()) * moves
            asleep += sum(left.values()) * (not moves)
            done += at
        self._waiting = None if asleep and not total else total
        self._measure(done, now)

    def _measure(self, done: int, now: float) -> None:
        """The pace of the steps, which have come so far together."""
        since, before = self._paced or (now, done)
        if now - since >= PACE_S:
            self._pace = (done - before) / (now - since)
            since, before = now, done
        self._paced = since, before

    def _left(self, infos: list[TopicInfo], group: str, reads: Reads) -> tuple[dict[tuple[str, int], int], int]:
        """How many records `group` has before it in each partition that it reads; how far it is, as the sum of its positions."""
        positions = self.log.positions(group)
        mine = [info for info in infos if is_read(info.name, reads)]
        left = {
            (info.name, p): end - max(first, positions.get((info.name, p), first)) for info in mine for p, (first, end) in info.ends.items()
        }
        return left, sum(positions.values())
