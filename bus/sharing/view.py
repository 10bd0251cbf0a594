"""THE VIEW of an agreement: a master record or statement → what goes out of it, and nothing else. Compiled once into plain functions. Pure.

Minimisation by allow-list: the shared record is built from nothing, field by field of the grant. Where the value that holds was not said by
one of the providers, the field is empty.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from bus.contracts.schema import Schema
from bus.errors import ConfigRefused
from bus.sharing.grant import LEVELS, Grant, Scope
from bus.sharing.hiding import Hide, hiding, kind_of
from bus.sharing.pseudonym import Pseudonym

OUT_OF_SCOPE, NOTHING_GRANTED = "out_of_scope", "nothing_granted"
"""Why a record is withheld: it is none of the rows of the agreement · none of the granted fields holds a value of a provider."""
_WHERE: Mapping[str, tuple[str, str]] = {"resident": ("residence_division", "residence_address")}
_PLACE = ("division_code", "address")


class Said(NamedTuple):
    """A value that holds, who said it, and whether it is disputed."""

    value: Any
    department: str
    disputed: bool = False


Fields = Mapping[str, Said]


class Shown(NamedTuple):
    """What goes out of a record: field → value (those without one are left out), and which of them are disputed."""

    values: Mapping[str, Any]
    disputed: tuple[str, ...]


View = Callable[[Fields, frozenset[str]], Shown | str]
"""(fields, departments that have a row of the subject) → what goes out, or why nothing does."""


def compile_view(grant: Grant, schema: Schema, pseudonym: Pseudonym) -> View:
    """The view of a grant on an entity with this canonical schema. Raises `ConfigRefused` naming a field that it cannot show so."""
    known = {field.name: kind_of(field.type) for field in schema.root.fields}
    for name in grant.fields:
        if name not in known:
            raise ConfigRefused(f"There is no field {name}.", f"没有字段 {name}。", place=name)
    shown: list[tuple[str, Hide]] = [(name, hiding(name, known[name], how, pseudonym)) for name, how in sorted(grant.fields.items())]
    providers, inside = grant.providers, _inside(grant)

    def view(fields: Fields, departments: frozenset[str]) -> Shown | str:
        if not inside(fields, departments):
            return OUT_OF_SCOPE
        values, disputed = {}, []
        for name, hide in shown:
            said = fields.get(name)
            if said is None or said.department not in providers or (value := hide(said.value)) is None:
                continue
            values[name] = value
            if said.disputed:
                disputed.append(name)
        return Shown(values, tuple(disputed)) if values else NOTHING_GRANTED

    return view


def _inside(grant: Grant) -> Callable[[Fields, frozenset[str]], bool]:
    scope, consumer = grant.scope, grant.consumer
    division, address = _WHERE.get(grant.entity, _PLACE)
    wanted = [(LEVELS[level], codes) for level, codes in _by_level(scope) if codes]

    def inside(fields: Fields, departments: frozenset[str]) -> bool:
        if scope.own and consumer not in departments:
            return False
        if wanted:
            code = _division(fields, division, address)
            if not all(code[:digits] in codes for digits, codes in wanted):
                return False
        return not scope.grids or ((grid := fields.get("grid_code")) is not None and grid.value in scope.grids)

    return inside


def _by_level(scope: Scope) -> tuple[tuple[str, frozenset[str]], ...]:
    return ("county", scope.counties), ("street", scope.streets), ("community", scope.communities)


def _division(fields: Fields, division: str, address: str) -> str:
    if (said := fields.get(division)) is not None:
        return str(said.value)
    said = fields.get(address)
    return (said.value.get("division_code") or "") if said is not None else ""


def of_master(record: Mapping[str, Any]) -> tuple[Fields, frozenset[str]]:
    """The fields of a master record, and the departments that have a row of its subject."""
    fields = {name: Said(held["value"], held["department"], held["disputed"]) for name, held in record["fields"].items()}
    return fields, frozenset(source["department"] for source in record["sources"])


def of_statement(said: Mapping[str, Any]) -> tuple[Fields, frozenset[str]]:
    """The fields of a canonical statement: all are said by its department."""
    department = said["source"]["department"]
    return {name: Said(value, department) for name, value in said.items() if value is not None}, frozenset((department,))
