"""Records into the file and out of it: topics and their lanes, appending, reading a stretch of one lane."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import count
from operator import add
from struct import Struct
from typing import NamedTuple

import apsw

from bus.errors import WrongUse
from bus.event import BY_OWNER, Batch, Headers, Output, Record, goes_by
from bus.eventlog.partitioning import partitions_of
from bus.eventlog.port import TopicSpec
from bus.eventlog.sqlite.file import OFFSET_BITS, select

KEEPS = ("forever", "latest", "latest+time", "time")
REMOVED = "removed"
"""How a topic is kept that is no more: its lanes stay, without records, so that no later lane is ever taken for one of them."""
_NAME = re.compile(r"[A-Za-z0-9._-]{1,249}")  # what Kafka allows, so that a name made here can move there
_HEADER = Struct(">HI")  # bytes of the name, bytes of the value

Row = tuple[int, bytes | None, bytes | None, bytes | None]  # timestamp, key, value, packed headers

_record = tuple.__new__  # a Record without the detour over its own constructor: once for each record that anybody reads


class Lane(NamedTuple):
    """One partition of one topic. `topic` is the name as the caller knows it, without the namespace."""

    id: int
    topic: str
    partition: int

    @property
    def base(self) -> int:
        """Row number of the record with offset 0."""
        return self.id << OFFSET_BITS

    @property
    def end(self) -> int:
        """The row number after the last that the lane can have."""
        return (self.id + 1) << OFFSET_BITS


class Directory:
    """The lanes of the topics behind one prefix (the namespace and a dot, or nothing).
    Remembers what it has looked up: lanes do not change, and of a topic that was removed none is given to another."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._lanes: dict[str, list[Lane]] = {}

    def lanes(self, db: apsw.Connection, topic: str) -> list[Lane]:
        """The lanes of `topic`, by partition. Raises `WrongUse` when there is no such topic."""
        known = self._lanes.get(topic)
        if known is not None and _is_removed(db, known[0]):
            known = None
        if known is None:
            found = select(
                db,
                "SELECT lane.id, partition FROM lane JOIN topic ON topic.id = lane.topic WHERE name = ? ORDER BY partition",
                (self._prefix + topic,),
            )
            known = [Lane(lane, topic, partition) for lane, partition in found]
            if not known:
                raise WrongUse(
                    "There is no such topic.",
                    "主题不存在。",
                    place=topic,
                    hint="See `civicbus topics`.",
                    hint_zh="请查看 `civicbus topics`。",
                )
            self._lanes[topic] = known
        return known

    def by_lane(self, db: apsw.Connection, outputs: Iterable[Output]) -> dict[Lane, list[Row]]:
        """`outputs` as rows, shared out to their lanes, in order."""
        by_topic: dict[str, list[Output]] = {}
        for output in outputs:
            by_topic.setdefault(output.topic, []).append(output)
        rows: dict[Lane, list[Row]] = {}
        for topic, those in by_topic.items():
            lanes = self.lanes(db, topic)
            into: list[list[Row]] = [rows.setdefault(lane, []) for lane in lanes]
            hashed = partitions_of([goes_by(key, named) for _, (key, _, _, _), named in those], len(lanes))
            for (_, (key, value, timestamp, headers), named), partition in zip(those, hashed, strict=True):
                if named is not None and named != BY_OWNER:
                    if not 0 <= named < len(lanes):
                        raise WrongUse(f"The topic has no partition {named}.", f"主题没有分区 {named}。", place=topic)
                    partition = named
                into[partition].append((timestamp, key, value, pack(headers) if headers else None))
        return {lane: kept for lane, kept in rows.items() if kept}


def create(db: apsw.Connection, prefix: str, spec: TopicSpec) -> None:
    """Create a topic unless there is one of that name. Within a write. Raises `WrongUse` for a spec that makes no sense."""
    name = _checked(prefix, spec)
    if db.execute("SELECT 1 FROM topic WHERE name = ?", (name,)).get is not None:
        return
    db.execute(
        "INSERT INTO topic(name, partitions, keep, retention_ms) VALUES (?, ?, ?, ?)", (name, spec.partitions, spec.keep, spec.retention_ms)
    )
    topic = db.last_insert_rowid()
    db.executemany("INSERT INTO lane(topic, partition) VALUES (?, ?)", ((topic, partition) for partition in range(spec.partitions)))


