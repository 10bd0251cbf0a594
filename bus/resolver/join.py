"""Fourth step, for people without a number: whom is the statement about? internal.pending → internal.resident, .alias, .decision

All evidence about a statement comes to the owner of the statement, which weighs it (`bus.resolver.weights`). One person clearly fits:
the statement is about him. Several, or one too little: it stays a subject of its own and waits in the queue for somebody to look. None:
it goes with others without a number that are of one group with it (`bus.resolver.peers`), else it is a subject of its own. Each decision is
kept with its evidence, and is made anew when the evidence changes; it depends on the statement and the evidence alone, never on order.

Under other weights than it was made with, a decision is made anew when somebody asks for it (`LOOK`; `bus.resolver.rebuild`). What was
said before is learnt from where it was said, not decided anew: it would be held to have been said under the new weights.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from bus.event import Batch, Output, Record
from bus.eventlog import topics
from bus.keys import KeyRing
from bus.resolver.evidence import COMMUNITY
from bus.resolver.identify import own_subject
from bus.resolver.likeness import AGAINST, Likeness, united, unpacked, weighed
from bus.resolver.peers import by_strength, is_peer
from bus.resolver.questions import Question
from bus.resolver.routing import ID_BYTES, LOOK, MEANT, PERSON, Routes, owners, split
from bus.resolver.weights import Weights
from bus.sealing import row_hash
from bus.step import Memory, Partition, View

JOINED, DOUBTFUL, ALONE, TOGETHER = "joined", "doubtful", "alone", "together"
"""Verdicts: about somebody with a number · for a person to decide · about nobody else · about whom others without a number are about."""
_AFAR = frozenset((COMMUNITY,))
_SAID, _SENT = b"", b"sent"
_STAMP = 8
_SCORE = b'"score"'
_ABOUT, _ASKED, _MEANT, _TOLD = b"s", b"q", b"m", b"d"
"""What is said: the statement, to a subject; as a question, to a group; whom a group means, to it; the decision, for the record."""
_WHERE, _ENTRY = 1 + ID_BYTES, 1 + 2 * ID_BYTES  # as kept in the view: what and to whom; with a digest of what was said


class Decision(NamedTuple):
    """About whom a statement is. `subject`: None for itself; `evidence`: subject (hex) → the kinds of evidence for it, in order; `score`:
    subject (hex) → its weight in bits."""

    verdict: str
    subject: bytes | None
    evidence: dict[str, list[str]]
    score: dict[str, float]


class _Candidate(NamedTuple):
    """`keys`: those under which he stands."""

    keys: frozenset[bytes]
    kinds: frozenset[str]
    score: float


def decide(found: Mapping[bytes, bytes], weights: Weights) -> Decision:
    """`found`: key → who stands under it and how alike (`likeness.packed`). Who is once said to be of another sex or born at another time
    is not meant. Above the bound and without a rival: meant. Every key that names one narrows: a phone that father and son share names
    both, the household of one decides; where two keys name two persons, or one says too little, it is for a person to decide."""
    fits = _fits(found, weights)
    told = {subject.hex(): sorted(each.kinds) for subject, each in fits.items()}
    score = {subject.hex(): each.score for subject, each in fits.items()}
    best = max(fits, key=lambda subject: (fits[subject].score, len(fits[subject].keys)), default=None)
    if best is None or fits[best].score < weights.queue:
        return Decision(ALONE, None, told, score)
    leader = fits[best]
    clear = all(_behind(other, leader, weights) for subject, other in fits.items() if subject != best)
    meant = best if leader.score >= weights.join and clear else None
    return Decision(JOINED if meant else DOUBTFUL, meant, told, score)


def _fits(found: Mapping[bytes, bytes], weights: Weights) -> dict[bytes, _Candidate]:
    """What all keys together say of each whom nothing speaks against, in rising order."""
    alike: dict[bytes, list[Likeness]] = {}
    kinds: dict[bytes, set[str]] = {}
    keys: dict[bytes, set[bytes]] = {}
    for key, value in found.items():
        kind, named = unpacked(value)
        for subject, level in named.items():
            alike.setdefault(subject, []).append(level)
            kinds.setdefault(subject, set()).add(kind)
            keys.setdefault(subject, set()).add(key)
    fits = {}
    for subject, levels in sorted(alike.items()):
        if AGAINST not in (level := united(levels)):
            score = weights.score(weighed(level, kinds[subject]), sorted(kinds[subject]))
            fits[subject] = _Candidate(frozenset(keys[subject]), frozenset(kinds[subject]), score)
    return fits


def _behind(other: _Candidate, leader: _Candidate, weights: Weights) -> bool:
    """Whether the other is no rival: all that speaks for him speaks for the leader, who is more alike or has more for him; too little
    speaks for him, and by far; or nothing but that he is called that in the community, and the leader is known from nearer by."""
    if other.kinds == _AFAR and leader.kinds != _AFAR:
        return True
    by_far = other.score + weights.ahead <= leader.score
    narrowed = other.keys < leader.keys and other.score <= leader.score
    return narrowed or (by_far and (other.keys <= leader.keys or other.score < weights.join))


def by_person(to: bytes) -> Decision:
    """What a person decided: whom it is about, or (empty) that nobody known is meant."""
    return Decision(JOINED, to, {to.hex(): ["person"]}, {}) if to else Decision(ALONE, None, {}, {})


class Join:
    """The decision of the step."""

    def __init__(self, keys: KeyRing, routes: Routes, weights: Weights) -> None:
        self._keys, self._routes, self._weights = keys, routes, weights

    def memory(self) -> Memory:
        """What the step does, for the loop."""
        writes = {topics.PENDING: (topics.internal("resident"), topics.ALIAS, topics.DECISION)}
        return Memory(self.decide, _keep, writes, self.learn, everywhere=True, origin=_origin, asks=owners)

    def decide(self, batch: Batch, view: View) -> list[Output]:
        """Send each statement to whom it is about, and after him when the evidence says another. Of what has come together the whole is
        decided on, so that a statement is not sent to itself first."""
        _keep(batch, view)
        touched = {record.key[:ID_BYTES]: record.timestamp for record in batch.records if record.key is not None}
        return [output for statement, timestamp in touched.items() for output in self._settled(statement, view, timestamp)]

    def learn(self, batch: Batch, view: View, read: Partition) -> None:
        """What was said last of the statements of a partition."""
        for record in batch.records:
            statement, where = _said_by_join(batch.topic, record)
            if not where or not read.has(statement):
                continue
            sent = _unpacked(view.get(statement, _SENT) or b"")
            if record.value is None:
                sent.pop(where, None)
            else:
                sent[where] = row_hash(self._keys, record.value)
            _keep_sent(statement, sent, view)

    def _settled(self, statement: bytes, view: View, timestamp: int) -> list[Output]:
        """What is to be said that was not said before."""
        items = view.items(statement)
        said, sent, ruled = items.pop(_SAID, None), items.pop(_SENT, b""), items.pop(PERSON, None)
        groups = by_strength({item: value for item, value in items.items() if is_peer(value)})
        found = {key: value for key, value in items.items() if not is_peer(value)}
        known = decide(found, self._weights) if ruled is None else by_person(ruled[_STAMP:])
        due = self._due(statement, said[_STAMP:], known, groups if ruled is None else []) if said is not None else {}
        when = int.from_bytes(said[:_STAMP], "big") if said is not None else timestamp
        before = _unpacked(sent)
        now = {where: row_hash(self._keys, value) for where, value in due.items()}
        if now == before:
            return []
        outputs = [output for where in before if where not in now for output in self._say(statement, where, None, timestamp)]
        for where, digest in now.items():
            if before.get(where) != digest:
                outputs += self._say(statement, where, due[where], when)
        _keep_sent(statement, now, view)
        return outputs

    def _due(self, statement: bytes, said: bytes, known: Decision, groups: Sequence[tuple[bytes, str]]) -> dict[bytes, bytes]:
        """What follows from a decision: where (what, to whom) → what is said there."""
        if known.verdict == ALONE and groups:
            (first, kind), *weaker = groups
            told = Decision(TOGETHER, None, {first.hex(): [kind]}, {})
            return {_ASKED + first: Question("resident", [group for group, _ in weaker], said).encoded(), _TOLD + statement: _record(told)}
        due = {_ABOUT + (known.subject or own_subject(self._keys, statement)): said, _TOLD + statement: _record(known)}
        if known.subject is not None:
            due |= {_MEANT + group: known.subject for group, _ in groups}
        return due

    def _say(self, statement: bytes, where: bytes, value: bytes | None, timestamp: int) -> tuple[Output, ...]:
        what, owner = where[:1], where[1:]
        if what == _ABOUT:
            return self._routes.sent("resident", owner, statement, statement, value, timestamp)
        if what == _TOLD:
            return (self._routes.decision(owner, value, timestamp),)
        return (self._routes.on_alias(owner, statement, owner if what == _ASKED else MEANT, value, timestamp),)


def _keep(batch: Batch, view: View) -> None:
    """Remember what has come."""
    for record in batch.records:
        if record.key is not None:
            _keep_one(record.key, record, view)


def _keep_one(key: bytes, record: Record, view: View) -> None:
    statement, item = split(key)
    if item == LOOK:
        return
    if record.value is None:
        view.delete(statement, item)
    else:
        stamp = b"" if item and item != PERSON else record.timestamp.to_bytes(_STAMP, "big")
        view.put(statement, item, stamp + record.value)


def _unpacked(sent: bytes) -> dict[bytes, bytes]:
    return {sent[at : at + _WHERE]: sent[at + _WHERE : at + _ENTRY] for at in range(0, len(sent), _ENTRY)}


def _keep_sent(statement: bytes, sent: Mapping[bytes, bytes], view: View) -> None:
    """Remember what is said of a statement: where → a digest of it."""
    if sent:
        view.put(statement, _SENT, b"".join(where + digest for where, digest in sorted(sent.items())))
    else:
        view.delete(statement, _SENT)


def _said_by_join(topic: str, record: Record) -> tuple[bytes, bytes]:
    """Of which statement a record that this step wrote is, and what is said where; nothing of one of another step."""
    key = record.key or b""
    if topic == topics.DECISION:  # what else is decided, by merge and by persons, was not weighed
        return (key, _TOLD + key) if record.value is None or _SCORE in record.value else (b"", b"")
    owner, statement, via = key[:ID_BYTES], key[ID_BYTES : 2 * ID_BYTES], key[2 * ID_BYTES :]
    if topic != topics.ALIAS:
        return (statement, _ABOUT + owner) if via == statement else (b"", b"")
    if via == owner:
        mine = record.value is None or Question.decoded(record.value).entity == "resident"
        return (statement, _ASKED + owner) if mine else (b"", b"")
    return (statement, _MEANT + owner) if via == MEANT else (b"", b"")


def _origin(written: str, record: Record) -> tuple[str, bytes] | None:
    """For which statement this step wrote a record, and by which topic that had come."""
    statement, where = _said_by_join(written, record)
    return (topics.PENDING, statement) if where else None


def _record(known: Decision) -> bytes:
    """The decision as it stands in the log."""
    subject = known.subject.hex() if known.subject else None
    told = {"verdict": known.verdict, "subject": subject, "evidence": known.evidence, "score": known.score}
    return json.dumps(told, sort_keys=True).encode()
