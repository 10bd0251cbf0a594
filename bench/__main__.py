"""`python -m bench [NAME...]`: take figures and print their table. LOG=sqlite leaves out what needs a broker."""

from __future__ import annotations

import argparse
import importlib
import os
import sys

from bench.setting import Choice
from bench.table import Line, conditions, render, write

NAMES = ("normalizer", "resolver", "sharing", "live", "publishing", "codec", "standards", "memory", "workers")


def main() -> None:
    """Take the figures asked for."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Figures of speed and memory, as ratios within one run.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which, of: {', '.join(NAMES)}; default all")
    parser.add_argument("--rounds", type=int, default=3, help="how often each variant runs (default 3)")
    parser.add_argument("--residents", type=int, default=100_000, help="of the city (default 100 000)")
    parser.add_argument("--records", type=int, default=1_000_000, help="of the large runs: memory and workers (default 1 000 000)")
    parser.add_argument("--partitions", type=int, help="of the topics of live's city (default 4) and resolver's large one (default 24)")
    parser.add_argument("--write", action="store_true", help="put each table into bench/README.md")
    options = parser.parse_args()
    if unknown := set(options.names) - set(NAMES):
        parser.error(f"there is no figure {', '.join(sorted(unknown))}; there are: {', '.join(NAMES)}")
    kafka = "kafka" in os.environ.get("LOG", "sqlite,kafka")
    choice = Choice(options.residents, options.rounds, options.records, kafka, options.partitions)
    missed = []
    for name in options.names or NAMES:
        print(f"{name} …", file=sys.stderr)
        lines: list[Line] = importlib.import_module(f"bench.{name}").take(choice)
        print(f"\n## {name}\n\n{render(lines)}\n", flush=True)
        missed += [one.what for one in lines if one.met is False]
        if options.write:
            write(name, lines, conditions(choice))
    if missed:
        print(f"Targets missed: {'; '.join(missed)}.")


if __name__ == "__main__":
    main()
