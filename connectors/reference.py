"""The city's reference tables, as files: `divisions.csv` (with past codes and their successors) and `compounds.csv`. Loaded, not published.

UTF-8 with or without a byte order mark, comma, header matched by name.
"""

from __future__ import annotations

import csv
from pathlib import Path

from bus.errors import ConfigRefused

DIVISIONS = ("code12", "name", "level", "parent", "valid_from", "valid_to", "successor")
COMPOUNDS = ("compound_code", "standard_name", "community_code", "address", "aliases")

_MUST_DIVISIONS = ("code12", "name", "level")
_MUST_COMPOUNDS = ("compound_code", "standard_name", "community_code")


def read_divisions(folder: Path) -> list[dict[str, str]]:
    """The rows of `divisions.csv` for `bus.standards.divisions`. Raises `ConfigRefused` naming file, row and column."""
    rows = _read(folder / "divisions.csv", DIVISIONS, _MUST_DIVISIONS)
    for number, row in enumerate(rows, 2):
        code = row["code12"]
        if not (code.isascii() and code.isdigit() and len(code) == 12):
            raise _wrong(
                folder / "divisions.csv", f"row {number}, column code12", "A division code has 12 digits.", "区划代码应为 12 位数字。"
            )
    _refuse_repeats(folder / "divisions.csv", [(row["code12"], row["valid_from"]) for row in rows], "code12")
    return rows


def read_compounds(folder: Path) -> list[dict[str, str]]:
    """The rows of `compounds.csv` for `bus.standards.addresses`; `aliases` are parted by "|". Raises `ConfigRefused` likewise."""
    rows = _read(folder / "compounds.csv", COMPOUNDS, _MUST_COMPOUNDS)
    _refuse_repeats(folder / "compounds.csv", [row["compound_code"] for row in rows], "compound_code")
    return rows


def _read(path: Path, columns: tuple[str, ...], must: tuple[str, ...]) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            records = list(csv.reader(stream, strict=True))
    except FileNotFoundError:
        raise _wrong(
            path, "", "This reference table is missing.", "缺少参照表。", "Name its folder with --reference or CIVICBUS_REFERENCE.",
            "请用 --reference 或 CIVICBUS_REFERENCE 指定所在目录。",
        ) from None  # fmt: skip
    except UnicodeDecodeError:
        raise _wrong(path, "", "This reference table is not in UTF-8.", "参照表不是 UTF-8 编码。") from None
    except (OSError, csv.Error) as error:
        raise _wrong(path, "", f"This reference table cannot be read ({error}).", "无法读取参照表。") from None
    if not records:
        raise _wrong(path, "", "This reference table is empty.", "参照表为空。")
    header = [cell.strip() for cell in records[0]]
    if missing := [column for column in must if column not in header]:
        raise _wrong(path, "row 1", f"The column {', '.join(missing)} is missing.", f"缺少列 {'、'.join(missing)}。")
    rows = []
    for number, record in enumerate(records[1:], 2):
        if not any(record):
            continue
        if len(record) != len(header):
            raise _wrong(
                path,
                f"row {number}",
                f"{len(record)} cells instead of {len(header)}.",
                f"有 {len(record)} 个单元格，应为 {len(header)} 个。",
            )
        cells = dict(zip(header, (cell.strip() for cell in record), strict=True))
        rows.append({column: cells.get(column, "") for column in columns})
        if empty := [column for column in must if not cells[column]]:
            raise _wrong(path, f"row {number}, column {empty[0]}", "This cell must not be empty.", "此单元格不能为空。")
    return rows


def _refuse_repeats(path: Path, keys: list[str] | list[tuple[str, str]], column: str) -> None:
    met = set()
    for number, key in enumerate(keys, 2):
        if key in met:
            raise _wrong(path, f"row {number}, column {column}", "This code stands in the table twice.", "代码重复。")
        met.add(key)


def _wrong(path: Path, place: str, english: str, chinese: str, hint: str = "", hint_zh: str = "") -> ConfigRefused:
    return ConfigRefused(english, chinese, place=f"{path}, {place}" if place else str(path), hint=hint, hint_zh=hint_zh)
