"""Two normalizer workers of one group against one, on a real Kafka, and what the broker takes meanwhile.

The figure is by the clock on the wall, start of the processes included, until all is through; so on two cores that the broker needs
too, it says what this machine gains, not what the design allows.
"""

from __future__ import annotations

import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from bench.broker import a_broker
from bench.measure import Figure, cpu_of, figure_of, start_child
from bench.setting import Choice, city, open_bus, publish_all, residents_for
from bench.table import Line, line
from deploy.kafka.dev import DevBroker

COMMAND = "python -m bench workers"
SPACE = "workers"


def take(choice: Choice) -> list[Line]:
    """The figures; none without a broker."""
    where = city(residents_for(choice.records))
    with a_broker(choice.kafka) as broker, tempfile.TemporaryDirectory(prefix="civicbus-bench-") as home:
        if broker is None:
            return []
        app = open_bus(Path(home), where, f"kafka://{broker.bootstrap}", SPACE)
        publish_all(app, where)
        app.close()
        one, _ = _run(broker, Path(home), where, 1)
        two, taken = _run(broker, Path(home), where, 2)
    return [
        line(f"one worker, {one.records:,} records", [one.per_second], "records/s", COMMAND),
        line(f"two workers, {two.records:,} records", [two.per_second], "records/s", COMMAND),
        line("— two workers ÷ one, by the clock on the wall", [two.per_second / one.per_second], "×", COMMAND, digits=2),
        line("— two workers: CPU seconds of both workers", [two.cpu_s], "s", COMMAND),
        line("— two workers: CPU seconds of the broker meanwhile", [taken], "s", COMMAND),
        line("— two workers: share of the broker in all CPU", [100 * taken / (taken + two.cpu_s)], "%", COMMAND),
    ]


def _run(broker: DevBroker, home: Path, where: Path, workers: int) -> tuple[Figure, float]:
    """The workers' figures added up, with the wall seconds of the whole, start of the processes included; CPU seconds of the broker."""
    before, started = cpu_of(broker.pid), time.perf_counter()
    log, group = f"kafka://{broker.bootstrap}", f"normalizer-{workers}"
    children = [start_child(["bench.normalizer", "kafka", str(home), str(where), log, group, SPACE]) for _ in range(workers)]
    figures = [figure_of(child) for child in children]
    wall = time.perf_counter() - started
    print(f"  {workers} workers: {[f.records for f in figures]} records, {wall:.1f} s", file=sys.stderr)
    total = replace(
        figures[0],
        records=sum(f.records for f in figures),
        cpu_s=sum(f.cpu_s for f in figures),
        wall_s=wall,
        peak_mb=max(f.peak_mb for f in figures),
    )
    return total, cpu_of(broker.pid) - before
