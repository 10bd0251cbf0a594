"""One field of one statement, compiled: a function that reads the row and puts the field's value and findings in place."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bus.errors import ConfigRefused
from bus.keys import KeyRing
from bus.normalizer.cells import Columns, note
from bus.normalizer.converters.table import CONVERTERS
from bus.normalizer.kit import Convert, Kit
from bus.normalizer.mapping_file import Check, FieldRule, Only
from bus.normalizer.statement import Party, Row
from bus.quality import Finding, finding
from bus.sealing import row_hash
from bus.standards.reading import Reading

Fields = dict[str, Any]
Apply = Callable[[Row, Fields, list[Finding], Party | None], None]

TOLERANCE = 0.0100001
"""m² by which a total may differ from its parts: two roundings to 0.01."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a field is compiled: for messages, and to check its target."""

    dataset: str
    entity: str
    role: str
    targets: frozenset[str]

    def refused(self, what: str, zh: str) -> ConfigRefused:
        """A mistake of the mapping, with its place."""
        return ConfigRefused(what, zh, place=f"schemas/mappings/{self.dataset}.yaml: {self.entity} / {self.role}")

    def check(self, target: str) -> None:
        """Raises `ConfigRefused` where the entity has no such field."""
        if target not in self.targets:
            raise self.refused(f"the entity has no field {target}", f"实体没有字段 {target}")


def statement_key(keys: KeyRing, dataset: str, source_key: bytes, role: str, ordinal: int) -> bytes:
    """The key of a statement: the same for the same row, whatever it says, so that what it said before is replaced."""
    return row_hash(keys, "statement", dataset, source_key, role, str(ordinal))


def own_key(keys: KeyRing, dataset: str, row: Row, role: str, ordinal: int) -> bytes:
    """The key of a statement of this very row: asked for by the statement itself and by all that refer to it."""
    known = row.keys.get((role, ordinal))
    if known is None:
        known = row.keys[role, ordinal] = statement_key(keys, dataset, row.key, role, ordinal)
    return known


def compile_field(target: str, spec: FieldRule, columns: Columns, kit: Kit, place: Place, about: str | None) -> Apply:
    """The function of one field. Raises `ConfigRefused` for what cannot work."""
    if spec.from_ is not None:
        read = _from_columns(target, spec, columns, kit, place)
        return _only_when(spec.only_when, columns, read) if spec.only_when else read
    place.check(target)
    if spec.party is not None:
        return _party(target, spec.party, kit.keys, place, about)
    if spec.parties is not None:
        return _parties(target, spec.parties, kit.keys, place)
    if spec.key_of is not None:
        return _key_of(target, spec.key_of, kit.keys, place)
    if spec.refer is not None:
        return _refer(target, spec, columns, kit.keys)
    value = spec.value

    def constant(row: Row, out: Fields, found: list[Finding], party: Party | None) -> None:
        out[target] = value

    return constant


def _from_columns(target: str, spec: FieldRule, columns: Columns, kit: Kit, place: Place) -> Apply:
    try:
        converter = CONVERTERS["code" if spec.read == "text" and (spec.table or spec.older or spec.list_) else spec.read]
    except KeyError:
        raise place.refused(f"there is no converter {spec.read}", f"没有名为 {spec.read} 的转换器") from None
    names = [target + suffix for suffix in converter.suffixes]
    for name in names:
        place.check(name)
    try:
        convert = converter.build(spec, kit, columns)
    except (ValueError, KeyError) as wrong:
        raise place.refused(f"{target}: {wrong}", f"{target}：{wrong}") from wrong
    cells = [
        (column, columns.fetch(column, nulls=spec.nulls, zero_is_null=spec.zero_is_null, means_empty=spec.means_empty))
        for column in spec.from_ or ()
    ]
    if spec.quiet:
        convert = _quietened(convert, frozenset(spec.quiet), columns.any_filled(spec.quiet_if) if spec.quiet_if else None)
    single = len(names) == 1
    otherwise = spec.otherwise

    def put(value: Any, out: Fields) -> None:
        if single:
            out[names[0]] = value
        else:
            out.update(zip(names, value, strict=True))

    def first(row: Row, out: Fields, found: list[Finding], party: Party | None) -> None:
        for column, fetch in cells:
            text = fetch(row, found)
            if text:
                value, codes = convert(text, row)
                if codes:
                    note(found, codes, column, withholds=True)
                if value is not None:
                    put(value, out)
                    return
                if otherwise is not None:
                    put(otherwise, out)

    def collect(row: Row, out: Fields, found: list[Finding], party: Party | None) -> None:
        values = []
        for column, fetch in cells:
            text = fetch(row, found)
            if text:
                value, codes = convert(text, row)
                note(found, codes, column, withholds=True)
                if value is not None:
                    values.append(value)
        out[target] = values

    return collect if spec.collect else first


