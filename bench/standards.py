"""What one cell costs to read: numbers of persons, dates, phones, names, addresses, on the cells of the setting's files, damage and all.

No target of its own: the normalizer's figures hold it. It says where time goes before anything is made faster.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path

from bench.measure import in_turn, measured, run_child
from bench.setting import DELIVERY, Choice, city
from bench.table import Line, line
from bus.standards import dates, ids, names, nulls, phones
from bus.standards.addresses import AddressBook
from bus.standards.divisions import Divisions
from connectors.reference import read_compounds, read_divisions

COMMAND = "python -m bench standards"
TODAY = date(2026, 9, 30)
SURVEY = ("social/WG_RK.csv", "utf-8-sig")


def take(choice: Choice) -> list[Line]:
    """The figures."""
    where = city(choice.residents)
    found = in_turn(choice.rounds, {name: partial(run_child, "bench.standards", name, where) for name in CELLS})
    return [line(what, [run.micros for run in found[name]], "µs a cell", COMMAND, digits=2) for name, (what, *_) in CELLS.items()]


def _address(where: Path) -> Callable[[str], object]:
    divisions = Divisions(read_divisions(where / DELIVERY / "common"))
    return AddressBook(divisions, read_compounds(where / DELIVERY / "common")).read


CELLS: dict[str, tuple[str, str, Callable[[Path], Callable[[str], object]]]] = {
    "number": ("reading a citizen number", "SFZH", lambda _: lambda text: ids.read_citizen_number(text, TODAY)),
    "time": ("reading a date with time", "CJSJ", lambda _: dates.read_datetime),
    "phone": ("reading phones", "LXDH", lambda _: phones.read_phones),
    "name": ("reading a name", "XM", lambda _: names.read_name),
    "address": ("reading an address", "XZZ", _address),
    "null": ("is this cell a word for “nothing”", "XZZ", lambda _: nulls.is_null_token),
}
"""Variant → (what it is, the column whose cells are read, how the reader is made)."""


def cells(where: Path, column: str) -> list[str]:
    """The filled cells of a column of the survey."""
    path, encoding = SURVEY
    with (where / DELIVERY / path).open(encoding=encoding, newline="") as stream:
        return [row[column] for row in csv.DictReader(stream) if row.get(column)]


if __name__ == "__main__":
    variant, folder = sys.argv[1], Path(sys.argv[2])
    _, wanted, build = CELLS[variant]
    texts, read = cells(folder, wanted), build(folder)
    with measured() as clock:
        for text in texts:
            read(text)
        clock.records = len(texts)
