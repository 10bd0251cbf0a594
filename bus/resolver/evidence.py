"""What a statement about a person shares with others when no number says who it is: *claims* under keys that two statements about one
person come to independently. Pure.

    code        the department's own number of the person
    phone       a phone
    place       a dwelling: where the person lives, or which the row names beside the person, by its address or a code of the department
    household   a household of a department
    with        how the name sounds, and the name of somebody who stands beside it in a row, a household or a dwelling: a *pair*
                (`bus.resolver.pairs`)
    community   the name, and the community in which the person lives (is registered, where he does not say), or which the row names beside
                the person and no dwelling in it

No key but the last two holds a name, the first of them only its sound: names are compared under it (`bus.resolver.likeness`), so a name
written another way still meets its like. Nobody is found by a name alone, nor by a phone or a place alone. Persons of a row, of a household
and of a dwelling are *gathered* under its key; each of them then claims to be with each of the others, and a dwelling that the row names is
the place of all in it. Who is refused, as his number is damaged, makes no claim, but the others of his row stand beside his name.

Two registrations of a marriage are two couples, whatever they are called: who stands in one is not who is known to stand in another beside
somebody of that name. A reissue, a divorce is no such registration. And who was not of age when it was registered stands in none.

A phone is left for a whole family: a form of address means him beside whose name the phone stands most often; and who calls himself by
name at it names who leaves but a form of address there, wherever the row of that one is (`bus.resolver.peers`).

A community is a large place, so it finds somebody only by his name as it is written, of three characters or more, where nobody else with a
number is called that there, and where his phone is not known to be another than the one that was left. Who stands in a row that names a
dwelling is looked for there and not around it: that nobody of his name is known there speaks against one who lives elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple

from bus.keys import KeyRing
from bus.resolver.likeness import CALLED, NOT_AFTER, NOTHING, UNKNOWN, Likeness, likeness, united
from bus.sealing import hidden_name, row_hash
from bus.standards.marriage_age import born_by
from bus.standards.names import surname_and_sex

ROW, PHONE, PLACE, HOUSEHOLD, WITH, COMMUNITY = "row", "phone", "place", "household", "with", "community"
HOUSE = "house"
"""The key of a house by a department's own code of it, under which is told where it is."""
HERE = "here"
"""Kind of a claim under the key of a row that is about no person: which dwelling the row names, or at least which community."""
UNPLACED = "unplaced"
"""Kind of the claim under the key of a row of a person of whom it does not say where he lives."""
GATHERING = frozenset(kind.encode() for kind in (ROW, UNPLACED, HERE, HOUSEHOLD, PLACE))
"""Kinds of claims under whose keys persons are gathered, as `kind_of` tells them."""
MOST_NAMES = 12
"""So many names under one gathering key are no family: a dormitory, a collective household, an address that is too coarse."""
MOST_SUBJECTS = 40
"""A phone or a place that so many persons share (a village doctor's, an office's) says nothing about any of them."""
SUBJECT_BYTES = 16
NOBODY = bytes(SUBJECT_BYTES)
_BETWEEN = "\x1f"  # stands in no field: the standards take control characters out
_SEXES = ("1", "2")
_UNSAID = ("",) * 9
_made = tuple.__new__  # a claim without the detour over its own constructor: most of what is asked of claims is to be another
REACHED = "1"
TELLING = 3
"""Characters of a name from which on it tells one of a community from another: one of two is borne by many."""
_NO_COMMUNITY = "000"  # its digits in the code of a street, a county


