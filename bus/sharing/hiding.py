"""How one field goes out: clear, masked, banded, only the year … A function from the value in the master to the value that is shared. Pure.

The length of what is hidden is never seen: a mask is as long for every value. An address in clear is its parts; its text and what no rule
read may hold anything, and stay here.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

from bus.errors import ConfigRefused
from bus.sharing.grant import How
from bus.sharing.items import WAYS, Kind
from bus.sharing.pseudonym import Pseudonym
from bus.sharing.rows import LEVELS
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
_DIGITS = {level.name: level.digits for level in LEVELS}
_STARS, _HIDDEN = "**", "***"
_SHOWN_OF_IDENTIFIER = 4
_LONG_IDENTIFIER = 2 * _SHOWN_OF_IDENTIFIER  # of a shorter one the end would be nearly all
_PLAIN = frozenset({"name", "date", "birth", "division", "truth", "word", "text", "identifier", "list"})


def hiding(field: str, kind: Kind, how: How, pseudonym: Pseudonym) -> Hide:
    """The function for a field of this kind. Raises `ConfigRefused` where the field cannot go out so."""
    if kind == "parties" and how.kind != "exists":
        return _each(hiding(field, "party", how, pseudonym))
    if how.kind not in WAYS[kind]:
        raise ConfigRefused(
            f"The field {field} ({kind}) cannot be shared as {how.kind}.",
            f"字段 {field}（{kind}）不能以 {how.kind} 方式共享。",
            place=field,
        )
    match how.kind:
        case "exists":
            return lambda value, _on: value not in ([], "")
        case "clear":
            return _clear(kind)
        case "masked":
            return _masked(kind)
        case "year" | "month":
            return _date(4 if how.kind == "year" else 7)
        case "band":
            return _ages(how.bounds) if kind == "birth" else _band(how.bounds)
        case "level":
            return _level(kind, how.level)
    return _pseudonym(field, kind, pseudonym)


def avro_of(kind: Kind, how: How) -> Any:
    """The Avro type of what goes out."""
    if how.kind == "exists" or (how.kind == "clear" and kind == "truth"):
        return "boolean"
    if how.kind == "clear" and kind == "number":
        return "double"
    if how.kind == "clear" and kind == "address":
        parts = [{"name": part, "type": ["null", "string"], "default": None} for part in ADDRESS_PARTS]
        return {"type": "record", "name": "Address", "fields": parts}
    return {"type": "array", "items": "string"} if kind in ("phones", "list", "parties") else "string"


def _each(hide: Hide) -> Hide:
    """Several, each hidden by itself, in an order that tells nothing of theirs; those of whom nothing goes out are left out."""
    return lambda value, on: sorted(shown for each in value if (shown := hide(each, on)) is not None) or None


def _clear(kind: Kind) -> Hide:
    if kind == "address":
        return lambda value, _on: {part: value.get(part) for part in ADDRESS_PARTS}
    if kind == "number":
        return lambda value, _on: float(value)
    return (lambda value, _on: value) if kind in _PLAIN else lambda value, _on: value.get("name")


def _masked(kind: Kind) -> Hide:
    if kind == "phones":
        return lambda value, _on: [phone["masked"] for phone in value]
    if kind == "address":
        return lambda value, _on: "".join(value.get(part) or "" for part in _DOWN_TO["community"]) + _HIDDEN
    if kind == "identifier":
        return lambda value, _on: _HIDDEN + (value[-_SHOWN_OF_IDENTIFIER:] if len(value) >= _LONG_IDENTIFIER else "")
    if kind == "shown":
        return lambda value, _on: value
    if kind == "party":
        return lambda value, _on: _mask(value["name"]) if value.get("name") else None
    return lambda value, _on: _mask(value)


def _mask(name: str) -> str:
    return mask_name(name).rstrip("*") + _STARS


def _pseudonym(field: str, kind: Kind, pseudonym: Pseudonym) -> Hide:
    if kind == "phones":
        return lambda value, _on: [pseudonym("phone", phone["token"]) for phone in value]
    if kind == "party":
        return lambda value, _on: pseudonym("number", value["id_token"]) if value.get("id_token") else None
    name = "number" if field == "id_token" else field
    return lambda value, _on: pseudonym(name, value)


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


def _level(kind: Kind, level: str) -> Hide:
    if kind == "address":
        parts = _DOWN_TO[level]
        return lambda value, _on: "".join(value.get(part) or "" for part in parts) or None
    digits = _DIGITS[level]
    return lambda value, _on: value[:digits].ljust(12, "0")
