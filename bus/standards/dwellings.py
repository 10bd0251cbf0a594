"""The parts of a dwelling's number, each as its own column or out of an address: building, entrance (单元), floor, room; and the
real-estate unit number of GB/T 37346-2019. Other ways to write them are style; Chinese numerals, `#`, full-width digits among them.
"""

from __future__ import annotations

import re

from bus.standards.chinese_numbers import plain_text, to_digits
from bus.standards.nulls import BLANK
from bus.standards.reading import Reading

STEMS = "甲乙丙丁戊己庚辛壬癸"
"""Heavenly stems: entrances 1 to 10."""
_BUILDING = re.compile(
    r"第?([A-Z]?-?\d+[A-Z]?|[A-Z]{1,2}|[甲乙丙丁戊己庚辛壬癸东西南北中])?\s*(?:号楼|#楼|号\s*[幢栋座]|#\s*[幢栋座]|[#号楼栋幢座]|单元楼)?"
)
_ENTRANCE = re.compile(r"第?(\d+|[A-Z]|[甲乙丙丁戊己庚辛壬癸东西南北中])\s*(?:号?单元|门洞?|栋口|#|号)?")
_FLOOR = re.compile(r"(?:第|跃|复式)?(?:(地下|负|B|-)\s*)?(\d+)\s*(?:层|楼|F|/\d+层?)?", re.IGNORECASE)
_ROOM = re.compile(r"(?:第|跃|复式)?([A-Z]?-?\d+[A-Z]?|[A-Z]\d*)\s*(?:室|号|房|户|号房|号室)?")
_OF_A_NUMBER_CELL = re.compile(r"^#?(-?\d+)(?:\.0)?$")
"""`3.0` of a number cell; `#3`."""
_DASHES = str.maketrans("－—–―‐‑−~", "--------")
_PACKED = re.compile(r"(\d\d)(\d\d)(\d\d)")
_UNIT_NO = re.compile(r"\d{6}\d{3}\d{3}[A-Z]{2}\d{5}[FLQW][0-9]{8}")
_INVISIBLE = re.compile(r"[\s\-‐-―－_.]+")


def plain_number(text: str) -> str:
    """The cell with plain digits, dashes and capitals, without blanks: `１－２` → `1-2`, `三栋` → `3栋`."""
    plain = to_digits(BLANK.sub("", plain_text(text)).translate(_DASHES).upper())
    return _OF_A_NUMBER_CELL.sub(r"\1", plain)


def unzero(number: str) -> str:
    """Without leading zeros: `03` → `3`; `0401` → `401`; `-01` → `-1`."""
    sign, digits = ("-", number[1:]) if number[0] == "-" else ("", number)
    return sign + (digits.lstrip("0") or "0") if digits[:1].isdecimal() else number


def read_building(text: str) -> Reading[str]:
    """`3`, `3#`, `3号楼`, `03`, `三栋`, `第3幢` → `3`; `A座` → `A`. What is none of these goes out as it stands."""
    plain = plain_number(text)
    match = _BUILDING.fullmatch(plain)
    return Reading(unzero(match[1]) if match and match[1] else plain)


def read_entrance(text: str) -> Reading[str]:
    """`2`, `02`, `2单元`, `二单元`, `乙`, `乙单元` → `2`; letters stay."""
    plain = plain_number(text)
    match = _ENTRANCE.fullmatch(plain)
    return Reading(stem(unzero(match[1])) if match else plain)


def stem(entrance: str) -> str:
    """甲 → 1 … 癸 → 10; anything else as it is."""
    return str(STEMS.index(entrance) + 1) if len(entrance) == 1 and entrance in STEMS else entrance


def read_floor(text: str) -> Reading[str]:
    """`6`, `6层`, `跃6`, `第六层`, `6F` → `6`; `-1`, `B1`, `地下一层`, `负1` → `-1`. What is none of these goes out as it stands."""
    plain = plain_number(text)
    match = _FLOOR.fullmatch(plain)
    if match is None:
        return Reading(plain)
    number = unzero(match[2])
    return Reading(f"-{number}" if match[1] else number)


def read_room(text: str) -> Reading[str]:
    """`401`, `401室`, `0401`, `3-2-401`, `010401` (entrance, floor, room of two digits each) → `401`. Others go out as they stand."""
    plain = plain_number(text)
    last = plain.rpartition("-")[2] if not plain.startswith("-") else plain
    packed = _PACKED.fullmatch(last.removesuffix("室"))
    if packed:
        return Reading(unzero(packed[2] + packed[3]))
    match = _ROOM.fullmatch(last)
    return Reading(unzero(match[1]) if match else plain)


def read_unit_no(text: str) -> Reading[str]:
    """The 28 characters of a real-estate unit number (不动产单元号): 6 county, 3 + 3 cadastral, 2 kind of parcel, 5 parcel, 1 fixture,
    8 building and household. Blanks, hyphens and lower case are style; NUMBER_INVALID where it is not of that shape.
    """
    plain = text if text.isascii() else plain_text(text)
    bare = BLANK.sub("", _INVISIBLE.sub("", plain)).upper()
    if "*" in bare:
        return Reading(None, ("MASKED_INPUT",))
    return Reading(bare) if _UNIT_NO.fullmatch(bare) else Reading(None, ("NUMBER_INVALID",))


_PHASE = re.compile(r"\(?第?[0-9]{1,2}期\)?$")
_TAIL = re.compile(r"(?:小区院|小区|家园小区|院)$")


def compound_name(text: str) -> str:
    """A compound's name for comparison: brackets, blanks, the phase (`(一期)`) and a trailing 小区 taken off."""
    plain = to_digits(BLANK.sub("", plain_text(text)))
    bare = _PHASE.sub("", plain)
    short = _TAIL.sub("", bare)
    return short if len(short) >= 2 else bare
