"""Dates, months and times in every way the departments write them (GB/T 7408; domain facts §2.7): the value as precise as it was written.

Compact, separated, Chinese, Excel serial days, Oracle's `05-1月 -24`; placeholders are empty; what does not exist is damage.
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import NamedTuple

from bus.standards.chinese_numbers import plain_text, to_digits
from bus.standards.reading import Reading


class PartialDate(NamedTuple):
    """A date as precise as it is known. iso: `1951`, `1951-03`, `1951-03-02`, or `2026-09-01T08:30:00+08:00` (Asia/Shanghai).

    precision: year, month, day, minute or second.
    """

    iso: str
    precision: str


Dated = Reading[PartialDate]
_INVALID: Dated = Reading(None, ("DATE_INVALID",))
_PLACEHOLDER: Dated = Reading(None, ("DATE_PLACEHOLDER",))
_EMPTY_OR_OPEN = """
0000-00-00 0001-01-01 1000-01-01 1111-11-11 1753-01-01 1899-12-30 1899-12-31 1900-01-00 1900-01-01 2099-12-31 2999-12-31
9999-01-01 9999-09-09 9999-12-30 9999-12-31 0000-00 0001-01 1899-12 1900-01 2999-12 9999-12 0000 1900 9999
"""
_PLACEHOLDERS = frozenset(_EMPTY_OR_OPEN.split())
"""Empty (from 0000 and the first days of Excel, Oracle, SQL Server) or an open end (2099, 2999, 9999)."""
_FIRST_YEAR, _LAST_YEAR = 1800, 2199
_DAYS = (0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_PIVOT = 50
"""Years of two digits: below it 20xx, else 19xx (Oracle's RR format)."""
_EXCEL_DAY_0 = date(1899, 12, 30)
_EXCEL_FIRST, _EXCEL_LAST = 10_000, 73_050
"""Serial days that are taken for dates: May 1927 to December 2099."""

_OPEN = re.compile(r"(?:至今|现在|目前|长期(?:有效)?|永久|永远|不定期|无(?:固定)?期限|不限(?:期)?|未定)")
"""An end that is open, in words."""
_ASIDE = re.compile(r"\s*(?:\([^)]*\)|星期[一二三四五六日天]|周[一二三四五六日天])$|[.。,，]$")
"""What stands behind a date and is none of it: a weekday, a remark in brackets, a full stop."""
_MONTH_NAMES = "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC"
_MONTHS = {_MONTH_NAMES[3 * i : 3 * i + 3]: i + 1 for i in range(12)}
_ZONE = r"(?:\.\d+)?\s*(Z|[+-]\d\d:?\d\d)?"
_CLOCK = re.compile(r"(?P<day>.*?[\d日])(?:\s*T|\s+|(?<=日))(?P<h>\d{1,2})[:：时点](?P<m>\d{1,2})(?:[:：分](?P<s>\d{1,2})?秒?)?" + _ZONE)
_COMPACT_CLOCK = re.compile(r"(?P<day>\d{8})[T ]?(?P<h>\d\d)(?P<m>\d\d)(?P<s>\d\d)?")
_HALF = re.compile(r"\s*(上午|下午|AM|PM)\s*", re.IGNORECASE)
_PARTED = re.compile(r"(\d{4})\s*[-/.年_、]\s*(\d{1,2})\s*(?:[-/.月_、]\s*(?:(\d{1,2})\s*[日号]?)?)?")
_YEAR = re.compile(
    r"(?:约|大约|大概)?\s*(\d{4})\s*年?\s*(?:份|度|初|底|末|中|春|夏|秋|冬|春季|夏季|秋季|冬季|上半年|下半年|前后|左右|代?前后)?"
)
_SHORT_YEAR = re.compile(r"(\d\d)\s*年(?:\s*(\d{1,2})\s*月(?:\s*(\d{1,2})\s*[日号]?)?)?")
_ORACLE = re.compile(
    r"(\d{1,2})-\s*(\d{1,2}|[A-Za-z]{3})\s*月?\s*-\s*(\d{4}|\d\d)(?:\s+(\d{1,2})\.(\d\d)\.(\d\d)(?:\.\d+)?\s*(上午|下午|AM|PM)?.*)?"
)
_SERIAL = re.compile(r"(\d{5})(\.\d+)?")
_DASHES = str.maketrans("－—–―‐‑−~", "--------")


def read_date(text: str) -> Dated:
    """A day, month or year. DATE_PRECISION where the day is missing, DATE_PLACEHOLDER (no value), DATE_INVALID. A time is left out."""
    if text.isdecimal() and len(text) == 8 and text.isascii():
        return _checked(text[:4], text[4:6], text[6:])
    if len(text) == 10 and text[4] == "-" == text[7]:
        year, month, day = text[:4], text[5:7], text[8:]
        if (year + month + day).isdecimal() and text.isascii():
            return _checked(year, month, day)
    return _read_other(text)


def read_month(text: str) -> Dated:
    """A month of a column of months: to know no day is no finding, and a written day is left out. A bare year is DATE_PRECISION."""
    value, codes = read_date(text)
    if value is None or value.precision == "year":
        return Reading(value, codes)
    return Reading(PartialDate(value.iso[:7], "month"))


def read_datetime(text: str) -> Dated:
    """A moment, Asia/Shanghai (+08:00). A bare date keeps the precision it has, without a finding if it is a day."""
    if len(text) == 19 and text[10] == " " and text.isascii():
        return _moment(text[:10], text[11:13], text[14:16], text[17:], None) if text[13] == ":" == text[16] else _INVALID
    plain = plain_text(text)
    match = _COMPACT_CLOCK.fullmatch(plain) or _CLOCK.fullmatch(_half_day(plain))
    if match:
        parts = match.groupdict()
        zone = match[5] if match.re is _CLOCK else None
        return _moment(parts["day"], parts["h"], parts["m"], parts["s"], zone)
    oracle = _ORACLE.fullmatch(plain)
    if oracle and oracle[4]:
        hour = int(oracle[4]) % 12 + 12 if (oracle[7] or "").upper() in ("下午", "PM") else int(oracle[4])
        return _moment(plain[: oracle.end(3)], str(hour), oracle[5], oracle[6], None)
    serial = _SERIAL.fullmatch(plain)
    if serial and serial[2]:
        return _serial_moment(int(serial[1]), float(serial[2]))
    return read_date(text)


def _half_day(text: str) -> str:
    """`2024/1/5 下午 3:05:00` in 24 hours."""
    match = _HALF.search(text)
    if match is None:
        return text
    bare = f"{text[: match.start()]} {text[match.end() :]}".strip()
    if match[1].upper() in ("上午", "AM"):
        return bare
    return re.sub(r"(?<=\s)(\d{1,2})(?=[:：时点])", lambda m: str(int(m[1]) % 12 + 12), bare, count=1)


def _moment(day: str, hour: str, minute: str, second: str | None, zone: str | None) -> Dated:
    dated = read_date(day.strip())
    if dated.value is None or dated.value.precision != "day":
        return dated
    if not (hour + minute + (second or "0")).isdecimal():
        return _INVALID
    if int(hour) == 24 and int(minute) == int(second or 0) == 0:  # the end of the day (GB/T 7408)
        return _midnight_after(dated.value.iso, second)
    if int(hour) > 23 or int(minute) > 59 or int(second or 0) > 59:
        return _INVALID
    iso = f"{dated.value.iso}T{int(hour):02}:{int(minute):02}:{int(second or 0):02}"
    if zone and zone.replace(":", "") != "+0800":
        return _shifted(iso, zone, second)
    return Reading(PartialDate(iso + "+08:00", "second" if second else "minute"))


def _midnight_after(iso: str, second: str | None) -> Dated:
    following = date.fromisoformat(iso) + timedelta(days=1)
    return Reading(PartialDate(f"{following.isoformat()}T00:00:00+08:00", "second" if second else "minute"))


def _shifted(iso: str, zone: str, second: str | None) -> Dated:
    """A moment of another zone, in Beijing time."""
    from datetime import datetime, timezone

    try:
        moment = datetime.fromisoformat(iso + zone.replace("Z", "+00:00")).astimezone(timezone(timedelta(hours=8)))
    except (ValueError, OverflowError):
        return _INVALID
    return Reading(PartialDate(moment.isoformat(), "second" if second else "minute"))


def _serial_moment(days: int, fraction: float) -> Dated:
    dated = _serial(days)
    if dated.value is None:
        return dated
    seconds = min(round(fraction * 86_400), 86_399)
    return Reading(PartialDate(f"{dated.value.iso}T{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}+08:00", "second"))


def _serial(days: int) -> Dated:
    if not _EXCEL_FIRST <= days <= _EXCEL_LAST:
        return _INVALID
    return Reading(PartialDate((_EXCEL_DAY_0 + timedelta(days=days)).isoformat(), "day"))


def _read_other(text: str) -> Dated:
    plain = plain_text(text)
    if plain.isdecimal():
        return _digits(plain)
    match = _PARTED.fullmatch(plain)
    if match:
        return _checked(match[1], match[2], match[3])
    match = _YEAR.fullmatch(plain)
    if match:
        return _checked(match[1], None, None)
    match = _CLOCK.fullmatch(_half_day(plain))
    if match:
        return read_date(match["day"].strip())
    return _rarer(plain)


def _rarer(plain: str) -> Dated:
    match = _ORACLE.fullmatch(plain)
    if match:
        month = str(_MONTHS.get(match[2].upper(), 0)) if match[2].isalpha() else match[2]
        return _checked(_full_year(match[3]), month, match[1])
    match = _SHORT_YEAR.fullmatch(plain)
    if match:
        return _checked(_full_year(match[1]), match[2], match[3])
    match = _SERIAL.fullmatch(plain)
    if match:
        return _serial(int(match[1]))
    if _OPEN.fullmatch(plain):
        return _PLACEHOLDER
    simpler = to_digits(_ASIDE.sub("", plain)).translate(_DASHES)
    return _INVALID if simpler == plain else _read_other(simpler)


def _digits(plain: str) -> Dated:
    """Digits alone: YYYYMMDD, YYYYMM, YYYY, an Excel serial day, YYYYMMDDhhmm(ss)."""
    if len(plain) in (8, 12, 14):
        return _checked(plain[:4], plain[4:6], plain[6:8])
    if len(plain) == 6:
        return _checked(plain[:4], plain[4:], None)
    if len(plain) == 5:
        return _serial(int(plain))
    return _checked(plain, None, None) if len(plain) == 4 else _INVALID


def _full_year(year: str) -> str:
    if len(year) == 4:
        return year
    return str((2000 if int(year) < _PIVOT else 1900) + int(year))


def _checked(year: str, month: str | None, day: str | None) -> Dated:
    """The date if it exists in the calendar and is no placeholder."""
    y = int(year)
    if month is None:
        iso = year
    else:
        m = int(month)
        if day is None:
            iso = f"{year}-{m:02}"
        else:
            d = int(day)
            iso = f"{year}-{m:02}-{d:02}"
            if _FIRST_YEAR <= y <= _LAST_YEAR and 1 <= m <= 12 and 1 <= d <= _DAYS[m] and iso not in _PLACEHOLDERS:
                if d == 29 and m == 2 and (y % 4 or (not y % 100 and y % 400)):
                    return _INVALID
                return Reading(PartialDate(iso, "day"))
    if iso in _PLACEHOLDERS:
        return _PLACEHOLDER
    if day is not None and not int(day) and month is not None:  # 1998-05-00, 19980000: the day, or the month too, is not known
        return _checked(year, month if int(month) else None, None)
    if day is not None or not _FIRST_YEAR <= y <= _LAST_YEAR or (month is not None and not 1 <= int(month) <= 12):
        return _INVALID
    return Reading(PartialDate(iso, "year" if month is None else "month"), ("DATE_PRECISION",))
