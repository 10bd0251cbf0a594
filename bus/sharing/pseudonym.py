"""A stand-in for a subject, stable within one agreement and worthless beside another's. Pure.

HMAC-SM3 (GB/T 15852.2) under a key of its own for each agreement and epoch, derived from the keys of the bus: two subscribers cannot join
what they got, and who has one agreement's key has no other's. The epoch stands in the pseudonym, so that after a rotation both can be told.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial

from bus.keys import KeyRing
from bus.sealing import derived_key, keyed_hash

Pseudonym = Callable[[str, str], str]
"""(kind of value, value) → the stand-in: "<epoch>.<32 hex>"."""


def pseudonyms(keys: KeyRing, agreement: str, epoch: int) -> Pseudonym:
    """The stand-ins of one agreement and epoch. Values of two kinds never meet."""
    key = derived_key(keys, "share", agreement, str(epoch))
    hashed = cache(partial(keyed_hash, key))

    def pseudonym(kind: str, value: str) -> str:
        return f"{epoch}.{hashed(kind)(value)[:16].hex()}"

    return pseudonym
