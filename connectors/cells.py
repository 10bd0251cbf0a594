"""Cells of a workbook as text, as a person reads them."""

from __future__ import annotations

import datetime as dt

Cell = str | float | bool | dt.date | dt.datetime | dt.time | dt.timedelta


def text(cell: Cell) -> str:
    """A cell as a person reads it. Numbers with Excel's 15 significant digits, in plain notation; dates in ISO form."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return _number(cell)
    if isinstance(cell, dt.datetime):
        return cell.isoformat(" ", "seconds")
    if isinstance(cell, dt.date | dt.time):
        return cell.isoformat()
    return str(cell)


def _number(value: float) -> str:
    if value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    short = f"{value:.15g}"
    if "e" not in short:
        return short
    digits, _, power = short.partition("e")
    if 0 < int(power) < 21:
        whole, _, part = digits.partition(".")
        return whole + part.ljust(int(power), "0")
    return f"{digits}E{int(power):+03d}"
