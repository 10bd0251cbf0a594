"""Whatever stands in the cells, a row has an outcome, and what it says adds up."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from normalizer_kit import said

from bus.contracts.codec import bind_encoder
from bus.normalizer.statement import CLEAN, FLAGGED, PARTIAL, REFUSED, outcome
from bus.quality import CODES

WRITTEN = (Path(__file__).parent / "damaged_cells.txt").read_text(encoding="utf-8").splitlines()
DAMAGED = st.sampled_from([*WRITTEN, " ", "\t", "\u3000", "9" * 400, "\x00", "\ue000"])
CELL = st.none() | st.just("") | DAMAGED | st.text(max_size=30) | st.text("0123456789Xx-/.:;年月日 ", max_size=20)


@pytest.mark.parametrize(
    "dataset",
    sorted(["civil.marriage", "civil.old_age_allowance", "housing.dwelling", "housing.lease", "housing.compound", "social.appeal"]),
)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_row_of_any_strings_has_an_outcome_and_fits_its_schemas(plans, catalog, dataset, data):
    columns = sorted(catalog.contract(dataset).columns)
    row = {name: data.draw(CELL, label=name) for name in columns}
    number_cells = data.draw(st.lists(st.sampled_from(columns), max_size=3), label="number cells")
    made = said(plans[dataset], catalog, row, number_cells)
    refused = [s for s in made if s.refused]
    out = [s for s in made if not s.refused]
    assert made
    assert outcome(made) == (
        REFUSED if not out else PARTIAL if refused else FLAGGED if any(f.severity != "info" for s in made for f in s.findings) else CLEAN
    )
    assert all(any(f.severity == "error" for f in s.findings) for s in refused)
    assert all(f.code in CODES and f.column in row for s in made for f in s.findings)
    assert len({(s.entity, s.role, s.ordinal) for s in made}) == len(made)
    for statement in out:
        encode = bind_encoder(catalog.entities[statement.entity].schema, 1)
        encode({**statement.fields, **ENVELOPE})


@settings(max_examples=100, deadline=None)
@given(number=CELL, name=CELL, birth=CELL, sex=CELL)
def test_a_person_with_a_damaged_number_is_refused_and_no_other(plans, catalog, number, name, birth, sex):
    (one,) = said(
        plans["civil.assistance_member"], catalog, {"MEMBER_ID": "M", "ID_CARD": number, "NAME": name, "BIRTHDAY": birth, "SEX": sex}
    )
    errors = {f.code for f in one.findings if f.severity == "error"}
    assert one.refused == bool(errors)
    assert (one.fields.get("id_token") is None) or not one.refused


ENVELOPE = {
    "event_id": "e",
    "operation": "created",
    "source": {
        "department": "d",
        "dataset": "d.s",
        "delivery": "2026-09",
        "file": None,
        "sheet": None,
        "row": None,
        "key": {},
        "role": "r",
        "ordinal": 0,
    },
    "quality": [],
    "mapping": "d.s@1",
}
