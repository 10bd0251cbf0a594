"""A fourth department joins with files alone: a contract, a layout and a mapping; no code knows its name."""

from pathlib import Path

import pytest
from normalizer_kit import codes, kit_of, released, said

from bus.normalizer.mapping import compile_mappings, load_mappings
from bus.normalizer.statement import outcome

FILES = Path(__file__).parent / "fourth"
CODE = Path(__file__).parents[2] / "bus"


@pytest.fixture(scope="module")
def city(tmp_path_factory):
    return released(tmp_path_factory.mktemp("schemas"), FILES, "water: {zh: 市水务集团, en: Water Company}\n")


@pytest.fixture(scope="module")
def plan(city, keys):
    return compile_mappings(load_mappings(city), city, kit_of(keys, city))["water.meter"]


def test_its_row_becomes_statements_in_the_common_language(plan, city):
    row = {
        "表号": "W1",
        "户主": "顾 伟",
        "证件号": "379901198001010010",
        "手机": "19900000001",
        "用水地址": "阳光花园1号楼1单元101室",
        "状态": "销户",
    }
    made = said(plan, city, row)
    assert [(s.entity, s.role, s.operation) for s in made] == [
        ("dwelling", "dwelling", "created"),
        ("resident", "customer", "created"),
        ("residency_link", "customer", "ended"),
    ]
    assert codes(made[1]) == ["NAME_SPACES 户主"]
    assert made[1].fields["birth_date"] == "1980-01-01"


def test_the_same_person_has_the_same_token_as_in_another_department(plan, city, plans, catalog):
    here = said(plan, city, {"表号": "W1", "户主": "顾伟", "证件号": "379901198001010010"})
    there = said(plans["civil.assistance_member"], catalog, {"MEMBER_ID": "M1", "NAME": "顾伟", "ID_CARD": "379901198001010010"})
    assert here[1].fields["id_token"] == there[0].fields["id_token"]


def test_its_damaged_rows_are_refused_by_the_same_rules(plan, city):
    made = said(plan, city, {"表号": "W1", "户主": "顾伟", "证件号": "379901198001010011"})
    assert [s.refused for s in made] == [False, True, True]
    assert outcome(made) == "partial"


def test_no_module_names_a_dataset_or_a_department():
    for module in (CODE / "normalizer").rglob("*.py"):
        text = module.read_text(encoding="utf-8")
        for name in ("housing.", "civil.", "social.", '"housing"', '"civil"', '"social"', "HYDJ", "FC_HXX"):
            assert name not in text, f"{module.name}: {name}"
