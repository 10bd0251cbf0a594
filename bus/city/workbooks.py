"""The three workbooks: titles, merged and double headers, totals, one sheet a street or one for all."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

from bus.city.entry import Entry, Table
from bus.city.places import CITY
from bus.city.state import StreetLife
from bus.city.truth import Truth
from bus.city.write import Book, Sheet


class _Book:
    def __init__(self, path: Path, delivery: str, table: Table, truth: Truth) -> None:
        self.delivery, self.table, self.truth = delivery, table, truth
        self.book = Book(path)
        self.names = [c.name for c in table.columns]

    def _aside(self, sheet: Sheet, cells: list[Any], why: str) -> int:
        row = sheet.put(cells)
        self.truth.not_data(self.delivery, self.table.department, self.table.file, sheet.name, row, why)
        return row

    def _row(self, sheet: Sheet, e: Entry) -> int:
        row = sheet.put(e.cells)
        self.truth.row(self.delivery, e, sheet.name, row)
        return row

    def _padded(self, **cells: Any) -> list[Any]:
        return [cells.get(name) for name in self.names]

    def close(self) -> None:
        self.book.close()


class RosterBook(_Book):
    """高龄津贴发放表: a sheet a street, title, header, people by community, 合计."""

    def street(self, life: StreetLife, entries: list[Entry], rng: Random, damage: float) -> None:
        """The street's sheet."""
        sheet = self.book.sheet(life.street.name)
        year, month = self.delivery.split("-")
        title = f"{life.street.name}{year}年{int(month)}月高龄津贴发放花名册"
        sheet.merge("A1:S1")
        self._aside(sheet, [title, *[None] * (len(self.names) - 1)], "title")
        self._aside(sheet, list(self.names), "header")
        total = 0
        for e in sorted(entries, key=lambda one: str(one.get("村(社区)"))):
            for written in (e, *_twice(e, rng, damage)):
                self._row(sheet, written)
                amount = written.get("标准(元/月)")
                total += amount if isinstance(amount, int) else int(str(amount).rstrip("元"))
        self._aside(sheet, self._padded(**{"乡镇街道": "合计", "标准(元/月)": total}), "合计")
        sheet.close()


def _twice(e: Entry, rng: Random, damage: float) -> list[Entry]:
    """The same person once more, paid on another card."""
    if rng.random() > 0.006 * damage or e.damage:
        return []
    again = e.copy()
    card = f"62888990000{e.get('银行卡号')[11:]}"
    again.put("银行卡号", card)
    again.key = {"姓名": e.key["姓名"], "银行卡号": card}
    again.label(None, "DUP_PERSON", "paid_twice", None, "", recoverable=True, needs="file")
    return [again]


class CompoundBook(_Book):
    """物业小区台账: title, two header rows with merged cells, counties merged down, 合计 after each, 总计 at the end."""

    _GROUPS = (
        ("A2:A3", 0, "序号"),
        ("B2:D2", 1, "所在区域"),
        ("E2:J2", 4, "小区基本情况"),
        ("K2:P2", 10, "物业管理"),
        ("Q2:X2", 16, "老旧小区改造"),
    )

    def __init__(self, path: Path, delivery: str, table: Table, truth: Truth) -> None:
        super().__init__(path, delivery, table, truth)
        self.sheet = self.book.sheet("台账")
        width = len(self.names)
        top: list[Any] = [None] * width
        self.sheet.merge("A1:X1")
        for ref, at, name in self._GROUPS:
            top[at] = name
            self.sheet.merge(ref)
        self._aside(self.sheet, [f"{CITY}物业小区及老旧小区改造台账", *[None] * (width - 1)], "title")
        self._aside(self.sheet, top, "header")
        self._aside(self.sheet, [None, *self.names[1:]], "header")
        self.county, self.begun = "", 0
        self.sums, self.all = [0, 0, 0.0], [0, 0, 0.0]

    def street(self, life: StreetLife, entries: list[Entry], rng: Random, damage: float) -> None:
        """The street's compounds, under its county."""
        for e in entries:
            if self.county != life.street.county:
                self._end_county()
                self.county, self.begun = life.street.county, self.sheet.rows + 1
                e.put("区县", life.street.county)
            self._row(self.sheet, e)
            for i, name in enumerate(("楼栋数(栋)", "户数(户)", "总建筑面积(万㎡)")):
                value = e.get(name)
                self.sums[i] += value if isinstance(value, int | float) else 0

    def _end_county(self) -> None:
        if not self.county:
            return
        last = self.sheet.rows
        if last > self.begun:
            self.sheet.merge(f"B{self.begun}:B{last}")
        self._total("合计", self.sums)
        self.all = [a + b for a, b in zip(self.all, self.sums, strict=True)]
        self.sums = [0, 0, 0.0]

    def _total(self, word: str, sums: list[Any]) -> None:
        cells = {"区县": word, "楼栋数(栋)": sums[0], "户数(户)": sums[1], "总建筑面积(万㎡)": round(sums[2], 2)}
        self._aside(self.sheet, self._padded(**cells), "合计")

    def close(self) -> None:
        """The last county's sum and the city's."""
        self._end_county()
        self._total("总计", self.all)
        super().close()


class CommitteeBook(_Book):
    """村居委会: one sheet, title, header, 合计."""

    def __init__(self, path: Path, delivery: str, table: Table, truth: Truth) -> None:
        super().__init__(path, delivery, table, truth)
        self.sheet = self.book.sheet("村居委会")
        self.sheet.merge("A1:G1")
        self._aside(self.sheet, [f"{CITY}村（居）民委员会基本情况表", *[None] * 6], "title")
        self._aside(self.sheet, list(self.names), "header")
        self.households = 0

    def street(self, life: StreetLife, entries: list[Entry], rng: Random, damage: float) -> None:
        """The street's committees."""
        for e in entries:
            self._row(self.sheet, e)
            value = e.get("户数")
            self.households += value if isinstance(value, int) else 0

    def close(self) -> None:
        """The sum."""
        self._aside(self.sheet, self._padded(区划代码="合计", 户数=self.households), "合计")
        super().close()
