"""Delimited text, on bytes as a department would send them."""

from __future__ import annotations

import csv
import io
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bus.errors import FileRefused
from bus.publish.source import Row
from connectors.base import Layout
from connectors.delimited import DelimitedFile
from connectors.header import Columns

COLUMNS = ("ID", "NAME", "NOTE")


def source(
    folder: Path, content: bytes, columns: tuple[str, ...] = COLUMNS, key: tuple[str, ...] = ("ID",), **layout: object
) -> DelimitedFile:
    path = folder / "T.csv"
    path.write_bytes(content)
    made = Layout.model_validate({"dataset": "civil.test", "file": "T.csv", "format": "delimited", **layout})
    return DelimitedFile(path, made, Columns("civil.test", columns, key))


def read(folder: Path, content: bytes, **more: object) -> list[Row]:
    file = source(folder, content, **more)
    found = file.check()
    rows = list(file.rows())
    assert [row.number for row in rows] == list(range(1, found.records + 1))
    return rows


def data(rows: list[Row]) -> list[tuple[int, tuple[str, ...], str | None]]:
    return [(row.number, tuple(row.cells.values()), row.problem) for row in rows if row.not_data is None]


def refusal(folder: Path, content: bytes, **more: object) -> FileRefused:
    with pytest.raises(FileRefused) as refused:
        read(folder, content, **more)
    assert refused.value.message_zh
    assert refused.value.place.startswith("T.csv")
    return refused.value


def test_a_record_with_line_breaks_inside_is_one_row(tmp_path: Path) -> None:
    rows = read(tmp_path, b'ID,NAME,NOTE\r\n1,a,"one\r\ntwo\n\nthree"\r\n2,b,c\r\n')
    assert data(rows) == [(2, ("1", "a", "one\r\ntwo\n\nthree"), None), (3, ("2", "b", "c"), None)]


def test_the_header_is_row_1_and_no_data(tmp_path: Path) -> None:
    assert [(row.number, row.not_data) for row in read(tmp_path, b"ID,NAME,NOTE\n1,a,b\n")] == [(1, "header"), (2, None)]


def test_doubled_quotes_and_delimiters_inside_quotes_are_text(tmp_path: Path) -> None:
    assert data(read(tmp_path, '"ID","NAME","NOTE"\n"1","张""三""","a,b"\n'.encode()))[0][1] == ("1", '张"三"', "a,b")


def test_a_form_feed_or_line_separator_is_no_line_end(tmp_path: Path) -> None:
    rows = read(tmp_path, 'ID,NAME,NOTE\n1,"a\nx","p\u2028q\x0c\x85"\n'.encode())
    assert data(rows) == [(2, ("1", "a\nx", "p\u2028q\x0c\x85"), None)]


def test_windows_and_unix_line_ends_may_be_mixed(tmp_path: Path) -> None:
    assert [row[1][0] for row in data(read(tmp_path, b"ID,NAME,NOTE\r\n1,a,b\n2,c,d\r\n3,e,f"))] == ["1", "2", "3"]


def test_old_macintosh_line_ends_are_read(tmp_path: Path) -> None:
    assert [row[0] for row in data(read(tmp_path, b"ID,NAME,NOTE\r1,a,b\r2,c,d\r"))] == [2, 3]


def test_blank_lines_and_a_repeated_header_are_counted_and_no_data(tmp_path: Path) -> None:
    rows = read(tmp_path, b"ID,NAME,NOTE\n1,a,b\n\n,,\nID,NAME,NOTE\n2,c,d\n")
    assert [row.not_data for row in rows] == ["header", None, "blank", "blank", "header", None]


def test_a_title_above_the_header_is_no_data(tmp_path: Path) -> None:
    assert [row.not_data for row in read(tmp_path, "2026年名册\nID,NAME,NOTE\n1,a,b\n".encode())] == ["title", "header", None]


