"""What a statement about a person shares with others when no number says who it is: *claims* under keys that two statements about one
person come to independently. Pure.

A claim stands under a composite of what the row says: nobody is found by a name alone, nor by a phone or a place alone.

    code        the department's own number of the person, and the name
    phone       a phone, and the name
    called      a phone, the surname and the sex: 张先生
    place       a dwelling (compound or road number, building, entrance, room), and the name
    household   a household of a department, and the name
    with        the name, and the name of somebody who stands beside it in a row, a household or a dwelling

Claims of the first five are read off one statement. For the last, the persons of a row, of a household and of a dwelling are first
*gathered* under its key; each of them then claims to be with each of the others.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from bus.keys import KeyRing
from bus.sealing import row_hash

GATHERED = "gathered"
"""The kind of a key under which persons are gathered."""
MOST_NAMES = 12
"""So many names under one gathering key are no family: a dormitory, a collective household, an address that is too coarse."""
MOST_SUBJECTS = 40
"""A phone or a place that so many persons share (a village doctor's, an office's) says nothing about any of them."""
_FORMS = {"先生": "1", "女士": "2", "小姐": "2"}
_SEXES = ("1", "2")
_WHERE = ("division_code", "road", "road_no", "compound")


class Claim(NamedTuple):
    """What stands under a key. `subject`: the person by number (empty: not known, the statement looks for him). `sex`, `birth_date`:
    empty where not known; a coarse date is as long as it is known (`1951`, `1951-03`)."""

    kind: str
    subject: bytes
    name: str
    sex: str
    birth_date: str

    def encoded(self) -> bytes:
        """As it stands in the log."""
        return json.dumps([self.kind, self.subject.hex(), *self[2:]], ensure_ascii=False, separators=(",", ":")).encode()

    @classmethod
    def decoded(cls, value: bytes) -> Claim:
        """The inverse of `encoded`."""
        kind, subject, name, sex, birth_date = json.loads(value)
        return cls(kind, bytes.fromhex(subject), name, sex, birth_date)


def claims_of(said: Mapping[str, Any], subject: bytes, keys: KeyRing) -> dict[bytes, Claim]:
    """The claims of one statement about a resident, by key (16 bytes). `subject`: whom its number names, empty where it has none.

    Who did not want to be known (a caller without a name) makes no claim: nothing may find out who it is."""
    return {row_hash(keys, "evidence", kind, *parts): claim for kind, parts, claim in _claims(said, subject)}


def _claims(said: Mapping[str, Any], subject: bytes) -> Iterator[tuple[str, tuple[str, ...], Claim]]:
    name = said.get("name") or ""
    sex = said.get("sex") or ""
    claim = Claim("", subject, name, sex if sex in _SEXES else "", said.get("birth_date") or "")
    source = said["source"]
    phones = [phone["token"] for phone in said.get("phones") or ()]
    called = (name[:1], claim.sex) if name else _addressed(said.get("form_of_address") or "")
    if called[1]:
        for phone in phones:
            yield "called", (phone, *called), claim._replace(kind="called", sex=called[1])
    if not name:
        return
    for phone in phones:
        yield "phone", (phone, name), claim._replace(kind="phone")
    if code := said.get("source_person_code"):
        yield "code", (source["department"], code, name), claim._replace(kind="code")
    gathered = claim._replace(kind=GATHERED)
    yield GATHERED, ("row", source["dataset"], *(f"{k}={v}" for k, v in sorted(source["key"].items()))), gathered
    if household := said.get("household_key"):
        yield "household", (household, name), claim._replace(kind="household")
        yield GATHERED, ("household", household), gathered
    if place := place_of(said.get("residence_address")):
        yield "place", (*place, name), claim._replace(kind="place")
        yield GATHERED, ("place", *place), gathered


def _addressed(form: str) -> tuple[str, str]:
    """Surname and sex of a form of address: 张先生, 欧阳女士 → the first character, as it is compared with."""
    return next(((form[:1], sex) for word, sex in _FORMS.items() if form.endswith(word) and len(form) > len(word)), ("", ""))


def place_of(address: Mapping[str, Any] | None) -> tuple[str, ...] | None:
    """The dwelling that an address means, as comparable parts; None where it is coarser than one dwelling. A house of a village has
    neither road nor room."""
    if not address or not address.get("building"):
        return None
    village = address.get("compound_code") and not address.get("road")
    if not address.get("room") and not village:
        return None
    compound = address.get("compound_code") or "/".join(
        address.get(part) or "" for part in ("division_code", "road", "road_no", "compound")
    )
    return compound, *(address.get(part) or "" for part in ("building", "entrance", "room"))


def beside(claims: Mapping[bytes, Claim], keys: KeyRing) -> dict[tuple[bytes, bytes], Claim]:
    """What follows where persons are gathered: (key, statement) → each is with each other name. `claims`: statement → its claim."""
    names = {claim.name for claim in claims.values()}
    if not 1 < len(names) <= MOST_NAMES:
        return {}
    return {
        (row_hash(keys, "evidence", "with", claim.name, other), statement): claim._replace(kind="with")
        for statement, claim in claims.items()
        for other in names
        if other != claim.name
    }


def candidates(claims: Mapping[bytes, Claim]) -> dict[bytes, tuple[bytes, ...]]:
    """What follows under any other key: statement without a number → whom it may be about, in rising order. `claims`: statement → claim.

    Who is, by any of his statements, of the other sex or born at another time is not meant; a parent of one name is, and stands beside."""
    known = [claim for claim in claims.values() if claim.subject]
    if not known or len({claim.subject for claim in known}) > MOST_SUBJECTS:
        return {}
    found = {}
    for statement, claim in claims.items():
        if not claim.subject:
            against = {other.subject for other in known if not agree(claim, other)}
            found[statement] = tuple(sorted({other.subject for other in known} - against))
    return {statement: subjects for statement, subjects in found.items() if subjects}


def agree(one: Claim, other: Claim) -> bool:
    """Whether nothing speaks against the two being one person: sex, birth date as far as both know it."""
    if one.sex and other.sex and one.sex != other.sex:
        return False
    return one.birth_date.startswith(other.birth_date) or other.birth_date.startswith(one.birth_date)
