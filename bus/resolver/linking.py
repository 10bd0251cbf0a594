"""Fifth step, for links: from the statements that a link names to the subjects that they are about. canonical.*, internal.link →
internal.link, internal.resident, internal.dwelling

A link names its ends by statements. Which subject a statement is about is decided by the owner of that subject and told to the owner of the
*statement* (`MEMBER`), so joins and splits take the links along. A link goes from end to end and collects subjects; the last end is the one
whose file keeps it:

    owner of the dwelling's statement → owner of the person's statement → the person's file → (what holds) the dwelling's file
    owner of the wife's statement → owner of the husband's → his file; and the other way round → hers
    a benefit: (owner of the household's statement → owner of its head's →) the person it concerns

    internal.link        statement, MEMBER, subject     entity, flags: the statement is held to be about this subject
                         statement, SAID, link          a `Way`: a link that has come as far as this end
                         statement, HEAD, zeros         of a household: the statement about its head

Of one link every record has one writer, because the link's id is made of its ends: with other ends it is another link. So what is withdrawn
never takes away what another has just sent; what an end sends on is a function of what has come to it, not of its order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from bus.contracts.codec import Decoder
from bus.event import Batch, Output, Record
from bus.eventlog import topics
from bus.keys import KeyRing
from bus.resolver.ends import Benefit, encoded, head_of, said_of, stated
from bus.resolver.identify import version_order
from bus.resolver.links import Stated
from bus.resolver.routing import ID_BYTES, Routes, split
from bus.resolver.subject import BENEFIT, LINK, MEMBER, stamped
from bus.step import View

SAID, HEAD = b"s", b"h"
ZEROS = bytes(ID_BYTES)
VAGUE, GONE = 1, 2
"""Flags of a subject: it has no identity but its one statement's · it is no more (demolished, or dead)."""
_STAMP, _ORDER_BYTES = 8, 21
_ENTITIES = {b"r": "resident", b"d": "dwelling"}
_WRONG = frozenset({"corrected", "annulled"})  # what was said before never was


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


class Sent(NamedTuple):
    """What a statement has said to one end, and when (ms)."""

    end: bytes
    value: bytes
    at: int


def member(entity: str, flags: int) -> bytes:
    """What the owner of a subject tells about each of its statements."""
    return entity[:1].encode() + bytes((flags,))


