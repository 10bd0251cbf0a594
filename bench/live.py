"""How long one live row takes until its master record shows it, while a whole city is worked off; and what it costs the city that it
might come.

All steps run, each in a process of its own as `civicbus up` starts them. The city stands in the log, untouched, and is worked off for a
while without live rows. Then the rows of one small dataset, left out of it, are published one after another, and for each the time is taken
until a master names it as its source. The first of them find the long line that steps may have before them while nobody is live.

Without any live rows, the city is worked off with the valve before the line and without it: by the CPU seconds of all steps.
"""

from __future__ import annotations

import shutil
import statistics
import tempfile
import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from bench.backfill import all_steps, cost
from bench.broker import a_broker
from bench.setting import Choice, canonical, city, open_bus, publish_all
from bench.table import Line, line
from bus.cli.context import App
from bus.event import Output, Record
from bus.eventlog import topics
from bus.eventlog.port import EventLog, Reader

COMMAND = "python -m bench live"
LIVE = "social.volunteer"
EVERY_S = 0.2
LOOK_S = 0.02
PATIENCE_S = 120.0
MOST_S = 1.0
MOST_COST = 1.1
ALONE_ROWS = 4000  # of the city, worked off before the first live row
_WATCHED = topics.master("resident")


def take(choice: Choice) -> list[Line]:
    """The figures."""
    where, before = city(choice.residents), canonical(choice.residents)
    with closing(open_bus(before, where)) as known:
        rows = live_rows(known)
    with tempfile.TemporaryDirectory(prefix="civicbus-bench-") as temporary:
        published, home = Path(temporary) / "published", Path(temporary) / "home"
        shutil.copytree(before / "keys", published / "keys")
        _laid_out(published, where, partitions=choice.partitions)
        shutil.copytree(published, home)
        found = _while_worked_off("one live row during a backfill", home, where, rows)
        with a_broker(choice.kafka) as broker:
            if broker is not None:
                on_kafka, log = Path(temporary) / "on-kafka", f"kafka://{broker.bootstrap}"
                shutil.copytree(before / "keys", on_kafka / "keys")
                _laid_out(on_kafka, where, log, choice.partitions)
                found += _while_worked_off("the same on Kafka, its broker on this machine", on_kafka, where, rows, log)
        alone = [[cost(published, where, valve) for valve in (True, False)] for _ in range(choice.rounds)]
    return [
        *found,
        line(
            "what the valve costs a backfill without live rows: CPU",
            [with_.cpu_s / without.cpu_s for with_, without in alone],
            "×",
            COMMAND,
            most=MOST_COST,
            digits=2,
        ),
        line("— wall", [with_.wall_s / without.wall_s for with_, without in alone], "×", COMMAND, digits=2),
    ]


def _laid_out(home: Path, where: Path, log: str | None = None, partitions: int | None = None) -> None:
    """The city published, but for the dataset of the live rows."""
    with closing(open_bus(home, where, log, partitions=partitions)) as app:
        publish_all(app, where, sorted(app.catalog.layouts.keys() - {LIVE}))
        app.log.create([topics.spec(topics.raw(LIVE), app.settings.partitions, app.settings.raw_days)])


def _while_worked_off(what: str, home: Path, where: Path, rows: Mapping[str, Record], log: str | None = None) -> list[Line]:
    with closing(open_bus(home, where, log)) as app, all_steps(home, where, log=log):
        waited, worked_off = _published(app, rows)
    in_order = sorted(waited)
    return [
        line(f"{what}: p50 of {len(waited)} rows", [statistics.median(waited)], "s", COMMAND, digits=2),
        line("— p99", [in_order[-1 - len(waited) // 100]], "s", COMMAND, most=MOST_S, digits=2),
        line("— the first one, after a time without any", waited[:1], "s", COMMAND, digits=2),
        line("— the backfill meanwhile", [worked_off], "rows/s", COMMAND),
    ]


def live_rows(app: App) -> dict[str, Record]:
    """Source key → its raw record, of the rows that speak of a resident."""
    decode = app.codec.decoder()
    raw = {record.key or b"": record for batch in app.log.scan(topics.raw(LIVE)) for record in batch.records}
    spoken = (decode(r.value or b"")[1]["source"] for batch in app.log.scan(topics.canonical("resident")) for r in batch.records)
    keys = {_key(source["key"]) for source in spoken if source["dataset"] == LIVE}
    return {key: record for key in sorted(keys) if (record := raw.get(key.encode())) is not None}


def _published(app: App, rows: Mapping[str, Record]) -> tuple[list[float], float]:
    """Publish a row every `EVERY_S` seconds as long as there is a backfill; how long each took to be seen, in the order in which they were
    published, and how many rows the normalizer worked off in a second meanwhile."""
    until = time.monotonic() + PATIENCE_S
    while (worked_off := _worked_off(app.log)) < ALONE_ROWS and time.monotonic() < until:
        time.sleep(LOOK_S)
    began, took = dict[str, float](), dict[str, float]()
    started = publish_at = now = time.monotonic()
    left = iter(rows.items())
    with app.log.writer("bench.live") as writer, app.log.reader("bench.live", [_WATCHED]) as reader:
        seen = Watcher(app, reader)
        while began.keys() - took.keys() or (now < publish_at + 10 * EVERY_S and _behind(app.log)):  # a row is under way, or may come
            if now >= publish_at and _behind(app.log) and (following := next(left, None)):
                key, record = following
                publish_at = now + EVERY_S
                writer.append([Output(topics.raw(LIVE), record._replace(timestamp=int(time.time() * 1000)))])
                began[key] = now
            for key in seen.since() & began.keys() - took.keys():
                took[key] = time.monotonic() - began[key]
            if any(now - at > PATIENCE_S for key, at in began.items() if key not in took):
                raise SystemExit(f"a live row was not seen within {PATIENCE_S:.0f} s")
            now = time.monotonic()
    return [took[key] for key in began], (_worked_off(app.log) - worked_off) / (now - started)


class Watcher:
    """Which live rows a master names."""

    def __init__(self, app: App, reader: Reader) -> None:
        self._reader, self._decode = reader, app.codec.decoder()

    def since(self) -> set[str]:
        """The rows that a master written since the last look names; waits a little where there is none."""
        found: set[str] = set()
        for batch in self._reader.poll(2000, LOOK_S):
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
