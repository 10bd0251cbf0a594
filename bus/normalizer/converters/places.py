"""Divisions, addresses, and the parts of a dwelling's number."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple

from bus.normalizer.cells import Columns
from bus.normalizer.kit import MEMO, RECENT, Convert, Kit
from bus.normalizer.mapping_file import FieldRule
from bus.normalizer.statement import Row
from bus.standards import dwellings
from bus.standards.addresses import AddressBook
from bus.standards.encodings import looks_garbled
from bus.standards.free_text import redact
from bus.standards.reading import Reading

_GRID = re.compile(r"\d{15}", re.ASCII)
_UNREAD = ("ADDR_PARTIAL", "ADDR_AMBIGUOUS")
Hint = Callable[[Row], str | None]


def division(spec: FieldRule, kit: Kit, columns: Columns) -> Convert:
    """A division code, as of the day of publishing: 12 digits, in force."""

    @lru_cache(MEMO)
    def read(text: str, on: date) -> Reading[str]:
        return kit.divisions.read_code(text, on)

    return lambda text, row: read(text, row.on)


def grid(spec: FieldRule, kit: Kit, columns: Columns) -> Convert:
    """A grid's code, as it stands. DIV_OBSOLETE (a note: which grid took its place is not said by the code) where its community is no
    longer in force or where the dataset of the grids knows the community's grids and not this one; DIV_UNKNOWN, without value, where the
    city has no such community. A code of another shape than community and number is taken as it is."""
    said = kit.said_in(spec.known_in) if spec.known_in else lambda key, at: None

    def convert(text: str, row: Row) -> Reading[str]:
        code = text.strip()
        known = said(code, row.at)
        if known or not _GRID.fullmatch(code):
            return Reading(code)
        value, codes = kit.divisions.read_code(code[:12], row.on)
        if value is None:
            return Reading(None, codes)
        return Reading(code, ("DIV_OBSOLETE",) if codes or known is False else ())

    return convert


def division_name(spec: FieldRule, kit: Kit, columns: Columns) -> Convert:
    """The name of a division, looked up inside the divisions that the `within` columns name, from the largest to the smallest."""
    hint = _hint(spec, kit, columns)

    @lru_cache(MEMO)
    def read(text: str, within: str | None) -> Reading[str]:
        found = kit.divisions.read_name(text, within)
        return found._replace(value=within) if spec.or_within and found.value is None else found

    return lambda text, row: read(text, hint(row))


def address(spec: FieldRule, kit: Kit, columns: Columns) -> Convert:
    """An address and its parts; ADDR_PARTIAL or ADDR_AMBIGUOUS where it is not read to the end, or fits several places."""
    hint = _hint(spec, kit, columns)
    read = _address_reader(kit.addresses)
    return lambda text, row: read(text, hint(row)).reading


def compounds(spec: FieldRule, kit: Kit, columns: Columns) -> Convert:
    """The codes of the compounds that an address fits, where it fits several; the address itself says which one where it is one. No
    findings: they stand on the address."""
    hint = _hint(spec, kit, columns)
    read = _address_reader(kit.addresses)
    return lambda text, row: Reading(list(read(text, hint(row)).fits))


def place(spec: FieldRule, kit: Kit, columns: Columns) -> Convert:
    """A place as far as it is known (a hukou in another city, a whole community): parts that are read go out, the rest is no finding."""
    hint = _hint(spec, kit, columns)
    read = _address_reader(kit.addresses)

    def convert(text: str, row: Row) -> Reading[Any]:
        value, codes = read(text, hint(row)).reading
        return Reading(value, tuple(c for c in codes if c not in _UNREAD))

    return convert


class _Read(NamedTuple):
    """`reading`: text and parts; `fits`: the compounds, where several do."""

    reading: Reading[Any]
    fits: tuple[str, ...] = ()


@lru_cache(maxsize=2)
def _address_reader(addresses: AddressBook) -> Callable[[str, str | None], _Read]:
    """One memo for all fields: a row's own cell is often read for two statements, and people of one home stand near one another."""

    @lru_cache(RECENT)
    def read(text: str, within: str | None) -> _Read:
        if looks_garbled(text):
            return _Read(Reading(None, ("MOJIBAKE",)))
        reading = addresses.read(text, within)
        parts = reading.value._asdict() if reading.value is not None else {}
        fits = parts.pop("fits", ())
        return _Read(Reading({"text": redact(text.strip()), **parts}, reading.codes), fits)

    return read


def _hint(spec: FieldRule, kit: Kit, columns: Columns) -> Hint:
    """The smallest division that the `within` columns lead to, by code (a grid's code begins with its community's) or by name."""
    if not spec.within:
        return lambda row: None
    fields = [columns.field(column) for column in spec.within]

    @lru_cache(MEMO)
    def narrowed(text: str, within: str | None, on: date) -> str | None:
        bare = text.strip()
        reading = kit.divisions.read_code(bare[:12], on) if bare[:6].isdigit() else kit.divisions.read_name(bare, within)
        return reading.value or within

    def hint(row: Row) -> str | None:
        within: str | None = None
        for field in fields:
            text = row.cells.get(field)
            if text:
                within = narrowed(text, within, row.on)
        return within

    return hint


def _memo(read: Callable[[str], Reading[str]]) -> Convert:
    known = lru_cache(MEMO)(read)
    return lambda text, row: known(text)


def building(spec: FieldRule, kit: Kit, columns: Columns) -> Convert:
    """`3`, `3#`, `3号楼`, `03` → 3."""
    return _memo(dwellings.read_building)


def entrance(spec: FieldRule, kit: Kit, columns: Columns) -> Convert:
    """`2`, `2单元`, `乙` → 2."""
    return _memo(dwellings.read_entrance)


def floor(spec: FieldRule, kit: Kit, columns: Columns) -> Convert:
    """A floor; below ground with a minus."""
    return _memo(dwellings.read_floor)


def room(spec: FieldRule, kit: Kit, columns: Columns) -> Convert:
    """`401`, `401室`, `3-2-401` → 401."""
    return _memo(dwellings.read_room)


def real_estate_unit_no(spec: FieldRule, kit: Kit, columns: Columns) -> Convert:
    """28 characters, GB/T 37346-2019; blanks inside and lower case repaired."""
    return lambda text, row: dwellings.read_unit_no(text)
