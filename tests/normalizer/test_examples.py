"""Every example beside a mapping is a test: a row, the statements it makes, all their codes, and the row's outcome."""

from pathlib import Path

import pytest
import yaml
from normalizer_kit import codes, said

from bus.contracts.catalog import packaged
from bus.normalizer.statement import outcome

FOLDER = Path(str(packaged())) / "mappings"
EXAMPLES = [
    pytest.param(file.name.removesuffix(".examples.yaml"), example, id=f"{file.name.removesuffix('.examples.yaml')}: {example['what']}")
    for file in sorted(FOLDER.glob("*.examples.yaml"))
    for example in yaml.safe_load(file.read_text(encoding="utf-8"))
]


@pytest.mark.parametrize(("dataset", "example"), EXAMPLES)
def test_the_example_holds(plans, catalog, dataset, example):
    made = said(plans[dataset], catalog, example["row"], example.get("number_cells", ()))
    wanted = {(s["entity"], s["role"], s.get("ordinal", 0)): s for s in example["statements"]}
    assert {(s.entity, s.role, s.ordinal) for s in made} == set(wanted)
    for statement in made:
        want = wanted[statement.entity, statement.role, statement.ordinal]
        place = f"{statement.entity} {statement.role} {statement.ordinal}"
        assert sorted(codes(statement)) == sorted(want.get("quality", [])), place
        assert statement.refused == want.get("refused", False), place
        assert statement.operation == want.get("operation", statement.operation), place
        for field, value in want.get("has", {}).items():
            assert statement.fields.get(field) == value, f"{place}: {field}"
    assert outcome(made) == example["outcome"]


def test_every_mapping_has_an_example_that_goes_out_and_one_that_does_not_quite():
    for mapping in FOLDER.glob("*.yaml"):
        if mapping.name.endswith(".examples.yaml"):
            continue
        examples = yaml.safe_load(mapping.with_name(mapping.stem + ".examples.yaml").read_text(encoding="utf-8"))
        outcomes = {e["outcome"] for e in examples}
        assert "clean" in outcomes, mapping.name
        assert outcomes & {"flagged", "partial", "refused"}, mapping.name


def test_every_dataset_with_a_contract_has_a_mapping(catalog, plans):
    assert set(plans) == set(catalog.datasets)
