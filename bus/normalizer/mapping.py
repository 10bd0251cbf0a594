"""Loads mapping files and compiles them against the contracts. Where a mapping is wrong, says in which file and what."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources.abc import Traversable
from pathlib import Path

import yaml
from pydantic import ValidationError

from bus import yaml_file
from bus.contracts.catalog import Catalog
from bus.errors import ConfigRefused
from bus.normalizer.cells import Columns
from bus.normalizer.compile import Plan, compile_mapping
from bus.normalizer.kit import Kit
from bus.normalizer.mapping_file import MappingFile
from bus.normalizer.worker import Source


def load_mapping(file: Traversable | Path) -> MappingFile:
    """One mapping file. Raises `ConfigRefused` naming file and place inside."""
    try:
        said = yaml_file.parsed(file.read_text(encoding="utf-8"))
        mapping = MappingFile.model_validate(said)
    except yaml.YAMLError as wrong:
        mark = getattr(wrong, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        raise ConfigRefused("the mapping is not YAML", "映射文件不是有效的 YAML", place=f"{file.name}{line}") from wrong
    except ValidationError as wrong:
        first = wrong.errors()[0]
        inside = ".".join(str(part) for part in first["loc"])
        raise ConfigRefused(f"{inside}: {first['msg']}", f"{inside}：内容不符合映射格式", place=file.name) from wrong
    except (OSError, UnicodeDecodeError) as wrong:
        raise ConfigRefused("the mapping cannot be read", "无法读取映射文件", place=file.name) from wrong
    if file.name != f"{mapping.dataset}.yaml":
        raise ConfigRefused("the file's name is not its dataset's", "文件名与数据集名称不一致", place=file.name)
    return mapping


def load_mappings(catalog: Catalog) -> dict[str, MappingFile]:
    """All mapping files of the catalog, by dataset. Raises `ConfigRefused` naming file and place inside."""
    return {mapping.dataset: mapping for mapping in map(load_mapping, catalog.mappings.values())}


def compile_mappings(mappings: Mapping[str, MappingFile], catalog: Catalog, kit: Kit) -> dict[str, Plan]:
    """Mappings compiled against the contracts of the catalog, by dataset. Raises `ConfigRefused` for the first that cannot work."""
    entities = {name: frozenset(f.name for f in version.schema.root.fields) for name, version in catalog.entities.items()}
    plans = {}
    for dataset, mapping in mappings.items():
        columns = Columns(dataset, {name: column.field for name, column in catalog.contract(dataset).columns.items()})
        plans[dataset] = compile_mapping(mapping, columns, entities, kit)
    return plans


def sources_of(catalog: Catalog) -> dict[str, Source]:
    """What the worker must know of each dataset beside its mapping."""
    return {
        name: Source(contract.department, {} if contract.personal_key else {c: contract.columns[c].field for c in contract.key})
        for name, contract in catalog.datasets.items()
    }
