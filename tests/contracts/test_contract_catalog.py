"""The contracts that come with civicbus, and that a department is nothing but files."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bus.contracts import catalog, registry
from bus.contracts.catalog import Catalog
from bus.errors import ConfigRefused

SEVENTEEN = [
    "housing.dwelling",
    "housing.lease",
    "housing.compound",
    "civil.assistance_family",
    "civil.assistance_member",
    "civil.assistance_treatment",
    "civil.marriage",
    "civil.old_age_allowance",
    "civil.social_organization",
    "civil.committee",
    "social.appeal",
    "social.appeal_step",
    "social.grid",
    "social.resident_survey",
    "social.residency_survey",
    "social.volunteer",
    "social.volunteer_service",
]
BANKS = {"BANK", "ACCOUNT_NAME", "ACCOUNT_NUMBER", "开户行", "银行卡号", "户名"}
SICKNESS = {"POVERTY_CAUSE", "HEALTH_CODE", "DISABILITY_LEVEL_CODE"}


@pytest.fixture(scope="module")
def city() -> Catalog:
    return catalog.load()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(catalog.packaged(), tmp_path / "schemas")
    return tmp_path / "schemas"


def test_the_seventeen_datasets_are_there_each_with_a_layout(city: Catalog) -> None:
    assert sorted(city.datasets) == sorted(SEVENTEEN)
    assert sorted(city.layouts) == sorted(SEVENTEEN)


def test_every_schema_that_comes_with_civicbus_is_released_and_reads_its_other_versions(city: Catalog) -> None:
    assert city.registry.drafts() == ()
    assert city.registry.clashes() == ()


def test_every_column_says_what_it_means_in_both_languages(city: Catalog) -> None:
    for contract in city.datasets.values():
        for column in contract.columns.values():
            assert column.doc.isascii() or "m²" in column.doc or "、" in column.doc or "工作日" in column.doc or "无" in column.doc, column
            assert any("\u4e00" <= c <= "\u9fff" for c in column.doc_zh), column


def test_bank_details_illness_and_disability_are_never_published(city: Catalog) -> None:
    published = {c for contract in city.datasets.values() for c in contract.columns}
    dropped = {c for contract in city.datasets.values() for c in contract.dropped}
    assert not published & (BANKS | SICKNESS)
    assert dropped == BANKS | SICKNESS


def test_numbers_of_persons_are_sensitive_and_posted_phones_public(city: Catalog) -> None:
    numbers = [
        ("civil.marriage", "CERT_NUM_MAN"),
        ("social.grid", "WGYSFZH"),
        ("civil.old_age_allowance", "身份证号码"),
        ("housing.lease", "GTJZR"),
    ]
    assert {city.contract(d).columns[c].sensitivity for d, c in numbers} == {"sensitive"}
    public = [("social.grid", "WGYDH"), ("civil.committee", "联系电话")]
    assert {city.contract(d).columns[c].sensitivity for d, c in public} == {"public"}


def test_the_rosters_key_is_personal_and_holds_a_column_that_is_not_published(city: Catalog) -> None:
    roster = city.contract("civil.old_age_allowance")
    assert roster.personal_key
    assert roster.key == ("姓名", "银行卡号")
    assert "银行卡号" in roster.dropped


def test_layouts_ask_for_the_key(city: Catalog) -> None:
    assert all(tuple(city.layouts[d]["required"]) == city.datasets[d].key for d in SEVENTEEN)


def test_a_dataset_nobody_has_is_refused_with_those_there_are(city: Catalog) -> None:
    with pytest.raises(ConfigRefused, match=r"civil\.marriage"):
        city.contract("civil.marriages")


def fourth(folder: Path, edit: Callable[[dict[str, Any]], Any] = lambda _: None) -> None:
    """An invented department of parks, of files only."""
    parks = folder / "departments" / "parks"
    parks.mkdir()
    schema = json.loads((folder / "departments/civil/committee.v1.avsc").read_text(encoding="utf-8"))
    schema |= {"name": "Park", "namespace": "civicbus.raw.parks", "dataset": "parks.park", "owner": "parks"}
    edit(schema)
    (parks / "park.v1.avsc").write_text(json.dumps(schema), encoding="utf-8")
    (parks / "park.source.yaml").write_text("dataset: parks.park\nformat: delimited\n", encoding="utf-8")
    with (folder / "departments/departments.yaml").open("a", encoding="utf-8") as names:
        names.write("parks: {zh: 市园林局, en: Parks Bureau}\n")


def test_a_fourth_department_is_files_only(folder: Path) -> None:
    fourth(folder)
    fresh = registry.release(folder)
    loaded = catalog.load(folder)
    assert [v.subject for v in fresh] == ["raw.parks.park-value"]
    assert loaded.contract("parks.park").department == "parks"
    assert loaded.departments["parks"].zh == "市园林局"


WRONG: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "another owner than its folder": (lambda s: s.update(owner="civil"), "owner"),
    "no meaning": (lambda s: s.pop("doc_zh"), "doc_zh"),
    "a share class nobody knows": (lambda s: s.update(share_class="maybe"), "share_class"),
    "a key that is not published": (lambda s: s.update(key=["面积"]), "Key column"),
    "a column without sensitivity": (lambda s: s["fields"][0].pop("sensitivity"), "sensitivity"),
    "a column that is a number": (lambda s: s["fields"][0].update(type=["null", "int"]), r"\[null, string\]"),
    "no field of the bus": (lambda s: s["fields"].pop(), "bus_extra"),
}


@pytest.mark.parametrize("case", WRONG.values(), ids=WRONG.keys())
def test_a_contract_that_is_not_whole_is_refused_by_its_file(folder: Path, case: tuple[Callable[[dict[str, Any]], Any], str]) -> None:
    fourth(folder, case[0])
    with pytest.raises(ConfigRefused, match=case[1]) as refused:
        catalog.load(folder)
    assert refused.value.place.startswith("departments/parks/park.v1.avsc")


def test_a_department_without_a_layout_is_refused(folder: Path) -> None:
    fourth(folder)
    (folder / "departments/parks/park.source.yaml").unlink()
    with pytest.raises(ConfigRefused) as refused:
        catalog.load(folder)
    assert refused.value.place == "departments/parks/park.source.yaml"
