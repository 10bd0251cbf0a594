"""What has come to a subject, as its owner keeps it, and what follows from it elsewhere. Pure.

Items of a subject, told apart by their length:

    0    –                  the view's own: digest of the master written last
    1    "\\0"               the view's own: the errands sent, each with its owner and a digest (`packed`)
    1    "\\1"               the view's own: a look at the subject is on its way; of when (ms) what came last is
    1    "\\2"               the view's own: what its file says without its links (`bus.resolver.body`)
    16   statement          time, the statement as in canonical.*, sent by `identify`
    32   statement, via     the same, sent by another decision
    17   tag, id            time, value: what else is to be known of the subject (a tag below)
    34…  "\\0…", place       the view's own: what a department was told last of a dispute, whole

An *errand* is what is sent to another owner. It is said anew only when it differs from the one before, and withdrawn when it is no longer
due. So what is sent depends on what has come, not on its order. A dispute is never withdrawn: a department that was told of it is told of
its end, so what it was told last is kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from hashlib import blake2b
from types import MappingProxyType
from typing import NamedTuple

from bus.resolver.routing import ID_BYTES

WRITTEN, SENT, WAITS, BODY = b"", b"\0", b"\1", b"\2"
LOOK = b"\1"
"""Value of a record with the subject alone: nothing new, but look at the subject (a value, so that compaction keeps it)."""
AFRESH = b"\2"
"""The same, of a rebuild: look at the subject as if nothing of it had been worked out before."""
MOVE, RULING, ANSWER = b"M", b"R", b"A"
"""Tags: where a statement goes from here by a person's ruling (id: the statement, `ALL` for every one) · a ruling that put this file right
(id: the ruling); see `bus.resolver.rulings` · what a department answered to a dispute (id: of both); see `bus.resolver.disputes`."""
HOLD = b"D"
"""Tag: that a statement is not to be taken to be about this subject, before a person has decided (id: the statement)."""
FITS = b"F"
"""Tag: the dwellings that a statement kept here fits, several of them, so that a person has to decide (id: the statement; value: them)."""
ALL = bytes(ID_BYTES)
LINK, HELD, BENEFIT = b"L", b"H", b"B"
"""Tags: what is said about a link that is kept here (id: the link) · the links that a person's file has to this dwelling (id: the person) ·
what is said about a benefit (id: as of a link). See `bus.resolver.linking`."""
FORWARD, DECISION, MEMBER, LINKS = b"f", b"d", b"m", b"l"
"""Kinds of errands: a statement sent on to another subject (id: the statement) · a decision about a statement (id: the statement) · what
the owner of a statement is to know beside that it was sent here (id: the statement; see `bus.resolver.linking`) · the links of a person to
a dwelling (id: the dwelling)."""
_NAME_BYTES = 1 + ID_BYTES
_SENT_BYTES = ID_BYTES + 16  # owner, digest
_DISPUTE = b"\0q".ljust(2 * ID_BYTES + 1, b"\0")  # with what follows longer than anything else that is kept
_STAMP = 8
_STATEMENTS = (ID_BYTES, 2 * ID_BYTES)  # bytes of the names of these items
_made = tuple.__new__  # as in `survivorship`


class Kept(NamedTuple):
    """A statement as it is kept: its key, when it was published (ms), its bytes as in canonical.*"""

    key: bytes
    known_from: int
    value: bytes


class Told(NamedTuple):
    """What else was told of a subject, and when (ms)."""

    at: int
    value: bytes


class Errand(NamedTuple):
    """Something that is due at another owner: whose (subject, 16 bytes), what, and of when (ms)."""

    owner: bytes
    value: bytes
    at: int


class Arrived(NamedTuple):
    """All that came to a subject: statements (of one that came by several decisions the newest), what else was told by tag and id, the
    errands sent (kind and id → owner and digest), what departments were told last of disputes (place → record), the body that was kept,
    whether a master record was written before."""

    statements: list[Kept]
    told: Mapping[bytes, Mapping[bytes, Told]]
    sent: Mapping[bytes, bytes]
    disputes: Mapping[str, bytes]
    body: bytes = b""
    again: bool = False


class Due(NamedTuple):
    """What follows: the master record (None: there is none) and of when it is; errands by kind and id; what departments are told of
    disputes, by place (`department:field`); the body to be kept."""

    master: bytes | None
    at: int
    errands: Mapping[bytes, Errand]
    disputes: Mapping[str, Told] = MappingProxyType({})
    body: bytes = b""


class Change(NamedTuple):
    """An errand to be said (value None: withdrawn)."""

    kind: bytes
    id: bytes
    owner: bytes
    value: bytes | None
    at: int


def stamped(at: int, value: bytes) -> bytes:
    """How an item that came is kept."""
    return at.to_bytes(_STAMP, "big") + value


def arrived(items: Mapping[bytes, bytes]) -> Arrived:
    """The items of a subject, sorted out."""
    statements: dict[bytes, Kept] = {}
    told: dict[bytes, dict[bytes, Told]] = {}
    sent: dict[bytes, bytes] = {}
    disputes: dict[str, bytes] = {}
    for item, value in items.items():
        if len(item) in _STATEMENTS:
            key = item[:ID_BYTES]
            said = _made(Kept, (key, int.from_bytes(value[:_STAMP], "big"), value[_STAMP:]))
            if (other := statements.get(key)) is None or other[1:] < said[1:]:
                statements[key] = said
        elif len(item) == ID_BYTES + 1:
            told.setdefault(item[:1], {})[item[1:]] = _made(Told, (int.from_bytes(value[:_STAMP], "big"), value[_STAMP:]))
        elif len(item) > len(_DISPUTE):
            disputes[item[len(_DISPUTE) :].decode()] = value
        elif item == SENT:
            sent = unpacked(value)
    return Arrived(list(statements.values()), told, sent, disputes, items.get(BODY, b""), WRITTEN in items)


def kept_of(due: Mapping[bytes, Errand]) -> dict[bytes, bytes]:
    """What is kept of errands: kind and id → owner and digest."""
    return {name: errand.owner + digest(errand.value) for name, errand in due.items()}


def changes(sent: Mapping[bytes, bytes], due: Mapping[bytes, Errand], kept: Mapping[bytes, bytes], at: int) -> Iterator[Change]:
    """What is to be said anew, of errands sent and due. `kept`: what is kept of those due; `at`: the time of a withdrawal."""
    for name, before in sent.items():
        owner = before[:ID_BYTES]
        if name not in due or due[name].owner != owner:
            yield Change(name[:1], name[1:], owner, None, at)
    for name, errand in due.items():
        if sent.get(name) != kept[name]:
            yield Change(name[:1], name[1:], *errand)


def packed(sent: Mapping[bytes, bytes]) -> bytes | None:
    """Errands as they are kept, those of equal sets equal; None for none."""
    return b"".join(name + kept for name, kept in sorted(sent.items())) or None


def unpacked(value: bytes) -> dict[bytes, bytes]:
    """The inverse of `packed`."""
    starts = range(0, len(value), _NAME_BYTES + _SENT_BYTES)
    return {value[at : at + _NAME_BYTES]: value[at + _NAME_BYTES : at + _NAME_BYTES + _SENT_BYTES] for at in starts}


def dispute_item(place: str) -> bytes:
    """The item under which it is kept what a department was told last of a dispute."""
    return _DISPUTE + place.encode()


def digest(value: bytes | None) -> bytes:
    """What tells one value from another; empty for none."""
    return b"" if value is None else blake2b(value, digest_size=16).digest()
