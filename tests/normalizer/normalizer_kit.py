"""What the normalizer's tests stand on: a small fictional city, released schemas, and a row as a department would send it."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from bus.contracts import catalog as catalogs
from bus.contracts import registry
from bus.contracts.catalog import Catalog
from bus.keys import KeyRing
from bus.normalizer.compile import Plan
from bus.normalizer.kit import Kit, code_lists
from bus.normalizer.statement import Row, Statement
from bus.sealing import Sealer
from bus.standards.addresses import AddressBook
from bus.standards.divisions import Divisions

PUBLISHED = date(2026, 9, 30)
_HEAD = ("code12", "name", "level", "parent", "valid_from", "valid_to", "successor")
DIVISIONS = [
    dict(zip(_HEAD, row.split(","), strict=True))
    for row in (
        "370000000000,东海省,province,,1990-01-01,,",
        "379900000000,澜州市,city,370000000000,1990-01-01,,",
        "379901000000,东澜区,county,379900000000,1990-01-01,,",
        "379901001000,云溪街道,street,379901000000,1990-01-01,,",
        "379901001001,望湖社区,community,379901001000,1990-01-01,,",
        "379901001002,青石社区,community,379901001000,1990-01-01,,",
        "379901001101,老青石社区,community,379901001000,1990-01-01,2020-01-01,379901001002",
        "379902000000,西澜区,county,379900000000,1990-01-01,,",
        "379921000000,石门县,county,379900000000,1990-01-01,,",
        "379901001102,分开社区,community,379901001000,1990-01-01,2020-01-01,379901001001|379901001002",
    )
]
COMPOUNDS = [
    {
        "compound_code": "XQ000001",
        "standard_name": "阳光花园",
        "community_code": "379901001001",
        "address": "东澜区云溪街道青年路101号阳光花园",
        "aliases": "",
    },
    {
        "compound_code": "XQ000002",
        "standard_name": "福满园",
        "community_code": "379901001001",
        "address": "东澜区云溪街道青年路102号福满园",
        "aliases": "",
    },
    {
        "compound_code": "XQ000003",
        "standard_name": "福满园",
        "community_code": "379901001002",
        "address": "东澜区云溪街道学府路3号福满园",
        "aliases": "",
    },
]


def released(folder: Path, extra: Path | None = None, department: str = "") -> Catalog:
    """The packaged schemas, with those of `extra` laid over them and one more `department`, every draft released."""
    with_files = Path(str(catalogs.packaged()))
    for part in ("canonical", "master", "dispute", "internal", "departments", "mappings", "codes"):
        if (with_files / part).exists():
            shutil.copytree(with_files / part, folder / part)
    if (with_files / "published.lock").exists():
        shutil.copy(with_files / "published.lock", folder)
    if extra is not None:
        shutil.copytree(extra, folder, dirs_exist_ok=True)
        with (folder / "departments" / "departments.yaml").open("a", encoding="utf-8") as departments:
            departments.write(department)
    registry.release(folder)
    return catalogs.load(folder)


def kit_of(keys: KeyRing, catalog: Catalog) -> Kit:
    """Converters of the small city."""
    divisions = Divisions(DIVISIONS)
    return Kit(keys, divisions, AddressBook(divisions, COMPOUNDS), code_lists(catalog.folder / "codes"), Sealer(keys))


def said(
    plan: Plan, catalog: Catalog, cells: Mapping[str, str | None], number_cells: Iterable[str] = (), key: bytes = b"K1"
) -> list[Statement]:
    """The statements of one row, given by the source's own column names."""
    columns = catalog.contract(plan.dataset).columns
    fields: dict[str, Any] = {columns[name].field: text for name, text in cells.items()}
    return plan.statements(Row(fields, key, PUBLISHED, list(number_cells), "created"))


def codes(statement: Statement) -> list[str]:
    """`CODE COLUMN` of each finding."""
    return [f"{f.code} {f.column}" for f in statement.findings]
