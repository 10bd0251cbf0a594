"""The truth says what stands in the files, and all that stands there."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from bus.city import make_city
from bus.city.appeals import working_days_after
from tests.city.conftest import Cells, truth

CODES = set(
    re.findall(
        r"\w+",
        """
        ID_FORMAT ID_CHECKSUM ID_BIRTHDATE ID_EXCEL_PRECISION_LOSS ID_15_UPGRADED ID_LOWER_X ID_FULLWIDTH ID_REGION_UNKNOWN
        ID_SEX_CONFLICT ID_DOB_CONFLICT MASKED_INPUT NAME_SPACES NAME_DOT_VARIANT NAME_RARE_CHAR PUA_CHAR MOJIBAKE PHONE_INVALID
        PHONE_MULTI DATE_INVALID DATE_PRECISION DATE_PLACEHOLDER NULL_TOKEN CODE_UNKNOWN CODE_MAPPED DIV_OBSOLETE DIV_UNKNOWN
        ADDR_PARTIAL ADDR_AMBIGUOUS AREA_INCONSISTENT NUMBER_INVALID USCC_CHECKSUM USCC_INNER_CODE DUP_PK DUP_PERSON
        AUTHORITY_CONFLICT ROW_MALFORMED SECRET_BLOCKED
        """,
    )
)
HABITS = {
    "ID_15_UPGRADED", "ID_REGION_UNKNOWN", "MOJIBAKE", "NAME_RARE_CHAR", "DIV_OBSOLETE", "ADDR_AMBIGUOUS", "DATE_PLACEHOLDER", "DUP_PERSON",
    "AUTHORITY_CONFLICT",
}  # fmt: skip


def at(row: dict[str, Any]) -> tuple[str, str, str | None, int]:
    return row["delivery"], row["file"], row["sheet"], row["row"]


def test_every_code_that_a_row_can_have_occurs(damaged_rows: list[dict[str, Any]]) -> None:
    codes = Counter(d["code"] for row in damaged_rows for d in row["damage"])
    assert CODES - set(codes) == set()


def test_every_row_of_every_file_is_in_the_truth_and_every_row_of_the_truth_in_a_file(
    damaged_rows: list[dict[str, Any]], damaged_cells: Cells
) -> None:
    assert {at(row) for row in damaged_rows} == set(damaged_cells)


def test_a_damaged_cell_says_something_else_than_it_would_undamaged(damaged_rows: list[dict[str, Any]], damaged_cells: Cells) -> None:
    same = []
    for row in damaged_rows:
        header, cells = damaged_cells[at(row)]
        for label in [*row["damage"], *row.get("style", [])]:
            if label["column"] is None or label.get("code") == "ID_REGION_UNKNOWN" or label.get("form") == "date_cell":
                continue
            if cells[header.index(label["column"])] == label["clean"]:
                same.append((at(row), label["column"], label.get("quirk")))
    assert same == []


def test_the_key_of_a_row_stands_in_its_cells(damaged_rows: list[dict[str, Any]], damaged_cells: Cells) -> None:
    for row in damaged_rows:
        header, cells = damaged_cells[at(row)]
        for column, value in row["pk"].items():
            if column != "姓名" and row["department"] != "common":
                assert str(cells[header.index(column)]) == value


def test_a_conflict_is_only_claimed_beside_a_sound_number(damaged_rows: list[dict[str, Any]]) -> None:
    numbers = {"BIRTHDAY": "ID_CARD", "SEX": "ID_CARD", "CSRQ": "ZJHM", "XB": "ZJHM", "BIRTH_MAN": "CERT_NUM_MAN", "性别": "身份证号码"}
    for row in damaged_rows:
        hit = {d["column"] for d in row["damage"]}
        for d in row["damage"]:
            if d["code"] in ("ID_SEX_CONFLICT", "ID_DOB_CONFLICT") and d["column"] in numbers:
                others = {x["code"] for x in row["damage"] if x["column"] == numbers[d["column"]]}
                assert numbers[d["column"]] not in hit or others == {"ID_REGION_UNKNOWN"}


def test_places_lead_back_to_rows_that_name_the_subject(damaged_city: Path, damaged_rows: list[dict[str, Any]]) -> None:
    subjects = {at(row): {s["id"] for s in row["subjects"]} for row in damaged_rows}
    for name in ("residents", "dwellings", "organizations", "appeals"):
        for thing in truth(damaged_city, name):
            for delivery, _, file, sheet, number in thing["places"]:
                assert thing["id"] in subjects[delivery, file, sheet, number]


def test_changes_say_which_keys_are_new_and_which_have_vanished(damaged_city: Path, damaged_rows: list[dict[str, Any]]) -> None:
    keys: dict[tuple[str, str], set[str]] = {}
    for row in damaged_rows:
        keys.setdefault((row["delivery"], row["file"]), set()).add("".join(row["pk"].values()))
    changes = [c for c in truth(damaged_city, "changes") if c["file"].endswith(".csv")]
    assert {"new", "changed", "vanished"} == {c["change"] for c in changes}
    for c in changes:
        before, after = c["key"] in keys["2026-09", c["file"]], c["key"] in keys["2026-10", c["file"]]
        assert (before, after) == {"new": (False, True), "changed": (True, True), "vanished": (True, False)}[c["change"]]


def test_some_mistakes_are_mended_in_the_second_delivery(damaged_city: Path) -> None:
    assert any(c["corrected"] for c in truth(damaged_city, "changes"))


def test_without_damage_only_the_habits_of_the_systems_are_left(tmp_path: Path) -> None:
    make_city(tmp_path, 1000, damage=0, deliveries=1)
    codes = {d["code"] for row in truth(tmp_path, "rows") for d in row["damage"]}
    assert codes <= HABITS


def test_deadlines_skip_holidays_and_count_the_weekends_worked_instead() -> None:
    assert working_days_after(date(2025, 4, 27), 5) == date(2025, 5, 7)
    assert working_days_after(date(2026, 9, 30), 1) == date(2026, 10, 8)


@pytest.mark.parametrize("wrong", [{"residents": 20}, {"deliveries": 3}, {"damage": -1.0}, {"delivery": "2026-13"}, {"delivery": "last"}])
def test_a_city_that_cannot_be_is_refused(tmp_path: Path, wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        make_city(tmp_path, **wrong)


def test_files_that_are_damaged_as_a_whole_say_so(damaged_city: Path) -> None:
    shapes = {f["file"]: f["damage"][0]["quirk"] for f in truth(damaged_city, "files") if f["damage"]}
    assert shapes == {"SOM_ORGAN.csv": "extra_column", "ZYZ.csv": "nul_tail"}
    assert (damaged_city / "2026-09/social/ZYZ.csv").read_bytes().endswith(b"\0" * 512)
    assert b"BEIZHU1" in (damaged_city / "2026-09/civil/SOM_ORGAN.csv").read_bytes()[:400]


def test_a_marriage_is_between_a_man_and_a_woman_and_its_sides_are_the_truths(
    damaged_city: Path, damaged_rows: list[dict[str, Any]]
) -> None:
    sex = {p["id"]: p["sex"] for p in truth(damaged_city, "residents")}
    for row in damaged_rows:
        if row["file"] == "HYDJ.csv" and row["subjects"]:
            assert {(s["role"], sex[s["id"]]) for s in row["subjects"]} == {("husband", "1"), ("wife", "2")}


def test_a_row_refused_as_a_whole_carries_no_label_of_its_cells(damaged_rows: list[dict[str, Any]]) -> None:
    for row in damaged_rows:
        codes = {d["code"] for d in row["damage"] if d["column"] is None and not d["recoverable"]}
        if codes & {"ROW_MALFORMED", "SECRET_BLOCKED", "DUP_PK"}:
            assert [d for d in row["damage"] if d["column"] is not None] == []
