"""Workbooks, as people keep them."""

from __future__ import annotations

import datetime as dt
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from bus.errors import FileRefused
from bus.publish.source import Row
from connectors import zip_guard
from connectors.base import Layout
from connectors.cells import text
from connectors.header import Columns
from connectors.workbook import Workbook

COLUMNS = ("区县", "姓名", "身份证号码", "标准(元/月)", "备注")


def workbook(path: Path, **layout: object) -> Workbook:
    made = Layout.model_validate({"dataset": "civil.test", "file": path.name, "format": "workbook", "fill_down": ["区县"], **layout})
    return Workbook(path, made, Columns("civil.test", COLUMNS, ("姓名",)))


def written(folder: Path, fill: Callable[[Worksheet], None], name: str = "表.xlsx") -> Workbook:
    book = openpyxl.Workbook()
    fill(book.active)
    book.save(folder / name)
    return workbook(folder / name)


def rows_of(file: Workbook) -> list[Row]:
    found = file.check()
    rows = list(file.rows())
    assert found.records == len(rows)
    return rows


def data(rows: list[Row]) -> list[tuple[int, dict[str, str]]]:
    return [(row.number, {column: cell for column, cell in row.cells.items() if cell}) for row in rows if row.not_data is None]


def refusal(path: Path) -> FileRefused:
    with pytest.raises(FileRefused) as refused:
        workbook(path).check()
    return refused.value


def test_titles_header_totals_notes_and_blank_rows_are_counted_and_no_data(tmp_path: Path) -> None:
    def fill(sheet: Worksheet) -> None:
        sheet.append(["澜州市花名册"])
        sheet.append(list(COLUMNS))
        sheet.append(["东澜区", "张三", None, 100])
        sheet.append([None, "小 计", None, 100])
        sheet.append([])
        sheet.append(list(COLUMNS))
        sheet.append(["西澜区", "李四", None, 200])
        sheet.append(["西澜区合计", None, None, 200])
        sheet.append(["总计", None, None, 300, None])
        sheet.append(["填表人：王五"])

    rows = rows_of(written(tmp_path, fill))
    assert [row.not_data for row in rows] == ["title", "header", None, "total", "blank", "header", None, "total", "total", "note"]
    assert [number for number, _ in data(rows)] == [3, 7]


def test_a_double_header_is_read_at_its_lowest_cells_and_merged_cells_reach_down(tmp_path: Path) -> None:
    def fill(sheet: Worksheet) -> None:
        sheet.append(["台账"])
        sheet.append(["区县", "人员", None, "发放", None])
        sheet.append([None, "姓名", "身份证号码", "标准(元/月)", "备注"])
        sheet.append(["东澜区", "张三", "379901194603011098", 100, None])
        sheet.append([None, "李四", "379901194603011098", 100, None])
        sheet.append([None, "合计", None, 200, None])
        sheet.append([None, "王五", None, 100, None])
        for area in ("A1:E1", "A2:A3", "B2:C2", "D2:E2", "A4:A5"):
            sheet.merge_cells(area)

    rows = rows_of(written(tmp_path, fill))
    assert [row.not_data for row in rows] == ["title", "header", "header", None, None, "total", None]
    assert [cells.get("区县") for _, cells in data(rows)] == ["东澜区", "东澜区", None]


def test_where_nothing_is_merged_an_empty_cell_of_a_filled_column_takes_the_value_above(tmp_path: Path) -> None:
    def fill(sheet: Worksheet) -> None:
        sheet.append(list(COLUMNS))
        sheet.append(["东澜区", "张三"])
        sheet.append([None, "李四"])

    assert [cells["区县"] for _, cells in data(rows_of(written(tmp_path, fill)))] == ["东澜区", "东澜区"]


def test_number_cells_are_marked_and_read_with_the_digits_excel_has(tmp_path: Path) -> None:
    def fill(sheet: Worksheet) -> None:
        sheet.append(list(COLUMNS))
        sheet.append(["区", "张三", 379901194603011098, 100])
        sheet.append(["区", "李四", "379901194603011098", "100元"])
        sheet.append(["区", "王五", 1.10101194912e17, 0.1 + 0.2])

    rows = [row for row in rows_of(written(tmp_path, fill)) if row.not_data is None]
    assert [row.cells["身份证号码"] for row in rows] == ["379901194603011000", "379901194603011098", "110101194912000000"]
    assert [sorted(row.number_cells) for row in rows] == [["标准(元/月)", "身份证号码"], [], ["标准(元/月)", "身份证号码"]]
    assert rows[2].cells["标准(元/月)"] == "0.3"


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        (80.0, "80"), (0.65, "0.65"), (11.89, "11.89"), (19900003056.0, "19900003056"), (1e-7, "1E-07"), (1e25, "1E+25"), (True, "TRUE"),
        (dt.date(2024, 1, 5), "2024-01-05"), (dt.datetime(2024, 1, 5, 3, 4, 5), "2024-01-05 03:04:05"), (dt.time(9, 30), "09:30:00"),
        ("1.10101194912E+17", "1.10101194912E+17"), ("00123", "00123"), (" 张 三 ", " 张 三 "),
    ],
)  # fmt: skip
def test_a_cell_reads_as_a_person_sees_it(cell: object, shown: str) -> None:
    assert text(cell) == shown  # type: ignore[arg-type]


