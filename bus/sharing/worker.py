"""The decision of sharing, one agreement at a time: master.<entity> or canonical.<entity> → share.<agreement>.

Every record that is read is counted, as delivered or as withheld with the reason. What the subscriber got of a subject is remembered, so
that nothing is delivered twice, a subject that leaves the scope comes to an end, and one that enters it begins with its current state. All
records of a subject go to one partition, that of its pseudonym, which is their key: neither tells more than the agreement grants.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b
from typing import Any, NamedTuple

from bus import account
from bus.contracts.codec import Encoder
from bus.event import Batch, Output, Record
from bus.eventlog import topics
from bus.sharing.grant import Grant
from bus.sharing.opened import Open
from bus.sharing.pseudonym import Pseudonym
from bus.sharing.view import Shown, View
from bus.step import View as Kept

NOTHING_NEW, NOT_WATCHED, UNKNOWN = "nothing_new", "not_watched", "never_delivered"
"""Why a record is withheld: all that is granted was delivered before · the subscriber did not register the subject · a subject that is
gone, and of which the subscriber never got anything."""
_GONE = frozenset({"ended", "annulled"})
_WRONG = frozenset({"corrected", "annulled"})
ROTATED = ("formerly", "becomes")
"""Fields of an event beside, once stand-ins were rotated."""
_ID = 32  # the event id that was delivered last, before the digest of what


class Delivered(NamedTuple):
    """One event as it was delivered: where the record stood that it was made of, the subject and the event inside the bus, and the
    operation. Never leaves the bus."""

    offset: int
    subject: bytes
    event_id: str
    operation: str


class Corrected(NamedTuple):
    """A record that puts others right, delivered or not: where it stood, subject and event inside the bus, the events that were wrong."""

    offset: int
    subject: bytes
    event_id: str
    wrong: tuple[str, ...]


class Delivery(NamedTuple):
    """What one batch gave an agreement, for the audit. `at`: the time of its newest record (ms)."""

    agreement: str
    topic: str
    partition: int
    first_offset: int
    next_offset: int
    delivered: Sequence[Delivered]
    withheld: Mapping[str, int]
    corrected: Sequence[Corrected]
    at: int


Witness = Callable[[Delivery], list[Output]]
"""What the audit says of a delivery, in the same transaction: if it cannot be written, nothing is delivered."""


class Now(NamedTuple):
    """What a subscriber was told of a subject last, if this record is its newest. `event`: the event inside the bus; `content`: what was
    told, in short."""

    subject: str
    event_id: str
    event: str
    content: bytes
    shown: Shown


def _stand_in(output: Output) -> bytes:
    """Subjects of a batch go out in the order of their stand-ins, which is another in every agreement; those of one subject in theirs."""
    return output.record.key or b""


class Share:
    """Shares under one grant."""

    def __init__(
        self,
        grant: Grant,
        view: View,
        pseudonym: Pseudonym,
        open_: Open,
        encode: Encoder,
        witness: Witness,
        authorised: Callable[[], None],
        former: Pseudonym | None = None,
    ) -> None:
        """`authorised` raises when the agreement is not in force now: asked for every batch; `former`: the stand-ins of the epoch before,
        where there was one."""
        self._former = former
        self._grant, self._view, self._pseudonym = grant, view, pseudonym
        self._open, self._encode = open_, encode
        self._witness, self._authorised = witness, authorised
        self._topic = topics.share(grant.agreement)
        self._shape, self._watched = grant.shape, grant.watched
        self._canonical = grant.entity not in topics.MASTERS

    @property
    def agreement(self) -> str:
        """Its id."""
        return self._grant.agreement

    def decide(self, batch: Batch, kept: Kept) -> list[Output]:
        """What goes out of a batch, what the audit says of it, and what it counts."""
        self._authorised()
        outputs: list[Output] = []
        delivered: list[Delivered] = []
        withheld: Counter[str] = Counter()
        corrected: list[Corrected] = []
        for offset, record in zip(batch.offsets, batch.records, strict=True):
            said = self._one(offset, record, kept, corrected)
            if isinstance(said, str):
                withheld[said] += 1
            else:
                outputs.append(said[0])
                delivered.append(said[1])
        outputs.sort(key=_stand_in)
        at = max(record.timestamp for record in batch.records)
        where = (batch.topic, batch.partition, batch.offsets[0], batch.next_offset)
        heard = self._witness(Delivery(self._grant.agreement, *where, delivered, withheld, corrected, at))
        counts = {"delivered": len(delivered), "withheld": sum(withheld.values())}
        counted = account.delta("share", self._topic, counts, withheld)._replace(timestamp=at)
        return [*outputs, *heard, Output(topics.ACCOUNT, counted)]

    def _one(self, offset: int, record: Record, kept: Kept, corrected: list[Corrected]) -> tuple[Output, Delivered] | str:
        key = record.key or b""
        before = kept.get(key)
        event, shown, entry = self._shown(record)
        wrong = event["operation"] in _WRONG
        if wrong:
            corrected.append(Corrected(offset, key, event["event_id"], tuple(event.get("corrects", ()))))
        if isinstance(shown, str):
            if before is None:
                return shown
            kept.delete(key)
            operation, told, event_id = "ended", Shown({}, ()), self._event_id(event, entry)
        else:
            content = self._content(shown, entry)
            if before is not None and before[_ID:] == content:
                return NOTHING_NEW
            event_id = self._event_id(event, entry)
            kept.put(key, b"", event_id.encode() + content)
            operation, told = "created" if before is None else "corrected" if wrong else "changed", shown
        corrects = [before[:_ID].decode()] if before is not None and wrong else []
        rotated = self._before(key, record.timestamp) if self._former is not None else {}
        out = self._event(self._subject(key), operation, event_id, corrects, told, record.timestamp, rotated)
        return out, Delivered(offset, key, event["event_id"], operation)

    def now(self, record: Record) -> Now | None:
        """What the subscriber was told of the subject last, if this is its newest record; None where it was told nothing, or its end."""
        event, shown, entry = self._shown(record)
        if isinstance(shown, str):
            return None
        subject = self._subject(record.key or b"")
        return Now(subject, self._event_id(event, entry), event["event_id"], self._content(shown, entry), shown)

    def told(self, operation: str, now: Now, at: int, **rotated: str) -> Output:
        """An event that is told because the grant changed, at that time (ms), not because of a record."""
        return self._event(now.subject, operation, now.event_id, [], now.shown, at, rotated)

    def _shown(self, record: Record) -> tuple[Mapping[str, Any], Shown | str, int]:
        """The event, what goes out of it or why nothing does, and the number of its registration."""
        if record.value is None:
            gone = blake2b((record.key or b"") + record.timestamp.to_bytes(8, "big"), digest_size=16).hexdigest()
            return {"event_id": gone, "operation": "changed"}, UNKNOWN, 0
        seen = self._open(record.value, record.timestamp)
        event, entry = seen.value, 0
        if self._watched is not None and (entry := registered(self._watched, record.key or b"", event)) < 0:
            return event, NOT_WATCHED, 0
        if self._canonical and event["operation"] in _GONE:
            return event, UNKNOWN, entry
        return event, self._view(seen), entry

    def _subject(self, key: bytes) -> str:
        return self._pseudonym("subject", self._hex(key))

    def _hex(self, key: bytes) -> str:
        return key.hex() if self._canonical else key.decode("ascii")

    def _event_id(self, event: Mapping[str, Any], entry: int) -> str:
        """The event's name within the agreement alone: without the epoch, 32 characters. Another one where the same is told anew, under
        another shape of the grant or after another registration."""
        return self._pseudonym("event", f"{self._shape}/{entry}/{event['event_id']}").partition(".")[2]

    def _content(self, shown: Shown, entry: int) -> bytes:
        return blake2b(f"{self._shape}/{entry}/{shown!r}".encode("utf-8", "surrogatepass"), digest_size=16).digest()

    def _before(self, key: bytes, at: int) -> Mapping[str, str]:
        """The stand-in that the subject had before they were rotated, as long as both are told."""
        if self._former is None or at >= self._grant.both_until:
            return {}
        return {"formerly": self._former("subject", self._hex(key))}

    def _event(
        self, subject: str, operation: str, event_id: str, corrects: list[str], shown: Shown, at: int, rotated: Mapping[str, str]
    ) -> Output:
        head = {"subject": subject, "operation": operation, "event_id": event_id, "corrects": corrects, "disputed": shown.disputed}
        key = subject.encode()
        sent = Record(key, self._encode({**shown.values, **head, **rotated}), at)
        return Output(self._topic, sent)


def registered(watched: Mapping[str, int], key: bytes, event: Mapping[str, Any]) -> int:
    """The number under which a resident was registered, by subject or by any of its tokens; -1 where nobody registered it."""
    if (entry := watched.get(key.decode("ascii", "replace"))) is not None:
        return entry
    number, several = event["fields"].get("id_token"), event["fields"].get("id_tokens")
    tokens = [number["value"]] if number is not None else []
    tokens += several["value"] if several is not None else []
    return next((watched[each] for each in tokens if each in watched), -1)
