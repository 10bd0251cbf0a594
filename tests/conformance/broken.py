"""Adapters that break one promise each. `test_the_suite.py` shows that the conformance suite notices."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from bus.errors import Fenced
from bus.event import Batch, Output, Position
from bus.eventlog.port import Partitions, TopicInfo
from bus.eventlog.sqlite import SqliteLog
from bus.eventlog.sqlite import group as members
from bus.eventlog.sqlite.log import SqliteWriter
from bus.eventlog.sqlite.reader import SqliteReader
from tests.conformance.adapters import ADAPTERS, LEASE_S


class _Log(SqliteLog):
    """A log whose readers and writers can be broken."""

    reads: type[SqliteReader] = SqliteReader
    writes: type[SqliteWriter] = SqliteWriter

    def reader(self, group: str, topics: Sequence[str]) -> SqliteReader:
        return _as(self.reads, super().reader(group, topics))

    def writer(self, name: str) -> SqliteWriter:
        return _as(self.writes, super().writer(name))


def _as(kind: type[Any], made: Any) -> Any:
    made.__class__ = kind
    return made


class _LosingReader(SqliteReader):
    def commit(self, outputs: Iterable[Output]) -> None:
        super().commit(list(outputs)[1:])


class LosesAnOutput(_Log):
    reads = _LosingReader


class _PositionFirstReader(SqliteReader):
    def commit(self, outputs: Iterable[Output]) -> None:
        super().commit([])
        super().commit(outputs)


class MovesThePositionFirst(_Log):
    reads = _PositionFirstReader


class _OutputsFirstReader(SqliteReader):
    def commit(self, outputs: Iterable[Output]) -> None:
        polled, self._polled = self._polled, {}
        for output in outputs:
            super().commit([output])
        self._polled = polled
        super().commit([])


class CommitsOutputsOneByOne(_Log):
    reads = _OutputsFirstReader


class _SeparateWriter(SqliteWriter):
    def append(self, outputs: Sequence[Output]) -> None:
        for output in outputs:
            super().append([output])


class AppendsOneByOne(_Log):
    writes = _SeparateWriter


class _ForgettingReader(SqliteReader):
    def rewind(self) -> None:
        self._polled = {}


class DoesNotRewind(_Log):
    reads = _ForgettingReader


class _ZombieReader(SqliteReader):
    def commit(self, outputs: Iterable[Output]) -> None:
        try:
            super().commit(outputs)
        except Fenced:
            self._polled = {}
            self._member = self._join()
            super().commit(outputs)


class DoesNotFenceReaders(_Log):
    reads = _ZombieReader


class _UnfencedWriter(SqliteWriter):
    def append(self, outputs: Sequence[Output]) -> None:
        with self._file.reading() as db:
            self._epoch = db.execute("SELECT epoch FROM writer WHERE name = ?", (self._name,)).get
        super().append(outputs)


class DoesNotFenceWriters(_Log):
    writes = _UnfencedWriter


class _GreedyReader(SqliteReader):
    def _balance(self) -> None:
        with self._file.writing() as db:
            members.heartbeat(db, self._member)
        self._balanced_at = time.monotonic()


class NeverSharesAgain(_Log):
    reads = _GreedyReader


class _UnfairReader(SqliteReader):
    def _fetch(self, max_records: int, only: Partitions | None) -> list[Batch]:
        owned, last = self._next, max(self._next, default=None)
        self._next = {lane: at for lane, at in owned.items() if lane != last}
        self._quiet = -1
        found = super()._fetch(max_records, only)
        self._next = {**owned, **self._next}
        return found or super()._fetch(max_records, only)


class ServesInOrder(_Log):
    reads = _UnfairReader


class _LingeringReader(SqliteReader):
    def close(self) -> None:
        self._file.close()


class ReadersDoNotLeave(_Log):
    reads = _LingeringReader


class _StrippingWriter(SqliteWriter):
    def append(self, outputs: Sequence[Output]) -> None:
        super().append([output._replace(record=output.record._replace(headers=())) for output in outputs])


class DropsHeaders(_Log):
    writes = _StrippingWriter


class _FillingWriter(SqliteWriter):
    def append(self, outputs: Sequence[Output]) -> None:
        super().append([output._replace(record=output.record._replace(value=output.record.value or b"")) for output in outputs])


class MakesTombstonesEmpty(_Log):
    writes = _FillingWriter


class _TurningWriter(SqliteWriter):
    def append(self, outputs: Sequence[Output]) -> None:
        super().append(outputs[::-1])


class TurnsTheOrder(_Log):
    writes = _TurningWriter


class _DealingWriter(SqliteWriter):
    def append(self, outputs: Sequence[Output]) -> None:
        super().append([output._replace(partition=number % 4) for number, output in enumerate(outputs)])


class PartitionsInTurn(_Log):
    writes = _DealingWriter


class ScansOnAndOn(SqliteLog):
    def scan(
        self, topic: str, start: Mapping[int, int] | None = None, stop: Mapping[int, int] | None = None, max_records: int = 2000
    ) -> Iterator[Batch]:
        yield from super().scan(topic, start, stop, max_records)
        yield from super().scan(topic, start, None, max_records)


class MovesUnderLiveReaders(SqliteLog):
    def move(self, group: str, position: Position) -> None:
        with self._file.writing() as db:
            db.execute("DELETE FROM member")
        super().move(group, position)


class CountsOffsetsOnly(SqliteLog):
    def waiting(self, position: Position) -> dict[tuple[str, int], int]:
        return dict.fromkeys(position, 0)


class ForgetsWhoItIs(SqliteLog):
    def identity(self) -> str:
        return str(id(self))


class SeesAllNamespaces(SqliteLog):
    def topics(self) -> list[TopicInfo]:
        mine, self._namespace = self._namespace, ""
        try:
            return super().topics()
        finally:
            self._namespace = mine


class KeepsEverything(SqliteLog):
    def maintain(self, now_ms: int) -> int:
        return 0


class KeepsTooLittle(SqliteLog):
    def maintain(self, now_ms: int) -> int:
        return super().maintain(now_ms + 86_400_000)


BROKEN: dict[str, type[SqliteLog]] = {
    f"broken {kind.__name__}": kind for kind in (*_Log.__subclasses__(), *SqliteLog.__subclasses__()) if kind is not _Log
}
ADAPTERS.update(
    {name: lambda address, namespace, kind=kind: kind(address, namespace, lease_s=LEASE_S["sqlite"]) for name, kind in BROKEN.items()}
)
