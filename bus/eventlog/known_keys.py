"""Which keys a topic holds: for a column that names rows of another dataset (the grid of a person). Read from the log, as far as it goes.

The log is asked again only for a key that was not met yet, and at most once in `every_s` seconds. Memory: one short string a key; meant for
datasets of some ten thousand rows (a city has about 1.1 grids per thousand people).
"""

from __future__ import annotations

import time
from collections.abc import Callable

from bus.eventlog.port import EventLog


class KnownKeys:
    """Keys of one topic whose latest record is no tombstone. Raises what the log raises. Not for several threads."""

    def __init__(
        self, log: EventLog, topic: str, head: int = 12, every_s: float = 1.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """head: characters of a key that name the larger whole (a grid's code begins with its community's)."""
        self._log, self._topic, self._head, self._every_s, self._clock = log, topic, head, every_s, clock
        self._keys: set[str] = set()
        self._heads: set[str] = set()
        self._next: dict[int, int] = {}
        self._looked: float | None = None

    def __call__(self, key: str) -> bool | None:
        """Whether the topic holds the key; None where it holds none of the same whole: then nothing was said about it yet."""
        if key not in self._keys:
            self._read_on()
        return True if key in self._keys else False if key[: self._head] in self._heads else None

    def _read_on(self) -> None:
        now = self._clock()
        if self._looked is not None and now - self._looked < self._every_s:
            return
        self._looked = now
        if not any(info.name == self._topic for info in self._log.topics()):
            return
        for batch in self._log.scan(self._topic, self._next):
            for record in batch.records:
                key = (record.key or b"").decode("utf-8", "replace")
                (self._keys.discard if record.value is None else self._keys.add)(key)
            self._next[batch.partition] = batch.next_offset
        self._heads = {key[: self._head] for key in self._keys}
