"""First step of the resolver: which subject does a statement speak of? canonical.* → internal.*

All versions of a statement come to one owner, in order; the view knows to whom the latest was sent. One that is older (handed in again, or
late) is not sent; one that names somebody else (a mended number) is withdrawn from the former first. A person without a number goes to
`internal.pending`, until evidence says who it is; one who left a number in what he wrote, to whom it names. What every statement about a
person knows goes to `internal.evidence`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from struct import Struct
from typing import Any, NamedTuple

from bus.contracts.codec import Decoder
from bus.event import Batch, Output, Record
from bus.eventlog import topics
from bus.keys import KeyRing
from bus.resolver.evidence import ANY_ROWS, HERE, Claim, Rows, claims_of, place_claims
from bus.resolver.homes import Home, home_of, is_home, may_be_held
from bus.resolver.identity import goes_by_words, may_be, without_entrance
from bus.resolver.questions import Question
from bus.resolver.routing import ID_BYTES, Routes, owners
from bus.sealing import row_hash
from bus.step import Memory, Partition, View

Identities = Callable[[str, Mapping[str, Any]], tuple[str, ...] | None]
"""(entity, statement) → the identities it names, strongest first; () where it names none; None where it is about no subject at all."""

_ORDER_BYTES = 21
_ORDER = Struct(">Q?I")  # time, whether it is a change, row; behind it a hash
_SUBJECT_END = _ORDER_BYTES + ID_BYTES
_NOBODY = b""
_FEW = 2  # who knows more aliases tells others what they mean; who knows so few waits to be told
_NO_SUBJECT = bytes(ID_BYTES)  # in the view, where what was told follows


class _Known(NamedTuple):
    """What the view knows of a statement: the order of its latest version, to whom it was sent, under which keys its claims were told."""

    order: bytes = bytes(_ORDER_BYTES)
    subject: bytes = _NOBODY
    told: tuple[bytes, ...] = ()

    def packed(self) -> bytes:
        """As it is kept."""
        return self.order + (self.subject or _NO_SUBJECT) + b"".join(self.told)

    @classmethod
    def unpacked(cls, value: bytes | None) -> _Known:
        """The inverse of `packed`; of None: nothing is known."""
        if value is None:
            return cls()
        subject, told = value[_ORDER_BYTES:_SUBJECT_END], value[_SUBJECT_END:]
        keys = tuple(told[at : at + ID_BYTES] for at in range(0, len(told), ID_BYTES))
        return cls(value[:_ORDER_BYTES], _NOBODY if subject == _NO_SUBJECT else subject, keys)


class Identify:
    """The decision of the step."""

    def __init__(self, decode: Decoder, identities: Identities, keys: KeyRing, routes: Routes, rows: Rows = ANY_ROWS) -> None:
        self._decode, self._identities, self._keys, self._routes, self._rows = decode, identities, keys, routes, rows

    def memory(self) -> Memory:
        """What the step does, for the loop."""
        writes = {
            topics.canonical("resident"): (topics.internal("resident"), topics.PENDING, topics.EVIDENCE),
            topics.canonical("dwelling"): (topics.ALIAS, topics.EVIDENCE),
        }
        return Memory(self.decide, self.fold, writes, self.learn, everywhere=True, asks=owners)

    def decide(self, batch: Batch, view: View) -> list[Output]:
        """Send each statement on to its subject, or to the owner of the alias it goes by."""
        entity = topics.entity_of(batch.topic)
        outputs: list[Output] = []
        for key, value, timestamp, _ in batch.records:
            if key is None:
                continue
            if value is None:
                self._erased(entity, key, timestamp, view, outputs)
            else:
                self._one(entity, key, value, timestamp, view, outputs)
        return outputs

    def _erased(self, entity: str, key: bytes, timestamp: int, view: View, outputs: list[Output]) -> None:
        """A statement was erased: it is withdrawn from wherever it had gone."""
        before, order = _Known.unpacked(view.get(key)), order_of_erasure(timestamp)
        if order <= before.order:
            return
        if before.subject:
            outputs += self._withdrawn(entity, before.subject, key, timestamp)
        outputs += self._tell(key, {}, before.told, timestamp)
        view.put(key, b"", _Known(order).packed())

    def _one(self, entity: str, key: bytes, value: bytes, timestamp: int, view: View, outputs: list[Output]) -> None:
        before = _Known.unpacked(view.get(key))
        _, said = self._decode(value)
        order = version_order(timestamp, said, value, self._keys)
        if order <= before.order:
            return
        found = self._identities(entity, said)
        names = self._names(entity, key, said, found)
        subject = names[0] if names else _NOBODY
        asked = [] if found else self._asked(entity, said)
        if before.subject and before.subject != subject:
            outputs += self._withdrawn(entity, before.subject, key, timestamp)
        if names:
            waits = not asked and len(names) <= _FEW
            sent = Question(entity, asked or names[1:], value, bool(asked), waits).encoded() if entity == "dwelling" else value
            outputs += self._sent_to(entity, subject, key, sent, timestamp, alone=not found)
        claims = self._claims(entity, said, subject if found else _NOBODY)
        outputs += self._tell(key, claims, before.told, timestamp)
        view.put(key, b"", _Known(order, subject, tuple(claims)).packed())

    def fold(self, batch: Batch, view: View) -> None:
        """Remember which versions were decided on. What was sent for them is learnt from where it was sent, not decided anew: under other
        rules, and where the log has let go of a version, it would be held to have been something else."""
        for record in batch.records:
            if record.key is not None:
                known = _Known.unpacked(view.get(record.key))
                view.put(record.key, b"", known._replace(order=max(self._order(record), known.order)).packed())

    def _order(self, record: Record) -> bytes:
        if record.value is None:
            return order_of_erasure(record.timestamp)
        return version_order(record.timestamp, self._decode(record.value)[1], record.value, self._keys)

    def learn(self, batch: Batch, view: View, read: Partition) -> None:
        """What was sent last for the statements of a partition: of those records that this step alone writes (`via` is empty)."""
        for record in batch.records:
            owner, statement = self._sent(batch.topic, record.key or b"")
            if not statement or not read.has(statement):
                continue
            known = _Known.unpacked(view.get(statement))
            if batch.topic == topics.EVIDENCE:
                if record.value is not None and _of_dwelling(record.value) != (read.topic == topics.canonical("dwelling")):
                    continue  # of a statement of the other entity
                told = tuple(key for key in known.told if key != owner)
                known = known._replace(told=told if record.value is None else (*told, owner))
            elif record.value is not None:
                if batch.topic == topics.ALIAS and read.topic != topics.canonical(Question.decoded(record.value).entity):
                    continue  # of a person: `join` asked
                known = known._replace(subject=owner)
            elif known.subject == owner:
                known = known._replace(subject=_NOBODY)
            view.put(statement, b"", known.packed())

    def _sent(self, topic: str, key: bytes) -> tuple[bytes, bytes]:
        """To whom a record was sent, and for which statement; none for one of another step."""
        owner, statement, via = key[:ID_BYTES], key[ID_BYTES : 2 * ID_BYTES], key[2 * ID_BYTES :]
        if topic == topics.PENDING:
            return (own_subject(self._keys, owner), owner) if len(key) == ID_BYTES else (b"", b"")
        mine = via == owner if topic == topics.ALIAS else len(key) == 2 * ID_BYTES
        return (owner, statement) if mine else (b"", b"")

    def _withdrawn(self, entity: str, subject: bytes, statement: bytes, timestamp: int) -> tuple[Output, ...]:
        return self._sent_to(entity, subject, statement, None, timestamp, alone=subject == own_subject(self._keys, statement))

    def _sent_to(
        self, entity: str, subject: bytes, statement: bytes, value: bytes | None, timestamp: int, *, alone: bool
    ) -> tuple[Output, ...]:
        """A statement on its way to its subject. `alone`: that is the statement by itself."""
        if entity == "dwelling":
            return (self._routes.on_alias(subject, statement, subject, value, timestamp),)
        if entity == "resident" and alone:
            return (self._routes.for_pending(statement, b"", value, timestamp),)
        return self._routes.sent(entity, subject, statement, b"", value, timestamp)

    def _names(self, entity: str, key: bytes, said: Mapping[str, Any], found: tuple[str, ...] | None) -> list[bytes]:
        """The subject by each identity `found`, strongest first; a statement that names none is a subject of its own."""
        if found is None:
            return []
        if entity == "dwelling" and found and (weakest := without_entrance(said)):
            found = (*found, weakest)
        return [subject_of(self._keys, entity, name) for name in found] or [own_subject(self._keys, key)]

    def _asked(self, entity: str, said: Mapping[str, Any]) -> list[bytes]:
        """The aliases that are to be asked which dwelling a statement means that names none."""
        return [subject_of(self._keys, entity, name) for name in may_be(said)] if entity == "dwelling" else []

    def _claims(self, entity: str, said: Mapping[str, Any], subject: bytes) -> Mapping[bytes, Claim | Home]:
        """What a statement knows. `subject`: by what it names; none where it is one by itself, which is taken for nothing."""
        if entity == "resident":
            if not subject or goes_by_words(said):  # what others are held against is told by a number alone
                return claims_of(said, b"", self._keys)
            return claims_of(said, subject, self._keys) | home_of(said, subject, self._keys)
        if entity != "dwelling":
            return {}
        return place_claims(said, self._keys, subject if subject and may_be_held(said) else b"", self._rows)

    def _tell(self, statement: bytes, claims: Mapping[bytes, Claim | Home], told: Iterable[bytes], timestamp: int) -> Iterator[Output]:
        """Say what the statement knows of the person, take back what an earlier version knew besides. `told`: the keys it told under."""
        for key in told:
            if key not in claims:
                yield self._routes.as_evidence(key, statement, b"", None, timestamp)
        for key, claim in claims.items():
            yield self._routes.as_evidence(key, statement, b"", claim.encoded(), timestamp)


def _of_dwelling(claim: bytes) -> bool:
    return not is_home(claim) and Claim.decoded(claim).kind == HERE


def subject_of(keys: KeyRing, entity: str, identity: str) -> bytes:
    """The subject that goes by this identity: derived, so that everybody comes to the same without asking."""
    return row_hash(keys, entity, identity)


def own_subject(keys: KeyRing, statement: bytes) -> bytes:
    """The subject of a statement that is held to be about nobody else."""
    return row_hash(keys, "statement", statement)


def order_of_erasure(timestamp: int) -> bytes:
    """Behind all versions of a statement that were published by then: also one that comes again in a rebuild stays gone."""
    return timestamp.to_bytes(8, "big") + b"\xff" * (_ORDER_BYTES - 8)


def version_order(timestamp: int, said: Mapping[str, Any], value: bytes, keys: KeyRing) -> bytes:
    """Which of two versions of a statement is the later, as bytes to be compared: by time of publishing; of those published together a
    change follows what it changes, a lower row a higher one; what is left is settled in some way, but always in the same."""
    source = said["source"]
    changed = said["operation"] != "created"
    row = source["row"] or 0
    return _ORDER.pack(timestamp, changed, row) + row_hash(keys, value)[: _ORDER_BYTES - _ORDER.size]
