"""The normalizer on both logs, against what the same records cost in memory alone.

memory   Normalizer.decide on batches read before the clock starts: decode, mapping, crypto, encode; no log, nothing committed
sqlite   the whole step: poll → decide → commit, synced to the disk
kafka    the same on a real broker, in transactions; the broker's own CPU is not the worker's
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

from bench.broker import a_broker
from bench.measure import Figure, in_turn, measured, run_child
from bench.setting import Choice, city, decision_of, normalizer_of, open_bus, publish_all, published
from bench.table import Line, ratio_line, speed_line
from bus.event import Batch, Output
from bus.step import run
from bus.step.loop import calm_collector
from bus.step.progress import matching

NAMESPACE = "bench"
COMMAND = "python -m bench normalizer"


def take(choice: Choice) -> list[Line]:
    """The figures."""
    where, home = city(choice.residents), published(choice.residents)
    with a_broker(choice.kafka) as broker, tempfile.TemporaryDirectory(prefix="civicbus-bench-") as temporary:
        variants: dict[str, Callable[[], Figure]] = {
            "memory": partial(run_child, "bench.normalizer", "memory", home, where),
            "sqlite": partial(_on_a_copy, home, where, Path(temporary)),
        }
        if broker is not None:
            log = f"kafka://{broker.bootstrap}"
            kafka_home = Path(temporary) / "kafka"
            app = open_bus(kafka_home, where, log, NAMESPACE)
            publish_all(app, where)
            app.close()
            groups = iter(range(choice.rounds))
            variants["kafka"] = lambda: run_child(
                "bench.normalizer", "kafka", kafka_home, where, log, f"normalizer-{next(groups)}", NAMESPACE
            )
        found = in_turn(choice.rounds, variants)
    lines = [
        speed_line("normalizer: decode + mapping + crypto + encode in memory", found["memory"], COMMAND),
        speed_line("normalizer on SQLite: poll → decide → commit", found["sqlite"], COMMAND),
        ratio_line("— SQLite ÷ memory, per CPU-second", found["sqlite"], found["memory"], COMMAND, least=0.60),
    ]
    if "kafka" in found:
        lines += [
            speed_line("normalizer on Kafka: poll → decide → commit", found["kafka"], COMMAND),
            ratio_line("— Kafka ÷ SQLite, per CPU-second of the worker", found["kafka"], found["sqlite"], COMMAND, least=0.50),
        ]
    return lines


def _on_a_copy(home: Path, where: Path, temporary: Path) -> Figure:
    copy = temporary / "sqlite"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(home, copy)
    return run_child("bench.normalizer", "sqlite", copy, where)


def in_memory(home: Path, where: Path) -> None:
    """Decide on batches of the size the step polls, read beforehand; the outputs are counted and let go."""
    app = open_bus(home, where)
    step, options = normalizer_of(app)
    names = matching(app.log, step.reads)
    batches = [batch for name in names for batch in app.log.scan(name, max_records=options.batch_records)]
    decide = decision_of(step)
    calm_collector()
    with measured() as clock:
        clock.records = sum(_decided(decide, batch) for batch in batches)
    app.close()  # only now: a decision may ask, once a second at most, which grids the log knows


def _decided(decide: Callable[[list[Batch]], Iterable[Output]], batch: Batch) -> int:
    list(decide([batch]))
    return len(batch.records)


def on_log(home: Path, where: Path, log: str | None = None, group: str = "normalizer", namespace: str = "") -> None:
    """The step until all is through."""
    app = open_bus(home, where, log, namespace)
    step, options = normalizer_of(app, group)
    with measured() as clock:
        clock.records = run(app.log, step, options)
    app.close()


if __name__ == "__main__":
    variant, home, where, *rest = sys.argv[1:]
    if variant == "memory":
        in_memory(Path(home), Path(where))
    else:
        on_log(Path(home), Path(where), *rest)
