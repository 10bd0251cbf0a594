"""WHO GOT WHAT, as entries of the topic `audit`: every delivery, refusal and administrative act. Pure: values in, outputs out, no clock.

For a step that delivers (one call a batch of one partition; its outputs go into the very commit that makes the delivery visible, so what is
not written here is not delivered either):

    told = [Told(offset, mark(keys, subject), event_id), ...]       one of each record delivered; mark a subject once for all agreements
    outputs += delivery(grant, Span(topic, partition, first, next), told, {"SCOPE": 3}, at=batch.records[-1].timestamp)

For a single act (a command appends the output together with what it does): `act(Action.approved, at=now, actor=person, agreement=name)`.

An entry is canonical JSON (RFC 8785 for the texts and whole numbers that stand in it): an auditor reads and hashes it without the schemas
of the bus that is being audited. It holds no value of a person and no free text. Of a person it holds a *mark*, a keyed hash of the subject
that only the keys of the bus lead back to (`mark`), and the identifier of the master record that was delivered, itself a keyed hash. Which
fields the record *had* is not said, because that somebody has an allowance at all would be told by it: it says what the agreement grants.

An entry holds neither its number nor the hash of the one before: several processes write at once, and where an entry comes to stand is
known only when it is committed. Its number is its rank among the committed records of the one partition, and the chain over them is made by
whoever reads (`bus.sharing.chain`, where it is written down what is proved against whom).

Cost: 48 bytes a record delivered (offset, mark and event: 36 bytes in base64) and some 500 a batch.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from struct import Struct
from typing import Any, NamedTuple

from bus.errors import DecodeRefused
from bus.event import Output, Record
from bus.eventlog import topics
from bus.keys import KeyRing
from bus.sealing import row_hash

NO_EVENT = bytes(16)
"""The event of a record that says a subject is no more (a tombstone), and of an act that is about no event."""
MOST_TOLD = 10_000  # records in one entry: half of what a topic takes; more go into a second one
_TOLD = Struct(">I16s16s")  # offset from the first of the span, mark, event
_VERSION = 1


class Action(StrEnum):
    """What was done."""

    delivered = "delivered"
    withheld = "withheld"
    drafted = "drafted"
    submitted = "submitted"
    reviewed = "reviewed"
    approved = "approved"
    refused = "refused"
    applied = "applied"
    suspended = "suspended"
    resumed = "resumed"
    revoked = "revoked"
    expired = "expired"
    closed = "closed"
    allowed = "access-allowed"
    withdrawn = "access-withdrawn"
    key_rotated = "key-rotated"
    watched = "watched"
    unwatched = "unwatched"
    opened_letter = "opened-letter"
    unmasked = "unmasked"
    ruled = "ruling"
    erased = "erased"


class Grant(NamedTuple):
    """What an agreement grants, as it stood when it was used. `fields`: field → how it is shown ("clear", "masked", ...)."""

    agreement: str
    version: int
    consumer: str
    purpose: str
    basis: str
    fields: Mapping[str, str]


class Span(NamedTuple):
    """The records an entry is about: offsets from `first` to before `next`."""

    topic: str
    partition: int
    first: int
    next: int


class Told(NamedTuple):
    """One record delivered: where it stood, whom it is about (`mark`), and its event_id (16 bytes)."""

    offset: int
    mark: bytes
    event: bytes


class Correction(NamedTuple):
    """A record of the batch whose operation is corrected or annulled, delivered or withheld: `wrong` are the event ids it names under
    `corrects`; none means that what was said of the subject before it was wrong."""

    offset: int
    mark: bytes
    event: bytes
    wrong: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry. `at`: ms since 1970, of a delivery the time of the last record of its batch; `actor`: the step or the principal;
    `withheld`: reason → records; `rule`: what decided (a rule's name, a reason code), never free text."""

    at: int
    actor: str
    action: Action
    grant: Grant | None = None
    agreement: str = ""
    span: Span | None = None
    told: Sequence[Told] = ()
    withheld: Mapping[str, int] = field(default_factory=dict)
    corrections: Sequence[Correction] = ()
    rule: str = ""

    def record(self) -> Record:
        """As it is kept: without key and headers, so that nothing of it is outside of what is hashed."""
        return Record(None, canonical(self._plain()), self.at)

    def _plain(self) -> dict[str, Any]:
        said: dict[str, Any] = {"v": _VERSION, "at": self.at, "actor": self.actor, "action": self.action.value}
        said["decision"] = "denied" if self.action in (Action.withheld, Action.refused) else "allowed"
        if self.grant is not None:
            said |= {**self.grant._asdict(), "fields": dict(self.grant.fields)}
        elif self.agreement:
            said["agreement"] = self.agreement
        if self.span is not None:
            said["object"] = {**self.span._asdict(), "count": len(self.told)}
        if self.told:
            said["told"] = base64.b64encode(_packed(self.told, self.span)).decode()
        if self.withheld:
            said["withheld"] = dict(self.withheld)
        if self.corrections:
            said["corrections"] = [[c.offset, c.mark.hex(), c.event.hex(), [each.hex() for each in c.wrong]] for c in self.corrections]
        if self.rule:
            said["rule"] = self.rule
        return said

    @classmethod
    def read(cls, record: Record) -> Entry:
        """The inverse of `record`. Raises `DecodeRefused` for what is no entry."""
        return Sketch.read(record).entry()