class Claim(NamedTuple):
    """What stands under a key. `subject`: the person by number (empty: not known, the statement looks for him). `called`: the surname,
    where a form of address is all that is known of the name. `sex`, `birth_date`: empty where not known; a coarse date is as long as it is
    known (`1951`, `1951-03`), and of one that is no later than a day that day is said (`<1951-03`). `hidden`: the token of a name that must
    not be shown, in place of the name. `reached`: whether the row says a phone ("1"), where it is compared by community. `married`: which
    marriage the row registers, where it registers one, of who stands in it beside his spouse. `row`: the key (hex) of the row, of a form of
    address that was left at a phone. Of a claim `HERE` the name is the key (hex) of the dwelling, empty where the row is coarser; what it
    is called, the alias (hex) by which its statement goes, if that may be held, or the key (hex) of the house where nothing but its code is
    said; `community` the code of the community."""

    kind: str
    subject: bytes
    name: str
    sex: str
    birth_date: str
    called: str = ""
    hidden: str = ""
    community: str = ""
    reached: str = ""
    married: str = ""
    row: str = ""

    def encoded(self) -> bytes:
        """As it stands in the log: the subject (zeros for none), the rest as text; what is seldom said, only as far as it is."""
        kind, _, *rest = self
        far = 9 if self.row else 8 if self.married else 7 if self.reached else 6 if self.community else 5 if self.hidden else 4
        return (self.subject or NOBODY) + _BETWEEN.join((kind, *rest[:far])).encode()

    @classmethod
    def decoded(cls, value: bytes) -> Claim:
        """The inverse of `encoded`."""
        kind, *told = value[SUBJECT_BYTES:].decode().split(_BETWEEN)
        subject = value[:SUBJECT_BYTES]
        return _made(cls, (kind, b"" if subject == NOBODY else subject, *told, *_UNSAID[len(told) :]))

    def of(self, kind: str, reached: str = "", married: str = "", row: str = "") -> Claim:
        """The claim of this kind, with no more of what is seldom said than is given."""
        _, subject, name, sex, birth_date, called, hidden, community, *_ = self
        return _made(Claim, (kind, subject, name, sex, birth_date, called, hidden, community, reached, married, row))


def looks(value: bytes) -> bool:
    """Whether an encoded claim looks for a person, without decoding it."""
    return value.startswith(NOBODY)


def kind_of(value: bytes) -> bytes:
    """The kind of an encoded claim or home, without decoding it."""
    return value[SUBJECT_BYTES : value.index(b"\x1f", SUBJECT_BYTES)]


def claims_of(said: Mapping[str, Any], subject: bytes, keys: KeyRing) -> dict[bytes, Claim]:
    """The claims of one statement about a resident, by key (16 bytes). `subject`: whom its number names, empty where it has none.

    Who gave no name makes no claim: nothing may find out who it is. Who gave one in confidence is looked for under the phone that he left,
    and nowhere else. Of whom the number is known and the name is lost (masked, garbled), the department's own number still tells."""
    found = {row_hash(keys, "evidence", kind, *parts): claim for kind, parts, claim in _claims(said, subject, keys)}
    if beside := said.get("beside_tokens"):
        told = told_of(said)._replace(subject=subject).of(WITH, married=said.get("marriage_token") or "")
        found |= {bytes.fromhex(each): told for each in beside}
    return found


class Rows(NamedTuple):
    """What the mappings tell of the rows of datasets, so that nothing is told where nobody hears it. `without_persons`: datasets in whose
    rows nobody stands. `homes`: (dataset, role) of the home of the only person of a row, which he names himself, from the same cell."""

    without_persons: Collection[str] = frozenset()
    homes: Collection[tuple[str, str]] = frozenset()


ANY_ROWS = Rows()


def place_claims(said: Mapping[str, Any], keys: KeyRing, alias: bytes = b"", rows: Rows = ANY_ROWS) -> dict[bytes, Claim]:
    """The claim of one statement about a dwelling: that its row names it. Key (16 bytes) → claim; none where nothing is known of where it
    is, nor where the person of the row says the same. `alias`: the one that it goes by, if it may be held (`bus.resolver.homes`). In whose
    row no person stands, tells not the row but the department's own code of the house where that is."""
    address = dict(said.get("address") or {})
    address |= {part: said[part] for part in ("compound_code", "building", "entrance", "room") if said.get(part)}
    place, community = place_of(address), community_of(address)
    named = place_key(place, keys).hex() if place else ""
    own, source = said.get("source_code"), said["source"]
    house = row_hash(keys, "evidence", HOUSE, source["department"], own) if own else b""
    if source["dataset"] in rows.without_persons:
        return {house: Claim(HERE, b"", named, "", "", community=community)} if place and own else {}
    called = alias if place else house
    if not (place or house or community) or (place and not alias and (source["dataset"], source.get("role")) in rows.homes):
        return {}
    return {row_key(source, keys): Claim(HERE, b"", named, "", "", called.hex(), community=community)}


