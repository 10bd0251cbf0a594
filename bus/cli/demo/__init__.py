"""`civicbus demo`: the main job, start to end, on a fictional city; the commands it runs are those a department would run."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

import typer

from bus.cli.context import App, of
from bus.cli.demo.sharing import show_sharing
from bus.cli.say import note
from bus.config import read_settings
from bus.contracts.catalog import Catalog
from bus.errors import BusError

DELIVERY, LATER = "2026-09", "2026-10"
NEWS = ("civil.marriage", "civil.old_age_allowance", "housing.lease")
"""Datasets that are handed in again a month later, so that those who follow an agreement are seen to learn of it."""

_NEXT = (
    "matrix --format table",
    "agreement list --format table",
    "agreement plan schemas/agreements/social-elderly-alone.yaml --format table",
    "subscribe housing-life-events --until-idle",
    "deadletter list --format table",
    "up",
)


class DemoFailed(BusError):
    """A command of the demonstration did not end well; its own message stands above."""

    code = "DEMO_FAILED"
    zh = "演示中的一个命令未成功，具体信息见上。"


def mount(app: typer.Typer) -> None:
    app.command()(demo)


def demo(
    ctx: typer.Context,
    into: Annotated[Path, typer.Option(help="folder for the city, the log and the keys 演示目录")] = Path("data/demo"),
    residents: Annotated[int, typer.Option(help="about so many residents 常住人口（约）")] = 5000,
) -> None:
    """A fictional city, published by three departments, joined, summed up, and shared by agreement. 演示：虚构城市全流程。"""
    started = time.monotonic()
    catalog = of(ctx).catalog
    city = _city(into / f"city-{residents}", residents)
    home = into / "bus"
    run = _Commands(home, city / DELIVERY / "common")
    note(f"civicbus --log {run.log} --reference {run.reference} … (CIVICBUS_HOME={home})\n")
    told = home / f".told-{LATER}"  # an older file handed in after a newer one would say that its news are none
    files = _files(catalog, city / DELIVERY)
    _publish(run, [each for each in files if not (told.exists() and each[0] in NEWS)])
    for words in ("run --until-idle", "account --format table", "summary", "blindspots --format table"):
        run(*words.split())
        note("")

    def a_month_later() -> None:
        _publish(run, [each for each in _files(catalog, city / LATER) if each[0] in NEWS])
        told.touch()
        run("run", "--until-idle")

    _share(run, a_month_later)
    run("matrix", "--html", str(into / "matrix.html"))
    note(f"  信息壁垒一图 the information barrier as one picture: {into / 'matrix.html'}")
    note(f"\nDone in {time.monotonic() - started:.0f} s 完成. Go on with, for example 接下来可以试:")
    for line in _NEXT:
        note(f"  CIVICBUS_HOME={home} CIVICBUS_REFERENCE={run.reference} {_program()} {line}")


def _publish(run: _Commands, files: Sequence[tuple[str, Path]]) -> None:
    for dataset, file in files:
        run("publish", dataset, str(file))


def _share(run: _Commands, a_month_later: Callable[[], None]) -> None:
    """In this process: several persons act, and a command acts for whoever runs it."""
    app = App(read_settings({"log": run.log, "home": str(run.home), "reference": str(run.reference)}))
    try:
        show_sharing(app, a_month_later)
    finally:
        app.close()
    note("")


def _city(folder: Path, residents: int) -> Path:
    """The city in `folder`, made unless it stands there whole (a mark is set last)."""
    from bus.city import make_city  # here, so that other commands start without it

    made = folder / ".made-two-months"
    if not made.exists():
        shutil.rmtree(folder, ignore_errors=True)
        note(f"A fictional city of about {residents:,} residents 生成虚构城市 …")
        make_city(folder, residents, delivery=DELIVERY, deliveries=2)
        made.touch()
    return folder


def _files(catalog: Catalog, delivery: Path) -> list[tuple[str, Path]]:
    """(dataset, file) for all that the departments handed over."""
    named = [(dataset, delivery / catalog.contract(dataset).department / layout["file"]) for dataset, layout in catalog.layouts.items()]
    return [(dataset, file) for dataset, file in sorted(named) if file.exists()]


class _Commands:
    """Runs `civicbus …` on the demo's own log, as a person would type it."""

    def __init__(self, home: Path, reference: Path) -> None:
        self.home, self.reference = home, reference
        self.log = f"sqlite:///{home / 'civicbus.db'}"
        self._env = {**os.environ, "CIVICBUS_HOME": str(home), "CIVICBUS_REFERENCE": str(reference), "CIVICBUS_LOG": self.log}

    def __call__(self, *arguments: str) -> None:
        note("$ civicbus " + " ".join(_shown(arguments)))
        done = subprocess.run([sys.executable, "-m", "bus", *arguments], env=self._env, check=False, stdout=subprocess.DEVNULL)  # noqa: S603
        if done.returncode:
            raise DemoFailed(place="civicbus " + arguments[0])


def _program() -> str:
    """How this very program is called: by its name where the shell finds it."""
    return "civicbus" if shutil.which("civicbus") else str(Path(sys.argv[0]))


def _shown(arguments: Sequence[str]) -> list[str]:
    return [Path(a).name if "/" in a else a for a in arguments]
