"""Where the rows of one person put his home. Pure.

A row that names a home by its address alone may name the wrong one: the registered address stands in the cell of the residence, or a
building is mistyped, and nothing in the row says so. Other rows of the same person do: where none of them puts him there and some put him
elsewhere, the home of that row is not held to be the dwelling at that address; a person decides. Where no other row puts him anywhere, who
says that he lives there does: if several do, and none bears the surname, a person decides, too.

    key (of the person by number), statement → `Home`: where a row puts him. Of the dwelling's own statement, too, if it may be held
    key (of the place), statement → the same `Home`, of a dwelling's statement that may be held: to be looked at beside who lives there
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from bus.keys import KeyRing
from bus.resolver.evidence import HERE, UNPLACED, Claim, place_key, place_of, row_key
from bus.sealing import row_hash

HOME = "home"
_KIND = b"home\x1f"
_STRANGE = b"?"
_BYTES = 16
_SEVERAL = 2
"""So many others who live somewhere say that a home is theirs."""


class Home(NamedTuple):
    """`place`, `row`: keys of both (16 bytes), as of evidence. `alias`: of a dwelling's statement that may be held, by what it goes.
    `strange`: others live there, none of his name."""

    subject: bytes
    place: bytes
    row: bytes
    alias: bytes = b""
    strange: bool = False

    def encoded(self) -> bytes:
        """As it stands in the log, beside claims."""
        return self.subject + _KIND + self.place + self.row + self.alias + _STRANGE * self.strange

    @classmethod
    def decoded(cls, value: bytes) -> Home:
        """The inverse of `encoded`."""
        rest = value[_BYTES + len(_KIND) :]
        alias = rest[2 * _BYTES : 3 * _BYTES]
        return cls(value[:_BYTES], rest[:_BYTES], rest[_BYTES : 2 * _BYTES], alias, rest[3 * _BYTES :] == _STRANGE)


def is_home(value: bytes) -> bool:
    """Whether an encoded item is a `Home`, without decoding it."""
    return value.startswith(_KIND, _BYTES)


def home_key(subject: bytes, keys: KeyRing) -> bytes:
    """The key under which the homes of a person come together."""
    return row_hash(keys, "evidence", HOME, subject)


def may_be_held(said: Mapping[str, Any]) -> bool:
    """Whether a statement about a dwelling says where people live, and by an address alone."""
    return said["source"]["role"] == HOME and not said.get("source_code") and not said.get("real_estate_unit_no")


def home_of(said: Mapping[str, Any], subject: bytes, keys: KeyRing) -> dict[bytes, Home]:
    """Where a statement about a person with a number says that he lives: key (16 bytes) → home; none where it does not say."""
    place = place_of(said.get("residence_address"))
    return {home_key(subject, keys): Home(subject, place_key(place, keys), row_key(said["source"], keys))} if place else {}


def at_home(row: bytes, claims: Mapping[bytes, Claim], keys: KeyRing) -> dict[tuple[bytes, bytes], Home]:
    """What a row that names one dwelling says of the homes of who stands in it: (key, statement) → home. Who says himself where he lives
    has told; the dwelling's statement tells of him, if it may be held."""
    here = [(statement, claim) for statement, claim in claims.items() if claim.kind == HERE and claim.name]
    if len(here) != 1:
        return {}
    dwelling, claim = here[0]
    place, alias = bytes.fromhex(claim.name), bytes.fromhex(claim.called)
    found = {}
    for statement, person in claims.items():
        if person.subject and person.kind == UNPLACED:
            found[home_key(person.subject, keys), statement] = Home(person.subject, place, row)
        if person.subject and alias:
            home = Home(person.subject, place, row, alias)
            found |= {(home_key(person.subject, keys), dwelling): home, (place, dwelling): home}
    return found


def among_strangers(lodgers: Mapping[bytes, Home], living: Collection[Claim], keys: KeyRing) -> dict[tuple[bytes, bytes], Home]:
    """What those who say that they live at a place (`living`) say of the homes there that may be held: (key of the person, statement) → the
    home, as a strange one."""
    return {
        (home_key(home.subject, keys), statement): home._replace(strange=True)
        for statement, home in lodgers.items()
        if _is_stranger(home.subject, living)
    }


def _is_stranger(subject: bytes, living: Collection[Claim]) -> bool:
    his = {claim.name[0] for claim in living if claim.subject == subject and claim.name}
    others = {claim.subject or claim.name.encode(): claim.name for claim in living if claim.subject != subject and claim.name}
    return bool(his) and len(others) >= _SEVERAL and all(name[0] not in his for name in others.values())


def held(homes: Mapping[bytes, Home]) -> dict[bytes, bytes]:
    """Statements about dwellings that the person's other rows contradict, or who lives there where he has none → the alias that each goes
    by. `homes`: by statement and who said it."""
    return {statement: home.alias for statement, home in homes.items() if home.alias and _contradicted(home, homes)}


def _contradicted(home: Home, homes: Mapping[bytes, Home]) -> bool:
    elsewhere = [other.place != home.place for other in homes.values() if other.row != home.row]
    return all(elsewhere) if elsewhere else home.strange
