"""What a topic does not have to keep any longer: retention and compaction, in steps short enough for writers to get between."""

from __future__ import annotations

import json
from collections.abc import Iterable

import apsw

from bus.eventlog.sqlite.file import SqliteFile, select
from bus.eventlog.sqlite.records import Lane

STEP = 5000  # records removed in one transaction: some 50 ms of the write lock
TOMBSTONE_MS = 86_400_000  # a reader has a day to see that a key is gone (Kafka's delete.retention.ms)


def expire(file: SqliteFile, lane: Lane, before_ms: int) -> int:
    """Remove records older than `before_ms` from the front of `lane`, up to the first that is not; how many."""
    with file.reading() as db:
        first, stop = first_at(db, lane, before_ms)
    for start in range(first, stop, STEP):
        upto = min(start + STEP, stop)
        with file.writing() as db:
            db.execute("DELETE FROM record WHERE id >= ? AND id < ?", (lane.base + start, lane.base + upto))
            db.execute("UPDATE lane SET first = max(first, ?) WHERE id = ?", (upto, lane.id))
    return stop - first


def clear(file: SqliteFile, lane: Lane) -> int:
    """Remove all records of `lane`; how many offsets they spanned."""
    with file.reading() as db:
        ((first, last),) = select(db, "SELECT min(id), max(id) FROM record WHERE id >= ? AND id < ?", (lane.base, lane.end))
    if first is None:
        return 0
    for start in range(first, last + 1, STEP):
        with file.writing() as db:
            db.execute("DELETE FROM record WHERE id >= ? AND id < ?", (start, min(start + STEP, last + 1)))
    return int(last - first + 1)


def compact(file: SqliteFile, lane: Lane, before_ms: int | None, tombstones_before_ms: int, readers: Iterable[str] = ()) -> int:
    """Remove records that a newer one of the same key replaces, only those older than `before_ms` unless it is None or a tombstone that
    every group has read replaces them; then tombstones older than `tombstones_before_ms` that replace nothing any more; how many. Records
    without a key stay. What one of the groups `readers` has yet to read is as if it were not there.

    What to remove is found by sorting the lane's keys outside the write lock, in a temporary file: an index by key would
    be paid for at every append.
    """
    with file.reading() as db:
        db.execute("CREATE TEMP TABLE IF NOT EXISTS doomed(id INTEGER PRIMARY KEY)")
        db.execute("DELETE FROM temp.doomed")
        end = min([lane.end, *(lane.base + at for (at,) in select(db, _READ_TO, (lane.id, json.dumps([*readers]))))])
        read_by_all = db.execute("SELECT min(next) FROM position WHERE lane = ?", (lane.id,)).get
        seen = lane.end if read_by_all is None else lane.base + read_by_all
        db.execute(_FIND_DOOMED, (lane.base, end, before_ms, tombstones_before_ms, seen))
        count: int = db.execute("SELECT count(*) FROM temp.doomed").get
    removed = 0
    while removed < count:
        with file.writing() as db:
            db.execute("DELETE FROM record WHERE id IN (SELECT id FROM temp.doomed ORDER BY id LIMIT ?)", (STEP,))
            db.execute("DELETE FROM temp.doomed WHERE id IN (SELECT id FROM temp.doomed ORDER BY id LIMIT ?)", (STEP,))
        removed += STEP
    return count


def first_at(db: apsw.Connection, lane: Lane, timestamp: int) -> tuple[int, int]:
    """The first offset of `lane` that is kept, and the first whose record is at or after `timestamp` (the next offset if none)."""
    first, end = db.execute("SELECT first, next FROM lane WHERE id = ?", (lane.id,)).get
    found = db.execute(
        "SELECT id FROM record WHERE id >= ? AND id < ? AND timestamp >= ? ORDER BY id LIMIT 1",
        (lane.base + first, lane.base + end, timestamp),
    ).get
    return first, end if found is None else found - lane.base


_READ_TO = "SELECT next FROM position WHERE lane = ? AND grp IN (SELECT value FROM json_each(?))"
_FIND_DOOMED = """
    INSERT INTO temp.doomed
    SELECT id FROM (
        SELECT id, timestamp, value IS NULL AS tombstone,
               row_number() OVER (PARTITION BY key ORDER BY id DESC) AS age, count(*) OVER (PARTITION BY key) AS versions,
               first_value(value IS NULL AND id < ?5) OVER (PARTITION BY key ORDER BY id DESC) AS withdrawn
        FROM record WHERE id >= ?1 AND id < ?2 AND key IS NOT NULL)
    WHERE (age > 1 AND (?3 IS NULL OR timestamp < ?3 OR withdrawn)) OR (versions = 1 AND tombstone AND timestamp < ?4)
"""
