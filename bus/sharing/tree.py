"""The hash tree of RFC 6962 §2.1 (RFC 9162 §2.1), over any number of leaves: what a signed root says about each entry below it. Pure.

Leaves are kept as one string of bytes, `HASH` for each, so that millions of them stay small. SHA-256 and not SM3: the RFC, its test vectors
and every tool that an auditor may bring are written for it, and what it hashes holds nothing of a person that would have to be encrypted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import sha256

HASH = 32
"""Bytes of a hash."""
_LEAF, _NODE = b"\x00", b"\x01"  # another prefix for each: no node can be passed off as a leaf


def leaf_hash(content: bytes) -> bytes:
    """The hash of an entry."""
    return sha256(_LEAF + content).digest()


def root(leaves: bytes) -> bytes:
    """The hash of the tree over `leaves`; of none, the hash of nothing."""
    if not leaves:
        return sha256().digest()
    level = [leaves[at : at + HASH] for at in range(0, len(leaves), HASH)]
    while len(level) > 1:
        alone = level[len(level) & ~1 :]
        level = [_node(left, right) for left, right in zip(level[::2], level[1::2], strict=False)] + alone
    return level[0]


def inclusion(leaves: bytes, index: int) -> list[bytes]:
    """The path from leaf `index` to the root, lowest first. Raises `IndexError` for a leaf that is not there."""
    size = len(leaves) // HASH
    if not 0 <= index < size:
        raise IndexError(index)
    if size == 1:
        return []
    left, right = _split(leaves)
    middle = len(left) // HASH
    if index < middle:
        return [*inclusion(left, index), root(right)]
    return [*inclusion(right, index - middle), root(left)]


def consistency(leaves: bytes, earlier: int) -> list[bytes]:
    """What shows that the tree over the first `earlier` leaves is the beginning of the tree over all. Raises `IndexError` unless there
    are as many, and at least one."""
    if not 0 < earlier <= len(leaves) // HASH:
        raise IndexError(earlier)
    return _subproof(leaves, earlier, True)


def is_included(leaf: bytes, index: int, size: int, path: Sequence[bytes], expected: bytes) -> bool:
    """Whether `path` leads from `leaf` at `index` to the root of a tree of `size` leaves (RFC 9162 §2.1.3.2)."""
    if not 0 <= index < size:
        return False
    at, last, found = index, size - 1, leaf
    for each in path:
        if last == 0:
            return False
        if at & 1 or at == last:
            found = _node(each, found)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            found = _node(found, each)
        at, last = at >> 1, last >> 1
    return last == 0 and found == expected


def continues(earlier: int, before: bytes, size: int, after: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the tree of `size` leaves with root `after` begins with that of `earlier` leaves and root `before` (RFC 9162 §2.1.4.2)."""
    if earlier == size:
        return not proof and before == after
    if not 0 < earlier < size or not proof:
        return earlier == 0 < size and not proof  # an empty tree begins every other
    hashes: Iterator[bytes] = iter(proof if earlier & (earlier - 1) else [before, *proof])
    at, last = earlier - 1, size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    old = new = next(hashes)
    for each in hashes:
        if last == 0:
            return False
        if at & 1 or at == last:
            old, new = _node(each, old), _node(each, new)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            new = _node(new, each)
        at, last = at >> 1, last >> 1
    return last == 0 and old == before and new == after


class Frontier:
    """A tree that grows a leaf at a time and knows its root, in memory of a few hashes."""

    def __init__(self) -> None:
        self._whole: list[bytes] = []  # roots of the complete subtrees, the widest first
        self.size = 0

    def add(self, leaf: bytes) -> None:
        """One leaf more."""
        self.size += 1
        found, width = leaf, self.size
        while not width & 1:
            found, width = _node(self._whole.pop(), found), width >> 1
        self._whole.append(found)

    def root(self) -> bytes:
        """The root of what was added until now."""
        if not self._whole:
            return sha256().digest()
        *rest, found = self._whole
        for each in reversed(rest):
            found = _node(each, found)
        return found


def _subproof(leaves: bytes, earlier: int, whole: bool) -> list[bytes]:
    if earlier == len(leaves) // HASH:
        return [] if whole else [root(leaves)]
    left, right = _split(leaves)
    middle = len(left) // HASH
    if earlier <= middle:
        return [*_subproof(left, earlier, whole), root(right)]
    return [*_subproof(right, earlier - middle, False), root(left)]


def _split(leaves: bytes) -> tuple[bytes, bytes]:
    """At the largest power of two below the number of leaves."""
    middle = (1 << (len(leaves) // HASH - 1).bit_length() - 1) * HASH
    return leaves[:middle], leaves[middle:]


def _node(left: bytes, right: bytes) -> bytes:
    return sha256(_NODE + left + right).digest()
