"""How alike are two who share a key? A comparison vector: name, sex, birth date, each on a level. Pure.

    name    e exact · v the same by another spelling: homophones, traditional characters, pinyin, what stands in for a rare character
            (`bus.standards.spellings`) · c close: one character of three or more differs · f the form of address fits (张先生, 张三);
            g it does, and they share no phone (only once keys are taken together: `weighed`) · x another · - one is not known
    sex     s the same · x another · - one does not say
    born    d the day · m the month · y the year · x another, or later than the other can have been born · - one does not say

What one does not say is not disagreement. Several statements, several keys about the same two are taken together: the best of the names
(people are written in several ways), the worst of the rest (what speaks against them once, does).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import NamedTuple, Protocol

from bus.standards.spellings import same_by_another_spelling

NOTHING, UNKNOWN, AGAINST = "x", "-", "x"
CALLED = "f"
NOT_AFTER = "<"
"""Before a birth date of which is known no more than that it is no later."""
NAMES, SEXES, BIRTHS = "evcfgx-", "xs-", "xdmy-"
"""The levels of each, in the order in which one outdoes the other when they are taken together."""
_SUBJECT_BYTES = 16
_BORN = {10: "d", 7: "m", 4: "y"}  # length of an ISO date as far as it is known


class Told(Protocol):
    """What is compared: see `bus.resolver.evidence.Claim`."""

    @property
    def name(self) -> str: ...
    @property
    def called(self) -> str: ...
    @property
    def sex(self) -> str: ...
    @property
    def birth_date(self) -> str: ...


class Likeness(NamedTuple):
    """A comparison vector, one letter each."""

    name: str
    sex: str
    born: str


def likeness(one: Told, other: Told) -> Likeness:
    """Compare two. Symmetric."""
    return Likeness(names(one, other), _sexes(one.sex, other.sex), births(one.birth_date, other.birth_date))


def united(levels: Collection[Likeness]) -> Likeness:
    """Comparisons with the same person as one, in whatever order they come. Where one has the name, what those of another name say does not
    count: it may be a slip of a whole row."""
    if len(levels) > 1 and any(level.name not in (NOTHING, UNKNOWN) for level in levels):
        levels = [level for level in levels if level.name != NOTHING]
    name, sex, born = zip(*levels, strict=True)
    return Likeness(min(name, key=NAMES.index), min(sex, key=SEXES.index), min(born, key=BIRTHS.index))


def names(one: Told, other: Told) -> str:
    """The level of the names."""
    if one.name and other.name:
        return "e" if one.name == other.name else _unequal(one.name, other.name)
    if not (one.name or one.called) or not (other.name or other.called):
        return UNKNOWN
    if one.called and other.called:
        return "f" if one.called == other.called else NOTHING
    called, name = (one.called, other.name) if one.called else (other.called, one.name)
    return "f" if called and name.startswith(called) else NOTHING


@lru_cache(1 << 14)
def _unequal(one: str, other: str) -> str:
    """The level of two names that are not equal. In one family the same ones are compared again and again."""
    return "v" if same_by_another_spelling(one, other) else "c" if _close(one, other) else NOTHING


def _close(one: str, other: str) -> bool:
    """A character was lost, replaced by a like one or by pinyin."""
    return len(one) == len(other) > 2 and sum(a != b for a, b in zip(one, other, strict=True)) == 1


def _sexes(one: str, other: str) -> str:
    return UNKNOWN if not one or not other else "s" if one == other else AGAINST


def births(one: str, other: str) -> str:
    """The level of two dates, each as long as it is known."""
    if not one or not other:
        return UNKNOWN
    if one[0] == NOT_AFTER or other[0] == NOT_AFTER:
        return _births_in_time(one, other)
    shorter, longer = sorted((one, other), key=len)
    return _BORN.get(len(shorter), "y") if longer.startswith(shorter) else AGAINST


def _births_in_time(one: str, other: str) -> str:
    """The level where of one it is known only by when he was born at the latest: who was born later is another."""
    (born, latest) = sorted((one, other), key=lambda date: date[0] == NOT_AFTER)
    if born[0] == NOT_AFTER:
        return UNKNOWN
    latest = latest[len(NOT_AFTER) :]
    known = min(len(born), len(latest))
    return AGAINST if born[:known] > latest[:known] else UNKNOWN


def weighed(alike: Likeness, kinds: Collection[str]) -> Likeness:
    """The likeness as it is weighed once it is known what kinds of keys the two share: a form of address that fits at one phone says much,
    at one dwelling little, for a family has one surname."""
    return alike._replace(name="g") if alike.name == "f" and "phone" not in kinds else alike


def packed(kind: str, alike: Mapping[bytes, Likeness]) -> bytes:
    """What a key of this kind says of a statement, as it stands in the log: subject (16 bytes) → likeness."""
    return kind.encode() + b":" + b"".join(subject + "".join(level).encode() for subject, level in alike.items())


def unpacked(value: bytes) -> tuple[str, dict[bytes, Likeness]]:
    """The inverse of `packed`."""
    kind, _, rest = value.partition(b":")
    each = _SUBJECT_BYTES + len(Likeness._fields)
    return kind.decode(), {
        rest[at : at + _SUBJECT_BYTES]: Likeness(*rest[at + _SUBJECT_BYTES : at + each].decode()) for at in range(0, len(rest), each)
    }
