"""The resolver on the embedded log: each of its steps in a process of its own, one after another, over and over until nothing is left
for any: what merge says of statements sends links on their way, which come back to it.

alone    every statement decoded and encoded again, nothing else: what all steps together could reach at best
STEP     the step as `civicbus run STEP --until-idle` builds it, on what the other steps wrote

A statement is a record of canonical.* that the resolver reads: of residents, of dwellings, of links between them.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import closing
from functools import partial
from hashlib import blake2b
from pathlib import Path

from bench.copies import side_by_side
from bench.measure import Figure, in_turn, measured, median, run_child
from bench.setting import Choice, canonical, city, open_bus
from bench.table import Line, line
from bus.cli import resolving
from bus.cli.steps import state_of_log
from bus.eventlog import topics
from bus.eventlog.port import EventLog
from bus.step import Options, run
from bus.step.loop import calm_collector
from bus.step.progress import all_through, matching

COMMAND = "python -m bench resolver"
LEAST = 5_000
LEAST_OF_SMALL = 80
MOST_MB = 300
PARTITIONS = 24  # of a city of a million masters
UNIT = "statements per CPU-second"

Steps = Mapping[str, Figure]
_READ = tuple(map(topics.canonical, (*topics.MASTERS, *topics.OF_LINKS)))


def take(choice: Choice) -> list[Line]:
    """The figures: a city, round after round; and once so many cities side by side that there are about `choice.records` masters."""
    where, home = city(choice.residents), canonical(choice.residents)
    every: list[Steps] = []
    with tempfile.TemporaryDirectory(prefix="civicbus-bench-") as temporary:
        found = in_turn(
            choice.rounds,
            {
                "alone": partial(run_child, "bench.resolver", "alone", home, where),
                "all steps": partial(_on_a_copy, home, where, Path(temporary), every),
            },
        )
        copies = round(choice.records / every[0]["masters"].records)
        large: list[Steps] = []
        if copies > 1:
            city_of_cities = side_by_side(choice.residents, copies, choice.partitions or PARTITIONS)
            found |= in_turn(1, {"large": partial(_on_a_copy, city_of_cities, where, Path(temporary), large)})
    return [*_lines(found["alone"], found["all steps"], every), *(_large(found["all steps"], found["large"], large) if large else ())]


def _lines(alone: Sequence[Figure], together: Sequence[Figure], every: Sequence[Steps]) -> list[Line]:
    statements, masters = together[0].records, every[0]["masters"].records
    ratios = [100 * a.per_cpu_second / b.per_cpu_second for a, b in zip(together, alone, strict=True)]
    lines = [
        line(
            f"all steps: {statements:,} statements, {masters:,} masters", [f.per_cpu_second for f in together], UNIT, COMMAND, least=LEAST
        ),
        line("decoding and encoding the statements, nothing else", [f.per_cpu_second for f in alone], UNIT, COMMAND),
        line("— all steps ÷ decoding and encoding alone", ratios, "%", COMMAND),
        line("largest step: peak", [f.peak_mb for f in together], "MB", COMMAND, most=MOST_MB),
    ]
    for step in resolving.STEPS:
        figures = [steps[step] for steps in every]
        lines.append(line(f"{step}, {figures[0].records:,} records", [statements / f.cpu_s for f in figures], UNIT, COMMAND))
        lines.append(line(f"— {step}: peak", [f.peak_mb for f in figures], "MB", COMMAND))
    return lines


def _large(small: Sequence[Figure], large: Sequence[Figure], steps: Sequence[Steps]) -> list[Line]:
    statements, masters = large[0].records, steps[0]["masters"].records
    ratio = 100 * large[0].per_cpu_second / median([f.per_cpu_second for f in small])
    return [
        line(f"all steps: {statements:,} statements, {masters:,} masters", [large[0].per_cpu_second], UNIT, COMMAND),
        line("— of the speed of the smaller city", [ratio], "%", COMMAND, least=LEAST_OF_SMALL),
        line("— largest step: peak", [large[0].peak_mb], "MB", COMMAND, most=MOST_MB),
    ]


def _on_a_copy(home: Path, where: Path, temporary: Path, every: list[Steps]) -> Figure:
    """All steps until nothing is left; CPU seconds added up, the peak that of the largest."""
    copy = temporary / "home"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(home, copy)
    steps: dict[str, Figure] = {}
    while names := waiting(copy, where):
        for step in names:
            steps[step] = _added(steps.get(step), run_child("bench.resolver", step, copy, where))
    every.append({**steps, "masters": _masters(copy, where)})
    for step, figure in steps.items():
        print(f"    {step}: {figure.records:,} records in {figure.cpu_s:.1f} CPU s, {figure.peak_mb:.0f} MB", file=sys.stderr)
    return Figure(
        statements_of(copy, where),
        cpu_s=sum(f.cpu_s for f in steps.values()),
        wall_s=sum(f.wall_s for f in steps.values()),
        peak_mb=max(f.peak_mb for f in steps.values()),
    )


def _added(before: Figure | None, now: Figure) -> Figure:
    """Two runs of one step as one."""
    if before is None:
        return now
    both = (before.records + now.records, before.cpu_s + now.cpu_s, before.wall_s + now.wall_s)
    return Figure(*both, max(before.peak_mb, now.peak_mb))


def waiting(home: Path, where: Path) -> list[str]:
    """All steps, in their order, while something is left for any of them."""
    with closing(open_bus(home, where)) as app:
        app.create_topics()
        through = all(all_through(app.log, step, matching(app.log, reads)) for step, reads in resolving.READS.items())
    return [] if through else list(resolving.STEPS)


def statements_of(home: Path, where: Path) -> int:
    """How many statements the resolver reads there."""
    with closing(open_bus(home, where)) as app:
        return sum(end - first for info in app.log.topics() if info.name in _READ for first, end in info.ends.values())


def _masters(home: Path, where: Path) -> Figure:
    """How many masters came out, as a Figure; and their digest, to be compared with that of another version, on stderr."""
    app = open_bus(home, where)
    latest = {name: _latest(app.log, name) for name in map(topics.master, topics.MASTERS)}
    app.close()
    for name, said in latest.items():
        digest = blake2b(b"".join(key + value for key, value in sorted(said.items())), digest_size=8).hexdigest()
        print(f"    {name}: {len(said):,}, digest {digest}", file=sys.stderr)
    return Figure(sum(map(len, latest.values())), 1, 1, 0)


def _latest(log: EventLog, topic: str) -> dict[bytes, bytes]:
    found: dict[bytes, bytes] = {}
    for batch in log.scan(topic):
        for record in batch.records:
            if record.value is None:
                found.pop(record.key or b"", None)
            else:
                found[record.key or b""] = blake2b(record.value, digest_size=16).digest()
    return found


def alone(home: Path, where: Path) -> None:
    """Every statement decoded and encoded again."""
    app = open_bus(home, where)
    decode = app.codec.decoder()
    calm_collector()
    with measured() as clock:
        for topic in _READ:
            encode = app.codec.encoder(f"{topic}-value")
            for batch in app.log.scan(topic):
                for record in batch.records:
                    encode(decode(record.value or b"")[1])
                clock.records += len(batch.records)
    app.close()


def one_step(name: str, home: Path, where: Path) -> None:
    """One step until nothing is left for it."""
    app = open_bus(home, where)
    step, settings = resolving.STEPS[name](app), app.settings
    options = Options(state_of_log(settings, app.log), settings.batch_records, settings.stall_s, until_idle=True)
    with measured() as clock:
        clock.records = run(app.log, step, options)
    app.close()


if __name__ == "__main__":
    variant, home, where = sys.argv[1:]
    if variant == "alone":
        alone(Path(home), Path(where))
    else:
        one_step(variant, Path(home), Path(where))
