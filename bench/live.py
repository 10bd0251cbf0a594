"""How long one live row takes until its master record shows it, while a whole city is worked off.

All steps run, each in a process of its own as `civicbus up` starts them. The city stands in the log, untouched; the rows of one small
dataset, left out of it, are then published one after another, and for each the time is taken until a master names it as its source. The
live rows have topics of their own on raw.*, where a poll gives each partition its share; on canonical.* and internal.* they stand in
one line with what the backfill became.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

from bench.measure import ROOT
from bench.setting import DELIVERY, Choice, canonical, city, open_bus, publish_all
from bench.table import Line, line
from bus.cli.context import App
from bus.cli.steps import STEPS
from bus.event import Output, Record
from bus.eventlog import topics
from bus.eventlog.port import EventLog

COMMAND = "python -m bench live"
LIVE = "social.volunteer"
EVERY_S = 0.2
LOOK_S = 0.02
PATIENCE_S = 120.0
MOST_S = 1.0
_WATCHED = topics.master("resident")


def take(choice: Choice) -> list[Line]:
    """The figures."""
    where, before = city(choice.residents), canonical(choice.residents)
    with tempfile.TemporaryDirectory(prefix="civicbus-bench-") as temporary:
        home = Path(temporary) / "home"
        shutil.copytree(before / "keys", home / "keys")
        with closing(open_bus(before, where)) as known, closing(open_bus(home, where)) as app:
            rows = live_rows(known)
            publish_all(app, where, sorted(app.catalog.layouts.keys() - {LIVE}))
            app.log.create([topics.spec(topics.raw(LIVE), app.settings.partitions, app.settings.raw_days)])
            with all_steps(home, where):
                waited, worked_off = _published(app, rows)
    return [
        line(f"one live row during a backfill: p50 of {len(waited)} rows", [statistics.median(waited)], "s", COMMAND, digits=2),
        line("— p99", [waited[-1 - len(waited) // 100]], "s", COMMAND, most=MOST_S, digits=2),
        line("— the backfill meanwhile", [worked_off], "rows/s", COMMAND),
    ]


def live_rows(app: App) -> dict[str, Record]:
    """Source key → its raw record, of the rows that speak of a resident."""
    decode = app.codec.decoder()
    raw = {record.key or b"": record for batch in app.log.scan(topics.raw(LIVE)) for record in batch.records}
    spoken = (decode(r.value or b"")[1]["source"] for batch in app.log.scan(topics.canonical("resident")) for r in batch.records)
    keys = {_key(source["key"]) for source in spoken if source["dataset"] == LIVE}
    return {key: record for key in sorted(keys) if (record := raw.get(key.encode())) is not None}


@contextmanager
def all_steps(home: Path, where: Path) -> Iterator[None]:
    """Every step at work until the end of the block."""
    env = {**os.environ, "CIVICBUS_HOME": str(home), "CIVICBUS_REFERENCE": str(where / DELIVERY / "common")}
    children = [
        subprocess.Popen(
            [sys.executable, "-m", "bus", "run", step], cwd=ROOT, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        for step in STEPS
    ]
    try:
        yield
    finally:
        for child in children:
            child.terminate()
        for child in children:
            child.wait()


def _published(app: App, rows: Mapping[str, Record]) -> tuple[list[float], float]:
    """Publish a row every `EVERY_S` seconds as long as there is a backfill; how long each took to be seen, in rising order, and how many
    rows the normalizer worked off in a second meanwhile. The first row only says that all steps are there."""
    seen, began = Watcher(app), dict[str, float]()
    left = iter(rows.items())
    took: list[float] = []
    started: tuple[float, int] | None = None  # when, and how many rows were worked off
    publish_at = time.monotonic()
    with app.log.writer("bench.live") as writer:
        while True:
            now = time.monotonic()
            if now >= publish_at and (started or not began) and _behind(app.log) and (following := next(left, None)):
                key, record = following
                publish_at = now + EVERY_S
                writer.append([Output(topics.raw(LIVE), record._replace(timestamp=int(time.time() * 1000)))])
                began[key] = now
            for key in seen.since() & began.keys():
                took.append(time.monotonic() - began.pop(key))
                if not started:
                    started, publish_at, took = (now, _worked_off(app.log)), now, []
            if started and not began and (now >= publish_at + 10 * EVERY_S or not _behind(app.log)):  # no row is left, or no backfill
                return sorted(took), (_worked_off(app.log) - started[1]) / (now - started[0])
            if any(now - at > PATIENCE_S for at in began.values()):
                raise SystemExit(f"a live row was not seen within {PATIENCE_S:.0f} s")
            time.sleep(LOOK_S)


class Watcher:
    """Which live rows a master names."""

    def __init__(self, app: App) -> None:
        self._log, self._decode = app.log, app.codec.decoder()
        self._next: dict[int, int] = {}

    def since(self) -> set[str]:
        """The rows that a master written since the last look names."""
        found: set[str] = set()
        for batch in self._log.scan(_WATCHED, self._next):
            self._next[batch.partition] = batch.next_offset
            for record in batch.records:
                if record.value is not None and LIVE.encode() in record.value:
                    found |= {_key(s["key"]) for s in self._decode(record.value)[1]["sources"] if s["dataset"] == LIVE}
        return found


def _behind(log: EventLog) -> bool:
    """Whether the normalizer still has rows of the city before it."""
    at = log.positions("normalizer")
    return any(
        end > at.get((info.name, p), 0) for info in log.topics() if info.name.startswith("raw.") for p, (_, end) in info.ends.items()
    )


def _worked_off(log: EventLog) -> int:
    return sum(log.positions("normalizer").values())


def _key(key: Mapping[str, str]) -> str:
    return "\x1f".join(key.values())