class Sketch(NamedTuple):
    """An entry whose records are not yet taken apart: a look for one mark among millions pays for no more."""

    said: Mapping[str, Any]
    packed: bytes

    @classmethod
    def read(cls, record: Record) -> Sketch:
        """Raises `DecodeRefused` for what is no entry."""
        try:
            said = json.loads(record.value or b"")
            if said["v"] != _VERSION:
                raise DecodeRefused("an entry of another version", "审计条目版本不符", place=topics.AUDIT)
            return cls(said, base64.b64decode(said.get("told", "")))
        except (ValueError, TypeError, KeyError) as wrong:
            raise _no_entry() from wrong

    def entry(self) -> Entry:
        """The whole entry."""
        said = self.said
        try:
            grant = Grant(*(said[name] for name in Grant._fields)) if "version" in said else None
            where = said.get("object")
            span = Span(*(where[name] for name in Span._fields)) if where else None
            corrections = [_correction(*each) for each in said.get("corrections", ())]
            told = list(_unpacked(self.packed, span.first if span else 0))
            action, agreement = Action(said["action"]), said.get("agreement", "")
            withheld = said.get("withheld", {})
            return Entry(said["at"], said["actor"], action, grant, agreement, span, told, withheld, corrections, said.get("rule", ""))
        except (ValueError, TypeError, KeyError) as wrong:
            raise _no_entry() from wrong


def mark(keys: KeyRing, subject: bytes) -> bytes:
    """What stands for a subject (16 bytes) in the audit: 16 bytes, the same for all agreements."""
    return row_hash(keys, "audit", subject)


def delivery(
    grant: Grant,
    span: Span,
    told: Sequence[Told],
    withheld: Mapping[str, int],
    at: int,
    corrections: Sequence[Correction] = (),
    rule: str = "",
) -> list[Output]:
    """What stands in the audit of one batch under one agreement, [] when it held nothing. `withheld`: reason → how many records;
    `corrections`: all those of the batch, also the withheld ones; `at`: the time (ms) of the batch's last record."""
    if not told and not withheld:
        return []
    parts = [told[at_ : at_ + MOST_TOLD] for at_ in range(0, len(told), MOST_TOLD)] or [told]
    first = Action.delivered if told else Action.withheld
    entries = [Entry(at, "sharing", first, grant, grant.agreement, span, parts[0], withheld, corrections, rule)]
    entries += [Entry(at, "sharing", first, grant, grant.agreement, span, part, rule=rule) for part in parts[1:]]
    return [_output(entry) for entry in entries]


def act(action: Action, at: int, actor: str, agreement: str = "", marks: Iterable[bytes] = (), rule: str = "") -> Output:
    """What stands in the audit of one act of a person or a step. `actor`: the authenticated principal; `marks`: whom it is about."""
    return _output(Entry(at, actor, action, None, agreement, None, [Told(0, each, NO_EVENT) for each in marks], rule=rule))


def canonical(said: Mapping[str, Any]) -> bytes:
    """JSON with one way to write it."""
    return json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _output(entry: Entry) -> Output:
    return Output(topics.AUDIT, entry.record(), 0)


def _packed(told: Sequence[Told], span: Span | None) -> bytes:
    first = span.first if span else 0
    pack = _TOLD.pack
    return b"".join([pack(offset - first, mark_, event) for offset, mark_, event in told])


def _unpacked(packed: bytes, first: int) -> Iterator[Told]:
    if len(packed) % _TOLD.size:
        raise ValueError("records cut short")
    return (Told(first + at, mark_, event) for at, mark_, event in _TOLD.iter_unpack(packed))


def _correction(offset: int, mark_: str, event: str, wrong: Sequence[str]) -> Correction:
    return Correction(offset, bytes.fromhex(mark_), bytes.fromhex(event), tuple(map(bytes.fromhex, wrong)))


def _no_entry() -> DecodeRefused:
    return DecodeRefused("not an entry of the audit", "不是审计条目", place=topics.AUDIT)
