"""`port.EventLog` on one SQLite file."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import apsw

from bus import crash
from bus.errors import Fenced, WrongUse
from bus.event import Batch, Output, Position
from bus.eventlog.port import TopicInfo, TopicSpec
from bus.eventlog.sqlite import group as members
from bus.eventlog.sqlite import keep
from bus.eventlog.sqlite.at_hand import AtHand
from bus.eventlog.sqlite.file import SqliteFile, select
from bus.eventlog.sqlite.reader import SqliteReader
from bus.eventlog.sqlite.records import REMOVED, Directory, Lane, append, create, keep_as, mark_removed, read, removed_lanes

_NAMESPACE = re.compile(r"[a-zA-Z0-9_-]{0,40}")
LEASE_S = 10.0  # how long a reader may be silent before its partitions go to others; a killed one is noticed at once


class SqliteLog:
    """The embedded log. Each log, writer and reader has a connection of its own and is not for use from several threads:
    open another on the same path instead.

    Raises `LogRefused`, `DiskFull` or `Unreachable` wherever the file cannot be used.
    """

    def __init__(self, path: str | Path, namespace: str = "", lease_s: float = LEASE_S) -> None:
        """Open the log at `path`, making it when there is none. `namespace` and a dot go before every topic, group and writer, so
        that a test city and the real one never meet. `lease_s`: seconds that a reader may be silent (neither poll nor commit)
        before it counts as dead. Raises `WrongUse` for a namespace that Kafka could not have either."""
        if not _NAMESPACE.fullmatch(namespace):
            raise WrongUse(
                "A namespace is up to 40 letters, digits, '_' and '-'.", "命名空间最多 40 个字母、数字、“_”或“-”。", place=namespace
            )
        self._path = Path(path)
        self._namespace = f"{namespace}." if namespace else ""
        self._lease_s = lease_s
        self._file = SqliteFile(self._path)
        self._directory = Directory(self._namespace)
        self._at_hand = AtHand()

    def identity(self) -> str:
        """See `port.EventLog`. Drawn when the file was made; a backup has another."""
        with self._file.reading() as db:
            drawn = db.execute("SELECT value FROM meta WHERE name = 'identity'").get
        return f"sqlite:{drawn}:{self._namespace}"

    def create(self, topics: Iterable[TopicSpec]) -> None:
        """See `port.EventLog`: all of them or none. Raises `WrongUse` for settings that make no sense."""
        with self._file.writing() as db:
            for spec in topics:
                create(db, self._namespace, spec)

    def topics(self) -> list[TopicInfo]:
        """See `port.EventLog`."""
        ends: dict[str, dict[int, tuple[int, int]]] = {}
        with self._file.reading() as db:
            for name, partition, first, end in select(
                db,
                "SELECT name, partition, first, next FROM lane JOIN topic ON topic.id = lane.topic"
                f" WHERE keep != '{REMOVED}' ORDER BY name, partition",
            ):
                if name.startswith(self._namespace):
                    ends.setdefault(name.removeprefix(self._namespace), {})[partition] = (first, end)
        return [TopicInfo(name, ends[name]) for name in sorted(ends)]

    def kept_otherwise(self, topics: Iterable[TopicSpec]) -> list[TopicSpec]:
        """See `port.EventLog`."""
        with self._file.reading() as db:
            kept = {name: (keep, retention) for name, keep, retention in select(db, "SELECT name, keep, retention_ms FROM topic")}
        there = ((spec, kept.get(self._namespace + spec.name)) for spec in topics)
        return [spec for spec, so in there if so is not None and so != (spec.keep, spec.retention_ms)]

    def keep(self, topics: Iterable[TopicSpec]) -> None:
        """See `port.EventLog`. What is over by that goes when the log is next tidied."""
        with self._file.writing() as db:
            for spec in topics:
                keep_as(db, self._namespace, spec)

    def remove(self, topics: Iterable[str] = (), groups: Iterable[str] = ()) -> None:
        """See `port.EventLog`. What was removed is overwritten in the file."""
        doomed: list[Lane] = []
        with self._file.writing() as db:
            for group in groups:
                self._refuse_live(db, group)
                db.execute("DELETE FROM position WHERE grp = ?", (self._namespace + group,))
            for topic in topics:
                doomed += mark_removed(db, self._namespace, topic)
        for lane in doomed:
            keep.clear(self._file, lane)

    def scan(
        self, topic: str, start: Mapping[int, int] | None = None, stop: Mapping[int, int] | None = None, max_records: int = 2000
    ) -> Iterator[Batch]:
        """See `port.EventLog`. Between two batches nothing is held, so a slow scan holds nobody up."""
        with self._file.reading() as db:
            lanes = self._directory.lanes(db, topic)
            ends = dict(select(db, f"SELECT id, next FROM lane WHERE id IN ({','.join(str(lane.id) for lane in lanes)})"))
        stops = {lane: min((stop or {}).get(lane.partition, ends[lane.id]), ends[lane.id]) for lane in lanes}
        return self._scan({lane: (start or {}).get(lane.partition, 0) for lane in lanes}, stops, max_records)

    def _scan(self, starts: dict[Lane, int], stops: dict[Lane, int], max_records: int) -> Iterator[Batch]:
        for lane, at in starts.items():
            while at < stops[lane]:
                with self._file.reading() as db:
                    batch = read(db, lane, at, stops[lane], max_records)
                if batch is None:
                    break
                yield batch
                at = batch.next_offset

    def writer(self, name: str) -> SqliteWriter:
        """See `port.EventLog`."""
        return SqliteWriter(SqliteFile(self._path), self._directory, self._namespace + name)

    def reader(self, group: str, topics: Sequence[str]) -> SqliteReader:
        """See `port.EventLog`. Raises `WrongUse` when there are no topics, or one does not exist."""
        if not topics:
            raise WrongUse("A reader needs at least one topic.", "读取者至少需要一个主题。", place=group)
        file = SqliteFile(self._path)
        try:
            return SqliteReader(file, self._directory, self._at_hand, self._namespace + group, topics, self._lease_s)
        except BaseException:
            file.close()
            raise

    def positions(self, group: str) -> Position:
        """See `port.EventLog`."""
        with self._file.reading() as db:
            found = select(
                db,
                "SELECT name, partition, position.next FROM position"
                " JOIN lane ON lane.id = lane JOIN topic ON topic.id = lane.topic WHERE grp = ?",
                (self._namespace + group,),
            )
        return {(name.removeprefix(self._namespace), partition): at for name, partition, at in found}

    def waiting(self, position: Position) -> dict[tuple[str, int], int]:
        """See `port.EventLog`."""
        with self._file.reading() as db:
            ends = dict(select(db, "SELECT id, next FROM lane"))
            lanes = {lane[1:]: lane for topic in {topic for topic, _ in position} for lane in self._directory.lanes(db, topic)}
            first = {place: read(db, lanes[place], at, ends[lanes[place].id], 1) for place, at in position.items()}
        return {place: batch.records[0].timestamp for place, batch in first.items() if batch}

    def move(self, group: str, position: Position) -> None:
        """See `port.EventLog`. Raises `WrongUse` also for an offset outside of the partition."""
        name = self._namespace + group
        with self._file.writing() as db:
            self._refuse_live(db, group)
            for (topic, partition), offset in position.items():
                lanes = self._directory.lanes(db, topic)
                if (
                    not 0 <= partition < len(lanes)
                    or not 0 <= offset <= db.execute("SELECT next FROM lane WHERE id = ?", (lanes[partition].id,)).get
                ):
                    raise WrongUse("There is no such place in the topic.", "主题中没有该位置。", place=f"{topic}[{partition}] {offset}")
                db.execute("INSERT OR REPLACE INTO position VALUES (?, ?, ?)", (name, lanes[partition].id, offset))

    def offsets_at(self, topic: str, timestamp: int) -> dict[int, int]:
        """See `port.EventLog`. Reads through the partitions: for replays, not for polling."""
        with self._file.reading() as db:
            return {lane.partition: keep.first_at(db, lane, timestamp)[1] for lane in self._directory.lanes(db, topic)}

    def maintain(self, now_ms: int, readers: Collection[str] = ()) -> int:
        """Remove what the topics need not keep as of `now_ms` (since 1970 UTC), by retention and compaction; how many records.
        To be called now and then by whoever runs the bus: nothing else removes anything.

        `readers`: groups whose members may have to come to know anew what was the latest where they stand: in topics that keep the latest
        (and nothing for a time) a record is not removed for one that they have yet to read."""
        with self._file.reading() as db:
            unfinished = removed_lanes(db)
            specs = select(db, f"SELECT name, keep, retention_ms FROM topic WHERE keep NOT IN ('forever', '{REMOVED}') ORDER BY name")
            lanes = [
                (lane, kind, now_ms - (retention or 0))
                for name, kind, retention in specs
                if name.startswith(self._namespace)
                for lane in self._directory.lanes(db, name.removeprefix(self._namespace))
            ]
        removed = sum(keep.clear(self._file, lane) for lane in unfinished)
        for lane, kind, before in lanes:
            if kind == "time":
                removed += keep.expire(self._file, lane, before)
            elif kind == "latest+time":
                removed += keep.compact(self._file, lane, before, now_ms - keep.TOMBSTONE_MS)
            else:
                removed += keep.compact(self._file, lane, None, now_ms - keep.TOMBSTONE_MS, [self._namespace + each for each in readers])
        return removed

    def _refuse_live(self, db: apsw.Connection, group: str) -> None:
        if members.live_members(db, self._namespace + group):
            raise WrongUse(
                "The group has live members.",
                "该组仍有在线成员。",
                place=group,
                hint="Stop its steps first, then move it.",
                hint_zh="请先停止其步骤，再移动位置。",
            )

    def backup(self, target: str | Path) -> None:
        """Copy the whole log, all namespaces, into the new file `target` while others go on writing.
        Raises `WrongUse` when `target` exists."""
        self._file.backup(Path(target))

    def check(self) -> None:
        """Read the whole file and raise `LogRefused` when any of it is damaged."""
        self._file.check()

    def close(self) -> None:
        """Close the log; its writers and readers are closed by themselves."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


class SqliteWriter:
    """`port.Writer` on SQLite: the holder of the newest epoch of its name."""

    def __init__(self, file: SqliteFile, directory: Directory, name: str) -> None:
        """`name` with its namespace. Takes over `file`."""
        self._file = file
        self._directory = directory
        self._name = name
        with file.writing() as db:
            self._epoch: int = db.execute(
                "INSERT INTO writer VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET epoch = epoch + 1 RETURNING epoch", (name,)
            ).get

    def append(self, outputs: Sequence[Output]) -> None:
        """See `port.Writer`. When it returns, the records survive a power cut."""
        with self._file.reading() as db:
            rows = self._directory.by_lane(db, outputs)
        with self._file.writing() as db:
            if db.execute("SELECT epoch FROM writer WHERE name = ?", (self._name,)).get != self._epoch:
                raise Fenced(place=self._name)
            append(db, rows)
            crash.point("before_end")

    def close(self) -> None:
        """Close the writer; what it appended stays."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()
