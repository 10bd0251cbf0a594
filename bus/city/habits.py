"""What a department's system does to every value of a kind: not chance, and so apart from the quirks."""

from __future__ import annotations

from bus.city import names
from bus.city.entry import Entry
from bus.city.homes import SHARED_NAME, Dwelling
from bus.city.numbers import fifteen_digits
from bus.city.people import Person
from bus.city.places import UNKNOWN_REGION


def lost_in_gbk(e: Entry, column: str) -> None:
    """An Oracle of 2005 keeps GBK: a rare character is stored as a question mark."""
    clean = e.get(column)
    if not names.fits_gbk(clean):
        e.put(column, clean.encode("gbk", "replace").decode("gbk"))
        e.label(column, "MOJIBAKE", "name_lost_in_gbk", clean, clean, recoverable=False, also=("NAME_RARE_CHAR",))


def cut_by_mysql(e: Entry, column: str) -> None:
    """MySQL's old `utf8` ends the value at the first character of four bytes."""
    clean = e.get(column)
    at = next((i for i, c in enumerate(clean) if ord(c) > 0xFFFF), -1)
    if at >= 0:
        e.put(column, clean[:at])
        also = ("MOJIBAKE", "AUTHORITY_CONFLICT")
        e.label(column, "NAME_RARE_CHAR", "cut_at_four_byte_character", clean, clean, recoverable=False, needs="departments", also=also)


def replaced_by_mysql(e: Entry, column: str) -> None:
    """In a text of several people the character becomes a question mark (the value is stored piece by piece)."""
    clean = e.get(column)
    if any(ord(c) > 0xFFFF for c in clean):
        e.put(column, "".join("?" if ord(c) > 0xFFFF else c for c in clean))
        e.label(column, "MOJIBAKE", "name_question", clean, clean, recoverable=False, also=("NAME_RARE_CHAR",))


def old_number(e: Entry, column: str, people: list[Person]) -> None:
    """The old books still hold the number of fifteen digits."""
    clean = e.get(column)
    shown = clean
    for one in people:
        if one.fifteen and one.number:
            shown = shown.replace(one.number, fifteen_digits(one.number))
    if shown != clean:
        e.put(column, shown)
        e.label(column, "ID_15_UPGRADED", "id_15", clean, clean, recoverable=True)


def unknown_region(e: Entry, columns: tuple[str, ...]) -> None:
    """Some citizens were numbered in a region that no table has. Nothing is wrong with that; it is noted."""
    for column in columns:
        clean = e.get(column)
        if isinstance(clean, str) and UNKNOWN_REGION in clean and (clean.startswith(UNKNOWN_REGION) or ";" in clean or " " in clean):
            if column in e.taken:
                next(d for d in e.damage if d["column"] == column).setdefault("also", []).append("ID_REGION_UNKNOWN")
            else:
                e.label(column, "ID_REGION_UNKNOWN", "id_region_unknown", clean, clean, recoverable=True, needs="reference")


def same_name_elsewhere(e: Entry, column: str, home: Dwelling) -> None:
    """A compound of this name stands in two counties, and neither the address nor the row says which."""
    written = e.get(column)
    if written.startswith(SHARED_NAME):
        clean = home.compound.street.county + written
        e.label(column, "ADDR_AMBIGUOUS", "same_compound_name", clean, clean, recoverable=False, needs="reference")