def test_a_row_with_too_many_or_too_few_cells_is_malformed_and_alone(tmp_path: Path) -> None:
    rows = data(read(tmp_path, b"ID,NAME,NOTE\n1,a\n2,b,c,d\n3,e,f\n"))
    assert [(row[0], row[2]) for row in rows] == [(2, "ROW_MALFORMED"), (3, "ROW_MALFORMED"), (4, None)]


@pytest.mark.parametrize("count", [1, 40, 5000])
def test_an_unclosed_quote_does_not_swallow_the_rows_after_it(tmp_path: Path, count: int) -> None:
    good = "".join(f'"{n}","名字","ok"\n' for n in range(3, 3 + count))
    rows = data(read(tmp_path, ('"ID","NAME","NOTE"\n"1","a","b"\n"2","no end,"x"\n' + good).encode()))
    assert [row[2] for row in rows] == [None, "ROW_MALFORMED"] + [None] * count
    assert rows[-1][0] == count + 3


def test_an_unclosed_quote_in_the_last_row_is_that_row_alone(tmp_path: Path) -> None:
    assert [row[2] for row in data(read(tmp_path, b'ID,NAME,NOTE\n1,a,b\n2,c,"d\n'))] == [None, "ROW_MALFORMED"]


def test_two_unclosed_quotes_cost_two_rows(tmp_path: Path) -> None:
    rows = data(read(tmp_path, b'"ID","NAME","NOTE"\n"1","a,"b"\n"2","c","d"\n"3","e,"f"\n"4","g","h"\n'))
    assert [(row[0], row[2]) for row in rows] == [(2, "ROW_MALFORMED"), (3, None), (4, "ROW_MALFORMED"), (5, None)]


def test_a_quote_that_opens_inside_a_cell_breaks_its_own_row_only(tmp_path: Path) -> None:
    rows = data(read(tmp_path, b'ID,NAME,NOTE\n1,a"b,"c\n2,d,e\n'))
    assert [(row[0], row[2]) for row in rows] == [(2, "ROW_MALFORMED"), (3, None)]


def test_a_record_with_a_line_break_and_a_cell_too_many_is_one_malformed_row(tmp_path: Path) -> None:
    rows = data(read(tmp_path, b'ID,NAME,NOTE\n1,a,"one\ntwo",x\n2,b,c\n'))
    assert [(row[0], row[2]) for row in rows] == [(2, "ROW_MALFORMED"), (3, None)]


def test_a_nul_byte_in_a_cell_makes_the_row_malformed(tmp_path: Path) -> None:
    assert [row[2] for row in data(read(tmp_path, b"ID,NAME,NOTE\n1,a\0b,c\n2,d,e\n"))] == ["ROW_MALFORMED", None]


def test_nul_bytes_and_a_dos_end_mark_behind_the_end_are_a_note(tmp_path: Path) -> None:
    file = source(tmp_path, b"ID,NAME,NOTE\n1,a,b\n" + b"\0" * 5000)
    assert [note.code for note in file.check().notes] == ["FILE_SHAPE"]
    assert len(data(list(file.rows()))) == 1
    assert [note.code for note in source(tmp_path, b"ID,NAME,NOTE\n1,a,b\n\x1a").check().notes] == ["FILE_SHAPE"]


def test_mysql_escapes_and_nulls_are_undone(tmp_path: Path) -> None:
    tsv = {"delimiter": "\t", "quoting": "none", "escape": "\\", "null_text": "\\N"}
    rows = read(tmp_path, b'ID\tNAME\tNOTE\n1\t\\N\ta\\tb\\nc\\\\d\n2\t\\\\N\ta\\\tb\n3\t"x\tone\\\ntwo\n', **tsv)
    assert data(rows) == [(2, ("1", "", "a\tb\nc\\d"), None), (3, ("2", "\\N", "a\tb"), None), (4, ("3", '"x', "one\ntwo"), None)]


def test_a_cell_cut_in_the_middle_of_a_character_damages_itself_only(tmp_path: Path) -> None:
    name = "张三".encode("gb18030")[:-1]
    rows = read(tmp_path, b'"ID","NAME","NOTE"\n"1","' + name + '","阳光"\n"2","李四","花园"\n'.encode("gb18030"), encoding="gb18030")
    assert data(rows) == [(2, ("1", "张\ufffd", "阳光"), None), (3, ("2", "李四", "花园"), None)]


