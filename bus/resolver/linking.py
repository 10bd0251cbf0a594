"""Fifth step, for links: from the statements that a link names to the subjects that they are about. canonical.*, internal.link →
internal.link, internal.resident, internal.dwelling

A link names its ends by statements. To which subject a statement was sent the sender tells the owner of the *statement* as well (`ABOUT`);
what more there is to know the owner of the subject tells (`MEMBER`), above all that it sent the statement on, so joins and splits take the
links along. A link goes from end to end and collects subjects; the last end is the one whose file keeps it:

    owner of the dwelling's statement → owner of the person's statement → the person's file → (what holds) the dwelling's file
    owner of the wife's statement → owner of the husband's → his file; and the other way round → hers
    a benefit: (owner of the household's statement → owner of its head's →) the person it concerns

    internal.link        statement, ABOUT, subject, via entity: the statement was sent to this subject
                         statement, MEMBER, subject     entity, flags of the subject[, another subject: from this one it went on to that]
                         statement, SAID, link          a `Way`: a link that has come as far as this end
                         statement, HEAD, zeros         of a household: the statement about its head

A record that goes out for a version of a statement says for which, in a header by the name of its topic: neither key nor value does.

Of one link every record has one writer, because the link's id is made of its ends: with other ends it is another link. So what is withdrawn
never takes away what another has just sent; what an end sends on is a function of what has come to it, not of its order.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from bus.contracts.codec import Decoder
from bus.event import Batch, Output, Record
from bus.eventlog import topics
from bus.keys import KeyRing
from bus.resolver.ends import Benefit, Said, encoded, head_of, said_of
from bus.resolver.identify import order_of_erasure, version_order
from bus.resolver.routing import ABOUT, ID_BYTES, Routes, letter, owners, split
from bus.resolver.subject import BENEFIT, LINK, MEMBER, stamped
from bus.step import Memory, Partition, View

SAID, HEAD = b"s", b"h"
ZEROS = bytes(ID_BYTES)
VAGUE, GONE = 1, 2
"""Flags of a subject: it has no identity but its one statement's · it is no more (demolished, or dead)."""
_STAMP = 8
_OF_SUBJECT = 1 + ID_BYTES  # behind the tag
_FURTHER = 2  # behind entity and flags
_ENTITIES = {b"r": "resident", b"d": "dwelling"}


class Way(NamedTuple):
    """A link or benefit that has come so far. `tag`: as what it is kept; `ends`: still to come; `found`: subject and flags of the end it
    came through, empty if none; `body`: what is said."""

    tag: bytes
    ends: tuple[bytes, ...]
    found: bytes
    body: bytes

    def packed(self) -> bytes:
        """As it is kept in the log."""
        return self.tag + bytes((len(self.ends), len(self.found))) + b"".join(self.ends) + self.found + self.body

    @classmethod
    def unpacked(cls, value: bytes) -> Way:
        """The inverse of `packed`."""
        found = 3 + value[1] * ID_BYTES
        body = found + value[2]
        ends = tuple(value[at : at + ID_BYTES] for at in range(3, found, ID_BYTES))
        return cls(value[:1], ends, value[found:body], value[body:])


def _onward(way: bytes, found: bytes) -> tuple[bytes, bytes]:
    """The next end of a way, and the way as it comes there through an end where this was found. Each link passes here: what is packed is
    cut and put together, not unpacked."""
    ends = 3 + way[1] * ID_BYTES
    next_end = 3 + ID_BYTES
    lengths = bytes((way[1] - 1, len(found)))
    return way[3:next_end], way[:1] + lengths + way[next_end:ends] + found + way[ends + way[2] :]


def member(entity: str, flags: int, further: bytes = b"") -> bytes:
    """What the owner of a subject tells about a statement. `further`: the subject that it was sent on to from there."""
    return letter(entity) + bytes((flags,)) + further


class Held(NamedTuple):
    """Whom a statement is held to be about: the subject (empty: nobody), its entity (a letter), its flags."""

    subject: bytes = b""
    entity: bytes = b""
    flags: int = 0


def held_by(told: Mapping[bytes, bytes]) -> Held:
    """Whom a statement is held to be about, by what was `told` to its owner (tag and id → value): to whom it was sent, and where it went on
    from there. Of several, while it goes from one to another, the first."""
    sent = []
    for item, value in told.items():
        if item[:1] == ABOUT:
            sent.append((item[1:_OF_SUBJECT], value))
    if not sent:  # by an earlier version the subject alone told
        sent = [(item[1:], value[:1]) for item, value in told.items() if item[:1] == MEMBER and not value[_FURTHER:]]
    if not sent:
        return Held()
    subject, entity = min(sent) if len(sent) > 1 else sent[0]
    if len(told) == 1:
        return Held(subject, entity)
    more = told.get(MEMBER + subject, b"")
    been = {subject}
    while (further := more[_FURTHER:]) and further not in been:
        been.add(further)
        subject, more = further, told.get(MEMBER + further, b"")
    return Held(subject, entity, more[1] if more else 0)


_Goal = tuple[bytes, Held]
"""Where what has come to an end goes on to: the statement about a household's head, or the subject that the end is about."""

_NOWHERE: _Goal = (b"", Held())
_HEAD = HEAD + ZEROS