class Linking:
    """The decision of the step."""

    def __init__(self, decode: Decoder, keys: KeyRing, routes: Routes) -> None:
        self._decode, self._keys, self._routes = decode, keys, routes

    def decide(self, batch: Batch, view: View) -> list[Output]:
        """Send links on their way, and after their ends where these come to be about another subject."""
        outputs: list[Output] = []
        if batch.topic == topics.LINK:
            for end, touched in _touched(batch).items():
                outputs += self._at_end(end, touched, view)
        else:
            for record in batch.records:
                if record.key is not None and record.value is not None:
                    outputs += self._version(topics.entity_of(batch.topic), record.key, record, record.value, view)
        return outputs

    def _version(self, entity: str, key: bytes, record: Record, value: bytes, view: View) -> Iterator[Output]:
        """A version of a statement: what it says, and what becomes of what other versions say."""
        _, said = self._decode(value)
        order = version_order(record.timestamp, said, value, self._keys)
        mark = order + bytes((said["operation"] in _WRONG,))
        before = view.items(key)
        after = dict(before)
        ways = {
            SAID + each.id: (each.ends[0], _way(each.ends, each.value)) for each in said_of(entity, key, said, record.timestamp, self._keys)
        }
        if entity == "household":
            ways[HEAD + ZEROS] = (key, head_of(said))
        for item, (end, sent) in {b"": (b"", b""), **ways}.items():
            if item not in before or before[item][:_ORDER_BYTES] < order:
                after[item] = mark + end + sent
                view.put(key, item, after[item])
        yield from self._differences(_standing(before), _standing(after), record.timestamp)

    def _differences(self, before: Mapping[bytes, Sent], after: Mapping[bytes, Sent], now: int) -> Iterator[Output]:
        for item, sent in before.items():
            if item not in after:
                yield self._routes.on_link(sent.end, item[:1], item[1:], None, now)
        for item, sent in after.items():
            if before.get(item) != sent:
                yield self._routes.on_link(sent.end, item[:1], item[1:], sent.value, sent.at)

    def _at_end(self, end: bytes, touched: Mapping[bytes, Record], view: View) -> Iterator[Output]:
        """What is to be sent on from one end that was not sent before."""
        before = view.items(end)
        after = dict(before)
        now = 0
        for item, record in touched.items():
            now = max(now, record.timestamp)
            if record.value is None:
                after.pop(item, None)
                view.delete(end, item)
            else:
                after[item] = stamped(record.timestamp, record.value)
                view.put(end, item, after[item])
        sent = {(each.topic, each.record.key): each for each in self._sent_on(before)}
        due = {(each.topic, each.record.key): each for each in self._sent_on(after)}
        for name, each in sent.items():
            if name not in due:
                yield each._replace(record=each.record._replace(value=None, timestamp=now))
        for name, each in due.items():
            if sent.get(name) != each:
                yield each

    def _sent_on(self, items: Mapping[bytes, bytes]) -> Iterator[Output]:
        """What goes on from an end to which this has come."""
        subjects = sorted((item[1:], value[_STAMP:]) for item, value in items.items() if item[:1] == MEMBER)
        head = items.get(HEAD + ZEROS, b"")[_STAMP:]
        for item, value in items.items():
            if item[:1] == SAID:
                way, at = Way.unpacked(value[_STAMP:]), int.from_bytes(value[:_STAMP], "big")
                if head:
                    yield self._routes.on_link(head, SAID, item[1:], way.packed(), at)
                elif subjects:
                    yield self._on(way, item[1:], *subjects[0], at)

    def _on(self, way: Way, link: bytes, subject: bytes, told: bytes, at: int) -> Output:
        if way.ends:
            further = way._replace(ends=way.ends[1:], found=subject + told[1:])
            return self._routes.on_link(way.ends[0], SAID, link, further.packed(), at)
        return self._routes.told(_ENTITIES[told[:1]], subject, way.tag, link, way.packed(), at)


def _touched(batch: Batch) -> dict[bytes, dict[bytes, Record]]:
    """The records of a batch by end and item; only the last of several with one key counts, so batches need not be alike."""
    touched: dict[bytes, dict[bytes, Record]] = {}
    for record in batch.records:
        if record.key is not None:
            end, item = split(record.key)
            touched.setdefault(end, {})[item] = record
    return touched


def _way(ends: tuple[bytes, ...], value: Stated | Benefit) -> bytes:
    tag = BENEFIT if isinstance(value, Benefit) else LINK
    return Way(tag, ends[1:], b"", encoded(value)).packed()


def _standing(items: Mapping[bytes, bytes]) -> dict[bytes, Sent]:
    """What all versions of a statement say together. What only an earlier one named is over: never so, if the next one corrects it; else
    ended when the next one says that its own began."""
    marks = dict(sorted((value[:_ORDER_BYTES], value[_ORDER_BYTES]) for value in items.values()))
    orders = list(marks)
    found = {}
    for item, value in items.items():
        if not item:
            continue
        order, end, sent = value[:_ORDER_BYTES], value[_ORDER_BYTES + 1 : _ORDER_BYTES + 1 + ID_BYTES], value[_ORDER_BYTES + 1 + ID_BYTES :]
        if order != orders[-1]:
            later = orders[orders.index(order) + 1]
            if item[:1] == HEAD or marks[later] or sent[:1] != LINK:
                continue
            sent = _over(sent, [other[_ORDER_BYTES + 1 + ID_BYTES :] for other in items.values() if other.startswith(later)])
        found[item] = Sent(end, sent, int.from_bytes(order[:_STAMP], "big"))
    return found


def _over(sent: bytes, later: Iterable[bytes]) -> bytes:
    """A link that only an earlier version names, ended by what the later one says."""
    way = Way.unpacked(sent)
    begun = [stated(Way.unpacked(each).body) for each in later if each[:1] == LINK]
    said = stated(way.body)
    until = said.until_on or min((each.from_on or each.seen or "" for each in begun), default="")[:10] or None
    return way._replace(body=encoded(said._replace(moved=True, until_on=until))).packed()