def test_four_byte_characters_of_gb18030_are_read(tmp_path: Path) -> None:
    assert data(read(tmp_path, "ID,NAME,NOTE\n1,王䶮𬱖,帕·丽\n".encode("gb18030"), encoding="GBK"))[0][1] == ("1", "王䶮𬱖", "帕·丽")


@pytest.mark.parametrize(
    ("written", "declared", "found"),
    [("utf-8", "gb18030", "UTF-8"), ("utf-8-sig", "gb18030", "UTF-8"), ("gb18030", "utf-8", "GB18030"), ("utf-16", "utf-8", "UTF-16"),
     ("utf-16-le", "gb18030", "UTF-16")],
)  # fmt: skip
def test_a_file_in_another_encoding_is_refused_whole_and_says_which(tmp_path: Path, written: str, declared: str, found: str) -> None:
    content = "ID,NAME,NOTE\n" + "".join(f"{n},张三,阳光花园{n}号楼\n" for n in range(3))
    refused = refusal(tmp_path, content.encode(written), encoding=declared)
    assert found in refused.message
    assert "MOJIBAKE" in refused.message


def test_a_mostly_garbled_file_is_refused_with_its_first_place(tmp_path: Path) -> None:
    lines = "".join(f"{n},锟斤拷锟斤拷,锟斤拷\n" for n in range(20))
    assert refusal(tmp_path, ("ID,NAME,NOTE\n" + lines).encode()).place == "T.csv, line 2"
    twice = "".join(f"{n},张三李四,阳光花园\n" for n in range(20)).encode().decode("gb18030")
    assert "MOJIBAKE" in refusal(tmp_path, ("ID,NAME,NOTE\n" + twice).encode()).message


def test_a_few_garbled_rows_do_not_refuse_the_file(tmp_path: Path) -> None:
    good = "".join(f"{n},张三,阳光花园\n" for n in range(20))
    assert len(data(read(tmp_path, ("ID,NAME,NOTE\n91,锟斤拷,x\n92,\ufffd\ufffd,x\n" + good).encode()))) == 22
    assert len(data(read(tmp_path, "ID,NAME,NOTE\n1,锟斤拷,x\n".encode()))) == 1


def test_utf8_is_read_with_and_without_a_byte_order_mark(tmp_path: Path) -> None:
    for encoding in ("utf-8", "utf-8-sig"):
        assert data(read(tmp_path, "ID,NAME,NOTE\n1,张三,b\n".encode(encoding), encoding="utf-8-sig"))[0][1] == ("1", "张三", "b")


def test_columns_are_found_by_name_whatever_order_spaces_and_width(tmp_path: Path) -> None:
    rows = read(tmp_path, " Ｎote ,\ufeffID,Na me\n备注,1,张三\n".encode())
    assert dict(rows[1].cells) == {"NOTE": "备注", "ID": "1", "NAME": "张三"}


def test_an_extra_and_a_missing_column_are_notes_and_the_extra_is_carried_on(tmp_path: Path) -> None:
    file = source(tmp_path, b"ID,NAME,EXTRA\n1,a,b\n")
    assert [(note.code, note.column) for note in file.check().notes] == [("FILE_SHAPE", "NOTE"), ("FILE_SHAPE", "EXTRA")]
    assert dict(list(file.rows())[1].cells) == {"ID": "1", "NAME": "a", "EXTRA": "b"}


def test_a_missing_or_doubled_key_column_refuses_the_file(tmp_path: Path) -> None:
    assert "ID" in refusal(tmp_path, b"NAME,NOTE\na,b\n").message
    assert "twice" in refusal(tmp_path, b"ID,ID,NAME,NOTE\n1,2,a,b\n").message


def test_another_tables_header_or_none_refuses_the_file(tmp_path: Path) -> None:
    assert "T.csv, row 1" in refusal(tmp_path, b"A,B,C,D\n1,2,3,4\n").place
    refusal(tmp_path, b"1,a,b\n2,c,d\n")
    refusal(tmp_path, b"\n\n")


