"""Schemas the bus does not work with are refused when they are loaded, with the path inside."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bus.contracts.schema import parse
from bus.contracts.screening import load
from bus.errors import SchemaRefused
from tests.contracts.avro_examples import schemas


def record(*types: Any, name: str = "R") -> dict[str, Any]:
    return {"type": "record", "name": name, "fields": [{"name": f"f{i}", "type": t} for i, t in enumerate(types)]}


def nested(depth: int) -> Any:
    return "int" if depth == 0 else {"type": "array", "items": nested(depth - 1)}


def doubled(times: int) -> Any:
    inner: Any = "int"
    for i in range(times):
        inner = {
            "type": "record",
            "name": f"D{i}",
            "fields": [{"name": "a", "type": inner}, {"name": "b", "type": f"D{i - 1}" if i else "int"}],
        }
    return inner


EMPTY = {"type": "record", "name": "E", "fields": []}
REFUSED: dict[str, tuple[Any, str]] = {
    "a record in itself": (record(["null", "R"]), "contains itself"),
    "two records in each other": (record({"type": "array", "items": record(["null", "R"], name="S")}), "contains itself"),
    "an array of null": (record({"type": "array", "items": "null"}), "takes no bytes"),
    "a map of null": (record({"type": "map", "values": "null"}), "takes no bytes"),
    "an array of empty records": (record({"type": "array", "items": EMPTY}), "takes no bytes"),
    "an array of records of nulls": (record({"type": "array", "items": record("null", "null", name="S")}), "takes no bytes"),
    "fixed of no bytes": (record({"type": "fixed", "name": "F", "size": 0}), "fixed of 0"),
    "fixed of a gigabyte": (record({"type": "fixed", "name": "F", "size": 1 << 30}), "fixed of"),
    "deeper than 32": (record(nested(40)), "deeper than 32"),
    "a short text for a billion fields": (doubled(30), "10000 parts"),
    "a name with a hyphen": (record("int", name="a-b"), "ASCII letters"),
    "a Chinese name": (record("int", name="人"), "ASCII letters"),
    "a name that ends with a line break": (record("int", name="R\n"), "ASCII letters"),
    "a name that is no text": (record("int", name=5), "has a name"),  # type: ignore[arg-type]
    "a type nobody defined": (record("Nowhere"), "not defined"),
    "a type defined twice": (record(EMPTY, EMPTY), "defined twice"),
    "a union of nothing": (record([]), "union"),
    "a union in a union": (record(["null", ["int"]]), "union"),
    "a union of the same twice": (record(["int", "int"]), "union"),
    "a union of 64": (record([{"type": "fixed", "name": f"F{i}", "size": 1} for i in range(64)]), "more than 63"),
    "an enum without symbols": (record({"type": "enum", "name": "N", "symbols": []}), "symbols"),
    "an enum whose default it lacks": (record({"type": "enum", "name": "N", "symbols": ["a"], "default": "b"}), "symbols"),
    "a field twice": ({"type": "record", "name": "R", "fields": [{"name": "a", "type": "int"}] * 2}, "twice"),
    "a default of another type": ({"type": "record", "name": "R", "fields": [{"name": "a", "type": "int", "default": None}]}, "default"),
    "a default of the second branch": (
        {"type": "record", "name": "R", "fields": [{"name": "a", "type": ["int", "null"], "default": None}]},
        "default",
    ),
    "a list for a record": ({"type": "record", "name": "R", "fields": {}}, "list of fields"),
    "a number": (5, "a type is"),
    "an array without items": ({"type": "array"}, "without items"),
}


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED.keys())
def test_hostile_and_wrong_schemas_are_refused_with_the_reason(case: tuple[Any, str]) -> None:
    with pytest.raises(SchemaRefused, match=case[1]) as refused:
        load(json.dumps(case[0]), "a.avsc")
    assert refused.value.place == "a.avsc"


TEXTS: dict[str, tuple[bytes, str]] = {
    "no JSON": (b"\x89PNG", "not JSON"),
    "nothing": (b"", "not JSON"),
    "ten thousand brackets": (b"[" * 10_000, "not JSON|deeply"),
    "more than is read": (b" " * 300_000, "larger than"),
    "an attribute twice": (b'{"type": "int", "type": "string"}', "twice"),
    "a number JSON does not have": (b'{"type": "int", "x": NaN}', "NaN"),
    "a thousand types in types": (b'{"type":' * 900 + b'"int"' + b"}" * 900, "deeply"),
}


@pytest.mark.parametrize("case", TEXTS.values(), ids=TEXTS.keys())
def test_texts_that_are_no_schema_are_refused(case: tuple[bytes, str]) -> None:
    with pytest.raises(SchemaRefused, match=case[1]):
        load(case[0])


@given(schemas())
def test_ordinary_schemas_are_taken_and_layout_does_not_count(schema: dict[str, Any]) -> None:
    assert load(json.dumps(schema)).fingerprint == load(json.dumps(schema, indent=3, sort_keys=True)).fingerprint


@given(st.binary(max_size=60))
def test_any_bytes_are_a_schema_or_are_refused(text: bytes) -> None:
    try:
        load(text)
    except SchemaRefused:
        return


def test_a_byte_order_mark_does_no_harm() -> None:
    assert load(b'\xef\xbb\xbf"int"').root.kind == "int"


def test_an_edited_meaning_changes_the_fingerprint() -> None:
    one, two = ({"type": "string", "doc_zh": text} for text in ("姓名", "户主姓名"))
    assert load(json.dumps(one)).fingerprint != load(json.dumps(two)).fingerprint


def test_names_are_looked_up_in_their_namespace_first() -> None:
    inner = {"type": "fixed", "name": "F", "size": 2}
    schema = {"type": "record", "name": "R", "namespace": "a.b", "fields": [{"name": "x", "type": inner}, {"name": "y", "type": "F"}]}
    assert parse(json.dumps(schema)).root.fields[1].type.name == "a.b.F"
