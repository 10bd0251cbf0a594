"""`python -m bench.instructions [--residents N]`: what the resolver costs in instructions of the processor, counted by valgrind.

CPU seconds of one piece of work differ by half from minute to minute on a shared machine; instructions do not (0.02 % from run to run),
so two versions of the code can be told apart by few percent. They are no seconds: a miss of the cache, a call of the kernel cost more than
they count. Each step runs until nothing is left, over and over, as in `bench.resolver`; what it costs to begin is taken off. Needs valgrind
(Debian: `apt-get install valgrind`). Some twenty minutes for 10,000 residents, as a program is twenty times as slow under it; in a city of
1,000 no line is long, so it tells little of a first load.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.measure import ROOT, fixed_environment
from bench.resolver import statements_of, waiting
from bench.setting import canonical, city

_COUNTER = ("valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null")
_COUNTED = re.compile(r"I +refs: +([\d,]+)")


def main() -> None:
    """Count and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--residents", type=int, default=10_000)
    residents = parser.parse_args().residents
    if shutil.which(_COUNTER[0]) is None:
        raise SystemExit("valgrind is missing (Debian: apt-get install valgrind). 缺少 valgrind。")
    where = city(residents)
    with tempfile.TemporaryDirectory(prefix="civicbus-bench-") as temporary:
        home = shutil.copytree(canonical(residents), Path(temporary) / "home")
        statements, steps = statements_of(home, where), _all_steps(home, where)
        empty = Path(temporary) / "empty"
        waiting(empty, where)  # makes its topics
        alone = _instructions("alone", home, where) - _instructions("alone", empty, where)
    for step, count in steps.items():
        print(f"{step}: {count / statements / 1000:.1f} thousand instructions a statement")
    total = sum(steps.values())
    print(f"all steps, {statements:,} statements: {total / statements / 1000:.1f}; {total / alone:.2f} times decoding and encoding alone")


def _all_steps(home: Path, where: Path) -> dict[str, int]:
    """Step → its instructions until nothing is left for any, without those of beginning."""
    turns: dict[str, list[int]] = {}
    while names := waiting(home, where):
        for step in names:
            turns.setdefault(step, []).append(_instructions(step, home, where))
    return {step: sum(found) - len(found) * _instructions(step, home, where) for step, found in turns.items()}


def _instructions(step: str, home: Path, where: Path) -> int:
    command = [*_COUNTER, sys.executable, "-m", "bench.resolver", step, str(home), str(where)]
    done = subprocess.run(command, cwd=ROOT, env=fixed_environment(), text=True, capture_output=True)
    found = _COUNTED.search(done.stderr)
    if done.returncode or found is None:
        raise SystemExit(f"{command!r} ended with {done.returncode}:\n{done.stderr[-3000:]}")
    print(f"  {step}: {found[1]}", file=sys.stderr)
    return int(found[1].replace(",", ""))


if __name__ == "__main__":
    main()
