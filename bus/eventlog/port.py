"""WHERE IT IS KEPT: what every log adapter promises, and what it does not.

Promised, on SQLite and on Kafka alike (`tests/conformance/test_eventlog.py` holds both to it):

- *order*: within a partition, records are read in the order in which they were appended;
- *all or nothing*: one `Writer.append` and one `Reader.commit` become visible together or not at all, to every reader;
- *positions move only with outputs*: `Reader.commit(outputs)` makes the outputs and the position of everything
  polled since the last commit visible together, or neither;
- *one owner*: partitions of a group are shared among its live readers, a dead reader's are taken over, and one that
  comes back late (a zombie) gets `Fenced` and nothing of what it wrote is seen;
- *one writer a name*: opening `writer(name)` fences the writer that held the name before;
- *fair*: a new record in one partition waits for some thousand records of each other at most, however long their backlog is;
- *only what is committed is read*.

Not promised: order between partitions, gapless offsets, that `topics()` is a snapshot across topics.

The port moves batches of bytes and never looks inside a value.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

from bus.event import Batch, Output, Position

SLACK_MS = 7 * 86_400_000
"""How long after it need not keep a record any longer a log may still hold it."""


Partitions = frozenset[tuple[str, int]]
"""(topic, partition) pairs."""


@dataclass(frozen=True, slots=True)
class TopicSpec:
    """How a topic is kept.

    `keep`: "forever" · "latest" (compacted: at least the latest record of each key, for good) ·
    "latest+time" (the latest of each key for good, older ones for `retention_ms`; the embedded log keeps none behind a tombstone) ·
    "time" (`retention_ms`).
    """

    name: str
    partitions: int = 4
    keep: str = "forever"
    retention_ms: int | None = None


@dataclass(frozen=True, slots=True)
class TopicInfo:
    """A topic as it stands: partition → (first offset kept, next offset)."""

    name: str
    ends: Mapping[int, tuple[int, int]]


class Writer(Protocol):
    """An exclusive, named writer. Raises `Fenced` once another has opened the same name."""

    def append(self, outputs: Sequence[Output]) -> None:
        """Append all of `outputs`, atomically and durably: when it returns they survive a power cut (SQLite)
        or are acknowledged by all in-sync replicas (Kafka). After any exception the outcome must be read from the log."""
        ...

    def close(self) -> None: ...

    def __enter__(self) -> Self: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None: ...


class Reader(Protocol):
    """A member of a group. Not for use from several threads."""

    def poll(self, max_records: int, timeout_s: float, only: Partitions | None = None) -> list[Batch]:
        """The next records of the partitions this member owns, [] when there are none within `timeout_s`. `only`: of these alone, at once
        [] where it owns none of them; those of the others wait for a later poll."""
        ...

    def commit(self, outputs: Iterable[Output]) -> None:
        """Make `outputs` and the position after everything polled since the last commit visible together.
        Raises `Fenced` when this member no longer owns what it polled (`Overtaken`, where it was silent for longer than a group
        waits), another `BusError` otherwise. After an exception nothing is visible or everything is: call `rewind()`, which finds out
        which, and go on polling."""
        ...

    def rewind(self) -> None:
        """Forget what was polled and not committed; the next poll reads on from the committed position."""
        ...

    def epoch(self) -> int:
        """A number that rises whenever positions were taken from the log anew (joined, partitions shared anew, rewound). Between two
        polls of the same epoch no record of a partition was worked on by anybody else."""
        ...

    def owned(self) -> set[tuple[str, int]]:
        """(topic, partition) pairs that this member owns now."""
        ...

    def close(self) -> None: ...

    def __enter__(self) -> Self: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None: ...


class EventLog(Protocol):
    """One log. Topic names here are without the namespace prefix; the adapter adds and strips it."""

    def identity(self) -> str:
        """A stable name of this very log (not of its address), so that a local view can tell when it is of another one."""
        ...

    def create(self, topics: Iterable[TopicSpec]) -> None:
        """Create the topics that do not exist yet; those that do are left as they are."""
        ...

    def topics(self) -> list[TopicInfo]:
        """All topics that may be seen, sorted by name."""
        ...

    def kept_otherwise(self, topics: Iterable[TopicSpec]) -> list[TopicSpec]:
        """Those of these topics that are there and are kept in another way, or for another time, than they say here."""
        ...

    def keep(self, topics: Iterable[TopicSpec]) -> None:
        """Keep these topics, which must be there, as they say here from now on. Their partitions stay as many as they are."""
        ...

    def remove(self, topics: Iterable[str] = (), groups: Iterable[str] = ()) -> None:
        """Remove topics with all that they hold, and the positions of groups; what is not there is gone already. Raises `WrongUse` for a
        group that has a live member. A topic that is made again under the name is another one: its offsets begin anew."""
        ...

    def scan(
        self, topic: str, start: Mapping[int, int] | None = None, stop: Mapping[int, int] | None = None, max_records: int = 2000
    ) -> Iterator[Batch]:
        """Read without a group, partition by partition from `start` (default: the first kept) up to `stop`
        (default: the end as it was when the scan began), in batches of at most `max_records`."""
        ...

    def writer(self, name: str) -> Writer:
        """Open the exclusive writer of this name, fencing an earlier one."""
        ...

    def reader(self, group: str, topics: Sequence[str]) -> Reader:
        """Join `group` on these existing topics; a partition without a position starts at its first record."""
        ...

    def positions(self, group: str) -> Position:
        """The committed positions of a group."""
        ...

    def waiting(self, position: Position) -> dict[tuple[str, int], int]:
        """Of these (topic, partition) → offset, those that have a committed record at or after the offset, with the time (ms) of the
        first. The only way to tell: on Kafka, marks of transactions lie behind the last record."""
        ...

    def move(self, group: str, position: Position) -> None:
        """Set positions of a group that has no live member (replay). Raises `WrongUse` when it has."""
        ...

    def offsets_at(self, topic: str, timestamp: int) -> dict[int, int]:
        """Per partition the first offset whose record is at or after `timestamp` (ms); the next offset where there is none."""
        ...

    def close(self) -> None: ...
