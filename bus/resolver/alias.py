"""Second step, for dwellings: one dwelling under several names (unit number, house code, place). internal.alias → internal.dwelling

And of people without a number, who are one person in several groups (`bus.resolver.peers`). internal.alias → internal.resident

Under each alias its one owner keeps these kinds of items:

    question   alias == via: a statement that goes by this alias, its strongest, and names these weaker ones beside
    claim      alias != via: a statement that goes by the stronger alias `via` says: this alias means that subject
    held       via HELD: a statement is not to be taken for what the alias means (`bus.resolver.homes`); its subject is told
    asked      via ASKED: a statement that goes by itself alone fits this place, and asks which dwellings are known by it

and of many together, under the first of them

    looks      LOOK: these aliases are to be decided on, if they were not

An alias means the subject that all claims on it agree on; where there is none, or they differ, a subject of its own, which is told (`FITS`)
whom they name, so that a person decides: one place under two unit numbers is a clerk's slip in one of them. Its questions go to that
subject, and claim in its name the weaker aliases they know. Claims only lead from stronger to weaker aliases, so what they say comes
to rest, and then depends on the statements alone, not on their order.

Who asks is answered by claims on the statement itself, which is the weakest of aliases: where all that it asked know of one dwelling, it
means that; of several: it stays by itself, and waits for a person.

A question that can wait (who knows many aliases tells the others what they mean) is at first only kept, until a claim comes or a look,
which goes to the end of the line once more for each `ROUNDS`: so a statement is seldom sent to one subject and then to another. Whether an
alias was decided on follows from the records before alone, and it waits once only, so a view made anew knows it, too. Of
very many looks that come at once some are put off.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import NamedTuple

from bus.event import Batch, Output
from bus.resolver.questions import PUT_OFF, Look, Question, apart, can_wait
from bus.resolver.routing import ASKED, HELD, ID_BYTES, LOOK, Routes, owners, split
from bus.resolver.subject import FITS, HOLD
from bus.step import Memory, View

ROUNDS = 3
"""So often a look goes to the end of a long line: a claim may follow from another one that waits itself."""
MANY = 100
"""So many records of a partition in one batch mean that a long line is waiting."""
MOST = 1500
"""So many aliases are decided on by looks in one batch, as what follows is held in memory; the others are put off."""
_MEANT = b"meant"  # the item that holds whom the alias meant when its questions were last sent; empty as long as it waits
_NOBODY = b""
_STAMP = 8


class Touch(NamedTuple):
    """What a record says of an item (None: it is gone), and when (ms since 1970)."""

    value: bytes | None
    timestamp: int


def _all_wait(alias: bytes, touched: Mapping[bytes, Touch]) -> bool:
    """Whether nothing is said of an alias but what can wait: no claim, and no question that others wait for."""
    return all(
        item[ID_BYTES:] in (HELD, ASKED) or (item[ID_BYTES:] == alias and (value is None or can_wait(value)))
        for item, (value, _) in touched.items()
    )


def is_claim(alias: bytes, item: bytes) -> bool:
    """Whether an item (statement, via) under an alias is a claim on it."""
    return len(item) > ID_BYTES and item[ID_BYTES:] not in (alias, HELD, ASKED)


def meaning(alias: bytes, claims: Iterable[bytes]) -> bytes:
    """Whom an alias means, by the claims on it, each of one subject or (an answer) of several."""
    named = {subject for claim in set(claims) for subject in apart(claim)}
    return named.pop() if len(named) == 1 else alias


class Alias:
    """The decision of the step."""

    def __init__(self, routes: Routes, many: int = MANY, most: int = MOST) -> None:
        """`many`: how long a batch is from which on looks go round several times; `most`: on so many aliases they decide in one."""
        self._routes, self._many, self._most = routes, many, most

    def memory(self) -> Memory:
        """What the step does, for the loop."""
        return Memory(self.decide, self.fold, asks=self._asked_for)

    def _asked_for(self, batch: Batch) -> set[bytes]:
        """The aliases that a batch concerns."""
        return owners(batch) | _due(batch, self._many, self._most)[0].keys()

    def decide(self, batch: Batch, view: View) -> list[Output]:
        """Send statements on to the subject their alias means, and after it when it comes to mean another; put in line what can wait."""
        return list(self._decided(batch, view, self._most))

    def fold(self, batch: Batch, view: View) -> None:
        """Remember a batch that was decided on before. Looks that were put off then are held to have had their turn: when they come again,
        they say all."""
        for _ in self._decided(batch, view, sys.maxsize):
            pass

    def _decided(self, batch: Batch, view: View, most: int) -> Iterator[Output]:
        touched, (due, again) = _touched(batch), _due(batch, self._many, most)
        waiting: list[bytes] = []
        for alias in [*touched, *sorted(due.keys() - touched.keys())]:
            kept, items = view.items(alias), touched.get(alias, {})
            new = not kept and _all_wait(alias, items)
            if alias not in due and (new or (kept.get(_MEANT) == _NOBODY and _all_wait(alias, items))):
                _keep(alias, kept, items, view)
                if new:
                    view.put(alias, _MEANT, _NOBODY)
                    waiting.append(alias)
            else:
                afresh = due.get(alias, False)
                if items or not afresh:
                    yield from self._settled(alias, kept, items, view)
                if afresh:
                    yield from self._settled(alias, view.items(alias), {}, view, afresh=True)
        now = max(record.timestamp for record in batch.records)
        for look in [*again, *([Look(_rounds(batch, self._many), b"".join(waiting))] if waiting else [])]:
            yield self._routes.on_alias(look.packed[:ID_BYTES], LOOK, b"", look.encoded(), now)

    def _settled(
        self, alias: bytes, kept: Mapping[bytes, bytes], touched: Mapping[bytes, Touch], view: View, afresh: bool = False
    ) -> Iterator[Output]:
        """What is to be said anew of one alias, of which this was `kept`; nothing was said while it waited. `afresh`: all is said."""
        items = _keep(alias, kept, touched, view)
        before = {item: said for item, said in kept.items() if item != _MEANT} if kept.get(_MEANT) != _NOBODY and not afresh else {}
        meant = kept.get(_MEANT) or alias
        claims = _claims(alias, items)
        now = meaning(alias, claims)
        fitted, fits = _several(_claims(alias, before)), _several(claims)
        if now != kept.get(_MEANT):
            view.put(alias, _MEANT, now)
        for item in sorted(before.keys() | items.keys()):
            if item[ID_BYTES:] == alias:
                when = touched[item].timestamp if item in touched else 0
                if now != meant or before.get(item) != items.get(item):
                    yield from self._resent(alias, item[:ID_BYTES], before.get(item), items.get(item), meant, now, when)
                said, say = _offer(before.get(item), fitted), _offer(items.get(item), fits)
                if said != say:
                    timestamp = int.from_bytes(items[item][:_STAMP], "big") if item in items else when
                    yield self._routes.told("dwelling", alias, FITS, item[:ID_BYTES], say or None, timestamp)
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
            yield from self._routes.sent(before.entity, meant, statement, alias, None, timestamp)
        if after is not None:
            yield from self._routes.sent(after.entity, now, statement, alias, after.statement, timestamp)
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


def _touched(batch: Batch) -> dict[bytes, dict[bytes, Touch]]:
    """What is said, by alias and item. Only the last of several records with one key counts, so batches need not be alike."""
    touched: dict[bytes, dict[bytes, Touch]] = {}
    for record in batch.records:
        if record.key is not None:
            alias, item = split(record.key)
            if item != LOOK:
                touched.setdefault(alias, {})[item] = Touch(record.value, record.timestamp)
    return touched


def _rounds(batch: Batch, many: int) -> int:
    return ROUNDS - 1 if len(batch.records) >= many else 0


def _due(batch: Batch, many: int, most: int) -> tuple[dict[bytes, bool], list[Look]]:
    """The aliases that looks decide on now, and whether all is to be said of each, as a view made anew does not know that they were put
    off; and the looks that go to the end of the line."""
    due: dict[bytes, bool] = {}
    again: list[Look] = []
    for look in _looks(batch):
        if look.rounds not in (0, PUT_OFF):
            again.append(look._replace(rounds=min(look.rounds - 1, _rounds(batch, many))))
        elif len(due) >= most:
            again.append(look._replace(rounds=PUT_OFF))
        else:
            due |= dict.fromkeys(apart(look.packed), look.rounds == PUT_OFF)
    return due, again


def _looks(batch: Batch) -> list[Look]:
    return [Look.decoded(value) for key, value, *_ in batch.records if key is not None and value is not None and key[ID_BYTES:] == LOOK]


def _keep(alias: bytes, kept: Mapping[bytes, bytes], touched: Mapping[bytes, Touch], view: View) -> dict[bytes, bytes]:
    """Keep what has come; what there is of the alias then."""
    items = dict(kept)
    items.pop(_MEANT, None)
    for item, (value, timestamp) in touched.items():
        if value is None:
            items.pop(item, None)
            view.delete(alias, item)
        else:
            items[item] = timestamp.to_bytes(_STAMP, "big") + value
            view.put(alias, item, items[item])
    return items


def _known(alias: bytes, items: Mapping[bytes, bytes]) -> bytes:
    """The dwellings that are known by an alias: those that it is claimed to mean, else its own, if any statement goes by it."""
    claimed = {subject for claim in _claims(alias, items) for subject in apart(claim)}
    named = claimed or ({alias} if any(item[ID_BYTES:] == alias for item in items) else set())
    return b"".join(sorted(named))


def _claims(alias: bytes, items: Mapping[bytes, bytes]) -> set[bytes]:
    """What the claims on an alias say, each of one subject or (an answer) of several."""
    return {said[_STAMP:] for item, said in items.items() if is_claim(alias, item)}


def _several(claims: Collection[bytes]) -> bytes:
    """The subjects that an alias is claimed to mean, if they are several."""
    found = {subject for claim in claims for subject in apart(claim)}
    return b"".join(sorted(found)) if len(found) > 1 else b""


def _offer(question: bytes | None, fits: bytes) -> bytes:
    """What the subject of a statement is told that it may mean as well; nothing where it is withdrawn, or not about a dwelling."""
    return fits if question is not None and fits and Question.decoded(question[_STAMP:]).entity == "dwelling" else b""
