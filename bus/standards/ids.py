"""Numbers of persons: the citizen number of GB 11643-1999 and the other documents that departments declare.

A damaged number is never mended by guessing: one damaged number in eleven passes the check character, and a wrong number joins strangers.
The region is a note, never a reason to refuse: it is the division at the time of assignment, and says nothing of where one lives.
"""

from __future__ import annotations

import re
from collections.abc import Container
from datetime import date
from typing import NamedTuple

from bus.standards.chinese_numbers import plain_text
from bus.standards.nulls import BLANK, is_filler
from bus.standards.reading import Reading

CITIZEN_ID = "citizen_id"
HMT_PERMIT = "hmt_residence_permit"
FOREIGN_PERMIT = "foreign_permanent_resident"
MAX_AGE = 120

_CHECK = "10X98765432"
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
"""GB 11643-1999, from ISO 7064 MOD 11-2: 2^(17-i) mod 11."""
_SCALED = tuple({str(d): d * w for d in range(10)} for w in _WEIGHTS)
_DAYS = (0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
PROVINCES = frozenset(
    str(p) for p in (*range(11, 16), *range(21, 24), *range(31, 38), *range(41, 47), *range(50, 55), *range(61, 66), 71, 81, 82)
)
"""GB/T 2260, first two digits."""
_HMT = ("810000", "820000", "830000")
"""Residence permits of residents of Hong Kong, Macao and Taiwan: the same shape and check, no region of GB/T 2260."""

_SEPARATORS = re.compile(r"[\s\-‐-―－_'‘’`´\".,，。·]+")
_SCIENTIFIC = re.compile(r"\d(?:\.\d*)?E\+?\d{1,2}|\d{15,}\.0*", re.IGNORECASE)
_NONE = re.compile(r"[^\W\d]{0,6}(?:未|无|没|尚|待|暂|正在|不清|不记)[^\W\d]{0,8}|(?:新生儿?|婴儿|幼儿|办理中|补办中|丢失|遗失|黑户)")
"""Words that say that there is no number (yet): `未上户口`, `未办证`, `新生儿`."""
_LOOKS_LIKE_X = frozenset("xX×ΧχХхⅩⅹ╳✕✖＊*乂")
_MASK = re.compile(r"[*＊●•#×xX？?]{2,}|[*＊●]")


class CitizenNumber(NamedTuple):
    """A whole number: 18 characters, the six digits of the region at assignment, ISO birth date, sex by GB/T 2261.1 (`1` male, `2` female).

    kind: citizen_id; or what the number itself says, whatever was declared: hmt_residence_permit (begins 810000, 820000, 830000) or
    foreign_permanent_resident (the card of 18 digits that begins with 9). It is the namespace of the number's token.
    """

    number: str
    region: str
    birth_date: str
    sex: str
    kind: str = CITIZEN_ID


class Document(NamedTuple):
    """A document's normalized number in the namespace `kind`. Birth date and sex only where the number itself says them."""

    kind: str
    number: str
    birth_date: str | None = None
    sex: str | None = None


def check_character(first_17: str) -> str:
    """The check character of 17 digits (GB 11643-1999)."""
    return _CHECK[sum(map(dict.__getitem__, _SCALED, first_17)) % 11]


def read_citizen_number(text: str, on: date, number_cell: bool = False, regions: Container[str] | None = None) -> Reading[CitizenNumber]:
    """The number of 18 characters (15 digits are upgraded), or no value and why not: ID_FORMAT, ID_CHECKSUM, ID_BIRTHDATE,
    ID_EXCEL_PRECISION_LOSS, MASKED_INPUT, or NULL_TOKEN for filler (nothing was said, nothing is damaged).

    on: the day after which nobody is born. number_cell: the cell of the workbook held a number, so the last digits of 18 are lost whatever
    the check says. regions: known six-digit regions (`Divisions.regions`); None checks the province alone.
    """
    if len(text) == 18 and not number_cell and text.isascii() and text[:17].isdecimal() and (text[17].isdecimal() or text[17] == "X"):
        return _whole(text, on, (), regions)
    return _read_written(text, on, number_cell, regions)


def _whole(number: str, on: date, notes: tuple[str, ...], regions: Container[str] | None) -> Reading[CitizenNumber]:
    """18 characters of the right alphabet."""
    checked = check_character(number[:17]) == number[17]
    born = _birth_date(number[6:10], number[10:12], number[12:14], on)
    if checked and born:
        region = number[:6]
        kind = HMT_PERMIT if region in _HMT else FOREIGN_PERMIT if region[0] == "9" else CITIZEN_ID
        if kind == CITIZEN_ID and not _known(region, regions):
            notes = (*notes, "ID_REGION_UNKNOWN")
        return Reading(CitizenNumber(number, region, born, "1" if number[16] in "13579" else "2", kind), notes)
    if not checked and number.endswith("000"):
        return Reading(None, (*notes, "NULL_TOKEN" if is_filler(number) else "ID_EXCEL_PRECISION_LOSS"))
    if is_filler(number):
        return Reading(None, ("NULL_TOKEN",))
    codes = notes if checked else (*notes, "ID_CHECKSUM")
    return Reading(None, codes if born else (*codes, "ID_BIRTHDATE"))


def _known(region: str, regions: Container[str] | None) -> bool:
    return region[:2] in PROVINCES if regions is None else region in regions


def _birth_date(year: str, month: str, day: str, on: date) -> str | None:
    """The ISO date, if it exists, is not in the future and means an age of at most 120 years."""
    y, m, d = int(year), int(month), int(day)
    if not on.year - MAX_AGE - 1 <= y <= on.year or not 1 <= m <= 12 or not 1 <= d <= _DAYS[m]:
        return None
    if m == 2 and d == 29 and (y % 4 or (not y % 100 and y % 400)):
        return None
    today = (on.month, on.day)
    if (y == on.year and (m, d) > today) or (y == on.year - MAX_AGE - 1 and (m, d) <= today):
        return None
    return f"{year}-{month}-{day}"


def _read_written(text: str, on: date, number_cell: bool, regions: Container[str] | None) -> Reading[CitizenNumber]:
    """A number that is not written as it should be: take off what is certain to be writing, and say what it was."""
    plain = plain_text(text)
    if _SCIENTIFIC.fullmatch(plain):
        return Reading(None, ("ID_EXCEL_PRECISION_LOSS",))
    bare = _SEPARATORS.sub("", BLANK.sub("", plain))
    notes: tuple[str, ...] = () if bare == text else _how_written(text, bare)
    if is_filler(bare) or _NONE.fullmatch(bare):
        return Reading(None, ("NULL_TOKEN",))
    if len(bare) == 18 and bare[:17].isdecimal() and bare.isascii() | (bare[17] in _LOOKS_LIKE_X):
        return _of_18(bare, on, number_cell, regions, notes)
    if _MASK.search(bare) and sum(c.isdecimal() for c in bare) < len(bare) - 1 and bare.translate(_UNMASKED).isdecimal():
        return Reading(None, ("MASKED_INPUT",))
    if len(bare) == 15 and bare.isdecimal():
        # 15 digits would survive a double, but what once stood in the cell cannot be known: the rule is "a number cell: always".
        return Reading(None, ("ID_EXCEL_PRECISION_LOSS",)) if number_cell else _of_15(bare, on, regions, notes)
    return Reading(None, (*notes, "ID_FORMAT"))


_UNMASKED = str.maketrans(dict.fromkeys("*＊●•#×xX？?", "0"))


def _how_written(text: str, bare: str) -> tuple[str, ...]:
    return () if text.upper() == bare.upper() else ("ID_FULLWIDTH",)


def _of_18(bare: str, on: date, number_cell: bool, regions: Container[str] | None, notes: tuple[str, ...]) -> Reading[CitizenNumber]:
    if number_cell:
        return Reading(None, ("ID_EXCEL_PRECISION_LOSS",))
    last = bare[17]
    if last != "X" and not last.isdecimal():
        if last not in _LOOKS_LIKE_X:
            return Reading(None, (*notes, "ID_FORMAT"))
        if last in "*＊" and check_character(bare[:17]) != "X":
            return Reading(None, ("MASKED_INPUT",))
        notes = (*notes, "ID_LOWER_X")
        bare = bare[:17] + "X"
    return _whole(bare, on, notes, regions)


def _of_15(bare: str, on: date, regions: Container[str] | None, notes: tuple[str, ...]) -> Reading[CitizenNumber]:
    """Region, yyMMdd, sequence: `19` goes in after the region (GB 11643-1999, transition)."""
    first_17 = f"{bare[:6]}19{bare[6:]}"
    reading = _whole(first_17 + check_character(first_17), on, (*notes, "ID_15_UPGRADED"), regions)
    return reading if reading.value else Reading(None, (*notes, "ID_BIRTHDATE"))


_SHAPES = {
    "passport": re.compile(r"[A-Z0-9]{5,12}"),
    HMT_PERMIT: re.compile(r"[HMT]?\d{7,11}[A-Z0-9]?|\d{7}\([0-9A-Z]\)|[A-Z]{1,2}\d{6,8}(\([0-9A-Z]\)|[0-9A-Z])?"),
    FOREIGN_PERMIT: re.compile(r"[A-Z]{3}\d{12}"),
    "household_register": re.compile(r"[A-Z0-9]{4,20}"),
    "military_id": re.compile(r".{2,20}"),
}
"""Enough of each shape to refuse what cannot be one; no check is published for the older cards."""
_ANY = re.compile(r"[^\s*]{3,40}")
_KIND_OF_18 = frozenset({"passport", HMT_PERMIT, FOREIGN_PERMIT, "household_register", "military_id", "other"})


def read_document(text: str, kind: str, on: date, number_cell: bool = False, regions: Container[str] | None = None) -> Reading[Document]:
    """The number of a document of the declared kind, in a namespace of its own: never forced into a citizen number.

    A number of 18 characters is read as what it is, whatever was declared (a residence permit, a citizen number mis-declared; of two owners
    the one with a passport gives the kind for both).
    Codes as of `read_citizen_number`; ID_FORMAT where it cannot be a number of that kind.
    """
    plain = plain_text(text)
    bare = _SEPARATORS.sub("", BLANK.sub("", plain)).upper()
    if kind == CITIZEN_ID or (kind in _KIND_OF_18 and _citizen_shaped(bare)):
        value, codes = read_citizen_number(text, on, number_cell, regions)
        if value is None:
            return Reading(None, codes)
        return Reading(Document(value.kind, value.number, value.birth_date, value.sex), codes)
    if is_filler(bare):
        return Reading(None, ("NULL_TOKEN",))
    if _SCIENTIFIC.fullmatch(plain):
        return Reading(None, ("ID_EXCEL_PRECISION_LOSS",))
    if "*" in bare or "＊" in bare:
        return Reading(None, ("MASKED_INPUT",))
    notes = () if text.strip().upper() in (bare, plain.upper()) and text == text.strip() else ("ID_FULLWIDTH",)
    if not _SHAPES.get(kind, _ANY).fullmatch(bare):
        return Reading(None, (*notes, "ID_FORMAT"))
    return Reading(Document(kind, bare), notes)


def _citizen_shaped(bare: str) -> bool:
    """Whether it is shaped as the number of a citizen, of a residence permit, or of the newer foreigners' card: 17 digits and a check."""
    if len(bare) != 18 or not bare[:17].isdecimal():
        return False
    return bare[17].isdecimal() or bare[17] in _LOOKS_LIKE_X
