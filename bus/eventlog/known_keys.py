"""Which keys a topic held at a given time: for a column that names rows of another dataset (the grid of a person). Read from the log.

The answer depends on the key and the time asked for alone, never on how far some other step has come: a replay or a rebuild is told the
same. (A publisher that is still appending records of that very moment is not waited for.) Memory: one short string a key; meant for
datasets of some ten thousand rows (a city has about 1.1 grids per thousand people).
"""

from __future__ import annotations

from bus.eventlog.port import EventLog


class KnownKeys:
    """Keys of one topic by the time of their first record kept. Raises what the log raises. Not for several threads."""

    def __init__(self, log: EventLog, topic: str, head: int = 12) -> None:
        """head: characters of a key that name the larger whole (a grid's code begins with its community's)."""
        self._log, self._topic, self._head = log, topic, head
        self._since: dict[str, int] = {}
        self._heads: dict[str, int] = {}
        self._next: dict[int, int] = {}
        self._read_to = -1

    def __call__(self, key: str, at: int) -> bool | None:
        """Whether the topic held the key at `at` (ms); None where it held none of the same whole: then nothing was said about it yet."""
        if at > self._read_to and not self._held(self._since, key, at):
            self._read_on(at)
        if self._held(self._since, key, at):
            return True
        return False if self._held(self._heads, key[: self._head], at) else None

    @staticmethod
    def _held(since: dict[str, int], key: str, at: int) -> bool:
        first = since.get(key)
        return first is not None and first <= at

    def _read_on(self, at: int) -> None:
        self._read_to = at
        if all(info.name != self._topic for info in self._log.topics()):
            return
        for batch in self._log.scan(self._topic, self._next):
            for record in batch.records:
                key = (record.key or b"").decode("utf-8", "replace")
                for since, name in ((self._since, key), (self._heads, key[: self._head])):
                    since[name] = min(record.timestamp, since.get(name, record.timestamp))
            self._next[batch.partition] = batch.next_offset
