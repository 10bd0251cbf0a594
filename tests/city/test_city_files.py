"""Each file is written byte for byte as its department writes it, and a seed gives the same bytes."""

from __future__ import annotations

import hashlib
from pathlib import Path

import openpyxl
import pytest
from typer.testing import CliRunner

from bus.city import make_city
from bus.cli import commands
from bus.errors import WrongUse

PLAIN = {"residents": 400, "deliveries": 1, "damage": 0.0}


def fingerprint(folder: Path) -> dict[str, str]:
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("plain")
    make_city(folder, seed="plain", **PLAIN)
    return folder / "2026-09"


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        make_city(tmp_path / name, 500, seed="s")
    assert fingerprint(tmp_path / "one") == fingerprint(tmp_path / "two")


def test_another_seed_gives_another_city(tmp_path: Path) -> None:
    for name in ("one", "two"):
        make_city(tmp_path / name, 300, seed=name, deliveries=1)
    assert fingerprint(tmp_path / "one")["2026-09/housing/FC_HXX.csv"] != fingerprint(tmp_path / "two")["2026-09/housing/FC_HXX.csv"]


def test_the_first_delivery_is_the_same_whether_or_not_a_second_follows(tmp_path: Path) -> None:
    make_city(tmp_path / "one", 300, deliveries=1)
    make_city(tmp_path / "two", 300, deliveries=2)
    one, two = fingerprint(tmp_path / "one"), fingerprint(tmp_path / "two")
    assert {k: v for k, v in one.items() if "civil/DB" in k} == {k: two[k] for k in one if "civil/DB" in k}


@pytest.mark.parametrize("file", ["civil/DB_MEMBER.csv", "civil/HYDJ.csv", "housing/FC_HXX.csv"])
def test_oracle_exports_are_gb18030_all_quoted_with_crlf(plain: Path, file: str) -> None:
    raw = (plain / file).read_bytes()
    assert raw.endswith(b'"\r\n')
    assert raw.startswith(b'"')
    lines = raw.decode("gb18030").split("\r\n")[:-1]
    assert all(line.count('","') == lines[0].count('","') for line in lines)
    with pytest.raises(UnicodeDecodeError):
        raw.decode("utf-8")


def test_the_lease_table_is_tab_separated_with_backslash_n_for_null(plain: Path) -> None:
    raw = (plain / "housing/ZL_HTBA.csv").read_bytes()
    assert not raw.startswith(b"\xef\xbb\xbf")
    assert b"\r" not in raw
    assert b"\t\\N\t" in raw
    assert b"\t\t" not in raw


@pytest.mark.parametrize("file", ["SQ_GD.csv", "WG_RK.csv", "ZYZ.csv"])
def test_the_platform_writes_utf_8_with_bom_and_quotes_only_where_needed(plain: Path, file: str) -> None:
    raw = (plain / "social" / file).read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    assert raw.endswith(b"\r\n")
    assert b'\xbf"' not in raw[:8]


def test_an_appeal_with_line_breaks_and_quotes_is_one_record(plain: Path) -> None:
    assert '\n补充：此前多次反映""未解决""' in (plain / "social/SQ_GD.csv").read_text(encoding="utf-8-sig")


def test_the_ledger_has_a_title_two_header_rows_merged_counties_and_sums(plain: Path) -> None:
    sheet = openpyxl.load_workbook(plain / "housing/物业小区台账.xlsx")["台账"]
    merged = {str(r) for r in sheet.merged_cells.ranges}
    assert {"A1:X1", "A2:A3", "B2:D2", "E2:J2", "K2:P2", "Q2:X2"} <= merged
    assert any(ref.startswith("B4:B") for ref in merged)
    assert sheet["B3"].value == "区县"
    assert sheet["B4"].value
    assert sheet["B5"].value is None
    words = [c.value for c in sheet["B"]]
    assert words[-1] == "总计"
    assert "合计" in words
    last = [c.value for c in sheet[sheet.max_row]]
    assert last[8] == sum(r[8] for r in sheet.iter_rows(min_row=4, values_only=True) if isinstance(r[0], int))


def test_the_roster_has_a_sheet_a_street_with_title_header_and_sum(plain: Path) -> None:
    book = openpyxl.load_workbook(plain / "civil/高龄津贴发放表.xlsx")
    assert len(book.sheetnames) > 3
    for sheet in book:
        assert sheet["A1"].value == f"{sheet.title}2026年9月高龄津贴发放花名册"
        assert sheet["C2"].value == "姓名"
        assert sheet.cell(sheet.max_row, 1).value == "合计"
        assert [str(r) for r in sheet.merged_cells.ranges] == ["A1:S1"]


def test_a_number_that_excel_spoiled_is_a_number_cell(damaged_city: Path) -> None:
    book = openpyxl.load_workbook(damaged_city / "2026-09/civil/高龄津贴发放表.xlsx")
    assert any(isinstance(row[4], int | float) for sheet in book for row in sheet.iter_rows(min_row=3, values_only=True))


def test_the_command_writes_a_city_and_says_so(tmp_path: Path) -> None:
    done = CliRunner().invoke(commands(), ["city", str(tmp_path / "c"), "--residents", "300", "--deliveries", "1"])
    assert done.exit_code == 0
    assert "rows" in done.stderr
    assert (tmp_path / "c/2026-09/civil/HYDJ.csv").exists()
    assert (tmp_path / "c/truth/rows.jsonl").exists()


def test_the_command_refuses_a_month_that_is_none(tmp_path: Path) -> None:
    done = CliRunner().invoke(commands(), ["city", str(tmp_path), "--delivery", "2026-99"])
    assert isinstance(done.exception, WrongUse)
    assert done.exception.message_zh
