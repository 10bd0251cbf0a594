"""Delimited text (CSV, TSV) in any declared encoding, as a stream: 2 GB take no more memory than 2 MB."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path

from bus.errors import FileRefused
from bus.publish.source import NO_NUMBER_CELLS, FileCheck, FileNote, Row
from connectors.base import Layout
from connectors.decoding import Blocks, Judge, open_file
from connectors.header import Columns, Header, fits, read_header
from connectors.records import Dialect, Record, split

_HEADER_WITHIN = 10
"""Records among which the header must stand; what is above it is a title."""

_ENOUGH_TO_TELL = 10
"""Malformed records from which on a majority of them says that the file's structure is wrong, not its rows."""


class DelimitedFile:
    """A CSV or TSV file of one dataset. `progress` is told the bytes read so far."""

    def __init__(self, path: Path, layout: Layout, columns: Columns, progress: Callable[[int], None] | None = None) -> None:
        self._path, self._layout, self._columns, self._progress = path, layout, columns, progress
        escape = layout.escape or None
        self._dialect = Dialect(layout.delimiter, layout.quoting != "none", escape, layout.null_text)
        self._state: tuple[int, ...] = ()

    @property
    def file(self) -> str:
        return self._path.name

    def check(self) -> FileCheck:
        """Read the file through. Raises `FileRefused` for 0 bytes, another encoding, rubble, another header, or no structure at all."""
        digest = hashlib.blake2b(digest_size=32)
        judge = Judge(self._layout.encoding, self.file)
        with open_file(self._path) as stream:
            self._state = _state(stream.fileno())
            head = stream.read(512)
            _refuse_a_workbook(head, self.file)
            judge.start(head)
            stream.seek(0)
            blocks = Blocks(stream, self._layout.encoding, self.file, judge, digest)
            records = split(iter(blocks), self._dialect)
            above, header = self._find_header(records)
            count, whole, broken, first = len(above) + 1, 0, 0, 0
            width = len(header.columns)
            for record in records:
                count += 1
                if record.whole and len(record.cells) == width:
                    whole += 1
                elif any(record.cells):
                    broken += 1
                    first = first or count
            judge.verdict()
        if broken >= _ENOUGH_TO_TELL and broken > whole:
            raise FileRefused(
                f"ROW_MALFORMED: {broken} of {broken + whole} rows do not have the {width} cells of the header.",
                f"ROW_MALFORMED：{broken + whole} 行中有 {broken} 行的单元格数与表头的 {width} 列不符。",
                place=f"{self.file}, row {first}",
            )
        notes = (*header.notes, *_shape(blocks.trailing, whole + broken))
        return FileCheck(digest.digest(), count, header.columns, notes, tuple(cell for record in above for cell in record.cells if cell))

    def rows(self) -> Iterator[Row]:
        """All rows, in order."""
        with open_file(self._path) as stream:
            if self._state and _state(stream.fileno()) != self._state:
                raise _changed(self.file)
            blocks = Blocks(stream, self._layout.encoding, self.file)
            records = split(iter(blocks), self._dialect)
            above, header = self._find_header(records)
            number, file = 0, self.file
            for record in above:
                number += 1
                yield Row(file, None, number, dict(enumerate_cells(record.cells)), not_data="title" if any(record.cells) else "blank")
            columns = header.columns
            yield Row(file, None, (number := number + 1), dict(zip(columns, columns, strict=True)), not_data="header")
            yield from self._data(records, header, number, blocks)
            if self._state and _state(stream.fileno()) != self._state:
                raise _changed(self.file)

    def _data(self, records: Iterator[Record], header: Header, number: int, blocks: Blocks) -> Iterator[Row]:
        file, columns, width, size = self.file, header.columns, len(header.columns), 0
        totals = frozenset(self._layout.totals)
        for cells, whole in records:
            number += 1
            if blocks.size != size and self._progress:
                size = blocks.size
                self._progress(size)
            if cells and cells[0].strip() in totals:
                yield Row(file, None, number, dict(enumerate_cells(cells, columns)), not_data="total")
            elif whole and len(cells) == width and cells[0]:
                problem = not_data = None
                if cells[0].casefold() == columns[0].casefold() and header.repeats(cells):
                    not_data = "header"
                yield Row(file, None, number, dict(zip(columns, cells, strict=True)), NO_NUMBER_CELLS, _nul(cells) or problem, not_data)
            elif not any(c and not c.isspace() for c in cells):
                yield Row(file, None, number, {}, not_data="blank")
            elif whole and len(cells) == width:
                yield Row(file, None, number, dict(zip(columns, cells, strict=True)), NO_NUMBER_CELLS, _nul(cells))
            else:
                yield Row(file, None, number, dict(enumerate_cells(cells, columns)), problem="ROW_MALFORMED")

    def _find_header(self, records: Iterator[Record]) -> tuple[list[Record], Header]:
        above: list[Record] = []
        for record in records:
            if fits(record.cells, self._columns):
                return above, read_header(record.cells, self._columns, f"{self.file}, row {len(above) + 1}")
            above.append(record)
            if len(above) >= _HEADER_WITHIN:
                break
        first = next(chain((r for r in above if any(r.cells)), [Record([], True)]))
        read_header(first.cells, self._columns, f"{self.file}, row 1")
        raise AssertionError("a header that does not fit is refused")


def enumerate_cells(cells: list[str], columns: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
    """The cells under whatever column they fell; those beyond the last one, or without a header, under their number."""
    for position, cell in enumerate(cells):
        yield (columns[position] if position < len(columns) else f"#{position + 1}", cell)


def _refuse_a_workbook(head: bytes, file: str) -> None:
    if head.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise FileRefused(
            "This is a workbook or a zip file, its contract says delimited text.", "这是工作簿或压缩包，契约规定为分隔文本。", place=file,
            hint="Export it from the system as text; unpack a zip file first.", hint_zh="请从系统导出为文本文件；压缩包请先解压。",
        )  # fmt: skip


def _nul(cells: list[str]) -> str | None:
    for cell in cells:
        if "\0" in cell:
            return "ROW_MALFORMED"
    return None


def _shape(trailing: str, rows: int) -> Iterator[FileNote]:
    if not rows:
        yield FileNote(
            "FILE_SHAPE", None, "there is a header and no row; nothing is taken to have vanished", "只有表头没有数据行，不视为数据已删除"
        )
    if trailing:
        yield FileNote(
            "FILE_SHAPE", None, f"{trailing} bytes stand behind the end; they are passed over", f"文件末尾有多余的 {trailing} 字节，已忽略"
        )


def _state(handle: int) -> tuple[int, ...]:
    stat = os.fstat(handle)
    return (stat.st_ino, stat.st_size, stat.st_mtime_ns)


def _changed(file: str) -> FileRefused:
    return FileRefused(
        "The file changed while it was read.", "读取过程中文件被改动。", place=file,
        hint="Wait until it is written completely, then publish it again: rows that went out already are not published twice.",
        hint_zh="请待文件写完后重新发布；已发布的行不会重复。",
    )  # fmt: skip
