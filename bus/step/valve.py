"""A valve between a long line of records and the steps behind it: how many records a step may take on at a time.

What is published stands in a topic for each dataset, and each partition has its share of a poll: there a live row passes by whole cities
that wait. Behind the normalizer there is one line for all. So what waits is kept before it: the normalizer takes on little at a time, and
only while the steps after it have little before them. What one record then waits for behind the valve is bounded by `MOST` and
`AT_ONCE`, however much is left to do. Steps that nobody runs, or that hang, are not waited for; but steps that are about to begin look
like those: where none is at work, what is taken on only doubles every half a second, and when they come there is no flood before them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from bus.eventlog.port import EventLog
from bus.step.progress import Movement, Reads, is_read

MOST = 500  # records before all steps behind the valve: some 50 ms of one core
AT_ONCE = 100  # records of a batch: no fewer than there are partitions of raw.* that may be waiting, so that each has its share
DOUBLE_S = 0.5
_LOOK_S = 0.02
_LOOKS = 4  # so many times as long as a look took, the work goes on without another


@dataclass(slots=True)
class Valve:
    """`after`: the steps behind it, each with what it reads."""

    log: EventLog
    after: Mapping[str, Reads]
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    _moves: dict[str, Movement] = field(default_factory=dict)
    _last: int | None = None
    _look_at: float = 0.0
    _unwatched: int = AT_ONCE  # as many at a time where no step is at work
    _double_at: float | None = None

    def room(self, wanted: int, wait_s: float) -> int:
        """How many of the records `wanted` may be taken on now. Waits up to `wait_s` where too many are on their way, then one is taken on
        all the same: a step has to poll to stay in its group, and nothing may stand still for good. Raises what looking into the log
        raises."""
        until = self.clock() + wait_s
        while (waiting := self._waiting()) is not None and waiting > MOST:
            if self.clock() >= until:
                return 1
            self.sleep(_LOOK_S)
        now = self.clock()
        if waiting is not None or self._double_at is None:
            self._unwatched, self._double_at = AT_ONCE, now + DOUBLE_S
        elif now >= self._double_at:
            self._unwatched, self._double_at = min(2 * self._unwatched, wanted), now + DOUBLE_S
        return min(wanted, self._unwatched)

    def _waiting(self) -> int | None:
        """As it was looked up last. On Kafka a look takes some requests: most of the time is left to the work."""
        began = self.clock()
        if began >= self._look_at:
            self._last = self._looked_up()
            now = self.clock()
            self._look_at = now + _LOOKS * (now - began)
        return self._last

    def _looked_up(self) -> int | None:
        """How many records are before the steps that are at work, None where some wait and none is."""
        topics, now = self.log.topics(), self.clock()
        total = asleep = 0
        for group, reads in self.after.items():
            positions = self.log.positions(group)
            moves = self._moves.setdefault(group, Movement()).seen(sum(positions.values()), now)
            mine = [(info.name, p, first, end) for info in topics if is_read(info.name, reads) for p, (first, end) in info.ends.items()]
            left = sum(end - max(first, positions.get((name, p), first)) for name, p, first, end in mine)
            total += left * moves
            asleep += left * (not moves)
        return None if asleep and not total else total
