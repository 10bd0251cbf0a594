"""Second step, for dwellings: one dwelling under several names (unit number, house code, place). internal.alias → internal.dwelling

Under each alias its one owner keeps two kinds of items:

    question   alias == via: a statement that goes by this alias, its strongest, and names these weaker ones beside
    claim      alias != via: a statement that goes by the stronger alias `via` says: this alias means that subject
    held       via HELD: a statement is not to be taken for what the alias means (`bus.resolver.homes`); its subject is told

An alias means the subject that all claims on it agree on; where there is none, or they differ, a subject of its own. Its questions go to
that subject, and claim in its name the weaker aliases they know. Claims only lead from stronger to weaker aliases, so what they say comes
to rest, and then depends on the statements alone, not on their order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from bus.event import Batch, Output
from bus.resolver.routing import HELD, ID_BYTES, Routes, split
from bus.resolver.subject import HOLD
from bus.step import View

_MEANT = b"meant"  # the item that holds whom the alias meant when its questions were last sent
_STAMP = 8


class Touch(NamedTuple):
    """What a record says of an item (None: it is gone), and when (ms since 1970)."""

    value: bytes | None
    timestamp: int


def question(weaker: Sequence[bytes], statement: bytes) -> bytes:
    """The value of a question: the weaker aliases the statement knows, and the statement itself."""
    return bytes((len(weaker),)) + b"".join(weaker) + statement


def asked(value: bytes) -> tuple[list[bytes], bytes]:
    """The inverse of `question`."""
    end = 1 + value[0] * ID_BYTES
    return [value[at : at + ID_BYTES] for at in range(1, end, ID_BYTES)], value[end:]


def meaning(alias: bytes, claims: Iterable[bytes]) -> bytes:
    """Whom an alias means, by the claims on it."""
    named = set(claims)
    return named.pop() if len(named) == 1 else alias


class Alias:
    """The decision of the step. `entity`: whose aliases these are."""

    def __init__(self, entity: str, routes: Routes) -> None:
        self._entity, self._routes = entity, routes

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
        now = meaning(alias, (said[_STAMP:] for item, said in items.items() if item[ID_BYTES:] not in (alias, HELD)))
        if now != meant:
            view.put(alias, _MEANT, now)
        for item in sorted(before.keys() | items.keys()):
            if item[ID_BYTES:] == alias and (now != meant or before.get(item) != items.get(item)):
                when = touched[item].timestamp if item in touched else 0
                yield from self._resent(alias, item[:ID_BYTES], before.get(item), items.get(item), meant, now, when)
            elif item[ID_BYTES:] == HELD and (now != meant or (item in before) != (item in items)):
                yield from self._held(item[:ID_BYTES], meant if item in before else None, now if item in items else None, touched.get(item))

    def _resent(
        self, alias: bytes, statement: bytes, old: bytes | None, new: bytes | None, meant: bytes, now: bytes, when: int
    ) -> Iterator[Output]:
        """One question, which said `old` when the alias meant `meant`, and now says `new`. `when`: the time of a withdrawal."""
        known = asked(old[_STAMP:])[0] if old is not None else []
        timestamp = int.from_bytes(new[:_STAMP], "big") if new is not None else when
        weaker, said = asked(new[_STAMP:]) if new is not None else ([], None)
        if old is not None and (new is None or now != meant):
            yield self._routes.about(self._entity, meant, statement, alias, None, timestamp)
        if said is not None:
            yield self._routes.about(self._entity, now, statement, alias, said, timestamp)
        for each in known:
            if each not in weaker:
                yield self._routes.on_alias(each, statement, alias, None, timestamp)
        for each in weaker:
            if each not in known or now != meant:
                yield self._routes.on_alias(each, statement, alias, now, timestamp)

    def _held(self, statement: bytes, told: bytes | None, tell: bytes | None, touch: Touch | None) -> Iterator[Output]:
        """That a statement is held, said to the subject that the alias means (`tell`) and no longer to the one it meant (`told`)."""
        when = touch.timestamp if touch is not None else 0
        if told is not None:
            yield self._routes.told(self._entity, told, HOLD, statement, None, when)
        if tell is not None:
            yield self._routes.told(self._entity, tell, HOLD, statement, HELD, when)
