"""How far a group is: are all through, and if not, how far behind in records and in time."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from bus.eventlog.port import EventLog

PATIENCE_S = 10.0  # a step that has not committed for so long is not waited for; a batch takes a second or two


@dataclass(slots=True)
class Movement:
    """Whether a group is at work, told from its positions."""

    _committed: int | None = None
    _moved_at: float | None = None

    def seen(self, committed: int, now: float) -> bool:
        """Whether it has moved within `PATIENCE_S`. `committed`: the sum of its positions, `now` (s)."""
        if self._committed is not None and committed != self._committed:
            self._moved_at = now
        self._committed = committed
        return self._moved_at is not None and now - self._moved_at <= PATIENCE_S


class Behind(NamedTuple):
    """Of one topic: records not worked on yet (at most; on Kafka the log's own marks count), and the time (ms) of the oldest, if any."""

    topic: str
    records: int
    oldest: int | None


Reads = str | tuple[str, ...]
"""Which topics a step reads: names, or prefixes that end in a dot; several in a tuple."""


@lru_cache(4096)  # the valve asks for all topics and steps at each look
def is_read(topic: str, reads: Reads) -> bool:
    """Whether `reads` means this topic ("" means every)."""
    if isinstance(reads, tuple):
        return any(is_read(topic, each) for each in reads)
    return topic == reads or (topic.startswith(reads) and (not reads or reads.endswith(".")))


def matching(log: EventLog, reads: Reads) -> list[str]:
    """The topics that `reads` means, sorted."""
    return [info.name for info in log.topics() if is_read(info.name, reads)]


Place = tuple[str, int, int, int]
"""(topic, partition, position, end)"""


def all_through(log: EventLog, group: str, topics: list[str], seen: dict[Place, int | None] | None = None) -> bool:
    """Whether `group` has committed all records of `topics` that were there when this was asked. `seen`: as in `behind`."""
    return all(each.oldest is None for each in behind(log, group, tuple(topics), seen))


def behind(log: EventLog, group: str, reads: Reads, seen: dict[Place, int | None] | None = None) -> list[Behind]:
    """How far `group` is behind in each topic that it reads.

    Offsets alone do not tell on Kafka, where marks of transactions occupy some: so the first record that is left is looked for. That
    takes a moment; what was found stands in `seen` and is not asked again while neither position nor end has moved.
    """
    known = {} if seen is None else dict(seen)
    positions = log.positions(group)
    infos = [info for info in log.topics() if is_read(info.name, reads)]
    left = [
        (info.name, partition, at, end)
        for info in infos
        for partition, (first, end) in info.ends.items()
        if (at := max(first, positions.get((info.name, partition), first))) < end
    ]
    if asked := {place[:2]: place[2] for place in left if place not in known}:
        found = log.waiting(asked)
        known.update({place: found.get(place[:2]) for place in left if place[:2] in asked})
    if seen is not None:
        seen.clear()
        seen.update({place: known[place] for place in left})
    return [_of_topic(info.name, [(*place, time) for place in left if (time := known[place]) is not None]) for info in infos]


def _of_topic(topic: str, waiting: list[tuple[str, int, int, int, int]]) -> Behind:
    mine = [(end - at, time) for name, _, at, end, time in waiting if name == topic]
    return Behind(topic, sum(records for records, _ in mine), min((time for _, time in mine), default=None))
