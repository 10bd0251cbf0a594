"""Dates, numbers, money, shares."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any

from bus.normalizer.cells import Columns
from bus.normalizer.kit import MEMO, RECENT, Convert, Kit
from bus.normalizer.mapping_file import FieldRule
from bus.normalizer.statement import Row
from bus.standards.chinese_numbers import plain_text, to_digits
from bus.standards.dates import read_date, read_datetime, read_month
from bus.standards.numbers import read_count, read_decimal
from bus.standards.reading import Reading

_INT_MAX = 2**31 - 1
_LONG_MAX = 2**63 - 1
_WORKING_DAYS = re.compile(r"(\d{1,3})(?:\.0)?\s*(?:个?工作日|天|日)?(?:内|之内|以内)?")
_BETWEEN = re.compile(r"[;；、,，]")
_YUAN, _10K_YUAN = Decimal(100), Decimal(1_000_000)
_MONEY = {"yuan": _YUAN, "10k_yuan": _10K_YUAN}
_MONEY_WORDS = {
    "元": _YUAN, "元/月": _YUAN, "元每月": _YUAN, "元/月/户": _YUAN, "/月": _YUAN, "块": _YUAN,
    "万": _10K_YUAN, "万元": _10K_YUAN, "元/年": _YUAN / 12, "元每年": _YUAN / 12, "/年": _YUAN / 12, "万元/年": _10K_YUAN / 12,
    "元/季": _YUAN / 3, "元/季度": _YUAN / 3,
}  # fmt: skip
_AREA = {"m2": Decimal(1), "10k_m2": Decimal(10_000)}
_AREA_WORDS = {
    **dict.fromkeys(("㎡", "m2", "m²", "平方米", "平米", "平方"), Decimal(1)),
    **dict.fromkeys(("万㎡", "万m2", "万m²", "万平方米", "万平米", "万平"), Decimal(10_000)),
}
_HOURS_WORDS = {
    **dict.fromkeys(("h", "小时", "个小时", "hours", "hour", "时"), Decimal(1)),
    **dict.fromkeys(("分钟", "分", "min", "mins", "minutes"), Decimal(1) / 60),
}
_HOURS_AND = re.compile(
    r"(?P<hours>\d{1,5})(?:\s*(?:个?小时|h|H|:|时)\s*(?P<minutes>\d{1,2})\s*(?:分钟?|min|m)?|(?:个|小时)(?P<half>半)(?:小时)?)|(?P<half_alone>半)个?小时"
)
_UNIT = re.compile(r"^(.*?[0-9０-９])\s*([^0-9０-９.．]+)$", re.DOTALL)


def date(spec: FieldRule, kit: Kit, columns: Columns) -> Convert:
    """A day, as precise as it was written; spreads over the field and its `_precision`."""
    read = lru_cache(MEMO)(read_date)
    return lambda text, row: _pair(read(text))


def day(spec: FieldRule, kit: Kit, columns: Columns) -> Convert:
    """A day, as precise as it was written, where another statement of the row says it as a `date`, with all that is found in it."""

    @lru_cache(MEMO)
    def read(text: str) -> Reading[Any]:
        value = read_date(text).value
        return Reading(value.iso if value else None)

    return lambda text, row: read(text)


def year(spec: FieldRule, kit: Kit, columns: Columns) -> Convert:
    """A year; spreads over the field and its `_precision`. That it is no more precise is no finding: the column is one of years."""

    @lru_cache(MEMO)
    def read(text: str) -> Reading[Any]:
        value, codes = _pair(read_date(text))
        return Reading(value, tuple(c for c in codes if c != "DATE_PRECISION" or not text.strip().rstrip("年").isdigit()))

    return lambda text, row: read(text)


def month(spec: FieldRule, kit: Kit, columns: Columns) -> Convert:
    """A month; spreads over the field and its `_precision`. That it is no more precise is no finding: the column is one of months."""
    read = lru_cache(MEMO)(read_month)
    return lambda text, row: _pair(read(text))


def datetime(spec: FieldRule, kit: Kit, columns: Columns) -> Convert:
    """A moment, Asia/Shanghai; spreads over the field and its `_precision`."""
    return lambda text, row: _moment(text)


@lru_cache(RECENT)
def _moment(text: str) -> Reading[Any]:
    """Kept a while: the same cell is often read for several statements of its row."""
    return _pair(read_datetime(text))


def _pair(reading: Reading[Any]) -> Reading[Any]:
    value = reading.value
    return Reading((value.iso, value.precision) if value is not None else None, reading.codes)


def count(spec: FieldRule, kit: Kit, columns: Columns) -> Convert:
    """A whole number of things."""

    def convert(text: str, row: Row) -> Reading[int]:
        reading = read_count(text)
        if reading.value is not None and not 0 <= reading.value <= _INT_MAX:
            return Reading(None, ("NUMBER_INVALID",))
        return reading

    return convert


def decimal(spec: FieldRule, kit: Kit, columns: Columns) -> Convert:
    """A number with a fraction, as a double."""

    def convert(text: str, row: Row) -> Reading[float]:
        reading = read_decimal(text)
        return Reading(None if reading.value is None else float(reading.value), reading.codes)

    return convert


def _with_unit(text: str, words: dict[str, Decimal], own: Decimal) -> tuple[Reading[Decimal], Decimal]:
    """The number and what one of it is worth: by the unit written beside it, else by the column's own."""
    match = _UNIT.match(text.strip())
    if match and (worth := words.get(match[2].strip().lower())) is not None:
        return read_decimal(match[1]), worth
    return read_decimal(text), own