def test_a_wrong_delimiter_refuses_the_file(tmp_path: Path) -> None:
    refusal(tmp_path, b"ID;NAME;NOTE\n1;a;b\n")


def test_an_empty_file_is_refused_and_a_header_without_rows_is_a_note(tmp_path: Path) -> None:
    refusal(tmp_path, b"")
    assert [note.code for note in source(tmp_path, b"ID,NAME,NOTE\n").check().notes] == ["FILE_SHAPE"]
    assert [row.not_data for row in source(tmp_path, b"ID,NAME,NOTE").rows()] == ["header"]


def test_a_file_most_of_whose_rows_do_not_fit_its_header_is_refused(tmp_path: Path) -> None:
    assert "row 2" in refusal(tmp_path, b"ID,NAME,NOTE\n" + b"1,a,b,c\n" * 20).place


def test_a_file_that_changes_between_check_and_reading_is_refused(tmp_path: Path) -> None:
    file = source(tmp_path, b"ID,NAME,NOTE\n1,a,b\n")
    file.check()
    (tmp_path / "T.csv").write_bytes(b"ID,NAME,NOTE\n1,a,b\n2,c,d\n")
    with pytest.raises(FileRefused):
        next(file.rows())


CELL = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0\x1a\ufeff\ufffd"), max_size=12)
ROWS = st.lists(st.tuples(st.integers(0, 99).map(str), CELL, CELL), max_size=20)


@settings(max_examples=150, deadline=None)
@given(rows=ROWS, quoting=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]), end=st.sampled_from(["\n", "\r\n"]))
def test_what_a_csv_writer_wrote_is_read_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, ...]], quoting: int, end: str
) -> None:
    if quoting == csv.QUOTE_MINIMAL:  # Python's writer leaves a lone CR unquoted: then nothing tells it from a line end
        rows = [tuple(cell.replace("\r", "") for cell in row) for row in rows]
    text = io.StringIO(newline="")
    csv.writer(text, quoting=quoting, lineterminator=end).writerows([COLUMNS, *rows])  # type: ignore[arg-type]
    file = source(tmp_path_factory.mktemp("t"), text.getvalue().encode("utf-8-sig"))
    file_rows = [row for row in file.rows() if row.not_data is None]
    assert [tuple(row.cells.values()) for row in file_rows] == rows
    assert all(row.problem is None for row in file_rows)


def _escaped(cell: str) -> str:
    return cell.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n") or "\\N"


@settings(max_examples=100, deadline=None)
@given(rows=st.lists(st.tuples(st.integers(0, 99).map(str), CELL, CELL.map(lambda c: c + ".")), max_size=20))
def test_what_mysql_escaped_is_read_as_it_was(tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, ...]]) -> None:
    content = "".join("\t".join(map(_escaped, row)) + "\n" for row in [COLUMNS, *rows]).encode()
    tsv = {"delimiter": "\t", "quoting": "none", "escape": "\\", "null_text": "\\N"}
    file = source(tmp_path_factory.mktemp("t"), content, **tsv)
    assert [tuple(row.cells.values()) for row in file.rows() if row.not_data is None] == rows


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    file = source(tmp_path, b"ID,NAME,NOTE\n" + b"".join(b'%d,"some name","a note of some length"\n' % n for n in range(300_000)))
    tracemalloc.start()
    file.check()
    assert sum(1 for _ in file.rows()) == 300_001
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20 << 20


def test_a_total_row_is_no_data_also_in_text(tmp_path: Path) -> None:
    assert [row.not_data for row in read(tmp_path, "ID,NAME,NOTE\n1,a,b\n合计,2\n合计,,2\n".encode())] == ["header", None, "total", "total"]


def test_a_workbook_where_text_is_due_is_refused_in_plain_words(tmp_path: Path) -> None:
    assert "workbook" in refusal(tmp_path, b"PK\x03\x04" + b"\0" * 100).message
