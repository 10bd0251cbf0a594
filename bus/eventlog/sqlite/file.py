"""The file itself: opened safely or refused, its format upgraded, and SQLite's errors said in our words.

Every connection is made here, so that what the log promises about durability is asked for, and verified, in one place.
"""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import apsw

from bus.errors import BusError, DiskFull, LogRefused, Unreachable, WrongUse

APPLICATION_ID = 0x43425553  # "CBUS", in the file's header: another program's database is never taken for a log
OFFSET_BITS = 40  # a record's row number is lane << 40 | offset: one integer key, each lane's records side by side
SAFE_SQLITE = (3, 51, 3)  # before it a race between a checkpoint and a WAL reset can corrupt a file with several connections
BUSY_S = 120.0  # how long another process may hold the write lock before we say so; a batch holds it for some 10 ms
PAGE_BYTES = 8192
CHECKPOINT_PAGES = 1000  # 8 MB of WAL; whoever's commit crosses it checkpoints, and SQLite's own lock lets one do so at a time
WAL_KEPT_BYTES = 64 << 20

# `FORMATS[n]` takes a file from format n to n + 1. Released entries are never edited; a new file runs through all of them.
FORMATS = (
    """
    CREATE TABLE meta(name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE topic(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, partitions INTEGER NOT NULL,
                       keep TEXT NOT NULL, retention_ms INTEGER) STRICT;
    -- lane: one partition of one topic; its records have the row numbers id << 40 | offset
    CREATE TABLE lane(id INTEGER PRIMARY KEY, topic INTEGER NOT NULL REFERENCES topic(id), partition INTEGER NOT NULL,
                      first INTEGER NOT NULL DEFAULT 0, next INTEGER NOT NULL DEFAULT 0, UNIQUE(topic, partition)) STRICT;
    CREATE TABLE record(id INTEGER PRIMARY KEY, timestamp INTEGER NOT NULL, key BLOB, value BLOB, headers BLOB) STRICT;
    CREATE TABLE writer(name TEXT PRIMARY KEY, epoch INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    -- member.id is never given twice, so a zombie's claims cannot be mistaken for anybody else's
    CREATE TABLE member(id INTEGER PRIMARY KEY AUTOINCREMENT, grp TEXT NOT NULL, topics TEXT NOT NULL,
                        process TEXT NOT NULL, seen_ms INTEGER NOT NULL, lease_ms INTEGER NOT NULL) STRICT;
    CREATE TABLE claim(grp TEXT NOT NULL, lane INTEGER NOT NULL, member INTEGER NOT NULL, PRIMARY KEY(grp, lane)) STRICT, WITHOUT ROWID;
    CREATE TABLE position(grp TEXT NOT NULL, lane INTEGER NOT NULL, next INTEGER NOT NULL, PRIMARY KEY(grp, lane)) STRICT, WITHOUT ROWID;
    """,
)