def _only_when(spec: Sequence[Only], columns: Columns, read: Apply) -> Apply:
    fits = [(columns.fetch(only.column), frozenset(only.values)) for only in spec]

    def apply(row: Row, out: Fields, found: list[Finding], party: Party | None) -> None:
        if all((fetch(row, []) or "").strip() in values for fetch, values in fits):
            read(row, out, found, party)

    return apply


def _quietened(convert: Convert, codes: frozenset[str], when: Callable[[Row], bool] | None) -> Convert:
    """The converter without findings that are none here."""

    def quiet(text: str, row: Row) -> Reading[Any]:
        reading = convert(text, row)
        if not codes.isdisjoint(reading.codes) and (when is None or when(row)):
            return Reading(reading.value, tuple(c for c in reading.codes if c not in codes))
        return reading

    return quiet


def party_record(keys: KeyRing, place: Place, role: str, row: Row, party: Party) -> Fields:
    """How another statement names a party: by key and token, with the name as it goes out."""
    return {
        "entity": party.entity,
        "key": own_key(keys, place.dataset, row, role, party.ordinal).hex(),
        "name": party.fields.get("name"),
        "id_token": party.fields.get("id_token"),
        "uscc": party.fields.get("uscc"),
    }


def _party(target: str, role: str, keys: KeyRing, place: Place, about: str | None) -> Apply:
    def apply(row: Row, out: Fields, found: list[Finding], party: Party | None) -> None:
        one = party if role == about else next(iter(row.parties.get(role, ())), None)
        if one is None:
            return
        if one.refused:
            found.extend(one.identity)
        else:
            out[target] = party_record(keys, place, role, row, one)

    return apply


def _parties(target: str, role: str, keys: KeyRing, place: Place) -> Apply:
    def apply(row: Row, out: Fields, found: list[Finding], party: Party | None) -> None:
        named = []
        for one in row.parties.get(role, ()):
            if one.refused:
                found.extend(one.identity)
            else:
                named.append(party_record(keys, place, role, row, one))
        out[target] = named

    return apply


def _key_of(target: str, role: str, keys: KeyRing, place: Place) -> Apply:
    dataset = place.dataset

    def apply(row: Row, out: Fields, found: list[Finding], party: Party | None) -> None:
        if role in row.present or any(not p.refused for p in row.parties.get(role, ())):
            out[target] = own_key(keys, dataset, row, role, 0).hex()

    return apply


def _refer(target: str, spec: FieldRule, columns: Columns, keys: KeyRing) -> Apply:
    refer = spec.refer
    assert refer is not None  # noqa: S101 - told apart by the caller
    dataset, role = refer.dataset, refer.role
    cells = [columns.fetch(column) for column in refer.key]

    def apply(row: Row, out: Fields, found: list[Finding], party: Party | None) -> None:
        parts = [fetch(row, found) for fetch in cells]
        if all(parts):
            source_key = "\x1f".join(p for p in parts if p).encode()
            out[target] = statement_key(keys, dataset, source_key, role, 0).hex()

    return apply


def compile_check(spec: Check, columns: Columns, place: Place) -> Apply:
    """A rule between fields: `order` withholds the second when it is before the first, `sum` only notes."""
    columns.field(spec.column)
    for name in spec.fields:
        place.check(name)
    return _order(spec) if spec.check == "order" else _sum(spec)


def _order(spec: Check) -> Apply:
    first, second = spec.fields
    flag = finding("DATE_INVALID", spec.column)

    def apply(row: Row, out: Fields, found: list[Finding], party: Party | None) -> None:
        start, end = out.get(first), out.get(second)
        if start and end and end < start[: len(end)]:
            found.append(flag)
            out[second] = None
            out[second + "_precision"] = None

    return apply


def _sum(spec: Check) -> Apply:
    total, *parts = spec.fields
    flag = finding("AREA_INCONSISTENT", spec.column)

    def apply(row: Row, out: Fields, found: list[Finding], party: Party | None) -> None:
        values = [out.get(p) for p in parts]
        whole = out.get(total)
        if whole is not None and all(v is not None for v in values) and abs(whole - sum(v for v in values if v is not None)) > TOLERANCE:
            found.append(flag)

    return apply


Entities = Mapping[str, frozenset[str]]
"""entity → names of its fields."""
