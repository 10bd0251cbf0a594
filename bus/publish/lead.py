"""Live beside backfill: how far a publisher may be ahead of the steps that work on what it publishes.

A city handed in at once would otherwise stand in the log in front of everything its department says next. So the publisher looks from time
to time where the steps' groups stand, and waits while one that moves is too far behind. One that does not move (nobody runs it, it hangs,
it has no key) is not waited for: publishing never depends on a step.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bus.eventlog.port import EventLog
from bus.step.progress import Movement

LOOK_S = 1.0  # between two looks, while nothing is waited for
_WAIT_S = 0.2


@dataclass(slots=True)
class Lead:
    """Called before every batch: returns once `topic` is at most `most` records ahead of each of `groups` that is moving."""

    log: EventLog
    topic: str
    groups: Sequence[str]
    most: int
    waiting: Callable[[], None] = lambda: None
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    _seen: dict[str, Movement] = field(default_factory=dict)
    _look_at: float = 0.0
    _said: bool = False

    def __call__(self) -> None:
        """Raises what looking into the log raises."""
        if self.clock() < self._look_at:
            return
        while max(map(self._too_far, self.groups), default=False):  # not any(): each group's movement is noted
            if not self._said:
                self.waiting()
                self._said = True
            self.sleep(_WAIT_S)
        self._look_at = self.clock() + LOOK_S

    def _too_far(self, group: str) -> bool:
        positions = self.log.positions(group)
        if not self._seen.setdefault(group, Movement()).seen(sum(positions.values()), self.clock()):
            return False
        ends = next((info.ends for info in self.log.topics() if info.name == self.topic), {})
        return sum(end - max(first, positions.get((self.topic, p), first)) for p, (first, end) in ends.items()) > self.most
