"""Publishing a file, whole: both readings of it, the check, encoding, and the log synced to the disk.

csv         the three files of the setting, into a new embedded log
workbook    the roster of old-age allowances (.xlsx), likewise
calamine    reading every cell of that workbook once, and nothing else; `openpyxl` the same with the other library (read-only mode)
"""

from __future__ import annotations

import sys
import tempfile
from functools import partial
from pathlib import Path

from bench.measure import Clock, in_turn, measured, run_child
from bench.setting import DATASETS, Choice, city, file_of, open_bus, publish_file
from bench.table import Line, line, ratio_line, speed_line
from bus.cli.context import App

ROSTER = "civil.old_age_allowance"
COMMAND = "python -m bench publishing"


def take(choice: Choice) -> list[Line]:
    """The figures."""
    where = city(choice.residents)
    found = in_turn(choice.rounds, {name: partial(run_child, "bench.publishing", name, where) for name in VARIANTS})
    rows = {name: [run.per_cpu_second for run in runs] for name, runs in found.items()}
    wall = {name: [run.per_second for run in runs] for name, runs in found.items()}
    return [
        line("publish CSV, one core", rows["csv"], "rows per CPU-second", COMMAND, least=15_000),
        line("— the same, by the clock on the wall", wall["csv"], "rows/s", COMMAND),
        line("publish a workbook, one core", rows["workbook"], "rows per CPU-second", COMMAND, least=1_500),
        line("— the same, by the clock on the wall", wall["workbook"], "rows/s", COMMAND),
        speed_line("reading the workbook alone, python-calamine", found["calamine"], COMMAND),
        speed_line("reading the workbook alone, openpyxl (read-only)", found["openpyxl"], COMMAND),
        ratio_line("— python-calamine ÷ openpyxl", found["calamine"], found["openpyxl"], COMMAND),
    ]


def csv(app: App, where: Path, clock: Clock) -> None:
    for dataset in DATASETS:
        clock.records += publish_file(app, file_of(app, where, dataset), dataset).read


def workbook(app: App, where: Path, clock: Clock) -> None:
    clock.records = publish_file(app, file_of(app, where, ROSTER), ROSTER).read


def calamine(app: App, where: Path, clock: Clock) -> None:
    from python_calamine import CalamineWorkbook

    with CalamineWorkbook.from_path(file_of(app, where, ROSTER)) as book:
        for name in book.sheet_names:
            clock.records += sum(1 for _ in book.get_sheet_by_name(name).iter_rows())


def openpyxl(app: App, where: Path, clock: Clock) -> None:
    from openpyxl import load_workbook

    book = load_workbook(file_of(app, where, ROSTER), read_only=True, data_only=True)
    for sheet in book.worksheets:
        clock.records += sum(1 for _ in sheet.iter_rows(values_only=True))
    book.close()


VARIANTS = {"csv": csv, "workbook": workbook, "calamine": calamine, "openpyxl": openpyxl}


if __name__ == "__main__":
    variant, where = sys.argv[1], Path(sys.argv[2])
    with tempfile.TemporaryDirectory(prefix="civicbus-bench-") as home:
        bus = open_bus(Path(home), where)
        _ = bus.log, bus.keys, bus.codec
        with measured() as the_clock:
            VARIANTS[variant](bus, where, the_clock)
        bus.close()
