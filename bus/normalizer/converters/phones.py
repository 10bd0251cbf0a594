"""Phones of a person or an office, from one or more cells."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from bus.normalizer.cells import Columns, note
from bus.normalizer.kit import Convert, Kit
from bus.normalizer.mapping_file import FieldRule
from bus.normalizer.statement import Row
from bus.quality import Finding
from bus.standards.phones import read_phones
from bus.standards.reading import Reading


def phones_of(names: Sequence[str], columns: Columns, kit: Kit) -> Callable[[Row, list[Finding]], list[Any]] | None:
    """A function that reads all phones of these columns; None where there are no columns."""
    if not names:
        return None
    cells = [(name, columns.fetch(name)) for name in names]
    area = kit.area_code

    def read(row: Row, found: list[Finding]) -> list[Any]:
        phones: list[Any] = []
        for column, fetch in cells:
            text = fetch(row, found)
            if text:
                reading = read_phones(text, area)
                note(found, reading.codes, column, withholds=True)
                phones += reading.value or ()
        return phones

    return read


def public_phones(spec: FieldRule, kit: Kit, columns: Columns) -> Convert:
    """Phones that the department posts publicly, in clear."""

    def convert(text: str, row: Row) -> Reading[list[str]]:
        reading = read_phones(text, kit.area_code)
        return Reading([p.number for p in reading.value or ()], reading.codes)

    return convert
