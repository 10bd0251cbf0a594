"""How much evidence weighs: `schemas/identity/<entity>.yaml`, read and checked.

Fellegi and Sunter (1969): a level weighs log2(m/u) bits, where m is how often it is met in pairs that are one person, u
in pairs that are not; the weights of independent levels add up.

prior:   0.5                       share of pairs under a common key that are one person
levels:  name: exact: {m: 0.9, u: 0.1, zh: …, en: …}
shares:  phone: {m: …, u: …}       what kinds of keys the two have in common; one not in common counts nothing (it may only not be said)
bounds:  join, queue, ahead        in bits: joined above `join` and `ahead` of the next; down to `queue` for a person to decide; else apart
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib.resources.abc import Traversable
from math import log2
from typing import NamedTuple

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bus import yaml_file
from bus.errors import ConfigRefused
from bus.resolver.likeness import Likeness

LETTERS = {
    "name": {"exact": "e", "spelling": "v", "close": "c", "called": "f", "surname": "g", "other": "x"},
    "sex": {"same": "s", "other": "x"},
    "born": {"day": "d", "month": "m", "year": "y", "other": "x"},
}
"""Field of the comparison → level as the file calls it → its letter in `Likeness`."""
KINDS = ("code", "phone", "place", "household", "with", "community")


class Weights(NamedTuple):
    """Bits, rounded to thousandths so that they are the same on every machine. `levels`: (field, letter) → bits; `shares`: kind → bits."""

    prior: float
    levels: Mapping[tuple[str, str], float]
    shares: Mapping[str, float]
    join: float
    queue: float
    ahead: float

    def score(self, alike: Likeness, kinds: Iterable[str]) -> float:
        """The bits for two being one person."""
        fields = zip(Likeness._fields, alike, strict=True)
        told = sum(self.levels.get(level, 0.0) for level in fields)
        return round(self.prior + told + sum(self.shares[kind] for kind in kinds), 3)


class _Level(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    m: float = Field(gt=0, lt=1)
    u: float = Field(gt=0, lt=1)
    zh: str
    en: str

    def bits(self) -> float:
        return round(log2(self.m / self.u), 3)


class _Bounds(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    join: float
    queue: float
    ahead: float = Field(gt=0)


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    entity: str
    prior: float = Field(gt=0, lt=1)
    levels: dict[str, dict[str, _Level]]
    shares: dict[str, _Level]
    bounds: _Bounds


def load(schemas: Traversable, entity: str) -> Weights:
    """The weights of an entity. Raises `ConfigRefused` naming the file."""
    place = f"identity/{entity}.yaml"
    try:
        read = _File.model_validate(yaml_file.parsed((schemas / "identity" / f"{entity}.yaml").read_text(encoding="utf-8")))
    except ValidationError as error:
        what = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise ConfigRefused(f"Not right: {what}.", f"内容有误：{what}。", place=place) from None
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise ConfigRefused(f"Cannot be read ({type(error).__name__}).", f"无法读取（{type(error).__name__}）。", place=place) from None
    named = {field: set(levels) for field, levels in read.levels.items()}
    complete = named == {field: set(levels) for field, levels in LETTERS.items()} and set(read.shares) == set(KINDS)
    if read.entity != entity or not complete or read.bounds.queue > read.bounds.join:
        raise ConfigRefused(
            "The entity, a level or a kind is missing or unknown, or the bounds are exchanged.",
            "实体、级别或证据种类缺失或未知，或两个界限颠倒。",
            place=place,
        )
    bits = {(field, LETTERS[field][name]): level.bits() for field, levels in read.levels.items() for name, level in levels.items()}
    shares = {kind: read.shares[kind].bits() for kind in KINDS}
    prior = round(log2(read.prior / (1 - read.prior)), 3)
    return Weights(prior, bits, shares, read.bounds.join, read.bounds.queue, read.bounds.ahead)
