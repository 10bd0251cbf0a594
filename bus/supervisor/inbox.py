"""The drop folder: a file laid into <home>/inbox/<department>.<dataset>/ is published once it is whole, then moved aside.

    <dataset>/done/<file>              published (refused rows are in the report beside it and in the dead letter)
    <dataset>/refused/<file>           not what its contract says; nothing of it was published
    …/<file>.report.json, …/<file>.why what became of its rows; what the publisher said

A delivery may be a folder inside: <dataset>/2026-09/HYDJ.csv is of delivery 2026-09; a file right in the dataset's folder is of the day
it came. A file is whole when it has not changed for `SETTLE_S` and its name is not one of a copy under way.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import date
from pathlib import Path
from typing import NamedTuple

from bus.diary import diary

SETTLE_S = 3.0
AGAIN_S = 30.0  # after the log could not be reached
_UNDER_WAY = (".part", ".tmp", ".partial", ".crdownload", ".filepart", ".swp", ".lock")
_DONE, _REFUSED = "done", "refused"


class Dropped(NamedTuple):
    """A file that lies in the inbox."""

    dataset: str
    path: Path
    delivery: str


class Inbox:
    """Looks for whole files and has them published, one at a time."""

    def __init__(
        self,
        folder: Path,
        datasets: Sequence[str],
        publish: Callable[[Dropped, Path], Sequence[str]],
        env: dict[str, str],
        slots: AbstractContextManager[object] | None = None,
    ) -> None:
        """`publish`: (file, report) → the command that publishes it. Makes a folder for each dataset. `slots`, shared by several inboxes,
        is entered while a file is published, so that not all of them do at once."""
        self._slots = slots or nullcontext()
        self._folder, self._datasets, self._publish, self._env = folder, datasets, publish, env
        self._seen: dict[Path, tuple[int, int, float]] = {}
        self._not_before: dict[Path, float] = {}
        for dataset in datasets:
            (folder / dataset).mkdir(mode=0o700, parents=True, exist_ok=True)

    def look(self) -> int:
        """Publish the files that are whole; how many were moved aside."""
        whole = [dropped for dropped in self._dropped() if self._is_whole(dropped.path)]
        return sum(self._handle(dropped) for dropped in whole)

    def _dropped(self) -> Iterator[Dropped]:
        for dataset in self._datasets:
            top = self._folder / dataset
            for path in sorted(top.glob("*")):
                if path.is_file():
                    yield Dropped(dataset, path, date.today().isoformat())
                elif path.is_dir() and path.name not in (_DONE, _REFUSED):
                    yield from (Dropped(dataset, inner, path.name) for inner in sorted(path.glob("*")) if inner.is_file())

    def _is_whole(self, path: Path) -> bool:
        if path.name.startswith((".", "~")) or path.name.lower().endswith(_UNDER_WAY) or path.is_symlink():
            return False
        if time.monotonic() < self._not_before.get(path, 0.0):
            return False
        try:
            stat = path.stat()
        except FileNotFoundError:
            return False
        size, changed, since = self._seen.get(path, (-1, -1, 0.0))
        if (size, changed) != (stat.st_size, stat.st_mtime_ns):
            self._seen[path] = (stat.st_size, stat.st_mtime_ns, time.monotonic())
            return False
        return time.monotonic() - since >= SETTLE_S

    def _handle(self, dropped: Dropped) -> bool:
        """Publish one file. Exit 4 (nothing can be reached now) leaves it where it is."""
        report = dropped.path.with_name(f".{dropped.path.name}.report.json")
        command = self._publish(dropped, report)
        with self._slots:
            done = subprocess.run(command, env=self._env, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)  # noqa: S603
        if done.returncode in (1, 4) or done.returncode < 0:
            self._not_before[dropped.path] = time.monotonic() + AGAIN_S
            diary("inbox").error("not now", dataset=dropped.dataset, status=done.returncode)
            report.unlink(missing_ok=True)
            return False
        where = _DONE if done.returncode == 0 else _REFUSED
        target = _free(self._folder / dropped.dataset / where, dropped.delivery, dropped.path.name)
        dropped.path.rename(target)
        if report.exists():
            report.rename(target.with_name(f"{target.name}.report.json"))
        target.with_name(f"{target.name}.why").write_text(done.stderr, encoding="utf-8")
        self._seen.pop(dropped.path, None)
        diary("inbox").info(where, dataset=dropped.dataset, status=done.returncode)
        return True


def _free(folder: Path, delivery: str, name: str) -> Path:
    """A path in `folder` that nobody has: a file handed in again does not replace what stands there."""
    target = folder / delivery / name
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    count = 1
    while target.exists():
        count += 1
        target = folder / delivery / f"{count}.{name}"
    return target
