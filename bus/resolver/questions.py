"""What stands in internal.alias beside claims: a statement's question, whom it is about by an alias; and looks, at aliases that waited."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from bus.resolver.routing import ASKED, ID_BYTES

_MOST = 64  # one byte holds how many aliases, fewer than so many, and the kind of question:
_KINDS = (
    ("dwelling", False, False),
    ("dwelling", True, False),
    ("resident", False, False),
    ("dwelling", False, True),
)  # entity, asks, waits
_WAITS = 3  # the last of them


PUT_OFF = 255
"""In place of rounds: the turn of a look had come, but not all looks could have theirs at once."""


class Look(NamedTuple):
    """These aliases, one behind the other, are to be decided on when this has gone to the end of the line so many times more."""

    rounds: int
    packed: bytes

    def encoded(self) -> bytes:
        """As it stands in the log."""
        return bytes((self.rounds,)) + self.packed

    @classmethod
    def decoded(cls, value: bytes) -> Look:
        """The inverse of `encoded`."""
        return cls(value[0], value[1:])


class Question(NamedTuple):
    """A statement that goes by an alias: of which entity, the weaker aliases it knows (strongest first), the statement itself. `asks`: it
    knows none but those that it fits, and asks them. `waits`: it can wait until others have told what the alias means. No
    resident's does either."""

    entity: str
    weaker: Sequence[bytes]
    statement: bytes
    asks: bool = False
    waits: bool = False

    def encoded(self) -> bytes:
        """As it stands in the log."""
        kind = _KINDS.index((self.entity, self.asks, self.waits))
        return bytes((kind * _MOST + len(self.weaker),)) + b"".join(self.weaker) + self.statement

    @classmethod
    def decoded(cls, value: bytes) -> Question:
        """The inverse of `encoded`."""
        kind, count = divmod(value[0], _MOST)
        end = 1 + count * ID_BYTES
        entity, asks, waits = _KINDS[kind]
        return cls(entity, apart(value[1:end]), value[end:], asks, waits)

    def told(self, alias: bytes, meant: bytes) -> dict[tuple[bytes, bytes], bytes]:
        """What it says to other aliases: (alias, via) → value. `alias`: the one it goes by, and whom that means."""
        return {(each, ASKED): alias for each in self.weaker} if self.asks else {(each, alias): meant for each in self.weaker}


def can_wait(value: bytes) -> bool:
    """Whether a question, as it stands in the log, is one that waits."""
    return value[0] // _MOST == _WAITS


def apart(packed: bytes) -> list[bytes]:
    """Subjects or aliases that stand one behind the other."""
    return [packed[at : at + ID_BYTES] for at in range(0, len(packed), ID_BYTES)]
