"""A city worked off by all steps, each in a process of its own as `civicbus up` starts them: with the valve before the line, or without.

`python -m bench.backfill HOME CITY` runs the normalizer without a valve until it is stopped.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from bench.measure import ROOT, cpu_of
from bench.setting import DELIVERY, normalizer_of, open_bus
from bus.cli.steps import READS, STEPS, on_signals
from bus.eventlog.port import EventLog
from bus.step import run
from bus.step.progress import all_through, matching

LOOK_S = 0.2


class Cost(NamedTuple):
    """Of a backfill: CPU seconds of all steps and seconds on the wall, start of the processes included."""

    cpu_s: float
    wall_s: float


def main() -> None:
    """The normalizer without a valve."""
    with closing(open_bus(Path(sys.argv[1]), Path(sys.argv[2]))) as app:
        step, options = normalizer_of(app)
        run(app.log, replace(step, after={}), replace(options, until_idle=False, stopped=on_signals().is_set))


def cost(published: Path, where: Path, valve: bool) -> Cost:
    """What it costs to work off all that `published` holds, whose files are left as they are."""
    home = published.with_name("backfill")
    shutil.copytree(published, home)
    try:
        with closing(open_bus(home, where)) as app, all_steps(home, where, valve) as children:
            began = time.monotonic()
            _until_through(app.log)
            found = Cost(sum(cpu_of(child.pid) for child in children.values()), time.monotonic() - began)
    finally:
        shutil.rmtree(home)
    print(f"  a backfill {'with' if valve else 'without'} the valve: {found.cpu_s:.1f} CPU s, {found.wall_s:.1f} s", file=sys.stderr)
    return found


@contextmanager
def all_steps(home: Path, where: Path, valve: bool = True, log: str | None = None) -> Iterator[Mapping[str, subprocess.Popen[bytes]]]:
    """Every step at work until the end of the block, on the embedded log of `home` or on another."""
    env = {**os.environ, "CIVICBUS_HOME": str(home), "CIVICBUS_REFERENCE": str(where / DELIVERY / "common")}
    if log is not None:
        env["CIVICBUS_LOG"] = log
    commands = {step: ["bus", "run", step] for step in STEPS}
    if not valve:
        commands["normalizer"] = ["bench.backfill", str(home), str(where)]
    children = {
        step: subprocess.Popen([sys.executable, "-m", *command], cwd=ROOT, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for step, command in commands.items()
    }
    try:
        yield children
    finally:
        for child in children.values():
            child.terminate()
        for child in children.values():
            child.wait()


def _until_through(log: EventLog) -> None:
    """Until no step has anything before it, seen twice: one may write to another that was looked at before it."""
    seen = 0
    while seen < 2:
        time.sleep(LOOK_S)
        seen = seen + 1 if all(all_through(log, step, matching(log, READS[step])) for step in STEPS) else 0


if __name__ == "__main__":
    main()
