"""WHAT CAN BE AGREED ON: the fields of an entity, of which kind each is, how sensitive, and who says them. From the catalog; pure.

The kind of a field decides in which ways it may go out. It is read off the released schema: the type of the field, whether a precision
stands beside it (a date), and how it is named.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal, NamedTuple

from bus import yaml_file
from bus.contracts.catalog import Catalog
from bus.contracts.schema import Field, Schema, Type
from bus.eventlog import topics

Kind = Literal[
    "name", "number", "date", "birth", "address", "division", "truth", "word", "text", "identifier", "shown", "token", "phones", "party",
    "parties", "list", "sealed", "untold",
]  # fmt: skip
"""number: counted or measured · word: a code or a short word · text: free text, which may hold anything · identifier: a number of a paper
or a thing · shown: masked as it is · token: the bus's own name of somebody or something · sealed: a ciphertext of the bus ·
untold: free text about a case that does not say whether its caller is confidential, so that he is taken for it (domain facts §0, 9)."""

WAYS: Mapping[Kind, frozenset[str]] = {
    "name": frozenset({"clear", "masked", "exists"}),
    "number": frozenset({"clear", "band", "exists"}),
    "date": frozenset({"clear", "year", "month", "exists"}),
    "birth": frozenset({"clear", "year", "month", "band", "exists"}),
    "address": frozenset({"clear", "masked", "level", "exists"}),
    "division": frozenset({"clear", "level", "exists"}),
    "truth": frozenset({"clear", "exists"}),
    "word": frozenset({"clear", "exists"}),
    "text": frozenset({"clear", "exists"}),
    "identifier": frozenset({"clear", "masked", "pseudonym", "exists"}),
    "shown": frozenset({"masked", "exists"}),
    "token": frozenset({"pseudonym", "exists"}),
    "phones": frozenset({"masked", "pseudonym", "exists"}),
    "party": frozenset({"clear", "masked", "pseudonym", "exists"}),
    "parties": frozenset({"clear", "masked", "pseudonym", "exists"}),
    "list": frozenset({"clear", "exists"}),
    "sealed": frozenset(),
    "untold": frozenset(),
}
"""In which ways a field of a kind may go out. The bus holds no number of a person in clear; its own tokens and ciphertexts, being the same
for everybody, never leave it."""

ENVELOPE = frozenset({"event_id", "operation", "source", "quality", "mapping"})
"""What every canonical event has beside what it is about; nobody agrees on these."""
_NAMES = frozenset({"name", "legal_representative", "director"})
_TEXTS = ("remarks", "note", "content", "title", "result", "reason", "form_of_address", "hub_household", "boundary")
_DIVISIONS = ("division_code", "_division", "grid_code")
_IDENTIFIERS = ("_no", "number", "_code", "uscc", "duplicate_of")
_CLASSES = ("unconditional", "conditional", "not_shared")


class Item(NamedTuple):
    """A field that can be agreed on, with its name for people."""

    name: str
    kind: Kind
    sensitivity: str
    zh: str
    en: str


class Offer(NamedTuple):
    """An entity. `topic`: where it is read; `links`: how sensitive its relations are, empty where it has none; `datasets`: department →
    dataset → share class, of the datasets that say something of it."""

    entity: str
    topic: str
    share_class: str
    sensitivity: str
    items: Mapping[str, Item]
    links: str
    datasets: Mapping[str, Mapping[str, str]]

    @property
    def merged(self) -> bool:
        """Whether there are master records of it."""
        return self.topic.startswith("master.")

    def class_of(self, providers: Iterable[str]) -> str:
        """The strictest share class of the entity and all that these departments say of it. A value of a master record does not tell of
        which dataset of a department it is, so the strictest holds for all."""
        classes = [self.share_class, *(each for name in providers for each in self.datasets.get(name, {}).values())]
        return max(classes, key=_CLASSES.index)


def offers(catalog: Catalog) -> dict[str, Offer]:
    """All entities that can be agreed on. Raises `ConfigRefused` for a folder of schemas that is not right."""
    datasets = _datasets(catalog)
    return {entity: _offer(catalog, entity, datasets.get(entity, {})) for entity in sorted(catalog.entities)}


def _offer(catalog: Catalog, entity: str, datasets: Mapping[str, Mapping[str, str]]) -> Offer:
    schema = catalog.entities[entity].schema
    items = {field.name: _item(field, schema) for field in schema.root.fields if field.name not in ENVELOPE}
    topic, links = topics.canonical(entity), ""
    if entity in topics.MASTERS:
        topic = topics.master(entity)
        items = _merged(catalog, entity, items)
        master = catalog.registry.versions(f"{topic}-value")[-1].schema
        links = next((str(field.annotations["sensitivity"]) for field in master.root.fields if field.name == "links"), "")
    return Offer(entity, topic, str(schema.raw["share_class"]), str(schema.raw["sensitivity"]), items, links, datasets)


def _merged(catalog: Catalog, entity: str, items: Mapping[str, Item]) -> dict[str, Item]:
    """Those that a master record holds, by the rules of survivorship, and by the names that people read there."""
    file = catalog.folder / "survivorship" / f"{entity}.yaml"
    rules: Mapping[str, Mapping[str, Any]] = yaml_file.parsed(file.read_text(encoding="utf-8"))["fields"]
    found = {name: items[name]._replace(zh=rule["zh"], en=rule["en"]) for name, rule in rules.items()}
    return found | {name: items[name] for rule in rules.values() for name in rule.get("beside", ())}


def _item(field: Field, schema: Schema) -> Item:
    notes = field.annotations
    return Item(field.name, kind_of(field, schema), notes["sensitivity"], notes["doc_zh"].rstrip("。"), notes["doc"].rstrip("."))


def kind_of(field: Field, schema: Schema) -> Kind:
    """The kind of a field of this schema."""
    node = schema.resolve(_some(field.type))
    within = schema.resolve(node.items) if node.items is not None else node
    if within.kind == "record":
        kinds: dict[str, Kind] = {"Address": "address", "Party": "party" if node.items is None else "parties", "Phone": "phones"}
        return kinds.get(within.name.rpartition(".")[2], "sealed")
    if node.kind == "array":
        return "list"
    if node.kind in ("int", "long", "float", "double"):
        return "number"
    plain: dict[str, Kind] = {"boolean": "truth", "bytes": "sealed", "enum": "word"}
    return plain.get(node.kind) or _kind_of_string(field.name, {each.name for each in schema.root.fields})


def _kind_of_string(name: str, siblings: set[str]) -> Kind:
    if f"{name}_precision" in siblings:
        return "birth" if name == "birth_date" else "date"
    if name == "id_masked":
        return "shown"
    if name.endswith(("_token", "_key")) or name == "source_person_code":
        return "token"
    if name in _NAMES or name.endswith("_name"):
        return "name"
    if name.endswith(_DIVISIONS):
        return "division"
    if name.endswith(_TEXTS):
        return "untold" if "appeal_key" in siblings and "confidential" not in siblings else "text"
    return "identifier" if name.endswith(_IDENTIFIERS) or name == "code" else "word"


def _some(node: Type) -> Type:
    """The type of a value that is there."""
    if node.kind != "union":
        return node
    return next(branch for branch in node.branches if branch.kind != "null")


def _datasets(catalog: Catalog) -> dict[str, dict[str, dict[str, str]]]:
    """Entity → department → dataset → share class, by the mappings."""
    found: dict[str, dict[str, dict[str, str]]] = {}
    for dataset, file in catalog.mappings.items():
        if dataset not in catalog.datasets:
            continue
        contract = catalog.datasets[dataset]
        for statement in yaml_file.parsed(file.read_text(encoding="utf-8"))["statements"]:
            found.setdefault(statement["entity"], {}).setdefault(contract.department, {})[dataset] = contract.share_class
    return found
