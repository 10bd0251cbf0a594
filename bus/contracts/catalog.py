"""What the folder `schemas/` says: departments, their datasets as contracts, canonical entities, mappings.

A further department is further files; nothing here or elsewhere names one.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bus import yaml_file
from bus.contracts import registry as registries
from bus.contracts.registry import Registry, Version
from bus.contracts.schema import Schema, Type
from bus.errors import ConfigRefused

Sensitivity = Literal["public", "internal", "personal", "sensitive"]
BUS_FIELDS = ("bus_operation", "bus_source", "bus_number_cells", "bus_extra")
"""Fields every raw contract has beside the columns: what the bus says about the row."""


class Department(NamedTuple):
    """A department by its short name, with its names for people."""

    name: str
    zh: str
    en: str


class Column(NamedTuple):
    """A published column: the source's own name, and the Avro field it goes into."""

    column: str
    field: str
    doc: str
    doc_zh: str
    sensitivity: Sensitivity
    code_list: str | None
    authority: bool


class Dropped(NamedTuple):
    """A column that is never published, and why."""

    column: str
    reason: str
    reason_zh: str


class Contract(NamedTuple):
    """What a department may say in one dataset. `columns` is by the source's column name, in the order of the contract.

    `key` names source columns; a personal key may name dropped ones, which then go into the keyed hash only. `sheet_in_key`: whoever fills
    in a sheet (a street) answers for its rows alone, so the sheet belongs to the key (personal keys only).
    """

    dataset: str
    department: str
    topic: str
    subject: str
    doc: str
    doc_zh: str
    capture: str
    cadence: str
    share_class: str
    key: tuple[str, ...]
    personal_key: bool
    columns: Mapping[str, Column]
    dropped: Mapping[str, Dropped]
    schema: Schema
    version: Version
    sheet_in_key: bool = False


class Catalog(NamedTuple):
    """All of `schemas/`. `layouts` are the *.source.yaml as read, by dataset; `entities` the newest canonical version, by entity."""

    folder: Traversable
    registry: Registry
    departments: Mapping[str, Department]
    datasets: Mapping[str, Contract]
    layouts: Mapping[str, Mapping[str, Any]]
    entities: Mapping[str, Version]
    mappings: Mapping[str, Traversable]

    def contract(self, dataset: str) -> Contract:
        """The contract of a dataset. Raises ConfigRefused naming those there are."""
        if dataset not in self.datasets:
            known = " ".join(sorted(self.datasets))
            raise ConfigRefused(f"There is no dataset {dataset!r}; there are: {known}.", f"没有数据集 {dataset!r}；现有：{known}。")
        return self.datasets[dataset]


def packaged() -> Path:
    """The folder of schemas that came with civicbus, also out of an installed wheel. Raises ConfigRefused when it is not there.

    Not `importlib.resources.files`: for a folder without Python it merges all folders of that name on the path, and fails on an
    editable installation.
    """
    found = importlib.util.find_spec("schemas")
    for place in (found.submodule_search_locations or ()) if found else ():
        if (Path(place) / "departments" / "departments.yaml").is_file():
            return Path(place)
    raise ConfigRefused(
        "The schemas of civicbus are not installed.",
        "civicbus 的模式目录未安装。",
        place="schemas",
        hint="Name a folder in CIVICBUS_SCHEMAS.",
        hint_zh="请用 CIVICBUS_SCHEMAS 指定目录。",
    )


def load(folder: Traversable | None = None) -> Catalog:
    """Read and check the whole folder. Raises SchemaRefused or ConfigRefused naming the file."""
    folder = folder if folder is not None else packaged()
    registry = registries.load(folder)
    departments = _departments(folder / "departments" / "departments.yaml")
    newest = {s.removesuffix("-value"): registry.versions(s)[-1] for s in registry.subjects}
    datasets = {}
    for topic, version in newest.items():
        if topic.startswith("raw."):
            contract = _contract(topic, version, departments)
            datasets[contract.dataset] = contract
    return Catalog(
        folder,
        registry,
        departments,
        datasets,
        {dataset: _layout(folder, dataset) for dataset in datasets},
        {t.removeprefix("canonical."): v for t, v in newest.items() if t.startswith("canonical.")},
        _mappings(folder / "mappings"),
    )


M = TypeVar("M", bound=BaseModel)


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class _DepartmentFile(_Model):
    zh: str
    en: str


class _DroppedNote(_Model):
    column: str
    reason: str
    reason_zh: str


class _ContractNotes(BaseModel):
    """The record's own attributes; what Avro itself asks for was seen to by the parser."""

    model_config = ConfigDict(strict=True, frozen=True)

    doc: str
    doc_zh: str
    dataset: str
    owner: str
    capture: Literal["full", "changes", "appended", "roster"]
    cadence: Literal["live", "daily", "weekly", "monthly", "yearly"]
    share_class: Literal["unconditional", "conditional", "not_shared"]
    key: Annotated[list[str], Field(min_length=1)]
    personal_key: bool
    sheet_in_key: bool = False
    dropped: list[_DroppedNote]


