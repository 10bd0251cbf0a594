"""DATA ITEMS, as people speak of them (`schemas/items.yaml`): which fields of which entities each is, and which departments say it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal, NamedTuple

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from bus import yaml_file
from bus.contracts.catalog import Catalog
from bus.errors import ConfigRefused
from bus.sharing.items import Offer

LINK = "links."
_FILE = "items.yaml"
_OF_A_NUMBER = ("id_type", "id_masked", "id_token", "birth_date", "sex")
"""What a citizen number says, beside itself."""


class DataItem(NamedTuple):
    """A data item. `of`: entity → its fields, None for all of them; `said_by`: department → its datasets that say something of it."""

    name: str
    zh: str
    en: str
    of: Mapping[str, frozenset[str] | None]
    said_by: Mapping[str, tuple[str, ...]]

    def holds(self, entity: str, field: str) -> bool:
        """Whether a field of an entity belongs to it."""
        fields = self.of.get(entity, frozenset())
        return fields is None or field in fields


class _Named(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    zh: str
    en: str
    of: dict[str, list[str] | Literal["all"]]


def data_items(catalog: Catalog, offers: Mapping[str, Offer]) -> list[DataItem]:
    """All data items, in the order of the file, then the entities that it does not name. Raises `ConfigRefused` naming what is wrong."""
    named = _read(catalog)
    said = _said(catalog)
    found = []
    for name, item in named.items():
        of = {entity: None if fields == "all" else frozenset(fields) for entity, fields in item.of.items()}
        _hold_to(offers, name, of)
        found.append(DataItem(name, item.zh, item.en, of, _said_by(of, said)))
    for entity in sorted(set(offers) - {entity for item in found for entity in item.of}):
        alone: dict[str, frozenset[str] | None] = {entity: None}
        found.append(DataItem(entity, entity, entity, alone, _said_by(alone, said)))
    return found


def _read(catalog: Catalog) -> dict[str, _Named]:
    """Nothing where there is no such file: then each entity is an item."""
    file = catalog.folder / _FILE
    if not file.is_file():
        return {}
    try:
        raw = yaml_file.parsed(file.read_text(encoding="utf-8"))
        return {str(name): _Named.model_validate(value) for name, value in raw.items()}
    except (ValidationError, ValueError, AttributeError, yaml.YAMLError) as error:
        raise ConfigRefused(f"Not right ({type(error).__name__}).", f"内容有误（{type(error).__name__}）。", place=_FILE) from None


def _hold_to(offers: Mapping[str, Offer], name: str, of: Mapping[str, frozenset[str] | None]) -> None:
    """Refuse what the catalog does not have."""
    for entity, fields in of.items():
        known = offers[entity].items if entity in offers else {}
        if unknown := sorted(field for field in fields or () if field not in known and not field.startswith(LINK)):
            raise ConfigRefused(f"There is no {entity}.{unknown[0]}.", f"没有 {entity}.{unknown[0]}。", place=f"{_FILE} {name}")
        if entity not in offers:
            raise ConfigRefused(f"There is no entity {entity}.", f"没有实体 {entity}。", place=f"{_FILE} {name}")


Said = Mapping[str, Mapping[str, frozenset[str]]]
"""Dataset → entity → fields that it may fill."""


def _said(catalog: Catalog) -> Said:
    found: dict[str, dict[str, frozenset[str]]] = {}
    for dataset, file in catalog.mappings.items():
        if dataset in catalog.datasets:
            entities = found.setdefault(dataset, {})
            for statement in yaml_file.parsed(file.read_text(encoding="utf-8"))["statements"]:
                fields = frozenset(_fields(statement))
                entities[statement["entity"]] = entities.get(statement["entity"], frozenset()) | fields
    return found


def _fields(statement: Mapping[str, Any]) -> Iterator[str]:
    yield from statement.get("fields") or ()
    for person in (statement.get("person") or {}, statement.get("people") or {}):
        yield from person
        if {"names", "text"} & person.keys():
            yield "name"
        if {"number", "numbers", "text"} & person.keys():
            yield from _OF_A_NUMBER


def _said_by(of: Mapping[str, frozenset[str] | None], said: Said) -> dict[str, tuple[str, ...]]:
    """A relation is said where its own entity is: in a master record it is only seen from another side."""
    found: dict[str, list[str]] = {}
    for dataset in sorted(said):
        for entity, fields in of.items():
            there = said[dataset].get(entity)
            if there is not None and (fields is None or fields & there):
                found.setdefault(dataset.partition(".")[0], []).append(dataset)
                break
    return {department: tuple(datasets) for department, datasets in sorted(found.items())}
