"""FILES THAT HOLD KEYS: for their owner alone, written whole or not at all, changed by one process at a time."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from bus.data_key import RECORD, DataKey
from bus.errors import KeyRefused

_DIGEST = 16
Mark = tuple[int, int, int]


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """One process at a time makes or changes keys."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    handle = os.open(folder / ".lock", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def read(path: Path) -> bytes:
    """What a key file holds. Raises `KeyRefused` where it is not there, cannot be read, or can be read by others."""
    try:
        if path.stat().st_mode & 0o077:
            raise KeyRefused(
                "others can read this key",
                "其他用户可读取该密钥文件",
                place=str(path),
                hint=f"chmod 600 {path}",
            )
        return path.read_bytes()
    except FileNotFoundError as missing:
        raise KeyRefused("there is no such key", "密钥不存在", place=str(path)) from missing
    except OSError as wrong:
        raise KeyRefused("the key cannot be read", "无法读取密钥", place=str(path)) from wrong


def write(path: Path, content: bytes) -> None:
    """Whole or not at all, and on the disk before it is used: a token made with a key that a power cut takes is lost for good."""
    half = path.with_name(path.name + ".new")
    try:
        handle = os.open(half, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        half.replace(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as wrong:
        raise KeyRefused("the key cannot be written", "无法写入密钥", place=str(path)) from wrong


def damaged(path: Path) -> KeyRefused:
    """The refusal of a file whose content is not what was written."""
    return KeyRefused("the key file is damaged", "密钥文件已损坏", place=str(path))


@dataclass(frozen=True, slots=True)
class DataKeyFile:
    """A data key in its file: a digest of id and nodes (16 bytes), then the nodes as `DataKey` has them. Nobody keeps it in memory who
    does not seal or open, so that what is destroyed here is soon gone everywhere."""

    id: str
    path: Path

    def read(self) -> DataKey:
        """The data key as it stands. Raises `KeyRefused`, also where the file is damaged or that of another key."""
        content = read(self.path)
        digest, nodes = content[:_DIGEST], content[_DIGEST:]
        if digest != self._digest(nodes) or len(nodes) % RECORD:
            raise damaged(self.path)
        return DataKey(nodes)

    def mark(self) -> Mark:
        """Another one whenever the file was written anew. Raises `KeyRefused` where it is gone."""
        try:
            found = self.path.stat()
        except OSError as wrong:
            raise KeyRefused("there is no such key", "密钥不存在", place=str(self.path)) from wrong
        return found.st_ino, found.st_mtime_ns, found.st_size

    def write(self, key: DataKey) -> None:
        """Put a data key in the place of the one that is there. Raises `KeyRefused`."""
        write(self.path, self._digest(key.nodes) + key.nodes)

    def _digest(self, nodes: bytes) -> bytes:
        return blake2b(self.id.encode() + nodes, digest_size=_DIGEST, person=b"civicbus datakey").digest()
