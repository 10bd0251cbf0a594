"""Files in each department's own layout: GB18030 with every field quoted, tab-separated with backslashes, UTF-8 with BOM, workbooks."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.worksheet._write_only import WriteOnlyWorksheet

from bus.city.entry import Entry, Table

_BUFFER = 512
_EPOCH = (2026, 1, 1, 0, 0, 0)  # stamped on every part of a workbook, so that a seed gives the same bytes


class Delimited:
    """One CSV-like file, written as it comes. Row numbers count records; the header is row 1.

    `shape`: damage to the file (FILE_SHAPE): a column that no contract knows, NUL bytes after the end.
    """

    def __init__(self, path: Path, table: Table, shape: str = "") -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.table, self.rows, self.shape = table, 0, shape
        self.encoding = "gb18030" if table.layout == "civil" else "utf-8"
        self._line = {"civil": _quoted, "mysql": _escaped, "social": _minimal}[table.layout]
        self._file = path.open("wb")
        if table.layout == "social":
            self._file.write(b"\xef\xbb\xbf")
        self._lines: list[str] = []
        self._put([*(c.name for c in table.columns), *(["BEIZHU1"] if shape == "extra_column" else [])])

    def _put(self, cells: list[str]) -> int:
        self._lines.append(self._line(cells))
        if len(self._lines) >= _BUFFER:
            self._flush()
        self.rows += 1
        return self.rows

    def _flush(self) -> None:
        self._file.write("".join(self._lines).encode(self.encoding))
        self._lines.clear()

    def write(self, entry: Entry) -> int:
        """The row it became."""
        if entry.whole:
            return self._put(_misshapen(entry))
        return self._put([*entry.cells, ""] if self.shape == "extra_column" else entry.cells)

    def close(self) -> None:
        self._flush()
        if self.shape == "nul_tail":
            self._file.write(b"\0" * 512)
        self._file.close()


def _misshapen(entry: Entry) -> list[str]:
    cells = list(entry.cells)
    if entry.whole == "few":
        return cells[:-3]
    if entry.whole == "many":
        return [*cells, "", "0"]
    cells[-1] = f"{cells[-1]}\0\0"
    return cells


def _quoted(cells: list[str]) -> str:
    joined = '","'.join(cells)
    if joined.count('"') != 2 * (len(cells) - 1):
        joined = '","'.join(c.replace('"', '""') for c in cells)
    return f'"{joined}"\r\n'


def _minimal(cells: list[str]) -> str:
    return (
        ",".join([f'"{c.replace(chr(34), chr(34) * 2)}"' if "," in c or '"' in c or "\n" in c or "\r" in c else c for c in cells]) + "\r\n"
    )


def _escaped(cells: list[str]) -> str:
    line = "\t".join([c or "\\N" for c in cells])
    if "\\" in line.replace("\\N", "") or line.count("\t") != len(cells) - 1 or "\n" in line:
        line = "\t".join([c.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n") if c else "\\N" for c in cells])
    return line + "\n"


class Book:
    """A workbook of one or more sheets, streamed (write-only mode keeps merged cells; they are written behind the rows)."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self.book = Workbook(write_only=True)

    def sheet(self, name: str) -> Sheet:
        return Sheet(self.book.create_sheet(name), name)

    def close(self) -> None:
        """Write, then stamp every part alike: openpyxl would leave the hour of writing in the file."""
        raw = self.path.with_suffix(".tmp")
        self.book.save(raw)
        with zipfile.ZipFile(raw) as old, zipfile.ZipFile(self.path, "w", zipfile.ZIP_DEFLATED) as new:
            for part in old.infolist():
                with old.open(part) as source, new.open(_stamped(part.filename), "w") as target:
                    if part.filename == "docProps/core.xml":
                        target.write(_timeless(source.read()))
                    else:
                        while chunk := source.read(1 << 16):
                            target.write(chunk)
        raw.unlink()


def _stamped(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, _EPOCH)
    info.compress_type = zipfile.ZIP_DEFLATED
    return info


def _timeless(core: bytes) -> bytes:
    head, _, tail = core.partition(b"<dcterms:created")
    return head + b"</cp:coreProperties>" if tail else core


class Sheet:
    """One sheet; rows as a person sees them."""

    def __init__(self, sheet: WriteOnlyWorksheet, name: str) -> None:
        self.sheet, self.name, self.rows = sheet, name, 0

    def put(self, cells: list[Any]) -> int:
        self.sheet.append(cells)
        self.rows += 1
        return self.rows

    def merge(self, ref: str) -> None:
        self.sheet.merged_cells.add(ref)  # type: ignore[attr-defined]  # missing in the stubs

    def close(self) -> None:
        self.sheet.close()
