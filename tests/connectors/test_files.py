"""From a path to a source: what a person may have meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from bus.contracts import catalog
from bus.errors import BusError, ConfigRefused, FileRefused, WrongUse
from connectors.base import read_layout
from connectors.delimited import DelimitedFile
from connectors.files import columns_of, open_source
from connectors.workbook import Workbook

CATALOG = catalog.load(Path(__file__).parents[2] / "schemas")


def refusal(path: Path, kind: type[BusError], dataset: str = "civil.marriage") -> BusError:
    with pytest.raises(kind) as refused:
        open_source(path, CATALOG.layouts[dataset], CATALOG.datasets[dataset])
    return refused.value


def test_every_released_layout_can_be_read_and_knows_its_key() -> None:
    for dataset, raw in CATALOG.layouts.items():
        columns = columns_of(CATALOG.datasets[dataset], read_layout(raw))
        assert set(columns.key) <= set(columns.names)


def test_the_layout_says_which_source_reads_the_file(tmp_path: Path) -> None:
    for dataset, kind in (("civil.marriage", DelimitedFile), ("civil.committee", Workbook)):
        path = tmp_path / CATALOG.layouts[dataset]["file"]
        path.write_bytes(b"x")
        assert isinstance(open_source(path, CATALOG.layouts[dataset], CATALOG.datasets[dataset]), kind)


def test_a_path_that_is_not_there_names_what_is(tmp_path: Path) -> None:
    (tmp_path / "HYDJ_9.csv").write_bytes(b"x")
    assert "HYDJ_9.csv" in refusal(tmp_path / "HYDJ.csv", WrongUse).hint
    refusal(tmp_path / "no" / "HYDJ.csv", WrongUse)


def test_a_folder_names_the_files_in_it(tmp_path: Path) -> None:
    (tmp_path / "HYDJ.csv").write_bytes(b"x")
    assert "HYDJ.csv" in refusal(tmp_path, WrongUse).hint_zh


@pytest.mark.parametrize("mark", ["~$表.xlsx", ".~lock.表.xlsx#"])
def test_a_file_that_is_open_in_excel_is_refused_until_it_is_closed(tmp_path: Path, mark: str) -> None:
    (tmp_path / "表.xlsx").write_bytes(b"x")
    (tmp_path / mark).write_bytes(b"user")
    assert mark in refusal(tmp_path / "表.xlsx", FileRefused, "civil.committee").hint


@pytest.mark.parametrize("wrong", [{"encoding": "klingon"}, {"delimiter": ";;"}, {"format": "pdf"}, {"typo": 1}])
def test_a_layout_with_a_wrong_word_is_refused_by_the_name_of_the_field(wrong: dict[str, object]) -> None:
    with pytest.raises(ConfigRefused) as refused:
        read_layout({**CATALOG.layouts["civil.marriage"], **wrong}, "x.source.yaml")
    assert next(iter(wrong)) in refused.value.message
    assert refused.value.place == "x.source.yaml"
