"""What a canonical statement says about links: which, and between whom. Pure.

The ends of a link are named by statements, not by subjects: "the owner named in this row", "the dwelling of this row". Which subject an end
is, only the owner of that subject knows; so a link names its ends in the order in which it is sent along them, and the last is where it is
kept (`bus.resolver.linking`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from bus.keys import KeyRing
from bus.resolver.links import CO_RESIDENT, LESSEE, LESSOR, MEMBER, SPOUSE, Stated
from bus.sealing import row_hash

_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode  # made once: half of the cost of a short text
_read = json.JSONDecoder().decode
_sorted_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode
_CLOSED = frozenset({"cancelled", "expired"})
_RENTED = "rent"
"""The tenure of who lives by a lease."""


class Benefit(NamedTuple):
    """What one statement says about a benefit of a person: never how much, and nothing that need be said of why. `paid`: whether it is
    being paid; `division`: who pays (12 digits)."""

    kind: str | None
    department: str
    event_id: str
    known_from: int
    from_on: str | None
    until_on: str | None
    paid: bool
    division: str | None


class Said(NamedTuple):
    """A link or benefit on its way. `id`: 16 bytes, by the statement and its ends: with other ends it is another; `ends`: statement keys;
    `value`: a `Stated` or `Benefit` still without the subjects of its ends."""

    id: bytes
    ends: tuple[bytes, ...]
    value: Stated | Benefit


def said_of(entity: str, key: bytes, said: Mapping[str, Any], known_from: int, keys: KeyRing) -> list[Said]:
    """The links and benefits that a statement names; none for one that says nothing certain (a lease that is still a draft)."""
    found: Iterable[tuple[tuple[bytes, ...], Stated | Benefit]]
    match entity:
        case "residency_link":
            found = _residency(said, known_from)
        case "lease":
            found = _lease(said, known_from)
        case "marriage":
            found = _marriage(said, known_from)
        case "benefit":
            found = _benefit(said, known_from)
        case _:
            found = ()
    return [Said(row_hash(keys, "link", key, value.kind or "", *ends), ends, value) for ends, value in found if ends]


def head_of(said: Mapping[str, Any]) -> bytes:
    """Of a household statement: the statement about its head, whom the household's benefits concern; empty where there is none."""
    return _key(said["head"]) or b""


def households(said: Mapping[str, Any], known_from: int) -> Iterator[Stated]:
    """The household that a statement about a person names: it has no file of its own, so nobody else need be asked."""
    if household := said.get("household_key"):
        yield _stated(MEMBER, "household", household, said, known_from, relation=said.get("relation_to_head"))


def encoded(value: Stated | Benefit) -> bytes:
    """As it travels and is kept: its values in order."""
    return _json(value).encode()


def stated(value: bytes) -> Stated:
    """The inverse of `encoded`."""
    return Stated(*_read(value.decode()))


def benefit(value: bytes) -> Benefit:
    """The inverse of `encoded`."""
    return Benefit(*_read(value.decode()))


def _residency(said: Mapping[str, Any], known_from: int) -> Iterator[tuple[tuple[bytes, ...], Stated]]:
    if said["lease_key"]:  # the lease says it itself, and when it was cancelled
        return
    share = f"{said['share_numerator']}/{said['share_denominator']}" if said["share_numerator"] and said["share_denominator"] else None
    relation = said["relation_to_owner"] or said["relation_to_head"]
    person = said["party"] or {"entity": "resident", "key": said["person_key"], "uscc": None}
    times = {"from_on": said["from_on"], "until_on": said["until_on"], "seen": said["recorded_at"]}
    told = {"share": share, "relation": relation, "tenure": said["tenure"]}
    yield _between(person, said["dwelling_key"], said["kind"], said, known_from, **told, **times)


def _lease(said: Mapping[str, Any], known_from: int) -> Iterator[tuple[tuple[bytes, ...], Stated]]:
    if said["status"] == "draft":
        return
    cancelled = said["cancelled_on"]
    until = min((each for each in (said["until_on"], cancelled) if each), default=None)
    state = "ended" if said["status"] in _CLOSED or cancelled else _state(said)
    times = {"from_on": said["from_on"], "until_on": until, "seen": said["filed_on"], "state": state}
    for kind, parties in ((LESSOR, said["lessors"]), (LESSEE, said["lessees"]), (CO_RESIDENT, said["co_residents"])):
        for party in parties:
            tenure = None if kind == LESSOR else _RENTED
            yield _between(party, said["dwelling_key"], kind, said, known_from, tenure=tenure, **times)


def _marriage(said: Mapping[str, Any], known_from: int) -> Iterator[tuple[tuple[bytes, ...], Stated]]:
    man, woman = _key(said["husband"]), _key(said["wife"])
    on = (said["earlier_registered_on"] or said["registered_on"]) if (said["kind"] or "").endswith("reissue") else said["registered_on"]
    value = _stated(SPOUSE, "resident", None, said, known_from, from_on=on, act=said["kind"] or "marriage")
    for ends in ((woman, man), (man, woman)):
        if ends[1] is not None:
            yield tuple(each for each in ends if each), value._replace(row=ends[1].hex())


def _benefit(said: Mapping[str, Any], known_from: int) -> Iterator[tuple[tuple[bytes, ...], Benefit]]:
    paid = _state(said) == "live" and said["state"] in (None, "paid") and said["step"] in (None, "paid")
    value = Benefit(
        said["kind"],
        said["source"]["department"],
        said["event_id"],
        known_from,
        said["from_on"],
        said["until_on"],
        paid,
        said["division_code"],
    )
    end = _key(said["party"]) or (bytes.fromhex(said["household_key"]) if said["household_key"] else None)
    yield (end,) if end else (), value


def _between(
    party: Mapping[str, Any], dwelling_key: str | None, kind: str, said: Mapping[str, Any], known_from: int, **more: Any
) -> tuple[tuple[bytes, ...], Stated]:
    """A link of a party and a dwelling. A person's is kept at the person, which the dwelling hears of; an organization has no file."""
    dwelling = bytes.fromhex(dwelling_key) if dwelling_key else None
    if party["entity"] != "resident":
        person, entity, other = None, "organization", party.get("uscc") or party["key"]
    else:
        person = _key(party)
        entity, other = "dwelling" if person else "resident", None
    ends = tuple([each for each in (dwelling, person) if each])
    row = ends[-1].hex() if ends else ""
    return ends, _stated(kind, entity, other, said, known_from, row=row, **more)


def _stated(kind: str, entity: str, other: str | None, said: Mapping[str, Any], known_from: int, **more: Any) -> Stated:
    source = said["source"]
    more.setdefault("state", _state(said))
    more["delivery"] = source["delivery"]
    if more.get("tenure"):
        more["source"] = _sorted_json(source)
    more.setdefault("seen", said.get("updated_at") or said.get("recorded_at"))
    return Stated(kind, entity, other, source["department"], source["dataset"], said["event_id"], known_from, **more)


def _state(said: Mapping[str, Any]) -> str:
    operation: str = said["operation"]
    return operation if operation in ("ended", "annulled") else "live"


def _key(party: Mapping[str, Any] | None) -> bytes | None:
    return bytes.fromhex(party["key"]) if party and party["key"] else None
