"""One name written in two ways: by ear (张丽, 张莉), in traditional characters (張偉, 张伟), in pinyin for want of one (王䶮, 王YAN),
with one of the private-use area. How characters are read, pypinyin knows (all readings, without tones: so they are typed); which are
traditional, OpenCC.
"""

from __future__ import annotations

import os
import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from bus.standards.names import HAN

if TYPE_CHECKING:
    from opencc import OpenCC

_UNIT = re.compile(r"[A-Za-zÜü]+|[^·\s]")
_PRIVATE = re.compile("[\ue000-\uf8ff\U000f0000-\U0010fffd]")
_HAN = re.compile(f"[{HAN}]")


def same_by_another_spelling(one: str, other: str) -> bool:
    """Whether two names that are not equal may be one, written in two ways. Something of it has to be written alike. Symmetric."""
    ours, theirs = _units(one), _units(other)
    if len(ours) != len(theirs):  # so a rare character in its parts (王龙天 for 王䶮) is not known: another of the family is as likely
        return False
    both = list(zip(ours, theirs, strict=True))
    return any(a == b for a, b in both) and all(_may_stand_for(a, b) for a, b in both)


@lru_cache(1 << 14)
def spoken(name: str) -> str:
    """How a name sounds, each character by its most common reading; one without is left as it is. Equal for most spellings of one name."""
    return " ".join(_first_reading(unit) for unit in _units(name))


def _units(name: str) -> list[str]:
    """Its characters, simplified; what is written in Latin letters is one."""
    return [_simplified(unit) for unit in _UNIT.findall(name)]


def _may_stand_for(one: str, other: str) -> bool:
    if one == other:
        return True
    if _PRIVATE.match(one) or _PRIVATE.match(other):
        return _is_rare(one) or _is_rare(other)
    return not _readings(one).isdisjoint(_readings(other))


@cache
def _is_rare(unit: str) -> bool:
    """Whether it is a Han character that older systems cannot hold: outside of GBK, where so many of them still are."""
    if not _HAN.fullmatch(unit) or _PRIVATE.match(unit):
        return False
    try:
        unit.encode("gbk")
    except UnicodeEncodeError:
        return True
    return False


@cache
def _simplified(unit: str) -> str:
    simplified: str = _to_simplified().convert(unit)
    return simplified


@cache
def _to_simplified() -> OpenCC:
    from opencc import OpenCC

    return OpenCC("t2s")


def _first_reading(unit: str) -> str:
    return next(iter(_in_order(unit)), unit)


@cache
def _readings(unit: str) -> frozenset[str]:
    return frozenset(_in_order(unit))


@cache
def _in_order(unit: str) -> tuple[str, ...]:
    """How a Han character is read, without tones, ü as v, the most common first; of pinyin itself, that; nothing where it is not known."""
    if unit[0].isascii() or unit[0] in "Üü":
        return (unit.lower().replace("ü", "v"),)
    os.environ.setdefault("PYPINYIN_NO_PHRASES", "1")  # how words are read needs another 40 MB and is never asked
    from pypinyin import Style, pinyin

    found: list[list[str]] = pinyin(unit, style=Style.NORMAL, heteronym=True, errors="ignore")
    return tuple(reading for readings in found for reading in readings)
