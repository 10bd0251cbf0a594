"""How a figure is taken: the variants run in turn, round after round, each in a process of its own; medians are quoted.

CPU seconds are those of the process that did the work, all its threads included; start-up (imports, keys, compiled mappings) is left
out unless a figure says otherwise. Between rounds a shared machine drifts, so a ratio is taken inside a round, and its median quoted.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True, slots=True)
class Figure:
    """One run of one variant: records handled, CPU seconds of the process that handled them, wall seconds, peak resident MB."""

    records: int
    cpu_s: float
    wall_s: float
    peak_mb: float

    @property
    def per_cpu_second(self) -> float:
        return self.records / self.cpu_s

    @property
    def per_second(self) -> float:
        return self.records / self.wall_s

    @property
    def micros(self) -> float:
        """CPU microseconds a record."""
        return self.cpu_s / self.records * 1e6


Rounds = dict[str, list[Figure]]
"""Variant → its figure of every round."""


def start_child(arguments: Sequence[str]) -> subprocess.Popen[str]:
    """Start `python -m <arguments>`, to be ended by `figure_of`."""
    return subprocess.Popen(
        [sys.executable, "-m", *arguments], cwd=ROOT, env=fixed_environment(), text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def fixed_environment() -> dict[str, str]:
    """This process's environment, but hashes of text are the same in every run."""
    return {**os.environ, "PYTHONHASHSEED": "0"}


def figure_of(child: subprocess.Popen[str]) -> Figure:
    """Wait for a child; the Figure it prints as JSON on its last line."""
    said, complaints = child.communicate()
    if child.returncode:
        raise SystemExit(f"{child.args!r} ended with {child.returncode}:\n{complaints[-3000:]}")
    return Figure(**json.loads(said.strip().splitlines()[-1]))


def run_child(*arguments: str | Path | int) -> Figure:
    """Run `python -m <arguments>` and return the Figure it prints."""
    return figure_of(start_child([str(a) for a in arguments]))


def in_turn(rounds: int, variants: Mapping[str, Callable[[], Figure]]) -> Rounds:
    """All variants, round after round; every second round backwards, so that none always comes first."""
    found: Rounds = {name: [] for name in variants}
    for number in range(rounds):
        for name in list(variants)[:: -1 if number % 2 else 1]:
            figure = variants[name]()
            print(
                f"  round {number + 1} {name}: {figure.records:,} in {figure.cpu_s:.2f} CPU s, {figure.wall_s:.2f} s, "
                f"{figure.peak_mb:.0f} MB",
                file=sys.stderr,
            )
            found[name].append(figure)
    return found


class Clock:
    """Measures this process from `with` to the end of it. `records` is set by whoever counts them."""

    def __init__(self) -> None:
        self.records = 0

    def __enter__(self) -> Clock:
        self._wall, self._cpu = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *_: object) -> None:
        self.wall, self.cpu = time.perf_counter() - self._wall, time.process_time() - self._cpu

    def report(self) -> None:
        """Print the Figure, for `figure_of`."""
        print(json.dumps(asdict(Figure(self.records, self.cpu, self.wall, peak_mb()))))


@contextmanager
def measured() -> Iterator[Clock]:
    """Measure the block and report it."""
    clock = Clock()
    with clock:
        yield clock
    clock.report()


def peak_mb() -> float:
    """Peak resident memory of this process, in MB (Linux: VmHWM)."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("no VmHWM in /proc/self/status")


def cpu_of(process: int) -> float:
    """CPU seconds of another process so far (Linux: /proc/PID/stat)."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def median(values: Sequence[float]) -> float:
    return statistics.median(values)
