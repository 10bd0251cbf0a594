"""Numbers as people type them: `约1200`, `3人`, `1,200元`, full-width digits. What is not an exact number is damage: `面议`, `800多户`."""

from __future__ import annotations

import re
from decimal import Decimal

from bus.standards.chinese_numbers import RUN, numeral, plain_text
from bus.standards.reading import Reading

_UNITS = "元|块|人|户|栋|幢|座|层|套|间|个|名|口|次|件|条|岁|周岁|平方米|平米|平方|m2|㎡|m²|小时|h|年|天|家|处|台|辆|元整|人民币"
_DIGITS = r"[+-]?(?:(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d*)?|\.\d+)(?:E[+-]?\d{1,2})?"
_NUMBER = re.compile(rf"(?:约|大约|大概|共计?|合计|人民币|[¥￥])?\s*({_DIGITS})\s*(万)?\s*(?:{_UNITS})?\s*(?:左右)?", re.IGNORECASE)
_FORMAL = str.maketrans("壹贰叁肆伍陆柒捌玖拾佰仟萬", "一二三四五六七八九十百千万")
_INVALID_DECIMAL: Reading[Decimal] = Reading(None, ("NUMBER_INVALID",))
_INVALID_COUNT: Reading[int] = Reading(None, ("NUMBER_INVALID",))


def read_decimal(text: str) -> Reading[Decimal]:
    """An exact number. A unit of one beside it (元, 户, ㎡ …), `约`, thousands separators are style; NUMBER_INVALID otherwise."""
    if text.isascii() and text.replace(".", "", 1).isdecimal():
        return Reading(Decimal(text))
    match = _NUMBER.fullmatch(_latin(plain_text(text)))
    if match is None:
        return _INVALID_DECIMAL
    number = Decimal(match[1].replace(",", ""))
    return Reading(number * 10_000 if match[2] else number)


def read_count(text: str) -> Reading[int]:
    """A whole number of things; `3.0` is 3. NUMBER_INVALID otherwise."""
    if text.isascii() and text.isdecimal():
        return Reading(int(text)) if len(text) <= 18 else _INVALID_COUNT
    number = read_decimal(text).value
    if number is None or number != number.to_integral_value() or abs(number) >= 10**18:
        return _INVALID_COUNT
    return Reading(int(number))


def _latin(text: str) -> str:
    """Chinese numerals at the beginning of the text (`三人`) as digits."""
    text = text.translate(_FORMAL)
    match = RUN.match(text)
    value = numeral(match[0]) if match else None
    return text if match is None or value is None else f"{value}{text[match.end() :]}"