class _ColumnNotes(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True)

    column: str
    doc: str
    doc_zh: str
    sensitivity: Sensitivity
    code_list: str | None = None
    authority: bool = False


def _contract(topic: str, version: Version, departments: Mapping[str, Department]) -> Contract:
    notes = _checked(_ContractNotes, version.schema.raw, version.place)
    if f"raw.{notes.dataset}" != topic or notes.owner != topic.split(".")[1] or notes.owner not in departments:
        en = f"dataset and owner must be those of the file's place, the owner one of departments.yaml: {notes.dataset}, {notes.owner}."
        raise ConfigRefused(
            en, f"dataset 与 owner 须与文件位置一致，且部门须列入 departments.yaml：{notes.dataset}、{notes.owner}。", place=version.place
        )
    if notes.sheet_in_key and not notes.personal_key:
        raise ConfigRefused("sheet_in_key is for personal keys.", "sheet_in_key 仅用于个人信息主键。", place=version.place)
    columns = _columns(version)
    dropped = {d.column: Dropped(d.column, d.reason, d.reason_zh) for d in notes.dropped}
    for column in notes.key:
        if column not in columns and not (notes.personal_key and column in dropped):
            raise ConfigRefused(f"Key column {column!r} is not published.", f"主键列 {column!r} 未发布。", place=version.place)
    return Contract(
        dataset=notes.dataset,
        department=notes.owner,
        topic=topic,
        subject=version.subject,
        doc=notes.doc,
        doc_zh=notes.doc_zh,
        capture=notes.capture,
        cadence=notes.cadence,
        share_class=notes.share_class,
        key=tuple(notes.key),
        personal_key=notes.personal_key,
        columns=columns,
        dropped=dropped,
        schema=version.schema,
        version=version,
        sheet_in_key=notes.sheet_in_key,
    )


def _columns(version: Version) -> dict[str, Column]:
    root = version.schema.root
    names = tuple(f.name for f in root.fields)
    if names[-len(BUS_FIELDS) :] != BUS_FIELDS:
        raise ConfigRefused(
            f"A raw contract ends with the fields {', '.join(BUS_FIELDS)}.",
            f"原始契约须以字段 {'、'.join(BUS_FIELDS)} 结尾。",
            place=version.place,
        )
    columns = {}
    for field in root.fields[: -len(BUS_FIELDS)]:
        notes = _checked(_ColumnNotes, dict(field.annotations), f"{version.place} {field.name}")
        if field.type != _CELL or not field.has_default or notes.column in columns:
            en = f"{field.name}: a column is [null, string] with default null, and stands once."
            raise ConfigRefused(en, f"{field.name}：列须为 [null, string]、默认 null，且不得重复。", place=version.place)
        given = notes.model_dump()
        columns[notes.column] = Column(field=field.name, **given)
    return columns


_CELL = Type("union", branches=(Type("null"), Type("string")))


def _departments(file: Traversable) -> dict[str, Department]:
    raw = _yaml(file, "departments/departments.yaml")
    return {
        name: Department(name, d.zh, d.en)
        for name, d in ((n, _checked(_DepartmentFile, v, f"departments/departments.yaml {n}")) for n, v in raw.items())
    }


def _layout(folder: Traversable, dataset: str) -> Mapping[str, Any]:
    department, _, name = dataset.partition(".")
    place = f"departments/{department}/{name}.source.yaml"
    raw = _yaml(folder / "departments" / department / f"{name}.source.yaml", place)
    if raw.get("dataset") != dataset:
        raise ConfigRefused(f"The dataset of this layout must be {dataset}.", f"此布局的 dataset 须为 {dataset}。", place=place)
    return raw


def _mappings(folder: Traversable) -> dict[str, Traversable]:
    """Mapping files by their name without suffix; the examples beside them are not mappings."""
    files = sorted(folder.iterdir(), key=lambda f: f.name) if folder.is_dir() else []
    return {f.name.removesuffix(".yaml"): f for f in files if f.name.endswith(".yaml") and not f.name.endswith(".examples.yaml")}


def _yaml(file: Traversable, place: str) -> Mapping[str, Any]:
    try:
        raw = yaml_file.parsed(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise ConfigRefused(f"Cannot be read ({type(error).__name__}).", f"无法读取（{type(error).__name__}）。", place=place) from None
    if not isinstance(raw, dict):
        raise ConfigRefused("It must hold keys and values.", "内容须为键值。", place=place)
    return raw


def _checked(model: type[M], raw: Any, place: str) -> M:
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        what = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise ConfigRefused(f"Not right: {what}.", f"内容有误：{what}。", place=place) from None
