"""What a step remembers: a *view* of one partition on the local disk, bytes by key. Delete it at any time, also while the step runs: it is
rebuilt from the log, which alone is the truth.

    <state>/views/<step>/<topic>.<partition>.<slot>.db       and .lock, held as long as the process works on it

A view says how far it has read. What a batch changes is held in memory until the batch is committed to the log; then it is *kept*, and what
is kept is written once there is much of it or nothing else to do, in one transaction together with the new position: neighbours on disk
then share a page. So a view is never ahead of what the log knows, and a process that is killed in between finds it a little behind. A
process that hangs keeps its lock: whoever takes its partitions over begins a view of its own, in the next slot.

Items are kept in groups (the statements of a subject, the claims on a block): a group is read in one go, and the groups that a batch asks
for all together before it is decided. Memory is flat: a small page cache, the groups of one batch, its changes and what is not written yet.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import MappingProxyType

import apsw

from bus.errors import BusError, DiskFull, LogRefused

_FORMAT = 1
_CACHE_KIB = 16384  # until `share_cache` says otherwise
_SLOTS = 16
_ITEM_BYTES = 150  # what an item takes in memory beside its key and value, about
_GROUP_BYTES = 350  # and a group beside its items
_SCHEMA = f"""
CREATE TABLE kept (grp BLOB, item BLOB, value BLOB NOT NULL, PRIMARY KEY (grp, item)) WITHOUT ROWID;
CREATE TABLE position (topic TEXT PRIMARY KEY, next INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE meta (identity TEXT NOT NULL);
PRAGMA user_version = {_FORMAT};
"""
_READ_AHEAD = "SELECT grp, item, kept.value FROM carray(?) AS asked CROSS JOIN kept ON grp = asked.value ORDER BY grp, item"
_PUT = "INSERT INTO kept VALUES (?, ?, ?) ON CONFLICT (grp, item) DO UPDATE SET value = excluded.value"

_NOTHING: Mapping[bytes, bytes] = MappingProxyType({})

Changes = dict[bytes, dict[bytes, bytes | None]]
"""group → item → its new value, None where it goes."""


class View:
    """The view of one partition. Raises `DiskFull` or `LogRefused` where the disk does not let it be used."""

    def __init__(self, folder: Path, name: str, identity: str) -> None:
        """Open the view `name`; one of another log, of another format or damaged is made anew."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._identity = identity
        self._changes: Changes = {}
        self._kept: Changes = {}  # committed, to be written
        self.unwritten = 0
        """Bytes in memory of what is kept and not written, about; of what was kept over and over more than there are."""
        self._ahead: dict[bytes, Mapping[bytes, bytes]] = {}
        with _in_our_words(folder):
            self._path, self._lock = _free_slot(folder, name)
            self._db = self._open()
            self._inode = self._path.stat().st_ino
            self._next: dict[str, int] = dict(self._db.execute("SELECT topic, next FROM position"))
            self._blank = not self._db.execute("SELECT EXISTS (SELECT 1 FROM kept)").get  # nothing is on disk: it need not be asked

    def share_cache(self, kib: int) -> None:
        """Hold no more than this of the file in memory."""
        self._db.pragma("cache_size", -kib)

    def read_ahead(self, groups: Iterable[bytes]) -> None:
        """Read these groups at once, in the order in which they lie on disk: they are about to be asked for. Held until `keep`."""
        if self._blank or not (asked := tuple(sorted({*groups} - self._ahead.keys()))):
            return
        ahead = self._ahead
        ahead |= dict.fromkeys(asked, _NOTHING)
        last: bytes | None = None
        items: dict[bytes, bytes] = {}
        for group, item, value in self._db.execute(_READ_AHEAD, (apsw.carray(asked, flags=apsw.SQLITE_CARRAY_BLOB),)):
            if group != last:
                last = group
                ahead[group] = items = {}
            items[item] = value

    def items(self, group: bytes) -> dict[bytes, bytes]:
        """All items of a group, by key in rising order."""
        ahead = _NOTHING if self._blank else self._ahead.get(group)
        found = dict(self._db.execute("SELECT item, value FROM kept WHERE grp = ? ORDER BY item", (group,))) if ahead is None else {**ahead}
        in_order = True
        for newer in (self._kept.get(group), self._changes.get(group)):
            if newer is not None:
                in_order = False
                for item, value in newer.items():
                    if value is None:
                        found.pop(item, None)
                    else:
                        found[item] = value
        return found if in_order or len(found) < 2 else dict(sorted(found.items()))

    def get(self, group: bytes, item: bytes = b"") -> bytes | None:
        """One item, None where there is none."""
        for changed in (self._changes.get(group), self._kept.get(group)):
            if changed is not None and item in changed:
                return changed[item]
        if self._blank:
            return None
        if (ahead := self._ahead.get(group)) is not None:
            return ahead.get(item)
        value: bytes | None = self._db.execute("SELECT value FROM kept WHERE grp = ? AND item = ?", (group, item)).get
        return value

    def put(self, group: bytes, item: bytes, value: bytes) -> None:
        """Remember an item."""
        self._changes.setdefault(group, {})[item] = value

    def delete(self, group: bytes, item: bytes = b"") -> None:
        """Forget an item; one that is not there is no error."""
        self._changes.setdefault(group, {})[item] = None

    def groups(self, after: bytes = b"", most: int = 1000) -> list[bytes]:
        """Up to `most` groups that follow `after` in rising order, as they are on disk."""
        return [row[0] for row in self._db.execute("SELECT DISTINCT grp FROM kept WHERE grp > ? ORDER BY grp LIMIT ?", (after, most))]

    def position(self, topic: str) -> int:
        """The next offset of its partition of `topic` that the view has not seen."""
        return self._next.get(topic, 0)

    def mark(self) -> Changes:
        """What is changed and not kept, to be given to `restore` when the decision in hand comes to nothing."""
        return {group: dict(items) for group, items in self._changes.items()}

    def restore(self, mark: Mapping[bytes, Mapping[bytes, bytes | None]]) -> None:
        """Forget what was changed since `mark`; all that is not kept when it is empty."""
        self._changes = {group: dict(items) for group, items in mark.items()}

    def keep(self, positions: Mapping[str, int]) -> None:
        """Keep all changes, and that the view has seen all before `positions` (topic → next offset). On disk with the next `save`."""
        unwritten = self.unwritten + _ITEM_BYTES * len(positions)
        for group, items in self._changes.items():
            if (kept := self._kept.get(group)) is None:
                self._kept[group] = items
                unwritten += _GROUP_BYTES
            else:
                kept.update(items)
            for item, value in items.items():
                unwritten += _ITEM_BYTES + len(item) + len(value or b"")
        self._changes, self._ahead = {}, {}
        self._next.update(positions)
        self.unwritten = unwritten

    def save(self, positions: Mapping[str, int] = MappingProxyType({})) -> None:
        """`keep`, and write it all."""
        self.keep(positions)
        gone, there = [], []
        for group in sorted(self._kept):  # neighbours on disk are written together
            items = self._kept[group]
            for item, value in sorted(items.items()) if len(items) > 1 else items.items():
                if value is None:
                    gone.append((group, item))
                else:
                    there.append((group, item, value))
        with _in_our_words(self._path.parent), self._db:
            if gone:
                self._db.executemany("DELETE FROM kept WHERE grp = ? AND item = ?", gone)
            self._db.executemany(_PUT, there)
            self._db.executemany("INSERT OR REPLACE INTO position VALUES (?, ?)", self._next.items())
        self._kept, self.unwritten, self._blank = {}, 0, False

    @property
    def there(self) -> bool:
        """Whether its file is still where it was made."""
        with suppress(OSError):
            return self._path.stat().st_ino == self._inode
        return False

    def clear(self) -> None:
        """Forget everything, positions too."""
        with _in_our_words(self._path.parent), self._db:
            self._db.execute("DELETE FROM kept; DELETE FROM position")
        self._changes, self._kept, self._ahead, self._next, self.unwritten = {}, {}, {}, {}, 0

    def close(self) -> None:
        """Write what is kept, and close it; what was not kept is gone. Where it cannot be written the view is behind, no more."""
        with suppress(BusError):
            if self.unwritten:
                self.save()
        self._db.close()
        os.close(self._lock)

    def _open(self) -> apsw.Connection:
        with suppress(apsw.NotADBError, apsw.CorruptError, apsw.SQLError):  # a damaged view is made anew
            if self._path.exists():
                db = self._connect()
                if db.pragma("user_version") == _FORMAT and db.execute("SELECT identity FROM meta").get == self._identity:
                    return db
                db.close()
        for suffix in ("", "-wal", "-shm"):
            self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)
        db = self._connect()
        with db:
            db.execute(_SCHEMA)
            db.execute("INSERT INTO meta VALUES (?)", (self._identity,))
        return db

    def _connect(self) -> apsw.Connection:
        os.close(os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600))
        db = apsw.Connection(str(self._path))
        db.pragma("page_size", 8192)
        db.pragma("locking_mode", "exclusive")  # the lock file sees to it that nobody else is there; SQLite then needs no shared memory
        db.pragma("journal_mode", "wal")
        db.pragma("synchronous", 1)  # a power cut may lose the last changes, which the log still has; it does not damage the file
        db.pragma("cache_size", -_CACHE_KIB)
        db.pragma("secure_delete", 1)
        return db


def _free_slot(folder: Path, name: str) -> tuple[Path, int]:
    """The first slot that no living process holds, and its lock. More than one is held only where a process hangs."""
    for slot in range(_SLOTS):
        lock = os.open(folder / f"{name}.{slot}.lock", os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            continue
        return folder / f"{name}.{slot}.db", lock
    raise LogRefused(
        f"{_SLOTS} processes hold a view of the same partition.",
        f"有 {_SLOTS} 个进程占用同一分区的视图。",
        place=str(folder / name),
        hint="Look for hanging civicbus processes (`ps`), end them and try again.",
        hint_zh="请检查是否有停住的 civicbus 进程，结束后重试。",
    )


@contextmanager
def _in_our_words(folder: Path) -> Iterator[None]:
    try:
        yield
    except apsw.FullError:
        raise DiskFull(place=str(folder)) from None
    except (apsw.Error, OSError) as error:
        raise LogRefused(
            f"The local view of a step cannot be used ({type(error).__name__}).",
            f"处理步骤的本地视图不可用（{type(error).__name__}）。",
            place=str(folder),
            hint="Make the folder writable, or delete it: the view is rebuilt from the log.",
            hint_zh="请使该目录可写，或将其删除：视图会由日志重建。",
        ) from None
