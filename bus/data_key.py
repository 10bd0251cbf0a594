"""A DATA KEY FROM WHICH SINGLE KEYS CAN BE TAKEN AWAY FOR GOOD: a punctured pseudorandom function. Pure.

A data key stands for 2⁴⁸ keys, its leaves: the ends of a tree of 24 levels with four branches at each node. Whoever has a node can
derive all below it and nothing beside or above it (Goldreich, Goldwasser, Micali 1986). A key that is whole is its root alone. To destroy
a leaf, every node above it is replaced by those of its branches that do not lead to it (Boneh, Waters 2013; Kiayias et al. 2013): at most
72 nodes take the place of one, all other leaves derive as before, and nothing is left from which the destroyed one could be.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import blake2b

NODE = 16
"""Bytes of a node, and so of a leaf: what SM4 takes."""
LEAF = 6
"""Bytes of a leaf's number."""
RECORD = LEAF + 1 + NODE
_LEVELS = 24
_SHIFTS = tuple(range(2 * _LEVELS - 2, -1, -2))
_BRANCHES = tuple(bytes((branch,)) for branch in range(4))


@dataclass(frozen=True, slots=True)
class DataKey:
    """`nodes`: what is left of it, in the order of the leaves: number of the first leaf below a node (6 bytes, big-endian), level of the
    node (1 byte; 0: the root), the node itself (16 bytes). The same whatever the order in which its leaves were destroyed."""

    nodes: bytes = field(repr=False)

    @classmethod
    def whole(cls, root: bytes) -> DataKey:
        """One of which nothing was destroyed. `root`: 16 bytes, drawn."""
        return cls(_record(0, 0, root))

    def leaf(self, number: int) -> bytes | None:
        """The key of a leaf, 16 bytes; None for one that was destroyed. `number`: 0 to 2⁴⁸ - 1."""
        place = self._above(number)
        if place is None:
            return None
        _, level, node = self._at(place)
        for shift in _SHIFTS[level:]:
            node = blake2b(node + _BRANCHES[number >> shift & 3], digest_size=NODE, person=b"civicbus data").digest()
        return node

    def without(self, numbers: Iterable[int]) -> DataKey:
        """The same but for these leaves. Those that were destroyed before change nothing."""
        going: dict[int, set[int]] = {}
        for number in numbers:
            if (place := self._above(number)) is not None:
                going.setdefault(place, set()).add(number)
        left, copied = [], 0
        for place in sorted(going):
            left.append(self.nodes[copied * RECORD : place * RECORD])
            left += _without(*self._at(place), going[place])
            copied = place + 1
        left.append(self.nodes[copied * RECORD :])
        return DataKey(b"".join(left))

    @property
    def destroyed(self) -> int:
        """How many of its leaves."""
        return (1 << 2 * _LEVELS) - sum(_below(self._at(place)[1]) for place in range(len(self.nodes) // RECORD))

    def _above(self, number: int) -> int | None:
        """The place of the node from which a leaf derives."""
        after = bisect_right(range(len(self.nodes) // RECORD), number, key=lambda place: self._at(place)[0])
        if after == 0:
            return None
        first, level, _ = self._at(after - 1)
        return after - 1 if number < first + _below(level) else None

    def _at(self, place: int) -> tuple[int, int, bytes]:
        record = self.nodes[place * RECORD : (place + 1) * RECORD]
        return int.from_bytes(record[:LEAF], "big"), record[LEAF], record[LEAF + 1 :]


def _without(first: int, level: int, node: bytes, numbers: Collection[int]) -> Iterator[bytes]:
    """What is left below a node, in order, when these leaves below it go."""
    if not numbers:
        yield _record(first, level, node)
    elif level < _LEVELS:
        for branch in range(4):
            start = first + branch * _below(level + 1)
            inside = [number for number in numbers if start <= number < start + _below(level + 1)]
            below = blake2b(node + _BRANCHES[branch], digest_size=NODE, person=b"civicbus data").digest()
            yield from _without(start, level + 1, below, inside)


def _below(level: int) -> int:
    """Leaves below a node of this level."""
    return 1 << 2 * (_LEVELS - level)


def _record(first: int, level: int, node: bytes) -> bytes:
    return first.to_bytes(LEAF, "big") + bytes((level,)) + node
