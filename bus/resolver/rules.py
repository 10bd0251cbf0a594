"""Who is believed about what: `schemas/survivorship/<entity>.yaml`, read and checked. Source of the order: domain facts §4.5 (一数一源).

fields:
  residence_division:
    authority: social.resident_survey       the one source; its department owns the attribute
    fallback: [housing.lease, civil]        after it, in this order: datasets, or all of a department
    compare: text | name | date | address   when two values are the same; none: they never contradict each other
    beside: [birth_date_precision]          fields that mean nothing alone and come with it
    by: recency                             instead of an order: only the latest counts, and another value is no dispute
links: {…}                                  the same of what is said about the links of the entity
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources.abc import Traversable
from typing import Literal, NamedTuple

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from bus import yaml_file
from bus.errors import ConfigRefused

Comparison = Literal["text", "name", "date", "address", "phones", "none"]


class Rule(NamedTuple):
    """How one field survives. `order`: datasets or departments, the most trusted first; `authority` is its first, or empty."""

    field: str
    authority: str
    order: tuple[str, ...]
    compare: Comparison
    recency: bool
    beside: tuple[str, ...]
    zh: str
    en: str

    def rank(self, department: str, dataset: str) -> int:
        """The place in the order, 0 first; whoever is not named comes after all who are. Under recency all are equal."""
        if self.recency:
            return 0
        for at, name in enumerate(self.order):
            if name in (dataset, department):
                return at
        return len(self.order)

    @property
    def owner(self) -> str:
        """The department that answers for the attribute; empty where none on the bus does."""
        return self.authority.partition(".")[0]


Rules = Mapping[str, Rule]
"""Field → its rule, in the order in which people read them."""


class _Field(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, defer_build=True)

    zh: str
    en: str
    authority: str = ""
    fallback: list[str] = []
    compare: Comparison = "text"
    by: Literal["order", "recency"] = "order"
    beside: list[str] = []


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, defer_build=True)

    entity: str
    fields: dict[str, _Field]
    links: dict[str, _Field] = {}


def load(schemas: Traversable, entity: str) -> Rules:
    """The rules of an entity's fields. Raises `ConfigRefused` naming the file."""
    return {name: _rule(name, said) for name, said in _read(schemas, entity).fields.items()}


def load_of_links(schemas: Traversable, entity: str) -> Rules:
    """The rules of what is said about its links. Raises `ConfigRefused` naming the file."""
    return {name: _rule(name, said) for name, said in _read(schemas, entity).links.items()}


def _read(schemas: Traversable, entity: str) -> _File:
    place = f"survivorship/{entity}.yaml"
    try:
        read = _File.model_validate(yaml_file.parsed((schemas / "survivorship" / f"{entity}.yaml").read_text(encoding="utf-8")))
    except ValidationError as error:
        what = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise ConfigRefused(f"Not right: {what}.", f"内容有误：{what}。", place=place) from None
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise ConfigRefused(f"Cannot be read ({type(error).__name__}).", f"无法读取（{type(error).__name__}）。", place=place) from None
    if read.entity != entity:
        raise ConfigRefused(f"The entity of this file must be {entity}.", f"此文件的 entity 须为 {entity}。", place=place)
    return read


def _rule(name: str, said: _Field) -> Rule:
    order = tuple(each for each in (said.authority, *said.fallback) if each)
    return Rule(name, said.authority, order, said.compare, said.by == "recency", tuple(said.beside), said.zh, said.en)
