"""What the figures are taken on: a fictional city made once, a bus of its own for each run, the step as the command line builds it."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bench.measure import ROOT
from bus.city import make_city
from bus.cli.context import App
from bus.cli.steps import normalizer, state_of_log
from bus.config import Settings, read_settings
from bus.event import Batch, Output
from bus.eventlog.sqlite import SqliteLog
from bus.publish.publisher import Publication, publish
from bus.publish.report import Report
from bus.step import Options, Step, run, run_in_turn
from bus.step.memory import Memory
from connectors.base import read_layout
from connectors.files import open_source

KEPT = ROOT / ".tools" / "bench"
DELIVERY = "2026-09"
DATASETS = ("civil.assistance_member", "housing.dwelling", "social.resident_survey")
"""What the figures are taken on: a small file of people, a wide one with several owners in one cell, a long one of people and homes."""

RECORDS_A_RESIDENT = 0.85


@dataclass(frozen=True, slots=True)
class Choice:
    """What the command line chose. `records`: how many the large runs take; `partitions`: of the topics of a city that they
    concern, None: as many as each figure says."""

    residents: int
    rounds: int
    records: int
    kafka: bool
    partitions: int | None


def city(residents: int) -> Path:
    """The folder of the city, made on first use (a mark is set last)."""
    folder = KEPT / f"city-{residents}"
    if not (folder / ".made").exists():
        print(f"  a fictional city of {residents:,} residents …", file=sys.stderr)
        shutil.rmtree(folder, ignore_errors=True)
        make_city(folder, residents, delivery=DELIVERY, deliveries=1)
        (folder / ".made").touch()
    return folder


def residents_for(records: int) -> int:
    """How large a city is whose three files hold about so many records."""
    return round(records / RECORDS_A_RESIDENT / 10_000) * 10_000 or 1_000


def open_bus(home: Path, where: Path, log: str | None = None, namespace: str = "", partitions: int | None = None) -> App:
    """A bus with its files in `home` and the tables of the city in `where`. `log` None: the embedded one in `home`; `partitions`: of the
    topics that it makes, None: as many as by default."""
    options: dict[str, str | None] = {"home": str(home), "reference": str(where / DELIVERY / "common"), "log": log, "namespace": namespace}
    settings: Settings = read_settings(options | {"partitions": str(partitions or "")}, {})
    return App(settings)


def file_of(app: App, where: Path, dataset: str) -> Path:
    """The delivered file of a dataset."""
    return where / DELIVERY / app.catalog.contract(dataset).department / str(app.catalog.layouts[dataset]["file"])


def publish_file(app: App, path: Path, dataset: str) -> Report:
    """What `civicbus publish` does with one file."""
    contract, layout = app.catalog.contract(dataset), app.catalog.layouts[dataset]
    job = Publication(
        log=app.log,
        contract=contract,
        keys=app.keys,
        encode=app.codec.encoder(contract.subject),
        state=state_of_log(app.settings, app.log),
        delivery=DELIVERY,
        secret_markers=read_layout(layout, dataset).secret_markers,
        partitions=app.settings.partitions,
        raw_days=app.settings.raw_days,
        batch_rows=app.settings.batch_records,
    )
    return publish(job, open_source(path, layout, contract))


def published(residents: int) -> Path:
    """A home whose embedded log holds what the three files of the city say, made on first use. To be copied, not written to."""
    home = KEPT / f"published-{residents}"
    if not (home / ".made").exists():
        where = city(residents)
        print("  publishing its three files …", file=sys.stderr)
        shutil.rmtree(home, ignore_errors=True)
        app = open_bus(home, where)
        publish_all(app, where)
        app.close()
        (home / ".made").touch()
    return home


def canonical(residents: int) -> Path:
    """A home whose embedded log holds what all files of the city say in the common language, made on first use (some minutes for a million
    statements, nearly all of it the normalizer). To be copied, not written to."""
    home = KEPT / f"canonical-{residents}"
    if not (home / ".made").exists():
        where = city(residents)
        print("  publishing and normalizing all its files …", file=sys.stderr)
        shutil.rmtree(home, ignore_errors=True)
        app = open_bus(home, where)
        publish_all(app, where, sorted(app.catalog.layouts))
        run(app.log, *normalizer_of(app))
        app.close()
        (home / ".made").touch()
    return home


def masters(residents: int) -> Path:
    """A home whose embedded log holds the master records of the city at rest, links and all, the newest of each; made on first use. To be
    copied, not written to."""
    home = KEPT / f"masters-at-rest-{residents}"
    if not (home / ".made").exists():
        from bus.cli import resolving

        shutil.rmtree(home, ignore_errors=True)
        shutil.copytree(canonical(residents), home, ignore=shutil.ignore_patterns(".made"))
        print("  resolving its statements …", file=sys.stderr)
        app = open_bus(home, city(residents))
        app.create_topics()
        options = Options(state_of_log(app.settings, app.log), app.settings.batch_records, app.settings.stall_s)
        run_in_turn(app.log, [make(app) for make in resolving.STEPS.values()], options)
        if isinstance(app.log, SqliteLog):
            app.log.maintain(0)  # what keeps the latest keeps no more; nothing is too old
        app.close()
        (home / ".made").touch()
    return home


def publish_all(app: App, where: Path, datasets: Sequence[str] = DATASETS) -> None:
    """The files of `datasets`, and the topics that steps write."""
    for dataset in datasets:
        publish_file(app, file_of(app, where, dataset), dataset)
    app.create_topics()


def normalizer_of(app: App, group: str = "normalizer") -> tuple[Step, Options]:
    """The step as `civicbus run normalizer --until-idle` builds it; another `group` begins at the first record."""
    settings = app.settings
    options = Options(state_of_log(settings, app.log), settings.batch_records, settings.stall_s, until_idle=True)
    return replace(normalizer(app), name=group), options


def decision_of(step: Step) -> Callable[[list[Batch]], Iterable[Output]]:
    """The decision of a step that remembers nothing."""
    if isinstance(step.decide, Memory):
        raise TypeError(f"{step.name} remembers: its decision is not one of batches alone")
    return step.decide