class SqliteFile:
    """One connection to the log's file. Not for use from several threads."""

    def __init__(self, path: Path) -> None:
        """Open the file, making it (and its folder, for its owner alone) when there is none.

        Raises `LogRefused` for what is not a log of a format we know, or cannot be written; `DiskFull`; `Unreachable`.
        """
        self.path = path
        _refuse_unsafe_library(tuple(int(part) for part in apsw.sqlite_lib_version().split(".")))
        with self._in_our_words():
            _make_file(path)
            self.connection = apsw.Connection(str(path))
            try:
                self._prepare()
            except BaseException:
                self.connection.close()
                raise

    def close(self) -> None:
        """Close the connection. The last one of all processes folds the WAL into the file."""
        with self._in_our_words():
            self.connection.close()

    @contextmanager
    def reading(self) -> Iterator[apsw.Connection]:
        """One consistent view of the log, however many statements it takes."""
        yield from self._transaction("BEGIN DEFERRED")

    @contextmanager
    def writing(self) -> Iterator[apsw.Connection]:
        """All that is written inside becomes durable and visible together at the end, or not at all.
        The lock is taken at the start: a transaction that reads first could not be let in later (SQLITE_BUSY_SNAPSHOT)."""
        yield from self._transaction("BEGIN IMMEDIATE")

    def backup(self, target: Path) -> None:
        """Copy the log, as it is now and while others go on writing, into the new file `target`.

        The copy has an identity of its own, because from here on it is another log. Raises `WrongUse` when `target` exists.
        """
        if target.exists():
            raise WrongUse("The file for the backup exists already.", "备份目标文件已存在。", place=str(target))
        part = target.with_name(target.name + ".part")
        part.unlink(missing_ok=True)
        with self._in_our_words():
            part.touch(mode=0o600)
            copy = apsw.Connection(str(part))
            try:
                with copy.backup("main", self.connection, "main") as running:
                    running.step()
                copy.execute("PRAGMA journal_mode = DELETE")
                copy.execute(
                    "UPDATE meta SET value = ? WHERE name = 'identity'; DELETE FROM claim; DELETE FROM member", (uuid.uuid4().hex,)
                )
            finally:
                copy.close()
            part.rename(target)
            _sync_folder(target.parent)

    def check(self) -> None:
        """Read the whole file and raise `LogRefused` when any of it is damaged."""
        with self._in_our_words():
            found = self.connection.pragma("integrity_check")
        if found != "ok":
            raise self._refused("The file is damaged.", "文件已损坏。", *_FROM_BACKUP)

    def _prepare(self) -> None:
        self.connection.set_busy_timeout(int(BUSY_S * 1000))
        version = self._known_format()
        if version == 0:
            self.connection.pragma("page_size", PAGE_BYTES)
        self._use_wal()
        for name, value in (
            ("synchronous", 2),  # FULL: the WAL is synced at every commit, so what was acknowledged survives a power cut
            ("secure_delete", 1),  # what retention removes is overwritten, not only unlinked
            ("wal_autocheckpoint", CHECKPOINT_PAGES),
            ("journal_size_limit", WAL_KEPT_BYTES),
            ("cache_size", -16_000),
        ):
            self.connection.pragma(name, value)
        if version < len(FORMATS):
            self._upgrade()
        if (self.connection.pragma("journal_mode"), self.connection.pragma("synchronous")) != ("wal", 2):
            raise self._refused("SQLite does not give WAL with synchronous=FULL here.", "此处 SQLite 无法使用 WAL 与 synchronous=FULL。")

    def _known_format(self) -> int:
        """The format of the file, 0 for an empty one, looked at before anything of it is changed."""
        application = self.connection.pragma("application_id")
        version: int = self.connection.pragma("user_version")
        if application == 0 and version == 0 and self.connection.execute("SELECT count(*) FROM sqlite_schema").get == 0:
            return 0
        if application != APPLICATION_ID:
            raise self._refused("This is a database of another program, not a log.", "该文件是其他程序的数据库，不是日志。", *_OTHER_PATH)
        if version > len(FORMATS):
            raise self._refused(
                f"The file has format {version}; this civicbus knows formats up to {len(FORMATS)}.",
                f"文件格式版本为 {version}，当前 civicbus 只支持到 {len(FORMATS)}。",
                "Use the newer civicbus that wrote it.",
                "请使用写入该文件的较新版本 civicbus。",
            )
        return version

    def _use_wal(self) -> None:
        """Switch to WAL. Two processes making the same new file collide here without SQLite's busy handler being asked."""
        until = time.monotonic() + BUSY_S
        while self.connection.pragma("journal_mode") != "wal":
            try:
                self.connection.pragma("journal_mode", "wal")
            except apsw.BusyError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.01)

    def _upgrade(self) -> None:
        with self.writing():
            version = self._known_format()  # again, under the lock: another process may have been quicker
            for step in FORMATS[version:]:
                self.connection.execute(step)
            if version == 0:
                self.connection.execute("INSERT INTO meta VALUES ('identity', ?)", (uuid.uuid4().hex,))
            self.connection.pragma("application_id", APPLICATION_ID)
            self.connection.pragma("user_version", len(FORMATS))

    def _transaction(self, begin: str) -> Iterator[apsw.Connection]:
        with self._in_our_words():
            self.connection.execute(begin)
            try:
                yield self.connection
                self.connection.execute("COMMIT")
            except BaseException:
                if self.connection.in_transaction:  # SQLite itself rolls back after the worst errors
                    self.connection.execute("ROLLBACK")
                raise

    @contextmanager
    def _in_our_words(self) -> Iterator[None]:
        try:
            yield
        except (apsw.Error, OSError) as error:
            if isinstance(error, apsw.IOError):
                # A failed fsync leaves unknown what reached the disk, and asking again would only seem to succeed:
                # this connection is done, and what is in the file is found out by opening it anew.
                self.connection.close()
            raise self._translated(error) from error

    def _translated(self, error: Exception) -> BusError:
        if isinstance(error, apsw.FullError) or (isinstance(error, apsw.IOError | OSError) and _is_full(self.path.parent)):
            return DiskFull(place=str(self.path))
        if isinstance(error, apsw.BusyError | apsw.LockedError):
            return Unreachable(
                "Another process has held the log's lock for too long.",
                "另一进程长时间占用日志锁。",
                place=str(self.path),
                hint="Look for a stopped civicbus process (`ps`), end it and try again.",
                hint_zh="请检查是否有停住的 civicbus 进程，结束后重试。",
            )
        if isinstance(error, apsw.NotADBError):
            return self._refused("The file is not a log.", "该文件不是日志。", *_OTHER_PATH)
        if isinstance(error, apsw.CorruptError):
            return self._refused("The file is damaged.", "文件已损坏。", *_FROM_BACKUP)
        if isinstance(error, apsw.CantOpenError | apsw.ReadOnlyError | apsw.PermissionsError | apsw.AuthError | OSError):
            return self._refused("The file cannot be opened for writing.", "无法以写方式打开该文件。", *_WRITABLE)
        if isinstance(error, apsw.IOError):
            return self._refused("The disk reported an error.", "磁盘读写出错。", *_DISK)
        if isinstance(error, apsw.ConnectionClosedError):
            return self._refused("The log was closed.", "日志已关闭。")
        if isinstance(error, apsw.TooBigError):
            return self._refused("A record is larger than the log can keep.", "记录超过日志可保存的大小。")
        return self._refused(f"SQLite refused ({type(error).__name__}).", f"SQLite 拒绝（{type(error).__name__}）。")

    def _refused(self, message: str, zh: str, hint: str = "", hint_zh: str = "") -> LogRefused:
        return LogRefused(message, zh, place=str(self.path), hint=hint, hint_zh=hint_zh)


