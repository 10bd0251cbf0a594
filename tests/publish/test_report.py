"""The report for the person who sent the file."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import openpyxl
import pytest
from publishing import Office, member, members

from bus.errors import WrongUse
from bus.publish.report import Report, RowNote, harmless, report_file

SET = "civil.assistance_member"


def publish_with_report(office: Office, path: Path) -> None:
    with report_file(path) as sink:
        office.publish(SET, members([member(1), "=broken", member(1), member(1, note="x")]), name="=1+1.csv", sink=sink)


def test_a_report_lists_every_row_that_was_not_clean_with_reason_and_cure(office: Office) -> None:
    publish_with_report(office, office.folder / "r.json")
    said = json.loads((office.folder / "r.json").read_text(encoding="utf-8"))
    assert [(row["row"], row["code"], row["severity"]) for row in said["rows"]] == [
        (3, "ROW_MALFORMED", "error"), (4, "DUP_PK", "info"), (5, "DUP_PK", "error"),
    ]  # fmt: skip
    assert all(row["reason_zh"] and row["cure_zh"] and row["reason"] and row["cure"] for row in said["rows"])
    assert said["rows"][1]["reason_zh"] != said["rows"][2]["reason_zh"]
    assert said["files"][0]["refused"] == 2


def test_a_csv_report_opens_in_excel_and_runs_no_formula(office: Office) -> None:
    publish_with_report(office, office.folder / "r.csv")
    content = (office.folder / "r.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(content.decode("utf-8-sig").splitlines()))
    assert {row["file"] for row in rows} == {"'=1+1.csv"}


def test_a_workbook_report_has_the_rows_and_the_files(office: Office) -> None:
    publish_with_report(office, office.folder / "r.xlsx")
    book = openpyxl.load_workbook(office.folder / "r.xlsx")
    assert [sheet.max_row for sheet in book] == [4, 2]
    assert all(cell.data_type != "f" for sheet in book for row in sheet for cell in row)


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1", "\n=1", "＝1", "＋1", "－1", "＠x"])
def test_what_would_begin_a_formula_is_made_harmless(text: str) -> None:
    assert harmless(text) == "'" + text


def test_other_values_stay_as_they_are() -> None:
    assert [harmless(value) for value in ("张三", "1-1", "", 3, None)] == ["张三", "1-1", "", 3, None]


@pytest.mark.parametrize("name", ["r.pdf", "no/r.csv", "r"])
def test_a_report_that_cannot_be_written_is_wrong_use_before_anything_is_published(office: Office, name: str) -> None:
    with pytest.raises(WrongUse):
        publish_with_report(office, office.folder / name)
    assert office.log.topics() == []


def test_a_failed_run_leaves_no_half_a_report(office: Office) -> None:
    path = office.folder / "r.csv"
    with pytest.raises(RuntimeError), report_file(path) as sink:
        sink.row(RowNote("f", None, 2, None, "DUP_PK", "error"))
        raise RuntimeError
    assert not list(office.folder.glob("*r.csv*"))


def test_a_balanced_report_accounts_for_every_row() -> None:
    assert Report("d", "2026-09", "f", read=5, not_data=1, created=2, unchanged=1, refused=1).balanced
    assert not Report("d", "2026-09", "f", read=5).balanced
