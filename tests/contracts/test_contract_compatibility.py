"""Whether a reader takes what a writer wrote, and where and why not; the avro package's checker is the oracle where it is right."""

from __future__ import annotations

import io
import json
from typing import Any

import avro.schema
import fastavro
import pytest
from avro.compatibility import ReaderWriterCompatibilityChecker, SchemaCompatibilityType
from hypothesis import given, settings
from hypothesis import strategies as st

from bus.contracts.compatibility import check, clashes
from bus.contracts.schema import parse
from tests.contracts.avro_examples import schemas, values

Findings = list[tuple[str, str]]


def found(reader: Any, writer: Any) -> Findings:
    return [(f.path, f.kind) for f in check(parse(json.dumps(reader)), parse(json.dumps(writer)))]


def record(*fields: Any, name: str = "R", **more: Any) -> dict[str, Any]:
    return {"type": "record", "name": name, "fields": list(fields), **more}


def field(name: str, kind: Any, **more: Any) -> dict[str, Any]:
    return {"name": name, "type": kind, **more}


def enum(*symbols: str, **more: Any) -> dict[str, Any]:
    return {"type": "enum", "name": "N", "symbols": list(symbols), **more}


def decimal(precision: int) -> dict[str, Any]:
    return {"type": "bytes", "logicalType": "decimal", "precision": precision, "scale": 2}


A, B = field("a", "int"), field("b", "string")
B_NULL = field("b", ["null", "string"], default=None)
LIST = {"type": "record", "name": "L", "fields": [field("next", ["null", "L"]), A]}
LONG_LIST = {"type": "record", "name": "L", "fields": [field("next", ["null", "L"]), field("a", "string")]}
MISSING, TYPE, NAME, BRANCH = "READER_FIELD_MISSING_DEFAULT_VALUE", "TYPE_MISMATCH", "NAME_MISMATCH", "MISSING_UNION_BRANCH"