def test_true_dates_and_cached_formula_values_are_read(tmp_path: Path) -> None:
    def fill(sheet: Worksheet) -> None:
        sheet.append(list(COLUMNS))
        sheet.append([dt.date(2024, 1, 5), "张三", None, 7, None])

    path = tmp_path / "表.xlsx"
    written(tmp_path, fill)
    with zipfile.ZipFile(path) as parts:
        content = {name: parts.read(name) for name in parts.namelist()}
    sheet = content["xl/worksheets/sheet1.xml"]
    content["xl/worksheets/sheet1.xml"] = sheet.replace(b"<v>7</v>", b"<f>3+4</f><v>7</v>")
    assert b"<f>" in content["xl/worksheets/sheet1.xml"]
    with zipfile.ZipFile(path, "w") as parts:
        for name, part in content.items():
            parts.writestr(name, part)
    assert data(rows_of(workbook(path)))[0][1] == {"区县": "2024-01-05", "姓名": "张三", "标准(元/月)": "7"}


def test_all_visible_sheets_are_read_and_others_reported(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for title in ("云溪街道", "松岭街道", "旧表", "说明", "空"):
        sheet = book.create_sheet(title)
        if title == "说明":
            sheet.append(["请各街道按月填报"])
        elif title != "空":
            sheet.append([title])
            sheet.append(list(COLUMNS))
            sheet.append(["区", "张三"])
        sheet.sheet_state = "hidden" if title == "旧表" else "visible"
    book.save(tmp_path / "表.xlsx")
    file = workbook(tmp_path / "表.xlsx")
    rows = rows_of(file)
    assert [(row.sheet, row.number) for row in rows if row.not_data is None] == [("云溪街道", 3), ("松岭街道", 3)]
    assert [note.message.split(";")[0] for note in file.check().notes] == ["the sheet 旧表 is hidden", "the sheet 说明 has another header"]


def test_row_numbers_are_those_of_the_spreadsheet_when_it_begins_lower_and_further_right(tmp_path: Path) -> None:
    def fill(sheet: Worksheet) -> None:
        for position, name in enumerate(COLUMNS, 3):
            sheet.cell(5, position, name)
        sheet.cell(9, 3, "东澜区")
        sheet.cell(9, 4, "张三")
        sheet.cell(10, 4, "李四")
        sheet.merge_cells("C9:C10")

    rows = rows_of(written(tmp_path, fill))
    assert data(rows) == [(9, {"区县": "东澜区", "姓名": "张三"}), (10, {"区县": "东澜区", "姓名": "李四"})]
    assert len(rows) == 10


def test_a_missing_key_column_in_one_sheet_refuses_the_whole_workbook(tmp_path: Path) -> None:
    def fill(sheet: Worksheet) -> None:
        sheet.append([name for name in COLUMNS if name != "姓名"])
        sheet.append(["东澜区", "1", 100, None])

    written(tmp_path, fill)
    assert "姓名" in refusal(tmp_path / "表.xlsx").message


def test_a_header_without_rows_is_a_note(tmp_path: Path) -> None:
    assert [note.code for note in written(tmp_path, lambda sheet: sheet.append(list(COLUMNS))).check().notes] == ["FILE_SHAPE"]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("~$表.xlsx", b"\x05user", "Close Excel"),
        ("表.xls", bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 600, "save it as .xlsx"),
        ("表.xlsx", bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 600, "Remove the password"),
        ("表.xlsx", "姓名,身份证号码\n".encode(), "renamed CSV"),
        ("表.xlsx", b"", "again"),
    ],
)
def test_what_is_no_readable_workbook_is_refused_in_plain_words(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    (tmp_path / name).write_bytes(content)
    refused = refusal(tmp_path / name)
    assert said in refused.hint
    assert refused.place == name


def test_a_zip_without_a_workbook_or_cut_short_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "表.xlsx", "w") as parts:
        parts.writestr("a.txt", "x")
    refusal(tmp_path / "表.xlsx")
    written(tmp_path, lambda sheet: sheet.append(list(COLUMNS)))
    whole = (tmp_path / "表.xlsx").read_bytes()
    (tmp_path / "半.xlsx").write_bytes(whole[: len(whole) // 2])
    assert "end is missing" in refusal(tmp_path / "半.xlsx").message


def test_a_workbook_that_would_unpack_to_too_much_is_refused_before_it_is_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with zipfile.ZipFile(tmp_path / "表.xlsx", "w", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr("xl/worksheets/sheet1.xml", b"\0" * (70 << 20))
    assert "unpack" in refusal(tmp_path / "表.xlsx").message
    monkeypatch.setattr(zip_guard, "MAX_UNPACKED", 1000)
    written(tmp_path, lambda sheet: sheet.append(list(COLUMNS)))
    assert "unpack" in refusal(tmp_path / "表.xlsx").message


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["本页合计", None, None, 200], "total"), (["本街道小计：2人"], "total"), (["共计", "2人", None, 200], "total"),
        (["累计"], "total"), (["合 计（元）", None, None, 200], "total"), (["说明", "1. 年龄按周岁"], "note"), (["单位（盖章）"], "note"),
        (["2026年9月30日"], "note"), (["第1页 共2页"], "note"), (["以下空白"], "note"), (["填表人：某", None, "审核人：某"], "note"),
        (["合计村", "张三", "379901198001010010", 100], None),
    ],
)  # fmt: skip
def test_what_stands_among_and_below_the_rows_is_told_from_them(tmp_path: Path, words: list[object], reason: str | None) -> None:
    def fill(sheet: Worksheet) -> None:
        for row in (["花名册"], ["（2026年9月）"], list(COLUMNS), ["东澜区", "张三", None, 100], words):
            sheet.append(row)

    assert rows_of(written(tmp_path, fill))[-1].not_data == reason
