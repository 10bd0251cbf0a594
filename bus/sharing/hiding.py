"""How one field goes out: clear, masked, banded, only the year … A function from the value in the master to the value that is shared. Pure.

The length of what is hidden is never seen: a mask is as long for every value. An address in clear is its parts; its text and what no rule
read may hold anything, and stay here.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

from bus.contracts.schema import Type
from bus.errors import ConfigRefused
from bus.sharing.grant import CLEAR, EXISTS, LEVELS, How
from bus.sharing.pseudonym import Pseudonym
from bus.standards.masking import mask_name

Hide = Callable[[Any, str], Any]
"""(the value as it stands in the master, never None; the day of the record, ISO) → as it goes out; None: nothing of it does."""

ADDRESS_PARTS = (
    "division_code",
    "county",
    "town",
    "community",
    "road",
    "road_no",
    "compound",
    "compound_code",
    "building",
    "entrance",
    "floor",
    "room",
)
_DOWN_TO: Mapping[str, tuple[str, ...]] = {
    "county": ("county",),
    "street": ("county", "town"),
    "community": ("county", "town", "community"),
}
_STARS = "**"
_HIDDEN = "***"
SECRET = frozenset({"id_token", "id_sealed", "id_masked"})
"""Fields of a number: they go out masked or as a pseudonym, never as they are."""


def kind_of(node: Type) -> str:
    """What a field of a canonical entity holds: text, enum, boolean, number, address, phones or list."""
    branches = [each for each in node.branches if each.kind != "null"] if node.kind == "union" else [node]
    found = branches[0]
    if found.kind == "array":
        return "phones" if found.items is not None and found.items.name.endswith("Phone") else "list"
    if found.kind in ("record", "ref"):
        return {"Address": "address", "Precision": "text"}.get(found.name.rpartition(".")[2], "record")
    return {"string": "text", "enum": "text", "boolean": "boolean", "int": "number", "long": "number", "double": "number"}.get(
        found.kind, "bytes"
    )


def hiding(field: str, kind: str, how: How, pseudonym: Pseudonym) -> Hide:
    """The function for a field of this kind. Raises `ConfigRefused` where the field cannot go out so."""
    made = _made(field, kind, how, pseudonym)
    if made is None:
        raise ConfigRefused(
            f"The field {field} ({kind}) cannot be shared as {how.kind}.",
            f"字段 {field}（{kind}）不能以 {how.kind} 方式共享。",
            place=field,
        )
    return made


def avro_of(kind: str, how: How) -> Any:
    """The Avro type of what goes out."""
    if how.kind == CLEAR and kind == "address":
        return {
            "type": "record",
            "name": "Address",
            "fields": [{"name": part, "type": ["null", "string"], "default": None} for part in ADDRESS_PARTS],
        }
    if how.kind == EXISTS or (how.kind == CLEAR and kind == "boolean"):
        return "boolean"
    if how.kind == CLEAR and kind == "number":
        return "double"
    if kind in ("phones", "list"):
        return {"type": "array", "items": "string"}
    return "string"


def _made(field: str, kind: str, how: How, pseudonym: Pseudonym) -> Hide | None:
    match how.kind:
        case "exists":
            return lambda value, _on: value not in ([], "")
        case "clear":
            return _clear(field, kind)
        case "masked":
            return _masked(field, kind)
        case "year" | "month" if kind == "text":
            return _date(4 if how.kind == "year" else 7)
        case "band" if how.bounds and (kind == "number" or field == "birth_date"):
            return _ages(how.bounds) if field == "birth_date" else _band(how.bounds)
        case "level" if how.level in LEVELS:
            return _level(kind, how.level)
        case "pseudonym" if kind == "text":
            return lambda value, _on: pseudonym(field, value)
    return None


def _clear(field: str, kind: str) -> Hide | None:
    if kind == "address":
        return lambda value, _on: {part: value.get(part) for part in ADDRESS_PARTS}
    if kind == "number":
        return lambda value, _on: float(value)
    return None if field in SECRET or kind in ("phones", "record", "bytes") else lambda value, _on: value


def _masked(field: str, kind: str) -> Hide | None:
    if kind == "phones":
        return lambda value, _on: [phone["masked"] for phone in value]
    if kind == "address":
        return lambda value, _on: "".join(value.get(part) or "" for part in _DOWN_TO["community"]) + _HIDDEN
    if field == "id_masked":
        return lambda value, _on: value
    if kind == "text" and field.endswith("name"):
        return lambda value, _on: mask_name(value).rstrip("*") + _STARS
    return None


def _date(length: int) -> Hide:
    return lambda value, _on: value[:length] if len(value) >= length else None


def _band(bounds: tuple[float, ...]) -> Hide:
    names = [f"<{bounds[0]:g}", *(f"{low:g}-{high:g}" for low, high in pairwise(bounds)), f">={bounds[-1]:g}"]
    return lambda value, _on: names[bisect_right(bounds, value)]


def _ages(bounds: tuple[float, ...]) -> Hide:
    """The age in full years on the day of the record; of a birth date known to the year alone, the age that it makes that year."""
    band = _band(bounds)

    def age(value: str, on: str) -> Any:
        if len(value) < 4:
            return None
        return band(int(on[:4]) - int(value[:4]) - (on[4:10] < value[4:10] if len(value) == 10 else 0), on)

    return age


def _level(kind: str, level: str) -> Hide | None:
    if kind == "address":
        parts = _DOWN_TO[level]
        return lambda value, _on: "".join(value.get(part) or "" for part in parts) or None
    digits = LEVELS[level]
    return (lambda value, _on: value[:digits].ljust(12, "0")) if kind == "text" else None