def place_key(place: tuple[str, ...], keys: KeyRing) -> bytes:
    """The key of a place."""
    return row_hash(keys, "evidence", PLACE, *place)


def row_key(source: Mapping[str, Any], keys: KeyRing) -> bytes:
    """The key of the row that a statement stands in."""
    return row_hash(keys, "evidence", ROW, *_row(source))


def told_of(said: Mapping[str, Any]) -> Claim:
    """What a statement tells of a person that can be compared: a claim of no kind, on nobody."""
    name = said.get("name") or ""
    sex = said.get("sex") or ""
    if name:
        return Claim("", b"", name, sex if sex in _SEXES else "", said.get("birth_date") or _born_by(said, sex))
    called, sex = surname_and_sex(said.get("form_of_address") or "")
    return Claim("", b"", "", sex, said.get("birth_date") or "", called)


def _born_by(said: Mapping[str, Any], sex: str) -> str:
    """By when who was of the age to marry on some day was born; nothing where the statement knows no such day."""
    of_age_on = said.get("of_age_on")
    return NOT_AFTER + born_by(of_age_on, sex) if of_age_on else ""


def _claims(said: Mapping[str, Any], subject: bytes, keys: KeyRing) -> Iterator[tuple[str, tuple[str, ...], Claim]]:
    claim = told_of(said)._replace(subject=subject)
    source, code = said["source"], said.get("source_person_code")
    if hidden := said.get("name_token"):
        claim = Claim(PHONE, subject, "", "", "", hidden=hidden)
    elif not claim.name and not claim.called:
        if code and subject:
            yield "code", (source["department"], code), claim.of("code")
        return
    row = row_key(source, keys).hex() if claim.called and not subject else ""
    for phone in said.get("phones") or ():
        yield PHONE, (phone["token"],), claim.of(PHONE, row=row)
    if hidden:
        return
    address = said.get("residence_address")
    place, reached = place_of(address), REACHED if said.get("phones") else ""
    if place:
        yield ROW, _row(source), claim.of(ROW)
        yield PLACE, place, claim.of(PLACE)
    else:
        yield ROW, _row(source), claim.of(UNPLACED, reached, said.get("marriage_token") or "")
    if subject and len(claim.name) >= TELLING and (community := community_of(address) or community_of(said.get("hukou_address"))):
        yield COMMUNITY, (community, claim.name), claim.of(COMMUNITY, reached)
    if code:
        yield "code", (source["department"], code), claim.of("code")
    if household := said.get("household_key"):
        yield HOUSEHOLD, (household,), claim.of(HOUSEHOLD)


def _row(source: Mapping[str, Any]) -> tuple[str, ...]:
    return (source["dataset"], *(f"{k}={v}" for k, v in sorted(source["key"].items())))


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
    if not compound.strip("/"):  # it fits several compounds
        return None
    return compound, *(address.get(part) or "" for part in ("building", "entrance", "room"))


def community_of(address: Mapping[str, Any] | None) -> str:
    """The code of the community that an address lies in (12 digits, GB/T 10114); empty where it is coarser, or not known."""
    code: str = (address or {}).get("division_code") or ""
    return "" if code.endswith(_NO_COMMUNITY) else code


def community_key(keys: KeyRing, community: str, name: str) -> bytes:
    """The key of who bears a name in a community."""
    return row_hash(keys, "evidence", COMMUNITY, community, name)


def whereabouts(claims: Mapping[bytes, Claim], in_community: Callable[[str, str], bytes]) -> dict[tuple[bytes, bytes], Claim]:
    """What follows in a row of who does not say where he lives: (key, statement) → he is where the row says, if it says so of one dwelling
    only, in the community if of one only. `claims`: statement → its claim; `in_community`: the key of a community and a name."""
    here = [claim for claim in claims.values() if claim.kind == HERE]
    if not here:
        return {}
    unplaced = {statement: claim for statement, claim in claims.items() if claim.kind == UNPLACED}
    places, communities = {claim.name for claim in here} - {""}, {claim.community for claim in here} - {""}
    houses = {claim.called for claim in here if not claim.name} - {""}
    found = {}
    if len(houses) == 1 and not places:
        house = bytes.fromhex(next(iter(houses)))
        found = {(house, statement): claim._replace(reached="") for statement, claim in unplaced.items()}
    if len(places) == 1:
        place = bytes.fromhex(next(iter(places)))
        found = {(place, statement): claim.of(PLACE, married=claim.married) for statement, claim in unplaced.items()}
    if len(communities) == 1:
        (community,) = communities
        named = {s: claim for s, claim in unplaced.items() if len(claim.name) >= TELLING and (claim.subject or not places)}
        found |= {
            (in_community(community, claim.name), statement): claim.of(COMMUNITY, claim.reached, claim.married)
            for statement, claim in named.items()
        }
    return found


