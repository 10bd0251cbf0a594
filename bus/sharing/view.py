"""THE VIEW of an agreement: a master record or statement → what goes out of it, and nothing else. Compiled once into plain functions. Pure.

Minimisation by allow-list: the shared record is built from nothing, field by field of the grant. Where the value that holds was not said by
one of the providers, the field is empty.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from bus.contracts.schema import Schema
from bus.errors import ConfigRefused
from bus.sharing.grant import Grant
from bus.sharing.hiding import Hide, hiding
from bus.sharing.items import kind_of
from bus.sharing.opened import Seen
from bus.sharing.pseudonym import Pseudonym
from bus.sharing.rows import scope

OUT_OF_SCOPE, NOTHING_GRANTED = "out_of_scope", "nothing_granted"
"""Why a record is withheld: it is none of the rows of the agreement · none of the granted fields holds a value of a provider."""


class Shown(NamedTuple):
    """What goes out of a record: field → value (those without one are left out), and which of them are disputed."""

    values: Mapping[str, Any]
    disputed: tuple[str, ...]


View = Callable[[Seen], Shown | str]
"""A record → what goes out of it, or why nothing does."""
_MAY_NAME_A_CALLER = frozenset({"party", "text"})
"""Kinds of fields that do not go out of a confidential case, however they are granted: who called, and all free text, in which callers do
name themselves (domain facts §0, 9)."""
OWN_KEYS = "own_keys"
"""The field with the consumer's own keys of its own rows."""


def link_field(kind: str) -> str:
    """The field in which links of a kind go out."""
    return f"links_{kind}"


def compile_view(grant: Grant, schema: Schema, pseudonym: Pseudonym) -> View:
    """The view of a grant on an entity with this canonical schema. Raises `ConfigRefused` naming a field that it cannot show so."""
    known = {field.name: kind_of(field, schema) for field in schema.root.fields}
    for name in grant.fields:
        if name not in known:
            raise ConfigRefused(f"There is no field {name}.", f"没有字段 {name}。", place=name)
    granted = [
        (name, how) for name, how in sorted(grant.fields.items()) if known[name] != "untold"
    ]  # an agreement of before it was refused
    shown: list[tuple[str, Hide]] = [(name, hiding(name, known[name], how, pseudonym)) for name, how in granted]
    open_to_all = [(name, hide) for name, hide in shown if known[name] not in _MAY_NAME_A_CALLER] if "confidential" in known else shown
    linked = [(link_field(kind), _linked(kind, how, grant.providers, pseudonym)) for kind, how in sorted(grant.links.items())]
    providers, inside, own = grant.providers, scope(grant.rows, grant.consumer), grant.consumer if grant.own_keys else None

    def view(seen: Seen) -> Shown | str:
        if not inside(seen.value):
            return OUT_OF_SCOPE
        find, on = seen.said, seen.on
        values: dict[str, Any] = {}
        disputed: list[str] = []
        for name, hide in open_to_all if seen.value.get("confidential") else shown:
            said = find(name)
            if said is None or said["department"] not in providers or (value := hide(said["value"], on)) is None:
                continue
            values[name] = value
            if said["disputed"]:
                disputed.append(name)
        for name, link in linked:
            if found := link(seen.links):
                values[name] = found
        if not values:
            return NOTHING_GRANTED
        if own is not None:
            values[OWN_KEYS] = sorted(_key(source) for source in seen.sources if source["department"] == own)
        return Shown(values, tuple(disputed))

    return view


def _linked(kind: str, how: str, providers: frozenset[str], pseudonym: Pseudonym) -> Callable[[Sequence[Mapping[str, Any]]], Any]:
    """What goes out of the links of a kind that hold now; nothing where there is none."""

    def link(links: Sequence[Mapping[str, Any]]) -> Any:
        found = [each["other"] for each in links if each["kind"] == kind and each["current"] and each["department"] in providers]
        if how == "pseudonym":
            return sorted(pseudonym("subject", other) for other in found if other)
        return len(found) if how == "count" else bool(found)

    return link


def _key(source: Mapping[str, Any]) -> str:
    return f"{source['dataset']}:{','.join(value for _, value in sorted(source['key'].items()))}"
