"""What the publisher asks of a source: a file is first read through and checked as a whole, then handed over row by row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple, Protocol

NO_NUMBER_CELLS: frozenset[str] = frozenset()


class Row(NamedTuple):
    """One row as it stood, before any contract was asked.

    `number` is the row as a person sees it in a spreadsheet (a CSV's header is row 1, a record with line breaks inside counts once);
    `cells` maps the source's own column names to text, "" where the cell was empty; of a malformed row the cells stand in their order
    under whatever column they fell. `number_cells`: columns whose cell was a number cell of a workbook. `problem`: the quality code of a
    damage of the whole row. `not_data`: why the row is no data ("title" · "header" · "total" · "blank").
    """

    file: str
    sheet: str | None
    number: int
    cells: Mapping[str, str]
    number_cells: frozenset[str] = NO_NUMBER_CELLS
    problem: str | None = None
    not_data: str | None = None


class FileNote(NamedTuple):
    """A FILE_SHAPE note: what is unusual about the file although it can be read."""

    code: str
    column: str | None
    message: str
    message_zh: str


class FileCheck(NamedTuple):
    """What reading a file through once found. `digest` is a plain hash of its bytes; `records` counts rows of every kind; `titles` are the
    cells that stand above the header."""

    digest: bytes
    records: int
    header: tuple[str, ...]
    notes: tuple[FileNote, ...]
    titles: tuple[str, ...] = ()


class Source(Protocol):
    """A file (or, later, a table) of one dataset."""

    @property
    def file(self) -> str:
        """Name without folders."""
        ...

    def check(self) -> FileCheck:
        """Read the file through. Raises `FileRefused` when it cannot be what its contract says."""
        ...

    def rows(self) -> Iterator[Row]:
        """All rows in order, those that are no data among them. Raises `FileRefused` when the file changed since `check`."""
        ...
