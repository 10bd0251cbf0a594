"""Peak resident memory of each step with some 100 000 and with a million records: it has to stay flat.

One run each: memory does not drift as speed does. The large run takes a city of its own (`--records`), so its tables of divisions and
compounds are larger too; they are in memory as long as the normalizer runs.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from bench.broker import a_broker
from bench.measure import Figure, measured, run_child
from bench.setting import DATASETS, Choice, city, file_of, open_bus, publish_file, residents_for
from bench.table import Line, line

COMMAND = "python -m bench memory"
FLAT_MB = 50


def take(choice: Choice) -> list[Line]:
    """The figures."""
    sizes = {"small": choice.residents, "large": residents_for(choice.records)}
    found: dict[str, dict[str, Figure]] = {}
    with a_broker(choice.kafka) as broker, tempfile.TemporaryDirectory(prefix="civicbus-bench-") as temporary:
        for size, residents in sizes.items():
            where = city(residents)
            for log in ("sqlite", *(["kafka"] if broker is not None else [])):
                home = Path(temporary) / f"{size}-{log}"
                url = f"kafka://{broker.bootstrap}" if broker is not None and log == "kafka" else ""
                space = f"memory-{size}" if url else ""
                found.setdefault(f"publish ({log})", {})[size] = run_child("bench.memory", home, where, url, space)
                arguments = [home, where, *((url, "normalizer", space) if url else ())]
                found.setdefault(f"normalizer ({log})", {})[size] = run_child("bench.normalizer", log, *arguments)
                shutil.rmtree(home, ignore_errors=True)
    return [one for step, runs in found.items() for one in _lines(step, runs["small"], runs["large"])]


def _lines(step: str, small: Figure, large: Figure) -> list[Line]:
    return [
        line(f"{step}: peak with {small.records:,} records", [small.peak_mb], "MB", COMMAND),
        line(f"{step}: peak with {large.records:,} records", [large.peak_mb], "MB", COMMAND),
        line(f"— {step}: growth", [large.peak_mb - small.peak_mb], "MB", COMMAND, most=FLAT_MB),
        line(f"— {step}: speed at {large.records:,}", [large.per_cpu_second], "records per CPU-second", COMMAND),
    ]


if __name__ == "__main__":
    home, where = Path(sys.argv[1]), Path(sys.argv[2])
    bus = open_bus(home, where, sys.argv[3] or None, sys.argv[4])
    with measured() as clock:
        for dataset in DATASETS:
            clock.records += publish_file(bus, file_of(bus, where, dataset), dataset).read
    bus.create_topics()
    bus.close()
