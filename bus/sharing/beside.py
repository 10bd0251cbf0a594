"""WHAT CAN BE LAID SIDE BY SIDE: by which fields two who each keep to their agreement could find the same person in what both got. Pure.

Stand-ins, event ids, keys, partitions and the order of subjects are different in every agreement and match nothing. What is granted matches
where both are granted it: a field of the same name, or of the same kind (a name in a marriage and a name of a resident), in whatever ways:
a year beside a date still rules people out. And both see when something changed. Nobody can take that away from two who talk to each other;
so it is named before anybody signs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from bus.sharing.agreement import Agreement, How
from bus.sharing.exposure import granted
from bus.sharing.items import Kind, Offer

_FAMILIES: Mapping[Kind, str] = {
    "name": "name",
    "party": "name",
    "parties": "name",
    "phones": "phone",
    "shown": "number",
    "birth": "birth",
    "address": "place",
    "division": "place",
}
_POINTING = frozenset({*_FAMILIES, "identifier", "text"})
_WHOLE = frozenset({"clear", "masked", "month"})


class Beside(NamedTuple):
    """An agreement in force whose receiver could compare. `fields`: of the wanted agreement, those that match something there; `pointing`:
    of these, those that by themselves or together may point to one person."""

    agreement: str
    consumer: str
    fields: Sequence[str]
    pointing: Sequence[str]


def beside(wanted: Agreement, offers: Mapping[str, Offer], in_force: Iterable[Agreement]) -> list[Beside]:
    """Every other agreement in force, of whatever consumer, with which something of `wanted` matches."""
    mine = _traits(wanted, offers[wanted.entity])
    found = []
    for other in in_force:
        if other.id == wanted.id or other.entity not in offers:
            continue
        theirs = _traits(other, offers[other.entity])
        fields = sorted({one.field for one in mine for each in theirs if one.matches & each.matches})
        pointing = sorted({one.field for one in mine for each in theirs if one.points and each.points and one.matches & each.matches})
        if fields:
            found.append(Beside(other.id, other.consumer, fields, pointing))
    return found


class _Trait(NamedTuple):
    """A granted field: what it can be matched by, and whether it goes out so that it may point to a person."""

    field: str
    matches: frozenset[str]
    points: bool


def _traits(agreement: Agreement, offer: Offer) -> list[_Trait]:
    return [_trait(agreement, offer, name, how) for name, how in granted(agreement).items()]


def _trait(agreement: Agreement, offer: Offer, name: str, how: How | str) -> _Trait:
    if name == "subject":  # the consumer's own key: only another agreement of the same consumer has it too
        return _Trait(name, frozenset({f"key of {agreement.consumer}"}), True)
    matches, item = {f"{agreement.entity}.{name}"}, offer.items.get(name)
    if item is None:
        return _Trait(name, frozenset(matches), False)
    if item.kind in _FAMILIES:
        matches.add(_FAMILIES[item.kind])
    return _Trait(name, frozenset(matches), item.kind in _POINTING and how in _WHOLE)