_OTHER_PATH = ("Give the path of a log, or of a file that does not exist yet.", "请指定日志文件，或尚不存在的文件路径。")
_FROM_BACKUP = (
    "Keep the file, and restore the last backup (`civicbus restore`).",
    "请保留该文件，并从最近的备份恢复（`civicbus restore`）。",
)
_WRITABLE = (
    "Check that the folder exists, is on a disk that can be written, and belongs to you.",
    "请检查目录是否存在、可写且属于当前用户。",
)
_DISK = (
    "Check the disk (`dmesg`), then start again; what had been acknowledged is kept.",
    "请检查磁盘（`dmesg`）后重新启动；已确认的内容不会丢失。",
)


def select(db: apsw.Connection, sql: str, values: Sequence[int | str] = ()) -> list[Any]:
    """All rows of a query: tuples of the types that our own tables declare."""
    return db.execute(sql, values).fetchall()


def _refuse_unsafe_library(version: tuple[int, ...]) -> None:
    if version < SAFE_SQLITE:
        raise LogRefused(
            f"SQLite {'.'.join(map(str, version))} can corrupt a log that several processes use (fixed in 3.51.3).",
            f"SQLite {'.'.join(map(str, version))} 在多进程使用时可能损坏日志（3.51.3 已修复）。",
            hint="Install the `apsw` wheel of the pinned requirements; it carries its own SQLite.",
            hint_zh="请按锁定的依赖安装 `apsw` 轮子包，其自带 SQLite。",
        )


def _make_file(path: Path) -> None:
    """Make the file for its owner alone before SQLite does (its WAL takes over the mode). A file that exists is never opened
    here: closing it again would drop the locks that SQLite holds on it in this process."""
    if not path.parent.exists():
        path.parent.mkdir(mode=0o700, parents=True)
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except FileExistsError:
        if path.is_file() and path.stat().st_mode & 0o077 and path.stat().st_uid == os.geteuid():
            path.chmod(0o600)


def _is_full(folder: Path) -> bool:
    try:
        disk = os.statvfs(folder)
        return disk.f_blocks > 0 and disk.f_bavail == 0  # a file system without blocks (/proc) is not full, but none
    except OSError:
        return False


def _sync_folder(folder: Path) -> None:
    """Make a rename in `folder` survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