def keep_as(db: apsw.Connection, prefix: str, spec: TopicSpec) -> None:
    """Keep a topic as `spec` says from now on; nothing where there is none. Within a write. Raises `WrongUse` as `create`."""
    db.execute("UPDATE topic SET keep = ?, retention_ms = ? WHERE name = ?", (spec.keep, spec.retention_ms, _checked(prefix, spec)))


def _checked(prefix: str, spec: TopicSpec) -> str:
    """The topic's whole name."""
    name = prefix + spec.name
    timed = spec.keep.endswith("time")
    if not _NAME.fullmatch(name) or spec.partitions < 1 or spec.keep not in KEEPS or timed != (spec.retention_ms is not None):
        raise WrongUse("The topic's name or settings are not right.", "主题名称或设置有误。", place=spec.name)
    return name


def mark_removed(db: apsw.Connection, prefix: str, topic: str) -> list[Lane]:
    """Take a topic away, its records excepted: the lanes that they lie in. Within a write; nothing where there is no such topic."""
    number = db.execute("SELECT id FROM topic WHERE name = ?", (prefix + topic,)).get
    if number is None:
        return []
    lanes = [Lane(id, topic, partition) for id, partition in select(db, "SELECT id, partition FROM lane WHERE topic = ?", (number,))]
    db.execute("UPDATE topic SET name = ?, keep = ? WHERE id = ?", (f"#{number}", REMOVED, number))
    for lane in lanes:
        db.execute("UPDATE lane SET first = 0, next = 0 WHERE id = ?", (lane.id,))
        db.execute("DELETE FROM position WHERE lane = ?", (lane.id,))
        db.execute("DELETE FROM claim WHERE lane = ?", (lane.id,))
    return lanes


def removed_lanes(db: apsw.Connection) -> list[Lane]:
    """The lanes of topics that were removed: whoever removed one may have been killed before its records were gone."""
    found = select(db, "SELECT lane.id, name, partition FROM lane JOIN topic ON topic.id = lane.topic WHERE keep = ?", (REMOVED,))
    return [Lane(*each) for each in found]


def _is_removed(db: apsw.Connection, lane: Lane) -> bool:
    kept = db.execute("SELECT keep FROM topic JOIN lane ON lane.topic = topic.id WHERE lane.id = ?", (lane.id,)).get
    return bool(kept == REMOVED)


def append(db: apsw.Connection, rows: dict[Lane, list[Row]]) -> None:
    """Append `rows`. Within a write, whose lock makes the offsets gapless."""
    for lane, kept in rows.items():
        offset = db.execute("SELECT next FROM lane WHERE id = ?", (lane.id,)).get
        db.executemany(
            "INSERT INTO record VALUES (?, ?, ?, ?, ?)",
            map(add, zip(count(lane.base + offset)), kept),
        )
        db.execute("UPDATE lane SET next = ? WHERE id = ?", (offset + len(kept), lane.id))


def read(db: apsw.Connection, lane: Lane, start: int, stop: int, limit: int) -> Batch | None:
    """At most `limit` records of `lane` with start <= offset < stop, or None when there are none."""
    base = lane.base
    found = select(
        db,
        "SELECT id, key, value, timestamp, headers FROM record WHERE id >= ? AND id < ? ORDER BY id LIMIT ?",
        (base + start, base + stop, limit),
    )
    if not found:
        return None
    offsets = [row[0] - base for row in found]
    return Batch(lane.topic, lane.partition, offsets, [_record(Record, (k, v, t, unpack(h) if h else ())) for _, k, v, t, h in found])


def pack(headers: Headers) -> bytes:
    """Headers as they are kept: for each its lengths, its name in UTF-8, its value."""
    parts: list[bytes] = []
    for name, value in headers:
        named = name.encode()
        parts += (_HEADER.pack(len(named), len(value)), named, value)
    return b"".join(parts)


def unpack(packed: bytes) -> Headers:
    """The inverse of `pack`."""
    headers = []
    at = 0
    while at < len(packed):
        named, valued = _HEADER.unpack_from(packed, at)
        at += _HEADER.size
        headers.append((packed[at : at + named].decode(), packed[at + named : at + named + valued]))
        at += named + valued
    return tuple(headers)
