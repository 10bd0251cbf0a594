"""Third step, for people without a number: what do statements that share a key say together? internal.evidence → internal.pending

Under each key its one owner keeps the claims on it. Where a statement without a number stands beside persons with one, they are its
candidates, and are sent to the owner of the statement, which sees what all keys say. Persons gathered in one row, household or dwelling
claim to be with each other, under further keys. Both follow from the claims alone, and what no longer follows is withdrawn; so they
come to rest in the same state whatever the order.

Where much is waiting, a key waits when anything could first follow from it: one `LOOK` at the end of the line names all keys of a batch
that wait; by the time it comes, the other claims on them have come as well. Until then nothing was said, and the look says all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from functools import lru_cache, partial

from bus.event import Batch, Output, Record
from bus.keys import KeyRing
from bus.resolver.evidence import GATHERING, HERE, PHONE, WITH, Claim, candidates, community_key, kind_of, looks, whereabouts
from bus.resolver.homes import HOME, Home, among_strangers, at_home, held
from bus.resolver.likeness import packed
from bus.resolver.pairs import TOGETHER, pair_key, pairs, sides
from bus.resolver.peers import called_by_name, peers
from bus.resolver.questions import apart
from bus.resolver.routing import HELD, ID_BYTES, LOOK, Routes, split
from bus.step import Memory, View

GATHERED = "gathered"
"""What follows from persons who are gathered, in `Follows`."""
HOLD, PEERS = "hold", "peers"
"""That a dwelling's statement is to be held · that a statement is of a group (`bus.resolver.peers`), in `Follows`."""
MANY = 100
"""So many records of a partition in one batch mean that a long line is waiting."""
MOST = 1500
"""So many keys are looked at in one batch, as what follows from them is held in memory; other looks go to the end of the line again."""
_WAITS = b""
"""The item of a key that waits."""
_HOME, _WITH = HOME.encode(), WITH.encode()
Follows = dict[tuple[bytes, bytes, str], bytes]
"""(owner, statement or key, what) → what is said there."""


