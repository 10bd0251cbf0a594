"""What a step has in hand while it decides, noted on disk, so that a record that ends the process is found out after the restart.

    <state>/<step>-<process id>.hand    locked as long as its process lives; says which records it is deciding on, nothing else
    <state>/<step>.suspects             how many processes ended while they had a range of records in hand

No sync to the disk: the notes must survive the process, not the machine. A process that ends in a commit or a poll leaves no suspect.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from bus.event import Batch

_LOOK_S = 1.0  # between two looks for processes that ended


class Range(NamedTuple):
    """Records of one partition, from `first` to before `end`."""

    topic: str
    partition: int
    first: int
    end: int

    def meets(self, other: Range) -> bool:
        """Whether a record is in both."""
        same = (self.topic, self.partition) == (other.topic, other.partition)
        return same and self.first < other.end and other.first < self.end


class Hand:
    """The notes of this process, and what those that ended left behind."""

    def __init__(self, state: Path, step: str) -> None:
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._state, self._step = state, step
        self._path = state / f"{step}-{os.getpid()}.hand"
        self._file = os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600)
        fcntl.flock(self._file, fcntl.LOCK_EX)
        self._suspects: dict[Range, int] = {}
        self._looked_at = -_LOOK_S

    def take(self, batches: Iterable[Batch]) -> None:
        """From now on these records are being decided on."""
        self._write([[*_range(batch)] for batch in batches])

    def put_down(self) -> None:
        """The decision was made."""
        os.ftruncate(self._file, 0)

    def deaths(self, batches: list[Batch]) -> int:
        """How many processes ended while they had any of these records in hand."""
        if time.monotonic() - self._looked_at >= _LOOK_S:
            self._gather()
        if not self._suspects:
            return 0
        mine = [_range(batch) for batch in batches]
        return max((count for suspect, count in self._suspects.items() if any(suspect.meets(each) for each in mine)), default=0)

    def clear(self, batches: list[Batch]) -> None:
        """These records are committed: they are suspected no more."""
        if not self._suspects:
            return
        mine = [_range(batch) for batch in batches]
        with self._shared() as suspects:
            for suspect in [each for each in suspects if any(each.meets(range_) for range_ in mine)]:
                del suspects[suspect]
        self._suspects = suspects

    def _gather(self) -> None:
        """Count what processes that ended left in their hands."""
        self._looked_at = time.monotonic()
        ended = [path for path in self._state.glob(f"{self._step}-*.hand") if path != self._path and _has_ended(path)]
        kept = self._state / f"{self._step}.suspects"
        if not ended and not kept.exists():
            self._suspects = {}
            return
        with self._shared() as suspects:
            for path in ended:
                for each in _read(path):
                    suspects[each] = suspects.get(each, 0) + 1
                path.unlink(missing_ok=True)
        self._suspects = suspects

    @contextmanager
    def _shared(self) -> Iterator[dict[Range, int]]:
        """The suspects of all processes of this step, to be changed by one at a time."""
        with (self._state / f"{self._step}.suspects.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            path = self._state / f"{self._step}.suspects"
            suspects: dict[Range, int] = {}
            with contextlib.suppress(OSError, ValueError, TypeError):  # a note that a crash cut short only costs another crash
                suspects = {Range(*each): count for each, count in json.loads(path.read_text())}
            yield suspects
            if suspects:
                new = path.with_name(f"{path.name}.new")
                new.write_text(json.dumps([[[*each], count] for each, count in suspects.items()]))
                new.replace(path)
            else:
                path.unlink(missing_ok=True)

    def _write(self, ranges: list[list[object]]) -> None:
        said = json.dumps(ranges).encode()
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, said, 0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._path.unlink(missing_ok=True)
        os.close(self._file)


def _range(batch: Batch) -> Range:
    return Range(batch.topic, batch.partition, batch.offsets[0], batch.next_offset)


def _has_ended(path: Path) -> bool:
    """The lock of a process that lives cannot be had."""
    try:
        with path.open() as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _read(path: Path) -> list[Range]:
    with contextlib.suppress(OSError, ValueError, TypeError):
        return [Range(*each) for each in json.loads(path.read_text() or "[]")]
    return []
