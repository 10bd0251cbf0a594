"""A fictional city whose personal values are all unlike any other text, so that one search finds each of them wherever it went.

A name is a pair of characters that stand nowhere else; free text and addresses end in a mark; numbers, phones and keys are unlike anything
else as they are. A canary of a confidential caller stands in the text of the case too, as callers do name themselves.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from random import Random
from typing import Any
from unittest.mock import patch

from bus.city import make_city, names
from bus.city.entry import Entry
from bus.city.workbooks import _Book
from bus.city.write import Delimited

_RARE = "".join(map(chr, range(0x5C88, 0x5DC0)))  # 屈 to 巀, of the radical of mountains: no place and no word of the city has one
_TEXTS = frozenset(["BT", "SQNR", "CLJG", "TDYY", "YQYY", "ZXYY", "BZ", "备注", "LDDXZ", "ZXH", "BJ"])
_ADDRESSES = frozenset(["ZL", "FWZL", "ADDRESS", "DOMICILE_ADDRESS", "户籍地址", "现居住地址", "HJDZ", "XZZ", "FWDZ", "JZDZ", "SFDZ"])
_NUMBERS = frozenset({"id", "ids", "id_cell", "phone", "unit_no"})
_POSTED = frozenset({"WGYDH", "项目经理"})  # in public: the phone of a grid's worker
_MARK = re.compile(r"CNRY[A-Z]{8}")
_NAME = re.compile(f"[{_RARE}]{{2}}")
_DIGITS = re.compile(r"[0-9]{11,}[0-9Xx]?")
_WORD = re.compile(r"[A-Za-z0-9]{8,}")
_KEY = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9]{8,}|(?!3799)[0-9]{13,}")  # no day, and no code of a division


class Canaries:
    """What was planted. `names`, `marks`, `numbers` (of papers and phones), `keys` (of rows, by department)."""

    def __init__(self) -> None:
        self.names: set[str] = set()
        self.marks: set[str] = set()
        self.numbers: set[str] = set()
        self.keys: dict[str, set[str]] = {}
        self._serial = count()

    def in_text(self, text: str) -> set[str]:
        """All canaries but keys that stand in a text."""
        found = set(_MARK.findall(text)) & self.marks
        found |= {pair for run in re.findall(f"[{_RARE}]+", text) for pair in _pairs(run)} & self.names
        for run in _DIGITS.findall(text):
            found |= {run[at : at + size] for size in (18, 11) for at in range(len(run) - size + 1)} & self.numbers
        return found

    def keys_in(self, text: str, department: str) -> set[str]:
        """Keys of a department's rows that stand in a text."""
        return set(_WORD.findall(text)) & self.keys[department]

    def given(self, _rng: Random, _sex: str) -> str:
        """A given name that nobody else has."""
        at = next(self._serial)
        made = _RARE[at // len(_RARE) % len(_RARE)] + _RARE[at % len(_RARE)]
        self.names.add(made)
        return made

    def planted(self, entry: Entry) -> Entry:
        """A row with marks in it."""
        entry = entry.copy()
        for column in entry.table.columns:
            value, name = entry.get(column.name), column.name
            if not isinstance(value, str) or not value:
                continue
            if name in _TEXTS or name in _ADDRESSES:
                entry.put(name, f"{value}({self._mark()})")
            elif column.kind in _NUMBERS and name not in _POSTED:
                self.numbers |= {run[:18] for run in _DIGITS.findall(value) if len(run) in (11, 18)}
        if entry.table.file == "SQ_GD.csv":
            entry.put("SQNR", f"{entry.get('SQNR')}来电人{entry.get('SQRXM')}")
        self.keys.setdefault(entry.table.department, set()).update(key for key in entry.key.values() if _KEY.fullmatch(key))
        return entry

    def _mark(self) -> str:
        at = next(self._serial)
        made = "CNRY" + "".join(chr(65 + at // 26**place % 26) for place in range(8))
        self.marks.add(made)
        return made


def _pairs(run: str) -> set[str]:
    return {run[at : at + 2] for at in range(len(run) - 1)}


def city_of_canaries(folder: Path, residents: int) -> Canaries:
    """Make the city in `folder`, with its usual damage; what was planted in it."""
    planted = Canaries()
    with _planting(planted):
        make_city(folder, residents, delivery="2026-09", deliveries=1, damage=2.0)
    return planted


@contextmanager
def _planting(planted: Canaries) -> Iterator[None]:
    write, row = Delimited.write, _Book._row

    def written(self: Delimited, entry: Entry) -> int:
        return write(self, planted.planted(entry))

    def put(self: Any, sheet: Any, entry: Entry) -> int:
        return row(self, sheet, planted.planted(entry))

    with patch.object(Delimited, "write", written), patch.object(_Book, "_row", put), patch.object(names, "given", planted.given):
        yield
