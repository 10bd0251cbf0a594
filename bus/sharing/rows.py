"""WHICH SUBJECTS an agreement is about: by where they are, and by whose caseload they belong to. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from bus.sharing.agreement import Rows


class Level(NamedTuple):
    """A level of divisions. Codes of it differ from those above by their first `digits`; the rest of a division's twelve is zeros."""

    name: str
    plural: str
    digits: int
    example: str

    def fits(self, code: str) -> bool:
        """Whether a code is of this level."""
        if self.name == "grid":
            return len(code) == self.digits
        return code[self.digits :].strip("0") == "" and code[self.digits - 3 : self.digits].strip("0") != ""

    def division(self, code: str) -> str:
        """The division that a code of this level is, or lies in."""
        return code[:12]


LEVELS = (
    Level("county", "counties", 6, "379901000000"),
    Level("street", "streets", 9, "379901001000"),
    Level("community", "communities", 12, "379901001001"),
    Level("grid", "grids", 15, "379901001001001"),
)
PLACES = ("residence_division", "division_code", "residence_address", "address", "place_address", "grid_code")
"""Fields that say where a subject is, the first that is known before the others."""


def scope(rows: Rows, consumer: str) -> Callable[[Mapping[str, Any]], bool]:
    """A decoded master record or canonical event → whether it is in scope. One whose place is not known lies in no division."""
    within = _within(rows)
    own = rows.caseload == "own"

    def holds(value: Mapping[str, Any]) -> bool:
        if own and not any(source["department"] == consumer for source in value["sources"]):
            return False
        if not within:
            return True
        place = place_of(value)
        return all(place.startswith(prefixes) for prefixes in within)

    return holds


def place_of(value: Mapping[str, Any]) -> str:
    """Where a subject is, as finely as it is known: a grid's 15 digits if the grid lies where the rest says it is, else a division's 12;
    empty where nothing is known."""
    held = _held(value)
    place = next((code for name in PLACES if (code := _code(held(name)))), "")
    grid = held("grid_code")
    return grid if isinstance(grid, str) and place and grid.startswith(_beginning(place)) else place


def _held(value: Mapping[str, Any]) -> Callable[[str], Any]:
    """A field by its name, of a master record (where each has its provenance) or of a canonical event."""
    fields = value.get("fields")
    if not isinstance(fields, Mapping):
        return value.get
    return lambda name: fields[name]["value"] if name in fields else None


def _code(said: Any) -> str:
    if isinstance(said, Mapping):
        said = said.get("division_code")
    return said if isinstance(said, str) else ""


def covers(wide: Rows, narrow: Rows) -> bool:
    """Whether every subject in `narrow` is surely in `wide` too, for the same consumer."""
    if (wide.caseload and not narrow.caseload) or (wide.watch_list and not narrow.watch_list):
        return False
    inner = _within(narrow)
    return all(any(all(code.startswith(outer) for code in codes) for codes in inner) for outer in _within(wide))


def _within(rows: Rows) -> list[tuple[str, ...]]:
    """For each level that is given: what the codes of a place in it begin with."""
    return [tuple(code[: level.digits] for code in codes) for level in LEVELS if (codes := getattr(rows, level.plural))]


def _beginning(code: str) -> str:
    """A division's code without the zeros that only fill it up."""
    while code.endswith("000") and len(code) > 6:
        code = code[:-3]
    return code
