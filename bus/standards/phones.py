"""Telephone numbers of mainland China in every way they are written; several in one cell; extensions (domain facts §2.7, §3).

A plain mobile takes a short way that never touches `phonenumberslite`; the rest is split and cleaned first, because the library misreads
extensions, two numbers in one cell, and masked numbers. No number is ever dialled or sent to.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import phonenumbers

from bus.standards.chinese_numbers import plain_text
from bus.standards.nulls import BLANK, is_filler
from bus.standards.reading import Reading


class Phone(NamedTuple):
    """A number as people know it: `19900000001`, `0543-5550100`, with extension `0543-5550100-801`, `4001234567`, `12345`, `+85221234567`.

    kind: mobile, fixed, service (400, 800), short (12345, 110) or foreign.
    """

    number: str
    kind: str


Phones = Reading[tuple[Phone, ...]]

_BETWEEN = re.compile(r"[/、;；,，|&\\\n\r]+|或者?|和|及|(?<=\d)\s*\+\s*(?=\d)")
_MASK = re.compile(r"[*＊]|\d[xX×•●·#＃○]{3,}\d")
_MOBILE = re.compile(r"(?:\+?86|0086|0)?(1[3-9]\d{9})")
_TWO_MOBILES = re.compile(r"(1[3-9]\d{9})(1[3-9]\d{9})")
_WITH_AREA = re.compile(r"(?:(?:\+?86|0086)0?|0)(10|2\d|[3-9]\d\d)([2-9]\d{6,7})")
_LOCAL = re.compile(r"[2-9]\d{6,7}")
_SERVICE = re.compile(r"(?:400|800)\d{7}")
_SHORT = re.compile(r"11\d|12[0-2]|1[02]\d{3}|9[56]\d{3,4}")
_EXTENSION = re.compile(r"(.*\d)[\s)]*(?:转|分机号?|ext\.?|x|#)\s*(\d{1,5})", re.IGNORECASE)
_PARTED = re.compile(r"(\(?0\d{2,3}\)?\s*-?\s*\d{3,4}\s*-?\s*\d{3,4})\s*-\s*(\d{1,5})")
_REMARK = re.compile(r"[(（\[][^)）\]]*[^\d)）\]\-\s][^)）\]]*[)）\]]?")
_NOT_DIALLED = re.compile(r"[^\d+]+")
_MARKS = re.compile(r"[\s\-‐-―－().·_]+")
_NUMBER_CELL = re.compile(r"\d{11}\.0+")
_SCIENTIFIC = re.compile(r"\d(?:\.\d+)?[eE]\+?\d{1,2}")


def read_phones(text: str, area: str | None = None) -> Phones:
    """All numbers of a cell. PHONE_MULTI for several; PHONE_INVALID where a part is no phone (the good ones go out still).

    MASKED_INPUT, ID_EXCEL_PRECISION_LOSS (scientific notation) and NULL_TOKEN (filler) give no value. area: the area code, such as `0543`,
    of local numbers written without one; they stay as written if it is None.
    """
    if len(text) == 11 and text[0] == "1" and text[1] in "3456789" and text.isdecimal() and text.isascii():
        return Reading((Phone(text, "mobile"),))
    plain = plain_text(text)
    if _NUMBER_CELL.fullmatch(plain):
        plain = plain[:11]
    digits = _MARKS.sub("", plain)
    if is_filler(digits):
        return Reading(None, ("NULL_TOKEN",))
    if _MASK.search(plain):
        return Reading(None, ("MASKED_INPUT",))
    if _SCIENTIFIC.fullmatch(plain):
        return Reading(None, ("ID_EXCEL_PRECISION_LOSS",))
    return _read_parts(plain, area)


def _read_parts(plain: str, area: str | None) -> Phones:
    found: list[Phone] = []
    bad = False
    for part in _BETWEEN.split(plain):
        if not part.strip():
            continue
        phones = _read_part(part.strip(), area)
        found += phones
        bad = bad or not phones
    unique = tuple(dict.fromkeys(found))
    codes = ("PHONE_MULTI",) if len(unique) > 1 else ()
    if bad or not unique:
        codes = (*codes, "PHONE_INVALID")
    return Reading(unique or None, codes)


def _read_part(part: str, area: str | None) -> list[Phone]:
    one = _read_one(part, area)
    if one:
        return [one]
    two = _TWO_MOBILES.fullmatch(_MARKS.sub("", part))
    if two:
        return [Phone(two[1], "mobile"), Phone(two[2], "mobile")]
    words = [_read_one(word, area) for word in BLANK.split(part)]
    return [w for w in words if w] if len(words) > 1 and all(words) else []


def _read_one(part: str, area: str | None) -> Phone | None:
    bare = _REMARK.sub("", part).strip()
    match = _MOBILE.fullmatch(_NOT_DIALLED.sub("", bare))
    if match:
        return Phone(match[1], "mobile")
    extended = _PARTED.fullmatch(bare) or _EXTENSION.fullmatch(bare)
    if extended:
        main = _fixed(_NOT_DIALLED.sub("", extended[1]), area)
        if main:
            return Phone(f"{main.number}-{extended[2]}", main.kind)
    return _fixed(_NOT_DIALLED.sub("", bare), area)


def _fixed(digits: str, area: str | None) -> Phone | None:
    match = _WITH_AREA.fullmatch(digits)
    if match:
        return _valid(f"0{match[1]}", match[2])
    if _SERVICE.fullmatch(digits):
        return Phone(digits, "service")
    if _SHORT.fullmatch(digits):
        return Phone(digits, "short")
    if _LOCAL.fullmatch(digits):
        return _valid(area, digits) if area else Phone(digits, "fixed")
    if digits.startswith(("+", "00")):
        return _foreign("+" + digits.lstrip("+0"))
    return None


def _valid(area: str, local: str) -> Phone | None:
    """A fixed line of mainland China whose area code exists."""
    number = phonenumbers.PhoneNumber(country_code=86, national_number=int(area[1:] + local))
    return Phone(f"{area}-{local}", "fixed") if phonenumbers.is_valid_number(number) else None


def _foreign(digits: str) -> Phone | None:
    try:
        number = phonenumbers.parse(digits, None)
    except phonenumbers.NumberParseException:
        return None
    return Phone(digits, "foreign") if phonenumbers.is_valid_number(number) else None
