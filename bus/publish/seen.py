"""What was said before: a *view* of one raw topic on the local disk, key → content hash. Delete it at any time: it is rebuilt.

The log is the truth. Before a file goes out the view reads on from where it stood to the end of the topic; while this publisher holds the
dataset's exclusive writer nobody else adds to the topic, so what it appends itself it may note without reading it back. The view is of one
log (`EventLog.identity`): of another, or of one that ends before the view does (restored from a backup), it starts afresh.

Memory is flat: the view lives in SQLite with a small cache.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple, Self

import apsw

from bus.errors import DiskFull, LogRefused
from bus.event import Record
from bus.eventlog import topics
from bus.eventlog.dead_letter import REPLAY_LETTER
from bus.eventlog.port import EventLog

HASH_HEADER = "hash"
_VERSION = 1
_MANY = 500
_SAID = "INSERT INTO seen (key, hash) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET hash = excluded.hash"
_KEYS = "CREATE TABLE seen (key BLOB PRIMARY KEY, hash BLOB NOT NULL, run INTEGER, row INTEGER, in_file BLOB) WITHOUT ROWID;"
_SCHEMA = f"""
{_KEYS}
CREATE TABLE progress (file_id TEXT PRIMARY KEY, rows_done INTEGER, finished INTEGER, again INTEGER) WITHOUT ROWID;
CREATE TABLE position (topic TEXT, partition INTEGER, next INTEGER NOT NULL, PRIMARY KEY (topic, partition)) WITHOUT ROWID;
CREATE TABLE meta (identity TEXT NOT NULL);
PRAGMA user_version = {_VERSION};
"""


@contextmanager
def in_our_words(folder: Path) -> Iterator[None]:
    """Raise `DiskFull` or `LogRefused` for what SQLite says of a view in `folder`."""
    try:
        yield
    except apsw.FullError:
        raise DiskFull(place=str(folder)) from None
    except (apsw.ReadOnlyError, apsw.CantOpenError, apsw.IOError, apsw.PermissionsError, apsw.CorruptError) as error:
        raise LogRefused(
            f"The local view of what was published cannot be used ({type(error).__name__}).",
            f"本地“已发布”视图不可用（{type(error).__name__}）。",
            place=str(folder),
            hint="Make the folder writable, or delete it: the view is rebuilt from the log.",
            hint_zh="请使该目录可写，或将其删除：视图会由日志重建。",
        ) from None


class Known(NamedTuple):
    """What is known of a key: the content hash in the log; which reading of a file last met it, in which row, with which content."""

    hash: bytes
    run: int | None
    row: int | None
    in_file: bytes | None


class Progress(NamedTuple):
    """How far a file came: rows done of the latest attempt, whether that one finished, whether any did before it."""

    rows_done: int
    finished: bool
    again: bool


class Keys:
    """The keys met, in a database."""

    def __init__(self, db: apsw.Connection) -> None:
        self._db = db

    @classmethod
    def temporary(cls) -> Self:
        """Of nothing yet, on disk where they grow large, and gone when closed."""
        db = apsw.Connection("")
        db.execute(_KEYS)
        return cls(db)

    def close(self) -> None:
        self._db.close()

    def look_up(self, keys: Sequence[bytes]) -> dict[bytes, Known]:
        """What is known of `keys`; those never met are left out."""
        found: dict[bytes, Known] = {}
        for at in range(0, len(keys), _MANY):
            some = keys[at : at + _MANY]
            marks = ",".join("?" * len(some))
            for key, *rest in self._db.execute(f"SELECT key, hash, run, row, in_file FROM seen WHERE key IN ({marks})", some):
                found[key] = Known._make(rest)
        return found

    def note(self, known: Mapping[bytes, Known]) -> None:
        """Keep what was learned from rows whose outcome is in the log."""
        with self._db:
            self._db.executemany(
                "INSERT OR REPLACE INTO seen (key, hash, run, row, in_file) VALUES (?, ?, ?, ?, ?)",
                ((key, *value) for key, value in known.items()),
            )


class Seen:
    """The view of one dataset. Open it only while holding the dataset's local lock."""

    def __init__(self, path: Path, log: EventLog, dataset: str) -> None:
        self._path, self._log, self._dataset = path, log, dataset
        self._topic = topics.raw(dataset)
        self._db = self._open()
        self.keys = Keys(self._db)

    def close(self) -> None:
        self._db.close()

    def catch_up(self) -> None:
        """Read on in the log to its end."""
        there = {info.name for info in self._log.topics()}
        for topic in (self._topic, topics.account(self._dataset.partition(".")[0]), topics.ACCOUNT):
            if topic not in there:  # the last: what was counted before departments had an account each; they may not see it
                continue
            start = dict(self._db.execute("SELECT partition, next FROM position WHERE topic = ?", (topic,)))
            for batch in self._log.scan(topic, start):
                with self._db:
                    if topics.is_account(topic):
                        self._note_progress(batch.records)
                    else:
                        self._note_records(batch.records)
                    self._set_position(topic, {batch.partition: batch.next_offset})

    def progress(self, file_id: str) -> Progress | None:
        """How far the file came, None when it was never begun."""
        for rows_done, finished, again in self._db.execute("SELECT rows_done, finished, again FROM progress WHERE file_id = ?", (file_id,)):
            return Progress(rows_done, bool(finished), bool(again))
        return None

    def ends(self) -> dict[int, int]:
        """Where the raw topic ends now, to be given to `reached` after a later append by the same writer succeeded: until then
        nobody else can have written before that end."""
        return {p: end for info in self._log.topics() if info.name == self._topic for p, (_, end) in info.ends.items()}

    def reached(self, ends: Mapping[int, int]) -> None:
        """All up to `ends` is noted."""
        with self._db:
            self._set_position(self._topic, ends)

    def _open(self) -> apsw.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with suppress(apsw.NotADBError, apsw.CorruptError, apsw.SQLError):  # a damaged view is made anew from the log
            db = self._connect()
            if db.pragma("user_version") == _VERSION and self._is_of_this_log(db):
                return db
            db.close()
        for suffix in ("", "-wal", "-shm"):
            self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)
        db = self._connect()
        with db:
            db.execute(_SCHEMA)
            db.execute("INSERT INTO meta VALUES (?)", (self._log.identity(),))
        self._path.chmod(0o600)
        return db

    def _connect(self) -> apsw.Connection:
        db = apsw.Connection(str(self._path))
        db.pragma("journal_mode", "wal")
        db.pragma("synchronous", 1)  # a power cut may lose the last notes, which the log still has; it does not damage the file
        db.pragma("cache_size", -16_000)
        return db

    def _is_of_this_log(self, db: apsw.Connection) -> bool:
        if [row[0] for row in db.execute("SELECT identity FROM meta")] != [self._log.identity()]:
            return False
        ends = {(info.name, p): end for info in self._log.topics() for p, (_, end) in info.ends.items()}
        return all(next_ <= ends.get((topic, p), 0) for topic, p, next_ in db.execute("SELECT topic, partition, next FROM position"))

    def _set_position(self, topic: str, ends: Mapping[int, int]) -> None:
        self._db.executemany("INSERT OR REPLACE INTO position VALUES (?, ?, ?)", ((topic, p, n) for p, n in ends.items()))

    def _note_records(self, records: Iterable[Record]) -> None:
        """A record handed in again out of a dead letter says nothing new: it counts only where its first saying was compacted away."""
        for key, value, _, headers in records:
            named = dict(headers)
            if value is None:
                self._db.execute("DELETE FROM seen WHERE key = ?", (key,))
            elif REPLAY_LETTER in named:
                self._db.execute("INSERT OR IGNORE INTO seen (key, hash) VALUES (?, ?)", (key, named.get(HASH_HEADER, b"")))
            else:
                self._db.execute(_SAID, (key, named.get(HASH_HEADER, b"")))

    def _note_progress(self, records: Iterable[Record]) -> None:
        mine = self._dataset.encode()
        for key, value, *_ in records:
            if key != mine or value is None:
                continue
            delta = json.loads(value)
            if delta.get("step") != "publish":
                continue
            self._db.execute(
                "INSERT INTO progress VALUES (?, ?, ?, 0) ON CONFLICT (file_id) DO UPDATE"
                " SET again = again OR finished, rows_done = excluded.rows_done, finished = excluded.finished",
                (delta["file_id"], delta["rows_done"], delta["finished"]),
            )
