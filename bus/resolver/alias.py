"""Second step, for dwellings: one dwelling under several names (unit number, house code, place). internal.alias → internal.dwelling

And of people without a number, who are one person in several groups (`bus.resolver.peers`). internal.alias → internal.resident

Under each alias its one owner keeps these kinds of items:

    question   alias == via: a statement that goes by this alias, its strongest, and names these weaker ones beside
    claim      alias != via: a statement that goes by the stronger alias `via` says: this alias means that subject
    held       via HELD: a statement is not to be taken for what the alias means (`bus.resolver.homes`); its subject is told
    asked      via ASKED: a statement that goes by itself alone fits this place, and asks which dwellings are known by it

An alias means the subject that all claims on it agree on; where there is none, or they differ, a subject of its own. Its questions go to
that subject, and claim in its name the weaker aliases they know. Claims only lead from stronger to weaker aliases, so what they say comes
to rest, and then depends on the statements alone, not on their order.

Who asks is answered by claims on the statement itself, which is the weakest of aliases: where all that it asked know of one dwelling, it
means that; of several: it stays by itself, and the subject that it is is told of them (`FITS`), so that a person decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from bus.event import Batch, Output
from bus.resolver.routing import ASKED, HELD, ID_BYTES, Routes, split
from bus.resolver.subject import FITS, HOLD
from bus.step import View

_MEANT = b"meant"  # the item that holds whom the alias meant when its questions were last sent
_STAMP = 8
_ENTITIES, _ASKS, _MOST = (
    ("dwelling", "resident"),
    2,
    64,
)  # one byte holds all: which entity, whether it asks, and fewer than so many aliases


class Touch(NamedTuple):
    """What a record says of an item (None: it is gone), and when (ms since 1970)."""

    value: bytes | None
    timestamp: int


class Question(NamedTuple):
    """A statement that goes by an alias: of which entity, the weaker aliases it knows (strongest first), the statement itself. `asks`: it
    knows none but those that it fits, and asks them."""

    entity: str
    weaker: Sequence[bytes]
    statement: bytes
    asks: bool = False

    def encoded(self) -> bytes:
        """As it stands in the log."""
        kind = _ENTITIES.index(self.entity) * _ASKS + self.asks
        return bytes((kind * _MOST + len(self.weaker),)) + b"".join(self.weaker) + self.statement

    @classmethod
    def decoded(cls, value: bytes) -> Question:
        """The inverse of `encoded`."""
        kind, count = divmod(value[0], _MOST)
        end = 1 + count * ID_BYTES
        entity, asks = divmod(kind, _ASKS)
        return cls(_ENTITIES[entity], apart(value[1:end]), value[end:], bool(asks))

    def told(self, alias: bytes, meant: bytes) -> dict[tuple[bytes, bytes], bytes]:
        """What it says to other aliases: (alias, via) → value. `alias`: the one it goes by, and whom that means."""
        return {(each, ASKED): alias for each in self.weaker} if self.asks else {(each, alias): meant for each in self.weaker}


def apart(packed: bytes) -> list[bytes]:
    """Subjects or aliases that stand one behind the other."""
    return [packed[at : at + ID_BYTES] for at in range(0, len(packed), ID_BYTES)]


def is_claim(alias: bytes, item: bytes) -> bool:
    """Whether an item (statement, via) under an alias is a claim on it."""
    return item[ID_BYTES:] not in (alias, HELD, ASKED)


def meaning(alias: bytes, claims: Iterable[bytes]) -> bytes:
    """Whom an alias means, by the claims on it, each of one subject or (an answer) of several."""
    named = {subject for claim in set(claims) for subject in apart(claim)}
    return named.pop() if len(named) == 1 else alias


class Alias:
    """The decision of the step."""

    def __init__(self, routes: Routes) -> None:
        self._routes = routes

    def decide(self, batch: Batch, view: View) -> list[Output]:
        """Send statements on to the subject their alias means, and after it when it comes to mean another."""
        touched: dict[bytes, dict[bytes, Touch]] = {}
        for record in batch.records:
            if record.key is not None:
                alias, item = split(record.key)
                touched.setdefault(alias, {})[item] = Touch(record.value, record.timestamp)
        return [output for alias, items in touched.items() for output in self._settled(alias, items, view)]

    def _settled(self, alias: bytes, touched: Mapping[bytes, Touch], view: View) -> Iterator[Output]:
        """What is to be said anew of one alias. Only the last of several records with one key counts, so batches need not be alike."""
        before = view.items(alias)
        meant = before.pop(_MEANT, alias)
        items = dict(before)
        for item, (value, timestamp) in touched.items():
            if value is None:
                items.pop(item, None)
                view.delete(alias, item)
            else:
                items[item] = timestamp.to_bytes(_STAMP, "big") + value
                view.put(alias, item, items[item])
        now = meaning(alias, (said[_STAMP:] for item, said in items.items() if is_claim(alias, item)))
        if now != meant:
            view.put(alias, _MEANT, now)
        for item in sorted(before.keys() | items.keys()):
            if item[ID_BYTES:] == alias:
                when = touched[item].timestamp if item in touched else 0
                if now != meant or before.get(item) != items.get(item):
                    yield from self._resent(alias, item[:ID_BYTES], before.get(item), items.get(item), meant, now, when)
                yield from self._offered(alias, item, before, items, when)
            elif item[ID_BYTES:] == HELD and (now != meant or (item in before) != (item in items)):
                yield from self._held(item[:ID_BYTES], meant if item in before else None, now if item in items else None, touched.get(item))
            elif item[ID_BYTES:] == ASKED:
                yield from self._answered(alias, item, before, items)

    def _resent(
        self, alias: bytes, statement: bytes, old: bytes | None, new: bytes | None, meant: bytes, now: bytes, when: int
    ) -> Iterator[Output]:
        """One question, which said `old` when the alias meant `meant`, and now says `new`. `when`: the time of a withdrawal."""
        before = Question.decoded(old[_STAMP:]) if old is not None else None
        after = Question.decoded(new[_STAMP:]) if new is not None else None
        timestamp = int.from_bytes(new[:_STAMP], "big") if new is not None else when
        if before is not None and (after is None or now != meant):
            yield self._routes.about(before.entity, meant, statement, alias, None, timestamp)
        if after is not None:
            yield self._routes.about(after.entity, now, statement, alias, after.statement, timestamp)
        told, tell = before.told(alias, meant) if before else {}, after.told(alias, now) if after else {}
        for each, via in told:
            if (each, via) not in tell:
                yield self._routes.on_alias(each, statement, via, None, timestamp)
        for (each, via), value in tell.items():
            if told.get((each, via)) != value:
                yield self._routes.on_alias(each, statement, via, value, timestamp)

    def _held(self, statement: bytes, told: bytes | None, tell: bytes | None, touch: Touch | None) -> Iterator[Output]:
        """That a statement is held, said to the subject that the alias means (`tell`) and no longer to the one it meant (`told`)."""
        when = touch.timestamp if touch is not None else 0
        if told is not None:
            yield self._routes.told("dwelling", told, HOLD, statement, None, when)
        if tell is not None:
            yield self._routes.told("dwelling", tell, HOLD, statement, HELD, when)

    def _answered(self, alias: bytes, item: bytes, before: Mapping[bytes, bytes], items: Mapping[bytes, bytes]) -> Iterator[Output]:
        """What who asked is told: the dwellings that are known by this alias."""
        said = _known(alias, before) if item in before else b""
        say = _known(alias, items) if item in items else b""
        if said != say:
            asked = items.get(item) or before[item]
            timestamp = int.from_bytes(asked[:_STAMP], "big")
            yield self._routes.on_alias(asked[_STAMP:], item[:ID_BYTES], alias, say or None, timestamp)

    def _offered(
        self, alias: bytes, item: bytes, before: Mapping[bytes, bytes], items: Mapping[bytes, bytes], when: int
    ) -> Iterator[Output]:
        """What the subject of a statement that asked is told: the dwellings that it fits, if they are several."""
        statement = item[:ID_BYTES]
        said, say = _fits(alias, statement, before), _fits(alias, statement, items)
        if said != say:
            timestamp = int.from_bytes(items[item][:_STAMP], "big") if item in items else when
            yield self._routes.told("dwelling", alias, FITS, statement, say or None, timestamp)


def _known(alias: bytes, items: Mapping[bytes, bytes]) -> bytes:
    """The dwellings that are known by an alias: those that it is claimed to mean, else its own, if any statement goes by it."""
    claimed = {subject for item, said in items.items() if is_claim(alias, item) for subject in apart(said[_STAMP:])}
    named = claimed or ({alias} if any(item[ID_BYTES:] == alias for item in items) else set())
    return b"".join(sorted(named))


def _fits(alias: bytes, statement: bytes, items: Mapping[bytes, bytes]) -> bytes:
    """What a statement was answered that asked under this alias, which it alone goes by: several dwellings, or nothing."""
    answers = (said[_STAMP:] for item, said in items.items() if item[:ID_BYTES] == statement and is_claim(alias, item))
    found = {subject for answer in answers for subject in apart(answer)}
    return b"".join(sorted(found)) if len(found) > 1 else b""
