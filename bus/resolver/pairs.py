"""Who stands beside whom: claims under the key of a *pair*, which is two names by how they sound. Pure.

Persons who are gathered in a row, a household or a dwelling (`bus.resolver.evidence`) are told of two by two: for each two names one
record, with the claims of all who bear either. What several rows say alike of one person by number is told once. Under the key of a pair
each is held against those on his own side alone, whose names sound like his: a brother's and a sister's may be alike otherwise.

    pair, TOGETHER, the gathering key      value: whether any of them looks, the kind, each claim with its statement if it looks
    pair, statement                        value: a claim of who stands beside a refused person, from `identify`
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import combinations

from bus.keys import KeyRing
from bus.resolver.evidence import MOST_NAMES, NOBODY, SUBJECT_BYTES, WITH, Claim, kind_of
from bus.sealing import side_by_side
from bus.standards.spellings import spoken

TOGETHER = b"together".ljust(SUBJECT_BYTES, b"\0")
"""In place of a statement: the claims of who are gathered."""
_ALL_KNOWN = b"\xff" * SUBJECT_BYTES
_HEAD = f"{WITH}\x1f".encode()
_LENGTH = 2


def pair_key(keys: KeyRing, name: str, other: str) -> bytes:
    """The key of two who stand beside each other, by how their names sound."""
    return side_by_side(keys, spoken(name), spoken(other))


def pairs(persons: Iterable[tuple[bytes, Claim]], key_of: Callable[[str, str], bytes]) -> dict[bytes, bytes]:
    """The key of each two names that are gathered → the claims of who bears them, as they stand in the log. `persons`: statement and claim;
    `key_of`: two names."""
    named: dict[str, set[bytes]] = {}
    for statement, claim in persons:
        if claim.name:
            told = claim.of(WITH, married=claim.married).encoded()
            named.setdefault(claim.name, set()).add((NOBODY if claim.subject else statement) + told)
    if not 1 < len(named) <= MOST_NAMES:
        return {}
    found: dict[bytes, set[bytes]] = {}
    for one, other in combinations(sorted(named), 2):
        found.setdefault(key_of(one, other), set()).update(named[one], named[other])
    return {key: _packed(sorted(told)) for key, told in found.items()}


def is_pair(items: Mapping[bytes, bytes]) -> bool:
    """Whether these stand under the key of a pair."""
    return any(kind_of(value) == WITH.encode() for value in items.values())


def sides(items: Mapping[bytes, bytes]) -> list[dict[bytes, Claim]]:
    """What stands under the key of a pair, each side by itself: statement (of who is known: what is said of him) → claim."""
    found: dict[str, dict[bytes, Claim]] = {}
    for item, value in sorted(items.items()):
        for statement, said in _apart(value) if item.startswith(TOGETHER) else [(item[:SUBJECT_BYTES], value)]:
            claim = Claim.decoded(said)
            found.setdefault(spoken(claim.name), {})[said if claim.subject else statement] = claim
    return list(found.values())


def _packed(told: Iterable[bytes]) -> bytes:
    looks = any(each[SUBJECT_BYTES : 2 * SUBJECT_BYTES] == NOBODY for each in told)
    return (NOBODY if looks else _ALL_KNOWN) + _HEAD + b"".join(len(each).to_bytes(_LENGTH, "big") + each for each in told)


def _apart(value: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The inverse of `_packed`: statement and encoded claim."""
    at = SUBJECT_BYTES + len(_HEAD)
    while at < len(value):
        start = at + _LENGTH
        at = start + int.from_bytes(value[at:start], "big")
        yield value[start : start + SUBJECT_BYTES], value[start + SUBJECT_BYTES : at]
