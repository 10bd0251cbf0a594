"""Third step, for people without a number: what do statements that share a key say together? internal.evidence → internal.pending

Under each key its one owner keeps the claims on it. Where a statement without a number stands beside persons with one, they are its
candidates, and are sent to the owner of the statement, which sees what all keys say. Persons gathered in one row, household or dwelling
claim to be with each other, under further keys. Both follow from the claims alone, and what no longer follows is withdrawn; so they
come to rest in the same state whatever the order.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from functools import lru_cache, partial

from bus.event import Batch, Output, Record
from bus.keys import KeyRing
from bus.resolver.evidence import GATHERING, HERE, PHONE, Claim, beside, candidates, community_key, kind_of, looks, with_key
from bus.resolver.homes import HOME, Home, among_strangers, at_home, held
from bus.resolver.likeness import packed
from bus.resolver.peers import called_by_name, peers
from bus.resolver.routing import HELD, ID_BYTES, Routes, split
from bus.step import View

GATHERED = "gathered"
"""What follows from persons who are gathered, in `Follows`."""
HOLD, PEERS = "hold", "peers"
"""That a dwelling's statement is to be held · that a statement is of a group (`bus.resolver.peers`), in `Follows`."""
_HOME = HOME.encode()
Follows = dict[tuple[bytes, bytes, str], bytes]
"""(owner, statement or key, what) → what is said there."""


class Match:
    """The decision of the step."""

    def __init__(self, keys: KeyRing, routes: Routes) -> None:
        self._keys, self._routes = keys, routes
        self._with_key = lru_cache(1 << 14)(partial(with_key, keys))  # in one family the same names come again and again
        self._in_community = partial(community_key, keys)

    def decide(self, batch: Batch, view: View) -> list[Output]:
        """What these claims change of what follows under their keys."""
        touched: dict[bytes, dict[bytes, Record]] = {}
        for record in batch.records:
            if record.key is not None:
                key, item = split(record.key)
                touched.setdefault(key, {})[item] = record
        return [output for key, items in touched.items() for output in self._settled(key, items, view)]

    def _settled(self, key: bytes, touched: Mapping[bytes, Record], view: View) -> Iterator[Output]:
        """What is to be said anew under one key. Only the last of several records with one key counts, so batches need not be alike."""
        items = view.items(key)
        before = self._follows(key, items) if len(items) > 1 else {}
        for item, record in touched.items():
            if record.value is None:
                items.pop(item, None)
                view.delete(key, item)
            else:
                items[item] = record.value
                view.put(key, item, record.value)
        after = self._follows(key, dict(sorted(items.items()))) if len(items) > 1 else {}
        if not before and not after:  # the common case: nothing to compare
            return
        now = max(record.timestamp for record in touched.values())
        for to in before:
            if to not in after:
                yield self._say(key, to, None, now)
        for to, said in after.items():
            if before.get(to) != said:
                yield self._say(key, to, said, now)

    def _follows(self, key: bytes, items: Mapping[bytes, bytes]) -> Follows:
        kinds = set(map(kind_of, items.values()))
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

    def _follows_of_claims(self, key: bytes, items: Mapping[bytes, bytes], kinds: Set[bytes]) -> Follows:
        gathering, looking = not GATHERING.isdisjoint(kinds), any(map(looks, items.values()))
        if not gathering and not looking:  # the common case: all know their numbers, so there is nothing to compare
            return {}
        claims = {item[:ID_BYTES]: Claim.decoded(value) for item, value in items.items()}
        found: Follows = {}
        if gathering:
            gathered = beside(claims, self._with_key, self._in_community)
            found = {(pair, statement, GATHERED): claim.encoded() for (pair, statement), claim in gathered.items()}
            if any(claim.kind == HERE for claim in claims.values()):
                placed = at_home(key, claims, self._keys)
                found |= {(of, statement, GATHERED): home.encoded() for (of, statement), home in placed.items()}
        if looking:
            kind = next(iter(claims.values())).kind
            found |= {(statement, key, kind): packed(kind, alike) for statement, alike in candidates(claims, self._keys).items()}
            if kind == PHONE:
                found |= {(row, statement, GATHERED): claim.encoded() for (row, statement), claim in called_by_name(claims).items()}
            found |= {(statement, group, PEERS): said for (statement, group), said in peers(key, claims, self._keys).items()}
        return found

    def _say(self, key: bytes, to: tuple[bytes, bytes, str], said: bytes | None, timestamp: int) -> Output:
        owner, other, what = to
        if what == GATHERED:
            return self._routes.as_evidence(owner, other, key, said, timestamp)
        if what == HOLD:
            return self._routes.on_alias(owner, other, HELD, said, timestamp)
        return self._routes.for_pending(owner, other, said, timestamp)
