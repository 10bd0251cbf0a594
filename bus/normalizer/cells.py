"""How a cell of a row is fetched: empty, "means nothing", or text; and how codes become findings on its column."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from bus.errors import ConfigRefused
from bus.normalizer.statement import Row
from bus.quality import Finding, finding
from bus.standards.nulls import is_null_token

Fetch = Callable[[Row, list[Finding]], str | None]


class Columns:
    """The columns of one dataset: the source's own name → the Avro field that holds it."""

    def __init__(self, dataset: str, fields: Mapping[str, str]) -> None:
        self.dataset = dataset
        self._fields = fields

    def field(self, column: str) -> str:
        """The Avro field of a column. Raises `ConfigRefused` for a column that the contract does not publish."""
        try:
            return self._fields[column]
        except KeyError:
            raise ConfigRefused(
                f"the mapping reads a column that the contract does not publish: {column}",
                f"映射读取了契约未发布的列：{column}",
                place=f"schemas/mappings/{self.dataset}.yaml",
            ) from None

    def fetch(self, column: str, *, nulls: bool = True, zero_is_null: bool = False, means_empty: Iterable[str] = ()) -> Fetch:
        """A function that gives the cell's text, or None where it is empty; a word for "empty" leaves NULL_TOKEN."""
        field = self.field(column)
        null = finding("NULL_TOKEN", column)
        empty = frozenset(means_empty)

        def get(row: Row, found: list[Finding]) -> str | None:
            text: str | None = row.cells.get(field)
            if not text or (empty and text.strip() in empty):
                return None
            if (nulls and is_null_token(text)) or (zero_is_null and _is_zero(text)):
                found.append(null)
                return None
            return text

        return get

    def any_filled(self, columns: Iterable[str]) -> Callable[[Row], bool]:
        """Whether one of the columns holds something."""
        fields = [self.field(c) for c in columns]

        def filled(row: Row) -> bool:
            return any((text := row.cells.get(f)) and not is_null_token(text) for f in fields)

        return filled


def _is_zero(text: str) -> bool:
    return not text.strip().strip("0").replace(".", "", 1).strip("0")


def note(found: list[Finding], codes: Iterable[str], column: str | None, *, refuses: bool = False, withholds: bool = False) -> None:
    """Put codes on the column. `refuses`: in a person's number, where a masked one refuses the person. `withholds`: elsewhere, where a code
    that refuses a person's number only withholds the field (a credit code in scientific notation)."""
    for code in codes:
        one = finding(code, column)
        if refuses and code == "MASKED_INPUT":
            one = finding(code, column, "error")
        elif withholds and one.severity == "error":
            one = finding(code, column, "warn")
        found.append(one)
