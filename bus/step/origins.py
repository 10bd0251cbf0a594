"""For which partitions has a step written anything to a topic? Found by reading the topic once, and from then on what was added: so a step
that begins, for whose partitions nothing was written yet, reads what others wrote there once, and not once for each of its partitions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bus.event import Record
from bus.eventlog.partitioning import partition_of
from bus.eventlog.port import EventLog

Origin = Callable[[str, Record], tuple[str, bytes] | None]
"""(topic written, record) → the topic and key of the one that it was written for; None for one of another step."""


class Origins:
    """What one process knows of it."""

    def __init__(self, log: EventLog, origin: Origin, beat: Callable[[], None]) -> None:
        """`beat` is called now and then while a topic is read."""
        self._log, self._origin, self._beat = log, origin, beat
        self._read: dict[str, dict[int, int]] = {}
        self._found: dict[str, set[tuple[str, int]]] = {}

    def has(self, written: str, topic: str, partition: int, partitions: int, stop: Mapping[int, int]) -> bool:
        """Whether anything was written to `written` for this partition, of so many, of `topic`. `stop`: where what is to be known ends."""
        read, found = self._read.setdefault(written, {}), self._found.setdefault(written, set())
        for batch in self._log.scan(written, read, stop):
            self._beat()
            origins = {origin for record in batch.records if (origin := self._origin(written, record)) is not None}
            found |= {(name, partition_of(key, partitions)) for name, key in origins}
            read[batch.partition] = batch.next_offset
        return (topic, partition) in found
