"""Several persons or organizations in one cell: owners `张三、李四` beside `3799…;3799…`, co-residents `张三 3799…;李四`."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from bus.normalizer.cells import Columns, note
from bus.normalizer.converters.hiding import phones_hider
from bus.normalizer.converters.organization import credit_reader, looks_like_organization
from bus.normalizer.converters.party_text import people_of
from bus.normalizer.converters.person import NOBODY, ORGANIZATION, _kind_reader, guessed_kind, identity_reader, name_putter
from bus.normalizer.converters.phones import phones_of
from bus.normalizer.kit import Kit
from bus.normalizer.mapping_file import People
from bus.normalizer.statement import Party, Row
from bus.quality import Finding, finding
from bus.standards.encodings import looks_garbled
from bus.standards.names import split_names
from bus.standards.nulls import is_null_token

_NUMBERS = re.compile(r"[;；、,，/|\n]")
_LONG_NUMBERS = re.compile(r"(?:\S{8,}\s+)+\S{8,}")
_NAMES_IN_ONE = re.compile(r"[\s\u3000]+|和|与|及")
Pair = tuple[str | None, str | None]
"""(name, number) as written."""


def build_people(spec: People, columns: Columns, kit: Kit) -> Callable[[Row], list[Party]]:
    """A function from the row to the persons and organizations that a cell names, in its order."""
    pairs = _text_pairs(spec, columns) if spec.text else _column_pairs(spec, columns)
    name_column = spec.text or spec.names or ""
    number_column = spec.text or spec.numbers or name_column
    read_kind = _kind_reader(spec.document, columns, kit)
    read_id, put_name = identity_reader(kit), name_putter()
    read_credit = credit_reader()
    phones = phones_of(spec.phones, columns, kit)
    hide_phones = phones_hider(kit.keys)

    def person(name: str | None, number: str | None, kind: str, row: Row, ordinal: int, found: list[Finding]) -> Party:
        out: dict[str, Any] = {}
        lost = bool(name) and put_name(name or "", name_column, found, out)
        identity_found: list[Finding] = []
        identity = read_id(number, number_column, kind, row, identity_found) if number else NOBODY
        out.update(identity.fields)
        if identity.sex:
            out["sex"] = identity.sex
        if identity.birth_date:
            out["birth_date"], out["birth_date_precision"] = identity.birth_date, "day"
        found = found + identity_found
        refused = identity.refused or (lost and not number)
        if refused and not identity.refused:
            found = identity_found = [f._replace(severity="error") if f.code == "MOJIBAKE" else f for f in found]
        return Party("resident", ordinal, out, found, identity_found, refused)

    def organization(name: str | None, number: str | None, ordinal: int, found: list[Finding]) -> Party:
        out: dict[str, Any] = {"kind": "enterprise"}
        if name and looks_garbled(name):
            note(found, ("MOJIBAKE",), name_column)
        elif name:
            out["name"] = name.strip()
        if number:
            out.update(read_credit(number, number_column, found))
        return Party("organization", ordinal, out, found, [], False)

    def build(row: Row) -> list[Party]:
        common: list[Finding] = []
        kind = read_kind(row, common)
        told = pairs(row, common)
        called = phones(row, common) if phones is not None else []
        parties: list[Party] = []
        for ordinal, (name, number) in enumerate(told):
            found = list(common)
            if spec.organizations and (kind == ORGANIZATION or looks_like_organization(name, number, row.on)):
                party = organization(name, number, ordinal, found)
            else:
                own = guessed_kind(number, kind) if number and len(told) > 1 else kind  # the cell of the kind speaks of one of them
                party = person(name, number, own, row, ordinal, found)
            if called and ordinal == 0:
                party.fields["phones"] = hide_phones(called)
            parties.append(party)
        if not parties:
            row.loose.extend(common)
        return parties

    return build


def _column_pairs(spec: People, columns: Columns) -> Callable[[Row, list[Finding]], list[Pair]]:
    """Names and numbers in one order. Numbers that cannot be told to whom they belong are damaged: a wrong pair would join strangers."""
    fetch_names = columns.fetch(spec.names or "")
    fetch_numbers = columns.fetch(spec.numbers) if spec.numbers else None

    def pairs(row: Row, found: list[Finding]) -> list[Pair]:
        names_text = fetch_names(row, found)
        numbers_text = fetch_numbers(row, found) if fetch_numbers else None
        names: list[str] = split_names(names_text) if names_text else []
        numbers = _NUMBERS.split(numbers_text) if numbers_text else []
        if len(numbers) == 1 and len(names) > 1 and _LONG_NUMBERS.fullmatch(numbers[0].strip()):
            numbers = numbers[0].split()
        if len(numbers) > max(1, len(names)) and not numbers[-1].strip():
            numbers = numbers[:-1]
        if len(names) == 1 and len(numbers) > 1 and len(apart := _NAMES_IN_ONE.split(names[0].strip())) == len(numbers) and all(apart):
            names = apart
        if len(names) == 1 and len(numbers) > 1 and numbers_text:
            numbers = [numbers_text]  # one person's number with separators inside, or two numbers for one person
        if not numbers:
            return [(name, None) for name in names]
        if names and len(names) != len(numbers):
            return [(name, "?") for name in names]
        kept = [_known(n, spec.numbers, found) for n in numbers]
        return [(names[i] if names else None, number) for i, number in enumerate(kept)]

    return pairs


def _known(number: str, column: str | None, found: list[Finding]) -> str | None:
    if number.strip() and is_null_token(number):
        found.append(finding("NULL_TOKEN", column))
        return None
    return number if number.strip() else None


def _text_pairs(spec: People, columns: Columns) -> Callable[[Row, list[Finding]], list[Pair]]:
    column = spec.text or ""
    fetch = columns.fetch(column)

    def pairs(row: Row, found: list[Finding]) -> list[Pair]:
        text = fetch(row, found)
        told = people_of(text) if text else []
        found.extend(finding("NULL_TOKEN", column) for person in told if person.empty)
        return [(person.name, person.number) for person in told]

    return pairs
