"""Data items: every field that can be agreed on belongs to one, and who says it is read off the mappings."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import pytest

from bus.contracts import catalog
from bus.errors import ConfigRefused
from bus.sharing.agreement import LinkKind
from bus.sharing.data_items import data_items
from bus.sharing.items import offers
from tests.docs.markdown import ROOT
from tests.sharing.barrier import items, on_offer


def test_every_field_that_can_be_agreed_on_belongs_to_one_item() -> None:
    found = Counter(
        (entity, field) for entity, offer in on_offer().items() for field in offer.items for item in items() if item.holds(entity, field)
    )
    assert set(found) == {(entity, field) for entity, offer in on_offer().items() for field in offer.items}
    assert set(found.values()) == {1}


def test_every_relation_that_can_be_agreed_on_belongs_to_one_item_on_each_side() -> None:
    for entity, kinds in (("resident", LinkKind.__args__), ("dwelling", ("owner", "lessor", "lessee", "co_resident", "resident", "hukou"))):
        assert all(sum(item.holds(entity, f"links.{kind}") for item in items()) == 1 for kind in kinds)


def test_a_department_says_an_item_where_one_of_its_mappings_fills_a_field_of_it() -> None:
    said = {item.name: item.said_by for item in items()}
    assert said["life"] == {"civil": ("civil.assistance_member", "civil.old_age_allowance")}
    assert said["lease"] == {"housing": ("housing.lease",)}
    assert set(said["identity"]) == {"civil", "housing", "social"}


@pytest.mark.parametrize("field", ["said_id_token", "marriage_token", "beside_tokens", "of_age_on"])
def test_what_is_only_compared_can_not_be_agreed_on(field: str) -> None:
    resident = catalog.load().entities["resident"].schema
    assert field in {each.name for each in resident.root.fields}
    assert field not in on_offer()["resident"].items


@pytest.fixture
def schemas(tmp_path: Path) -> Path:
    return shutil.copytree(ROOT / "schemas", tmp_path / "schemas")


def loaded(schemas: Path) -> list[str]:
    found = catalog.load(schemas)
    return [item.name for item in data_items(found, offers(found))]


def test_an_entity_that_no_item_names_is_one_by_its_own_name(schemas: Path) -> None:
    (schemas / "items.yaml").unlink()
    assert loaded(schemas) == sorted(on_offer())


@pytest.mark.parametrize(
    "text",
    ["x: {zh: 甲, en: A, of: {resident: [nmae]}}", "x: {zh: 甲, en: A, of: {person: all}}", "x: {zh: 甲, of: {grid: all}}", "- x", "x: ["],
)
def test_a_file_that_is_not_right_is_refused_by_its_name(schemas: Path, text: str) -> None:
    (schemas / "items.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigRefused) as refused:
        loaded(schemas)
    assert "items.yaml" in refused.value.place
