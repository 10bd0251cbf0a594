"""Lines of the table: a median, how far the rounds were apart, the target and whether it was met; and the table's place in README.md."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from bench.measure import Figure, median
from bench.setting import Choice

README = Path(__file__).parent / "README.md"
MACHINE = "2 cores shared virtual machine"


class Line(NamedTuple):
    """One figure. `met`: None where it has no target."""

    what: str
    value: str
    spread: str
    target: str
    met: bool | None
    command: str


def line(
    what: str, values: Sequence[float], unit: str, command: str, *, least: float | None = None, most: float | None = None, digits: int = 0
) -> Line:
    """The median of `values`, held against `least` or `most`."""
    middle = median(values)
    show: Callable[[float], str] = lambda value: f"{value:,.{digits}f}"  # noqa: E731
    target = "" if least is None and most is None else f"≥ {show(least)} {unit}" if least is not None else f"≤ {show(most or 0)} {unit}"
    met = None if not target else middle >= least if least is not None else middle <= (most or 0)
    return Line(what, f"{show(middle)} {unit}", f"{show(min(values))}–{show(max(values))}", target, met, command)


def speed_line(what: str, runs: Sequence[Figure], command: str, least: float | None = None) -> Line:
    """Records a CPU-second."""
    return line(what, [run.per_cpu_second for run in runs], "records per CPU-second", command, least=least)


def ratio_line(what: str, of: Sequence[Figure], against: Sequence[Figure], command: str, least: float | None = None) -> Line:
    """How fast `of` is against `against`, round by round, per CPU-second."""
    ratios = [100 * a.per_cpu_second / b.per_cpu_second for a, b in zip(of, against, strict=True)]
    return line(what, ratios, "%", command, least=None if least is None else 100 * least)


def render(lines: Sequence[Line]) -> str:
    """A markdown table."""
    rows = ["| figure | median | min–max | target | met | command |", "| --- | --- | --- | --- | --- | --- |"]
    for one in lines:
        met = "" if one.met is None else "yes" if one.met else "**missed**"
        rows.append(f"| {one.what} | {one.value} | {one.spread} | {one.target} | {met} | `{one.command}` |")
    return "\n".join(rows)


def write(name: str, lines: Sequence[Line], conditions: str) -> None:
    """Put the table between the markers of this name in README.md. Raises ValueError where there are none."""
    begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    text = README.read_text(encoding="utf-8")
    pattern = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.DOTALL)
    if not pattern.search(text):
        raise ValueError(f"README.md has no place for {name}")
    said = f"{begin}\n{conditions}\n\n{render(lines)}\n{end}"
    README.write_text(pattern.sub(lambda _: said, text), encoding="utf-8")


def conditions(choice: Choice) -> str:
    """When and on what it was measured."""
    large = f", {choice.records:,} records in the large runs" if choice.records else ""
    return f"{datetime.now(UTC):%Y-%m-%d}, {MACHINE}; city of {choice.residents:,} residents, {choice.rounds} rounds{large}."
