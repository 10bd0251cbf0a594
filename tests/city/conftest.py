"""One city for all these tests, with many mistakes, and what stands in its files."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from bus.city import make_city

GB18030 = {"DB_FAMILY.csv", "DB_MEMBER.csv", "DB_TREATMENT.csv", "HYDJ.csv", "SOM_ORGAN.csv", "FC_HXX.csv"}
Cells = dict[tuple[str, str, str | None, int], tuple[list[str], list[Any]]]


def truth(folder: Path, name: str) -> list[dict[str, Any]]:
    """The lines of one file of the truth."""
    return [json.loads(line) for line in (folder / "truth" / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]


def cells_of(folder: Path) -> Cells:
    """Every row of every file as an independent reader sees it: (delivery, file, sheet, row) -> header, cells."""
    found: Cells = {}
    for path in folder.glob("20*/*/*.csv"):
        text = path.read_bytes().rstrip(b"\0").decode("gb18030" if path.name in GB18030 else "utf-8-sig")
        if path.name == "ZL_HTBA.csv":
            rows = [line.split("\t") for line in text.split("\n")[:-1]]
        else:
            rows = list(csv.reader(io.StringIO(text, newline="")))
        for number, row in enumerate(rows, 1):
            found[path.parts[-3], path.name, None, number] = (rows[0], row)
    for path in folder.glob("20*/*/*.xlsx"):
        for sheet in openpyxl.load_workbook(path):
            rows = [list(r) for r in sheet.iter_rows(values_only=True)]
            header = [name or "序号" for name in rows[2 if "台账" in path.name else 1]]
            for number, row in enumerate(rows, 1):
                found[path.parts[-3], path.name, sheet.title, number] = (header, row)
    return found


@pytest.fixture(scope="session")
def damaged_city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("damaged") / "city"
    make_city(folder, 3000, seed="tests", damage=4)
    return folder


@pytest.fixture(scope="session")
def damaged_cells(damaged_city: Path) -> Cells:
    return cells_of(damaged_city)


@pytest.fixture(scope="session")
def damaged_rows(damaged_city: Path) -> list[dict[str, Any]]:
    return truth(damaged_city, "rows")