def candidates(claims: Mapping[bytes, Claim], keys: KeyRing) -> dict[bytes, dict[bytes, Likeness]]:
    """What follows under a key for those who look: statement without a number → whom it may be about, and how alike the two are; whose
    name contradicts is none. `claims`: statement → claim. What several statements of one person say is taken together."""
    known = [claim for claim in claims.values() if claim.subject]
    if not known or len({claim.subject for claim in known}) > MOST_SUBJECTS:
        return {}
    found = {}
    for statement, claim in claims.items():
        if not claim.subject and claim.kind not in (ROW, UNPLACED, HERE) and not _says_nothing(claim, known):
            couple = _same_couple(claim, known) if claim.married else known
            alike = compared(claim, couple, partial(_of_hidden, keys=keys) if claim.hidden else likeness)
            if fits := {subject: level for subject, level in sorted(alike.items()) if level.name != NOTHING}:
                found[statement] = _owners(fits, claims.values()) if claim.kind == PHONE else fits
    return found


def _owners(fits: dict[bytes, Likeness], claims: Collection[Claim]) -> dict[bytes, Likeness]:
    """Of those whom a form of address fits at a phone, him beside whose name it stands most often: it is his, and stands in rows of his
    family because one phone is left for all."""
    if len(fits) < 2 or any(level.name != CALLED for level in fits.values()):
        return fits
    names = {subject: {claim.name for claim in claims if claim.subject == subject} for subject in fits}
    rows = {subject: sum(claim.name in names[subject] and claim.subject in (subject, b"") for claim in claims) for subject in fits}
    owners = [subject for subject, count in rows.items() if count == max(rows.values())]
    return {owners[0]: fits[owners[0]]} if len(owners) == 1 else fits


def _says_nothing(claim: Claim, known: Collection[Claim]) -> bool:
    """Whether a name in a community finds nobody: where several are called that; and where phones are said on both sides, for those who
    have one in common are known by it."""
    if claim.kind != COMMUNITY:
        return False
    return len({other.subject for other in known}) > 1 or (bool(claim.reached) and any(other.reached for other in known))


def _same_couple(claim: Claim, known: Collection[Claim]) -> list[Claim]:
    """What is known of those who are not known to have married by another registration beside somebody of this name: of two first
    registrations each is of a couple of its own."""
    married: dict[bytes, set[str]] = {}
    for other in known:
        if other.married:
            married.setdefault(other.subject, set()).add(other.married)
    return [other for other in known if claim.married in married.get(other.subject, (claim.married,))]


def compared(claim: Claim, known: Iterable[Claim], like: Callable[[Claim, Claim], Likeness] = likeness) -> dict[bytes, Likeness]:
    """Subject → how alike the claim is to what is known of him under this key; name NOTHING: another name."""
    found: dict[bytes, list[Likeness]] = {}
    for other in known:
        found.setdefault(other.subject, []).append(like(claim, other))
    return {subject: united(levels) for subject, levels in found.items()}


def _of_hidden(claim: Claim, other: Claim, keys: KeyRing) -> Likeness:
    """How alike a claim of a hidden name is to another: whether that one's name, or his surname and sex, is what was hidden."""
    if other.name and hidden_name(keys, other.name) == claim.hidden:
        return likeness(claim._replace(name=other.name), other)
    for surname in (other.name[:1], other.name[:2]) if other.sex else ():
        if hidden_name(keys, surname, other.sex) == claim.hidden:
            return likeness(claim._replace(called=surname, sex=other.sex), other)
    return Likeness(NOTHING, UNKNOWN, UNKNOWN)
