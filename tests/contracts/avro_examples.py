"""Hypothesis strategies: random Avro schemas that pass the screening, and values of them."""

from __future__ import annotations

import itertools
from typing import Any

from hypothesis import strategies as st

TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=80)
_FLOAT = st.floats(width=32, allow_nan=False)
SIMPLE: dict[str, st.SearchStrategy[Any]] = {
    "boolean": st.booleans(),
    "int": st.integers(-(1 << 31), (1 << 31) - 1),
    "long": st.integers(-(1 << 63), (1 << 63) - 1),
    "float": _FLOAT,
    "double": st.floats(allow_nan=False),
    "bytes": st.binary(max_size=80),
    "string": TEXT,
}


def schemas() -> st.SearchStrategy[dict[str, Any]]:
    """Records of everything Avro has but recursion, three deep. Names of types are numbered, so that they differ."""
    plain = st.sampled_from(sorted(SIMPLE))
    named = st.one_of(
        st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=5, unique=True).map(
            lambda s: {"type": "enum", "name": "?", "symbols": s}
        ),
        st.integers(1, 9).map(lambda n: {"type": "fixed", "name": "?", "size": n}),
    )
    nested = st.recursive(
        plain | named,
        lambda inner: st.one_of(
            inner.map(lambda t: {"type": "array", "items": t}),
            inner.map(lambda t: {"type": "map", "values": t}),
            inner.map(lambda t: ["null", t]),
            st.lists(inner, min_size=1, max_size=3).map(_record),
        ).filter(_no_union_of_unions),
        max_leaves=6,
    )
    return st.lists(nested, min_size=1, max_size=5).map(_record).map(numbered)


def values(schema: Any) -> st.SearchStrategy[Any]:
    """Values of a schema made by `schemas`."""
    if isinstance(schema, list):
        return st.none() | values(schema[1])
    if isinstance(schema, str):
        return SIMPLE[schema]
    match schema["type"]:
        case "array":
            return st.lists(values(schema["items"]), max_size=4)
        case "map":
            return st.dictionaries(TEXT, values(schema["values"]), max_size=4)
        case "enum":
            return st.sampled_from(schema["symbols"])
        case "fixed":
            return st.binary(min_size=schema["size"], max_size=schema["size"])
    return st.fixed_dictionaries({f["name"]: values(f["type"]) for f in schema["fields"]})


def numbered(schema: Any, counter: Any = None) -> Any:
    """The schema with every name "?" made its own."""
    counter = counter or itertools.count()
    if isinstance(schema, list):
        return [numbered(s, counter) for s in schema]
    if isinstance(schema, dict):
        return {k: f"N{next(counter)}" if v == "?" else numbered(v, counter) for k, v in schema.items()}
    return schema


def _record(types: list[Any]) -> dict[str, Any]:
    return {"type": "record", "name": "?", "fields": [{"name": f"f{i}", "type": t} for i, t in enumerate(types)]}


def _no_union_of_unions(schema: Any) -> bool:
    return not (isinstance(schema, list) and isinstance(schema[1], list))