class Linking:
    """The decision of the step."""

    def __init__(self, decode: Decoder, keys: KeyRing, routes: Routes) -> None:
        self._decode, self._keys, self._routes = decode, keys, routes

    def memory(self) -> Memory:
        """What the step does, for the loop."""
        writes = {topics.canonical(entity): (topics.LINK,) for entity in topics.OF_LINKS}
        return Memory(self.decide, writes=writes, learn=self.learn, everywhere=True, origin=_origin, asks=owners)

    def decide(self, batch: Batch, view: View) -> list[Output]:
        """Send links on their way, and after their ends where these come to be about another subject."""
        outputs: list[Output] = []
        if batch.topic == topics.LINK:
            for end, touched in _touched(batch).items():
                outputs += self._at_end(end, touched, view)
        else:
            entity = topics.entity_of(batch.topic)
            for record in batch.records:
                if record.key is not None:
                    outputs += self._version(entity, record.key, record, view)
        return outputs

    def _version(self, entity: str, key: bytes, record: Record, view: View) -> Iterator[Output]:
        """A version of a statement, unless a later one is known: what it says now, and what it no longer says. Erased, it says nothing."""
        before = view.items(key)
        said = self._decode(record.value)[1] if record.value is not None else None
        order = version_order(record.timestamp, said, record.value or b"", self._keys) if said else order_of_erasure(record.timestamp)
        if order <= before.get(b"", b""):
            return
        sent: dict[bytes, tuple[bytes, bytes]] = {}
        if said is not None:
            for each in said_of(entity, key, said, record.timestamp, self._keys):
                sent[SAID + each.id] = each.ends[0], _way(each)
            if entity == "household":
                sent[_HEAD] = key, head_of(said)
        origin = ((topics.canonical(entity), key),)
        view.put(key, b"", order)
        for item, last in before.items():
            if item and item not in sent:
                view.delete(key, item)
                yield self._routes.on_link(last, item[:1], item[1:], None, record.timestamp, origin)
        for item, (end, told) in sent.items():
            view.put(key, item, end)
            yield self._routes.on_link(end, item[:1], item[1:], told, record.timestamp, origin)

    def learn(self, batch: Batch, view: View, read: Partition) -> None:
        """What was sent last for the statements of a partition; the log may have let go of the versions for which it was."""
        for record in batch.records:
            topic, statement = _origin(batch.topic, record) or ("", b"")
            if topic != read.topic or record.key is None or not read.has(statement):
                continue
            end, item = split(record.key)
            if record.value is None:
                view.delete(statement, item)
            else:
                view.put(statement, item, end)

    def _at_end(self, end: bytes, touched: Mapping[bytes, Record], view: View) -> list[Output]:
        """What is to be sent on from one end that was not sent before: all that has come, where it goes to somebody else now."""
        before = view.items(end)
        after = dict(before)
        moves = False
        for item, (_, value, timestamp, _) in touched.items():
            moves |= item[:1] != SAID
            if value is None:
                after.pop(item, None)
                view.delete(end, item)
            else:
                after[item] = kept = stamped(timestamp, value)
                view.put(end, item, kept)
        was = _goal(before)
        goal = _goal(after) if moves else was
        outputs: list[Output] = []
        if goal == was == _NOWHERE:
            return outputs
        for item in sorted(touched if goal == was else before.keys() | after.keys()):
            if item[:1] == SAID:
                sent, due = self._on(item, before, was), self._on(item, after, goal)
                if sent is not None and (due is None or (sent.topic, sent.record.key) != (due.topic, due.record.key)):
                    now = max(each.timestamp for each in touched.values())
                    outputs.append(sent._replace(record=sent.record._replace(value=None, timestamp=now)))
                if due is not None and due != sent:
                    outputs.append(due)
        return outputs

    def _on(self, item: bytes, items: Mapping[bytes, bytes], goal: _Goal) -> Output | None:
        """What has come of a link, on its way from here; None where it goes nowhere yet."""
        value = items.get(item)
        head, (subject, entity, flags) = goal
        if value is None or not (head or subject):
            return None
        at, link, way = int.from_bytes(value[:_STAMP], "big"), item[1:], value[_STAMP:]
        if head:
            return self._routes.on_link(head, SAID, link, way, at)
        if way[1]:
            further, onward = _onward(way, subject + bytes((flags,)))
            return self._routes.on_link(further, SAID, link, onward, at)
        return self._routes.told(_ENTITIES[entity], subject, way[:1], link, way, at)


def _goal(items: Mapping[bytes, bytes]) -> _Goal:
    """Where what comes to an end goes on to."""
    if not items:
        return _NOWHERE
    told = {}
    for item, value in items.items():
        if item[:1] in (ABOUT, MEMBER):
            told[item] = value[_STAMP:]
    return items.get(_HEAD, b"")[_STAMP:], held_by(told)


def _touched(batch: Batch) -> dict[bytes, dict[bytes, Record]]:
    """The records of a batch by end and item; only the last of several with one key counts, so batches need not be alike."""
    touched: dict[bytes, dict[bytes, Record]] = {}
    for record in batch.records:
        if record.key is not None:
            end, item = split(record.key)
            touched.setdefault(end, {})[item] = record
    return touched


def _origin(_written: str, record: Record) -> tuple[str, bytes] | None:
    """For a version of which statement a record went out, and by which topic that came."""
    return record.headers[0] if record.headers else None


def _way(said: Said) -> bytes:
    tag = BENEFIT if isinstance(said.value, Benefit) else LINK
    return Way(tag, said.ends[1:], b"", encoded(said.value)).packed()