def _measure(words: dict[str, Decimal], own: Decimal, step: Decimal) -> Any:
    """A converter of numbers with units, rounded to `step`, never below zero."""

    @lru_cache(MEMO)
    def read(text: str) -> Reading[Decimal]:
        reading, worth = _with_unit(text, words, own)
        if reading.value is None:
            return reading
        if not 0 <= reading.value * worth <= _LONG_MAX:
            return Reading(None, ("NUMBER_INVALID",))
        return Reading((reading.value * worth).quantize(step, ROUND_HALF_UP), reading.codes)

    return read


def money(spec: FieldRule, kit: Kit, columns: Columns) -> Convert:
    """An amount, in fen (0.01 yuan): exact. `unit`: yuan or 10k_yuan. A unit written in the cell wins; 元/年 is a month's twelvefold."""
    read = _measure(_MONEY_WORDS, _MONEY[spec.unit or "yuan"], Decimal(1))
    return lambda text, row: _as(int, read(text))


def area(spec: FieldRule, kit: Kit, columns: Columns) -> Convert:
    """An area in m². `unit`: m2 (as it is) or 10k_m2. A unit written in the cell wins."""
    read = _measure(_AREA_WORDS, _AREA[spec.unit or "m2"], Decimal("0.01"))
    return lambda text, row: _as(float, read(text))


def hours(spec: FieldRule, kit: Kit, columns: Columns) -> Convert:
    """Hours; `5h` and `300分钟` are 5, `5小时30分`, `5:30` and `5个半小时` 5.5."""
    read = _measure(_HOURS_WORDS, Decimal(1), Decimal("0.01"))

    def convert(text: str, row: Row) -> Reading[float]:
        match = None if text.isdecimal() else _HOURS_AND.fullmatch(to_digits(plain_text(text)))
        if match is None:
            return _as(float, read(text))
        part = 0.5 if match["half"] or match["half_alone"] else int(match["minutes"] or 0) / 60
        return Reading(round(int(match["hours"] or 0) + part, 2)) if part < 1 else Reading(None, ("NUMBER_INVALID",))

    return convert


def _as(kind: Any, reading: Reading[Any]) -> Reading[Any]:
    return Reading(None if reading.value is None else kind(reading.value), reading.codes)


def coordinate(spec: FieldRule, kit: Kit, columns: Columns) -> Convert:
    """Degrees, as they stand: which of GCJ-02, BD-09 or CGCS2000 is not said by the source."""

    def convert(text: str, row: Row) -> Reading[float]:
        reading = read_decimal(text)
        if reading.value is not None and not -180 <= reading.value <= 180:
            return Reading(None, ("NUMBER_INVALID",))
        return _as(float, reading)

    return convert


def deadline(spec: FieldRule, kit: Kit, columns: Columns) -> Convert:
    """`2026-05-29`, `5个工作日` or `5` (working days); spreads over `_on`, `_on_precision` and `_working_days`."""

    def convert(text: str, row: Row) -> Reading[Any]:
        match = _WORKING_DAYS.fullmatch(to_digits(plain_text(text)))
        if match:
            return Reading((None, None, int(match[1])))
        reading = read_date(text)
        return Reading((reading.value.iso, reading.value.precision, None) if reading.value else None, reading.codes)

    return convert


def share(spec: FieldRule, kit: Kit, columns: Columns) -> Convert:
    """The share of this one of several owners: `1/2;1/2`, `50%;50%`, `50;50`; spreads over `_numerator` and `_denominator`."""

    @lru_cache(MEMO)
    def read(text: str) -> tuple[Fraction | None, ...]:
        return tuple(_fraction(part) for part in _BETWEEN.split(text.strip()))

    def convert(text: str, row: Row) -> Reading[Any]:
        parts = read(text)
        if len(parts) == 1 and row.count > 1 and parts[0] == Fraction(1, row.count):
            parts = parts * row.count
        one = parts[row.ordinal] if len(parts) == row.count else None
        if one is None or not 0 < one <= 1:
            return Reading(None, ("NUMBER_INVALID",))
        return Reading((one.numerator, one.denominator))

    return convert


def _fraction(text: str) -> Fraction | None:
    above, slash, below = text.strip().replace("／", "/").partition("/")
    if slash:
        top, bottom = read_decimal(above).value, read_decimal(below).value
        whole = None if top is None or not bottom else Fraction(top) / Fraction(bottom)
    else:
        number = read_decimal(above.rstrip("%％ ")).value
        percent = number is not None and (above != above.rstrip("%％ ") or number > 1)
        whole = None if number is None else Fraction(number) / (100 if percent else 1)
    return None if whole is None or whole.denominator > _INT_MAX or whole.numerator > _INT_MAX else whole
