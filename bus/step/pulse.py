"""A step's signs of life, for `/metrics` and `/health`: a small file of its own, written once a second at most.

    <state>/<step>-<process id>.pulse    JSON: see `Beat`

Another process (the supervisor, `civicbus health`) reads the pulses of all; one whose process is gone is removed.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from bus.metrics import BATCH_SECONDS

_EVERY_S = 1.0


@dataclass(slots=True)
class Beat:
    """What a step's process says of itself. Times are seconds since 1970. `buckets[i]`: batches that took at most BATCH_SECONDS[i] seconds
    (the last: any). `error`: the code of the last failure since the last commit, "" when there was none."""

    step: str
    process: int
    started: float
    beat: float = 0.0
    progress: float = 0.0
    batches: int = 0
    records: int = 0
    outputs: int = 0
    seconds: float = 0.0
    failures: int = 0
    unreadable: int = 0
    error: str = ""
    buckets: list[int] = field(default_factory=lambda: [0] * (len(BATCH_SECONDS) + 1))


class Pulse:
    """The pulse of this process."""

    def __init__(self, state: Path, step: str) -> None:
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._path = state / f"{step}-{os.getpid()}.pulse"
        self._beat = Beat(step, os.getpid(), time.time())
        self._written_at = 0.0
        self.alive()

    def alive(self) -> None:
        """Nothing to do, but there."""
        self._write()

    def committed(self, records: int, outputs: int, seconds: float, unreadable: int) -> None:
        """A batch is through. `seconds`: from its poll to its commit; `unreadable`: records set aside so far."""
        beat = self._beat
        beat.progress = time.time()
        beat.batches += 1
        beat.records += records
        beat.outputs += outputs
        beat.seconds += seconds
        beat.unreadable = unreadable
        beat.error = ""
        beat.buckets[next((at for at, most in enumerate(BATCH_SECONDS) if seconds <= most), -1)] += 1
        self._write()

    def failed(self, code: str) -> None:
        """A batch failed with the error of this code."""
        self._beat.failures += 1
        self._beat.error = code
        self._write(now=True)

    def _write(self, now: bool = False) -> None:
        if not now and time.monotonic() - self._written_at < _EVERY_S:
            return
        self._written_at = time.monotonic()
        self._beat.beat = time.time()
        new = self._path.with_suffix(".pulse.new")
        with contextlib.suppress(OSError):  # a full disk must not stop a step that could go on
            new.write_text(json.dumps(asdict(self._beat)))
            new.replace(self._path)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if kind is None:
            self._path.unlink(missing_ok=True)


def read_pulses(state: Path) -> list[Beat]:
    """The pulses of all processes that live."""
    found = []
    for path in sorted(state.glob("*.pulse")):
        with contextlib.suppress(OSError, ValueError, TypeError):
            beat = Beat(**json.loads(path.read_text()))
            if _lives(beat.process):
                found.append(beat)
            elif time.time() - beat.beat > 3600:
                path.unlink(missing_ok=True)
    return found


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