CASES: dict[str, tuple[Any, Any, Findings]] = {
    "the same": (record(A, B), record(A, B), []),
    "fields in another order": (record(A, B), record(B, A), []),
    "a field the reader does not ask for": (record(A), record(A, B), []),
    "a field the writer lacks, without default": (record(A, B), record(A), [("$.b", MISSING)]),
    "a field the writer lacks, with a default of null": (record(A, B_NULL), record(A), []),
    "a renamed field with an alias": (record(field("z", "int", aliases=["a"])), record(A), []),
    "a renamed field without": (record(field("z", "int")), record(A), [("$.z", MISSING)]),
    "int to long, float, double": (record(field("a", "double")), record(A), []),
    "long to int": (record(A), record(field("a", "long")), [("$.a", TYPE)]),
    "string to bytes": ("bytes", "string", []),
    "bytes to string": ("string", "bytes", []),
    "double to float": ("float", "double", [("$", TYPE)]),
    "a record of another name": (record(A, name="Q"), record(A), [("$", NAME)]),
    "a record whose old name is an alias": (record(A, name="Q", aliases=["R"]), record(A), []),
    "a record of the same name in another namespace": (record(A, namespace="x"), record(A, namespace="y"), []),
    "a symbol the reader lacks": (enum("a"), enum("a", "b"), [("$", "MISSING_ENUM_SYMBOLS")]),
    "a symbol the reader lacks, with a default": (enum("a", default="a"), enum("a", "b"), []),
    "a symbol the writer lacks": (enum("a", "b"), enum("a"), []),
    "fixed of another size": (
        {"type": "fixed", "name": "F", "size": 2},
        {"type": "fixed", "name": "F", "size": 3},
        [("$", "FIXED_SIZE_MISMATCH")],
    ),
    "a decimal of another precision": (decimal(5), decimal(6), [("$", "DECIMAL_MISMATCH")]),
    "a value that became nullable": (["null", "int"], "int", []),
    "a value that may no longer be null": ("int", ["null", "int"], [("$", TYPE)]),
    "a union that takes a promotion": (["null", "long"], "int", []),
    "a union without a branch for it": (["null", "int"], "string", [("$", BRANCH)]),
    "a union whose new branch nobody takes": (["null", "int"], ["null", "int", "string"], [("$", BRANCH)]),
    "items of another type": ({"type": "array", "items": "int"}, {"type": "array", "items": "string"}, [("$[]", TYPE)]),
    "values of another type": ({"type": "map", "values": "int"}, {"type": "map", "values": "string"}, [("${}", TYPE)]),
    "an array for a map": ({"type": "array", "items": "int"}, {"type": "map", "values": "int"}, [("$", TYPE)]),
    "a required field in a record inside a union": (
        record(field("x", ["null", record(A, B, name="S")])),
        record(field("x", ["null", record(A, name="S")])),
        [("$.x.b", MISSING)],
    ),
    "a named type used twice, wrong in itself": (
        record(field("x", record(A, B, name="S")), field("y", "S")),
        record(field("x", record(A, name="S")), field("y", "S")),
        [("$.x.b", MISSING)],
    ),
    "a record that holds itself": (LIST, LIST, []),
    "a record that holds itself, another type inside": (LIST, LONG_LIST, [("$.a", TYPE)]),
    "everything at once": (
        record(A, field("c", "int"), field("d", enum("a"))),
        record(field("a", "string"), field("d", enum("b"))),
        [("$.a", TYPE), ("$.c", MISSING), ("$.d", "MISSING_ENUM_SYMBOLS")],
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_each_rule_of_avro_finds_what_it_should_and_where(case: tuple[Any, Any, Findings]) -> None:
    reader, writer, expected = case
    assert found(reader, writer) == expected


@given(schemas())
def test_every_schema_reads_itself(schema: dict[str, Any]) -> None:
    assert found(schema, schema) == []


def changed(draw: st.DrawFn, schema: Any) -> Any:
    """The schema with a few of its simple types replaced, and a few fields left out."""
    if isinstance(schema, str):
        return draw(st.sampled_from([schema] * 4 + ["int", "long", "double", "string", "bytes"]))
    if isinstance(schema, list):
        return schema if draw(st.booleans()) else ["null", changed(draw, schema[1])]
    match schema["type"]:
        case "array":
            return schema | {"items": changed(draw, schema["items"])}
        case "map":
            return schema | {"values": changed(draw, schema["values"])}
        case "enum":
            return schema | {"symbols": schema["symbols"][: draw(st.integers(1, len(schema["symbols"])))]}
        case "fixed":
            return schema | {"size": schema["size"] + draw(st.sampled_from([0, 0, 1]))}
    kept = [f | {"type": changed(draw, f["type"])} for f in schema["fields"] if draw(st.integers(0, 5))]
    return schema | {"fields": kept}


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Any, Any]:
    schema = draw(schemas())
    return schema, changed(draw, schema)


@settings(max_examples=200)
@given(pairs())
def test_the_avro_package_comes_to_the_same_answer(pair: tuple[Any, Any]) -> None:
    for reader, writer in (pair, pair[::-1]):
        oracle = ReaderWriterCompatibilityChecker().get_compatibility(
            avro.schema.parse(json.dumps(reader)), avro.schema.parse(json.dumps(writer))
        )
        assert (found(reader, writer) == []) == (oracle.compatibility is SchemaCompatibilityType.compatible)


@settings(max_examples=200)
@given(pairs(), st.data())
def test_what_is_called_compatible_fastavro_resolves(pair: tuple[Any, Any], data: st.DataObject) -> None:
    reader, writer = pair
    if found(reader, writer):
        return
    body = io.BytesIO()
    fastavro.schemaless_writer(body, fastavro.parse_schema(writer), data.draw(values(writer)))
    if max(body.getvalue(), default=0).to_bytes(1, "big") >= b"\x80":
        return  # bytes read as a string need not be UTF-8: allowed by the rules, and not for a checker to know
    body.seek(0)
    fastavro.schemaless_reader(body, fastavro.parse_schema(writer), fastavro.parse_schema(reader))


def test_all_versions_are_held_against_each_other_in_both_directions() -> None:
    texts = [record(A, B_NULL), record(A), record(A, field("b", ["null", "int"], default=None))]
    found_ = clashes([(n, parse(json.dumps(t))) for n, t in enumerate(texts, 1)], "raw.x.y-value")
    assert [(c.reader, c.writer, c.finding.path) for c in found_] == [(3, 1, "$.b"), (1, 3, "$.b")]
    assert "replay" in found_[0].message_en
    assert "subscribers" in found_[1].message_en
    assert all(c.cure_zh and c.cure_en and c.message_zh for c in found_)
