"""The city's reference tables."""

from __future__ import annotations

from pathlib import Path

import pytest

from bus.errors import ConfigRefused
from connectors.reference import read_compounds, read_divisions

DIVISIONS = "\ufeffcode12,name,level,parent,valid_from,valid_to,successor\r\n379901000000,东澜区,county,379900000000,1990-01-01,,\r\n"


def refusal(folder: Path, content: bytes) -> ConfigRefused:
    (folder / "divisions.csv").write_bytes(content)
    with pytest.raises(ConfigRefused) as refused:
        read_divisions(folder)
    return refused.value


def test_divisions_and_compounds_are_read_by_the_names_of_their_columns(tmp_path: Path) -> None:
    (tmp_path / "divisions.csv").write_text(DIVISIONS, encoding="utf-8")
    (tmp_path / "compounds.csv").write_text(
        "standard_name,compound_code,community_code\n阳光花园,XQ000001,379901001001\n", encoding="utf-8"
    )
    assert read_divisions(tmp_path)[0] == {
        "code12": "379901000000", "name": "东澜区", "level": "county", "parent": "379900000000",
        "valid_from": "1990-01-01", "valid_to": "", "successor": "",
    }  # fmt: skip
    assert read_compounds(tmp_path)[0]["compound_code"] == "XQ000001"
    assert read_compounds(tmp_path)[0]["aliases"] == ""


def test_a_table_that_is_not_there_says_how_to_name_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigRefused) as refused:
        read_compounds(tmp_path)
    assert "--reference" in refused.value.hint


@pytest.mark.parametrize(
    ("content", "place"),
    [
        (b"", "divisions.csv"),
        (b"code12,name\n", "row 1"),
        (DIVISIONS.encode() + b"379901,x,county,,,,\n", "row 3, column code12"),
        (DIVISIONS.encode() + b"379902000000,x\n", "row 3"),
        (DIVISIONS.encode() + b"379902000000,,county,,,,\n", "row 3, column name"),
        (DIVISIONS.encode() * 2, "row 3"),
        (DIVISIONS.encode("gb18030"), "divisions.csv"),
    ],
)
def test_a_table_that_cannot_be_used_is_refused_with_the_place(tmp_path: Path, content: bytes, place: str) -> None:
    assert place in refusal(tmp_path, content).place
