"""By what is a subject known? A canonical statement → its identities, strongest first. Pure.

A resident is known by the token of a number: that of his document, else the one that he left in what he wrote. A dwelling by (domain facts
§2.6, §4.4: aliases of a dwelling)

    unit    the real-estate unit number (GB/T 37346-2019)
    code    the house code of the department that keeps the dwellings
    place   compound (else community and name), building, entrance, room
    code    what another department calls it: its own numbering, so the weakest

and only by what is certain from this one statement: a place is none where a part is missing, where the compound is ambiguous, or where the
columns of a row say another place than its address.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from bus.standards.dwellings import compound_name

KEEPER = "housing"
"""Whose house codes are the city's: the authority for the existence of a dwelling (domain facts §4.5)."""
_PARTS = ("building", "entrance", "room")


class Place(NamedTuple):
    """Where a dwelling is, normalized; two with equal parts are one place."""

    compound: str
    building: str
    entrance: str
    room: str

    def text(self) -> str:
        """The identity."""
        return "place:" + "|".join(self)


def identities(entity: str, statement: Mapping[str, Any]) -> tuple[str, ...] | None:
    """The identities a statement names, strongest first; () where it names none; None where it is about no subject with a file."""
    if entity == "resident":
        token = statement.get("id_token") or statement.get("said_id_token")
        return (f"token:{token}",) if token else ()
    if entity != "dwelling":
        return None
    if statement.get("kind") == "compound":
        return _compound(statement)
    place = place_of(statement)
    if statement.get("kind") != "unit":  # where something happened is a dwelling only if it says which
        return (place.text(),) if place else None
    unit, department = statement.get("real_estate_unit_no"), statement["source"]["department"]
    code = f"code:{department}:{own}" if (own := statement.get("source_code")) else None
    ours = department == KEEPER
    named = (unit and f"unit:{unit}", code if ours else None, place.text() if place else None, None if ours else code)
    return tuple(name for name in named if name)


def goes_by_words(statement: Mapping[str, Any]) -> bool:
    """Whether a statement about a person goes by a number that he only left in what he wrote, so that his name has to bear it out
    (`bus.resolver.contradiction`)."""
    return bool(statement.get("said_id_token")) and not statement.get("id_token")


def may_be(statement: Mapping[str, Any]) -> tuple[str, ...]:
    """The places that a statement about a dwelling fits, as identities, where it names none itself: its address fits several compounds, or
    says no entrance. Which of them there are, and so whether it means one, only their owners know (`bus.resolver.alias`)."""
    if statement.get("kind") != "unit" or identities("dwelling", statement):
        return ()
    address = statement.get("address") or {}
    building, room = address.get("building"), address.get("room")
    if not building or not room or any(_differ(statement.get(part), address.get(part)) for part in _PARTS):
        return ()
    compounds = statement.get("compound_codes") or [address.get("compound_code")]
    places = [Place(each, building, address.get("entrance") or "", room) for each in compounds if each]
    return tuple(each.text() if each.entrance else _without_entrance(each) for each in places)


def without_entrance(statement: Mapping[str, Any]) -> str | None:
    """By what a dwelling is meant by who does not say the entrance; only of those whom the keeper knows, who knows all entrances."""
    if statement.get("kind") != "unit" or statement["source"]["department"] != KEEPER:
        return None
    place = place_of(statement)
    return _without_entrance(place) if place and place.entrance else None


def _without_entrance(place: Place) -> str:
    return "part:" + "|".join(place._replace(entrance=""))


def place_of(statement: Mapping[str, Any]) -> Place | None:
    """The place of a dwelling statement, None where it is not certain."""
    address = statement.get("address") or {}
    if any(_differ(statement.get(part), address.get(part)) for part in _PARTS):
        return None
    whole = {part: statement.get(part) or address.get(part) for part in _PARTS}
    return _place(statement.get("compound_code") or address.get("compound_code"), address, whole, _is_whole(statement))


def place_of_address(address: Mapping[str, Any] | None, whole: bool) -> Place | None:
    """The place an address means. `whole`: nothing was found to be missing (no ADDR_PARTIAL)."""
    return _place(address.get("compound_code"), address, address, whole) if address else None


def compound_of(code: str | None, address: Mapping[str, Any]) -> str | None:
    """By what a compound is known: its code, else its community and name."""
    name, community = address.get("compound"), address.get("division_code")
    return code or (f"{community}/{compound_name(name)}" if name and community else None)


def _place(code: str | None, address: Mapping[str, Any], parts: Mapping[str, Any], whole: bool) -> Place | None:
    compound = compound_of(code, address)
    if compound is None or not parts.get("building"):
        return None
    complete = parts.get("entrance") and parts.get("room")
    house = whole and not parts.get("entrance") and not parts.get("room")  # of a village: numbered without entrances and rooms
    return Place(compound, parts["building"], parts.get("entrance") or "", parts.get("room") or "") if complete or house else None


def _is_whole(statement: Mapping[str, Any]) -> bool:
    return not any(found["code"] in ("ADDR_PARTIAL", "ADDR_AMBIGUOUS") for found in statement.get("quality", ()))


def _differ(one: str | None, other: str | None) -> bool:
    return bool(one and other and one != other)


def _compound(statement: Mapping[str, Any]) -> tuple[str, ...]:
    """A compound by its code; else by its name in its community."""
    code, name, community = statement.get("compound_code"), statement.get("compound_name"), statement.get("division_code")
    named = (f"compound:{code}" if code else None, f"compound:{community}/{compound_name(name)}" if name and community else None)
    return tuple(each for each in named if each)
