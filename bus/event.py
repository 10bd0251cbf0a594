"""Plain frozen values that travel between the parts: Record (bytes as kept), Batch, Output, Position.

What an event *means* is known to `bus.contracts`; here it is bytes with a place in the log.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

Headers = tuple[tuple[str, bytes], ...]


class Record(NamedTuple):
    """Bytes as they are kept: a key, a value (None is a tombstone), a time in ms since 1970 UTC, headers."""

    key: bytes | None
    value: bytes | None
    timestamp: int
    headers: Headers = ()


class Batch(NamedTuple):
    """Consecutive committed records of one partition. `offsets[i]` is the offset of `records[i]`.

    Offsets rise but need not be gapless: compaction and, on Kafka, transaction markers leave holes.
    """

    topic: str
    partition: int
    offsets: list[int]
    records: list[Record]

    @property
    def next_offset(self) -> int:
        """The offset at which a reader goes on after this batch."""
        return self.offsets[-1] + 1


OWNER_BYTES = 16
BY_OWNER = -1
"""In place of a partition: by the first `OWNER_BYTES` of the key, so that all whose keys begin alike come to one partition."""


class Output(NamedTuple):
    """A record on its way to a topic. `partition` None means: by key (`bus.eventlog.partitioning.partition_of`)."""

    topic: str
    record: Record
    partition: int | None = None


def goes_by(key: bytes | None, partition: int | None) -> bytes | None:
    """What of the key of an output tells where it goes; None of one that names a partition."""
    if key is None or partition is None:
        return key
    return key[:OWNER_BYTES] if partition == BY_OWNER else None


Position = Mapping[tuple[str, int], int]
"""Where a reader stands: (topic, partition) → the next offset to read."""