class Match:
    """The decision of the step. `many`: how long a batch is from which on keys wait; `most`: so many are looked at in one."""

    def __init__(self, keys: KeyRing, routes: Routes, many: int = MANY, most: int = MOST) -> None:
        self._keys, self._routes, self._many, self._most = keys, routes, many, most
        self._pair_key = lru_cache(1 << 14)(partial(pair_key, keys))  # in one family the same names come again and again
        self._in_community = partial(community_key, keys)

    def memory(self) -> Memory:
        """What the step does, for the loop."""
        return Memory(self.decide, self.fold, asks=self._asked_for)

    def decide(self, batch: Batch, view: View) -> list[Output]:
        """What these claims change of what follows under their keys; or, of a long line, a look at those from which anything could first
        follow, when its turn comes."""
        touched, looking = _apart(batch)
        due, later = _due(looking, self._most)
        newest = max(record.timestamp for record in batch.records)
        outputs = [Output(batch.topic, look, batch.partition) for look in later]
        waiting: list[bytes] = []
        for key in [*touched, *sorted(due - touched.keys())]:
            before = view.items(key)
            waits = before.pop(_WAITS, None) is not None
            after = _kept(key, before, touched.get(key, {}), view)
            if key in due:
                view.delete(key, _WAITS)
                told = self._follows(key, before) if key in touched else {}  # only by a view made anew, which knows of no waiting
                outputs += self._told(key, told, self._follows(key, after), newest, afresh=True)
            elif not waits and (speaks(after) or speaks(before)):
                if len(batch.records) >= self._many and not speaks(before):
                    view.put(key, _WAITS, b"")
                    waiting.append(key)
                else:
                    now = max(record.timestamp for record in touched[key].values())
                    outputs += self._told(key, self._follows(key, before), self._follows(key, after), now)
        if waiting:
            which = batch.offsets[0].to_bytes(ID_BYTES, "big")
            outputs.append(self._routes.as_evidence(waiting[0], LOOK, which, b"".join(waiting), newest))
        return outputs

    def fold(self, batch: Batch, view: View) -> None:
        """Remember a batch that was decided on before. A key that waited is held to have been decided on; where it was not, the look that
        is still to come says all."""
        touched, looking = _apart(batch)
        for key, items in touched.items():
            _kept(key, {}, items, view)
        for look in looking:
            for key in apart(look.value or b""):
                view.delete(key, _WAITS)

    def _asked_for(self, batch: Batch) -> set[bytes]:
        """The keys that a batch concerns."""
        touched, looking = _apart(batch)
        return touched.keys() | _due(looking, self._most)[0]

    def _told(self, key: bytes, before: Follows, after: Follows, now: int, afresh: bool = False) -> Iterator[Output]:
        """What is to be said anew under one key. `afresh`: all of it."""
        for to in before:
            if to not in after:
                yield self._say(key, to, None, now)
        for to, said in after.items():
            if afresh or before.get(to) != said:
                yield self._say(key, to, said, now)

    def _follows(self, key: bytes, items: Mapping[bytes, bytes]) -> Follows:
        if not speaks(items):
            return {}
        items = dict(sorted(items.items()))
        kinds = set(map(kind_of, items.values()))
        if _WITH in kinds:
            return self._follows_of_pair(key, items)
        if _HOME not in kinds:
            return self._follows_of_claims(key, items, kinds)
        homes = {item: Home.decoded(value) for item, value in items.items() if kind_of(value) == _HOME}
        if len(homes) == len(items):
            return {(alias, item[:ID_BYTES], HOLD): HELD for item, alias in held(homes).items()}
        items = {item: value for item, value in items.items() if item not in homes}
        living = [Claim.decoded(value) for item, value in items.items() if len(item) == ID_BYTES]
        strange = among_strangers({item[:ID_BYTES]: home for item, home in homes.items()}, living, self._keys)
        told = {(of, statement, GATHERED): home.encoded() for (of, statement), home in strange.items()}
        return told | self._follows_of_claims(key, items, kinds)

    def _follows_of_pair(self, key: bytes, items: Mapping[bytes, bytes]) -> Follows:
        found: Follows = {}
        for claims in sides(items):
            found |= self._follows_of_looking(key, WITH, claims)
        return found

    def _follows_of_claims(self, key: bytes, items: Mapping[bytes, bytes], kinds: Set[bytes]) -> Follows:
        claims = {item[:ID_BYTES]: Claim.decoded(value) for item, value in items.items()}
        found: Follows = {}
        if not GATHERING.isdisjoint(kinds):
            persons = [(statement, claim) for statement, claim in claims.items() if claim.kind != HERE]
            found = {(pair, TOGETHER, GATHERED): said for pair, said in pairs(persons, self._pair_key).items()}
            if len(persons) < len(claims):
                where = whereabouts(claims, self._in_community) | at_home(key, claims, self._keys)
                found |= {(of, statement, GATHERED): said.encoded() for (of, statement), said in where.items()}
        if any(map(looks, items.values())):
            kind = next(iter(claims.values())).kind
            found |= self._follows_of_looking(key, kind, claims)
            if kind == PHONE:
                found |= {(row, statement, GATHERED): claim.encoded() for (row, statement), claim in called_by_name(claims).items()}
        return found

    def _follows_of_looking(self, key: bytes, kind: str, claims: Mapping[bytes, Claim]) -> Follows:
        found: Follows = {(statement, key, kind): packed(kind, alike) for statement, alike in candidates(claims, self._keys).items()}
        return found | {(statement, group, PEERS): said for (statement, group), said in peers(key, claims, self._keys).items()}

    def _say(self, key: bytes, to: tuple[bytes, bytes, str], said: bytes | None, timestamp: int) -> Output:
        owner, other, what = to
        if what == GATHERED:
            return self._routes.as_evidence(owner, other, key, said, timestamp)
        if what == HOLD:
            return self._routes.on_alias(owner, other, HELD, said, timestamp)
        return self._routes.for_pending(owner, other, said, timestamp)


def speaks(items: Mapping[bytes, bytes]) -> bool:
    """Whether anything may follow from what stands under a key; mostly all know their numbers, so there is nothing to compare."""
    if len(items) < 2:
        return any(item.startswith(TOGETHER) and looks(value) for item, value in items.items())
    kinds = set(map(kind_of, items.values()))
    return _HOME in kinds or not GATHERING.isdisjoint(kinds) or any(map(looks, items.values()))


def is_look(key: bytes) -> bool:
    """Whether a record under this key is a look at keys that wait."""
    return key.startswith(LOOK, ID_BYTES)


def _apart(batch: Batch) -> tuple[dict[bytes, dict[bytes, Record]], list[Record]]:
    """The claims of a batch by key and item, only the last of several with one key, so batches need not be alike; and the looks."""
    touched: dict[bytes, dict[bytes, Record]] = {}
    looking: list[Record] = []
    for record in batch.records:
        if record.key is not None:
            key, item = split(record.key)
            if item.startswith(LOOK):
                looking.append(record)
            else:
                touched.setdefault(key, {})[item] = record
    return touched, looking


def _due(looking: Sequence[Record], most: int) -> tuple[set[bytes], Sequence[Record]]:
    """The keys that are to be looked at now, and the looks whose turn is the next time."""
    due: set[bytes] = set()
    for number, look in enumerate(looking):
        if len(due) >= most:
            return due, looking[number:]
        due.update(apart(look.value or b""))
    return due, ()


def _kept(key: bytes, before: Mapping[bytes, bytes], touched: Mapping[bytes, Record], view: View) -> dict[bytes, bytes]:
    """Keep what has come; what stands under the key then."""
    items = {**before}
    for item, record in touched.items():
        if record.value is None:
            items.pop(item, None)
            view.delete(key, item)
        else:
            items[item] = record.value
            view.put(key, item, record.value)
    return items
