"""What is written comes back; what is not exactly Avro is refused, and never more than that."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import fastavro
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bus.contracts.codec import EACH, MAX_BODY, Codec, bind_encoder
from bus.contracts.registry import Registry, Version
from bus.contracts.screening import load
from bus.errors import ConfigRefused, DecodeRefused, EncodeRefused
from tests.contracts.avro_examples import schemas, values

PERSON = {
    "type": "record",
    "name": "Person",
    "fields": [
        {"name": "name", "type": ["null", "string"], "default": None},
        {"name": "sex", "type": {"type": "enum", "name": "Sex", "symbols": ["male", "female"]}},
        {"name": "age", "type": "int"},
        {"name": "weight", "type": "double"},
        {"name": "alive", "type": "boolean"},
        {"name": "phones", "type": {"type": "array", "items": "string"}, "default": []},
        {"name": "notes", "type": {"type": "map", "values": "string"}, "default": {}},
    ],
}
ADA = {"name": "甲", "sex": "female", "age": 3, "weight": 1.5, "alive": True, "phones": ["a"], "notes": {"k": "v"}}
BODY = b"\x02\x06\xe7\x94\xb2" + b"\x02" + b"\x06" + b"\0\0\0\0\0\0\xf8\x3f" + b"\x01" + b"\x02\x02a\0" + b"\x02\x02k\x02v\0"


def codec_of(schema: Any, number: int = 7) -> Codec:
    version = Version("s-value", 1, number, load(json.dumps(schema)), "s.v1.avsc")
    return Codec(Registry({"s-value": (version,)}))


def framed(body: bytes) -> bytes:
    return b"\0\0\0\0\x07" + body


@given(st.data())
def test_what_is_written_comes_back_and_fastavro_writes_the_same_bytes(data: st.DataObject) -> None:
    schema = data.draw(schemas())
    value = data.draw(values(schema))
    codec, parsed, beside = codec_of(schema), fastavro.parse_schema(schema), io.BytesIO()
    body = codec.encode("s-value", value)
    fastavro.schemaless_writer(beside, parsed, value)
    assert body == framed(beside.getvalue())
    assert codec.decode(body) == (7, value)


@given(st.data())
def test_without_the_fields_that_are_passed_over_the_rest_is_the_same(data: st.DataObject) -> None:
    schema = data.draw(schemas())
    value = data.draw(values(schema))
    codec, names = codec_of(schema), [field["name"] for field in schema["fields"]]
    unwanted = data.draw(st.sets(st.sampled_from(names), min_size=1))
    body = codec.encode("s-value", value)
    decode = codec.decoder({schema["name"]: unwanted})

    assert decode(body) == (7, {name: each for name, each in value.items() if name not in unwanted})
    for cut in range(len(body)):
        with pytest.raises(DecodeRefused):
            decode(body[:cut])
    with pytest.raises(DecodeRefused):
        decode(body + b"\0")
    assert codec.decode(body) == (7, value)


@given(st.data())
def test_bytes_that_are_taken_are_read_as_fastavro_reads_them(data: st.DataObject) -> None:
    schema = data.draw(schemas())
    body = bytearray(codec_of(schema).encode("s-value", data.draw(values(schema)))[5:])
    for _ in range(data.draw(st.integers(0, 3))):
        if body:
            body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    try:
        _, value = codec_of(schema).decode(framed(bytes(body)))
    except DecodeRefused:
        return
    seen = fastavro.schemaless_reader(io.BytesIO(bytes(body)), fastavro.parse_schema(schema), None)
    assert repr(value) == repr(seen)  # by text: NaN is not equal to itself


def test_the_body_stands_behind_a_zero_byte_and_the_id_in_four_bytes() -> None:
    assert codec_of(PERSON).encode("s-value", ADA) == framed(BODY)


def test_fields_with_a_default_may_be_left_out() -> None:
    codec = codec_of(PERSON)
    short = {k: ADA[k] for k in ("sex", "age", "weight", "alive")}
    assert codec.decode(codec.encode("s-value", short))[1] == short | {"name": None, "phones": [], "notes": {}}


HOSTILE: dict[str, tuple[bytes, str]] = {
    "a byte after the end": (BODY + b"\0", "follow"),
    "cut off inside a character": (BODY[:4], "UTF-8"),
    "cut off before the last block ends": (BODY[:-1], "too early"),
    "a string longer than all bytes": (b"\x02\xfe\xff\xff\xff\x0fabc", "too early"),
    "a negative length": (b"\x02\x05" + BODY[2:], "negative"),
    "a negative index of a union": (b"\x01" + BODY[1:], "index"),
    "an index beyond the union": (b"\x04" + BODY[1:], "index"),
    "an index of a union written longer than needed": (b"\x82\x00" + BODY[1:], "index"),
    "a length written longer than needed": (b"\x02\x86\x00" + BODY[2:], "longer than needed"),
    "a number of eleven bytes": (BODY[:6] + b"\x80" * 10 + b"\x01" + BODY[7:], "ten bytes"),
    "a number of more than 64 bits": (BODY[:6] + b"\xff" * 9 + b"\x7f" + BODY[7:], "64 bits"),
    "an int of more than 32 bits": (BODY[:6] + b"\x80\x80\x80\x80\x20" + BODY[7:], "32 bits"),
    "a negative index of an enum": (BODY[:5] + b"\x01" + BODY[6:], "negative"),
    "an index beyond the enum": (BODY[:5] + b"\x04" + BODY[6:], "index"),
    "a boolean that is two": (BODY[:15] + b"\x02" + BODY[16:], "index"),
    "text that is not UTF-8": (b"\x02\x06\xff\xff\xff" + BODY[5:], "UTF-8"),
    "an array of a billion items": (BODY[:16] + b"\x80\xa8\xd6\xb9\x07" + BODY[17:], "more items"),
    "an array of a negative billion items": (BODY[:16] + b"\xff\xa7\xd6\xb9\x07\x02" + BODY[17:], "more items"),
    "a block whose size is negative": (BODY[:16] + b"\x01\x01" + BODY[17:], "negative"),
    "a map of a billion entries": (BODY[:20] + b"\x80\xa8\xd6\xb9\x07" + BODY[21:], "more items"),
    "nothing at all": (b"", "too early"),
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_bodies_are_refused_with_the_reason(body: tuple[bytes, str]) -> None:
    with pytest.raises(DecodeRefused, match=body[1]) as refused:
        codec_of(PERSON).decode(framed(body[0]))
    assert refused.value.message_zh


def test_a_body_larger_than_the_limit_is_refused_before_it_is_read() -> None:
    with pytest.raises(DecodeRefused, match="larger than"):
        codec_of(PERSON).decode(framed(b"\0" * MAX_BODY))


@pytest.mark.parametrize("data", [b"", b"\0\0\0", b'{"name": 1}', b"\x01\0\0\0\x07" + BODY])
def test_bytes_without_the_head_of_the_wire_format_are_refused(data: bytes) -> None:
    with pytest.raises(DecodeRefused, match="begin"):
        codec_of(PERSON).decode(data)


def test_an_id_nobody_knows_is_refused_by_its_number() -> None:
    with pytest.raises(DecodeRefused, match="id 99"):
        codec_of(PERSON).decode(b"\0\0\0\0\x63" + BODY)


def test_a_block_with_its_size_in_bytes_is_read() -> None:
    body = BODY[:16] + b"\x01\x04\x02a\0" + BODY[20:]
    assert codec_of(PERSON).decode(framed(body))[1] == ADA


UNFIT: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "a field the schema does not have": (lambda v: v | {"height": 2}, "does not have"),
    "a field without default left out": (lambda v: {k: x for k, x in v.items() if k != "age"}, "'age' is missing"),
    "a number for a string": (lambda v: v | {"name": 5}, "Person.name"),
    "a truth value for a number": (lambda v: v | {"age": True}, "Person.age"),
    "a number too large for an int": (lambda v: v | {"age": 1 << 31}, "Person.age"),
    "a symbol the enum does not have": (lambda v: v | {"sex": "x"}, "Person.sex"),
    "a string for an array": (lambda v: v | {"phones": "abc"}, "Person.phones"),
    "an item of the wrong type": (lambda v: v | {"phones": [None]}, r"Person.phones\[\]"),
    "half of a surrogate pair": (lambda v: v | {"name": "\ud800"}, "another kind"),
    "no record at all": (lambda _: None, "another kind"),
}


@pytest.mark.parametrize("case", UNFIT.values(), ids=UNFIT.keys())
def test_a_value_that_does_not_fit_is_refused_by_its_path(case: tuple[Callable[[dict[str, Any]], Any], str]) -> None:
    with pytest.raises(EncodeRefused, match=case[1]):
        codec_of(PERSON).encode("s-value", case[0](ADA))


def test_no_message_of_a_refusal_holds_a_value() -> None:
    with pytest.raises(EncodeRefused) as refused:
        codec_of(PERSON).encode("s-value", ADA | {"sex": "37990219620831070X"})
    assert "3799" not in refused.value.message + refused.value.message_zh


def test_of_two_records_in_a_union_the_one_with_these_fields_is_written() -> None:
    cat = {"type": "record", "name": "Cat", "fields": [{"name": "lives", "type": "int"}]}
    dog = {"type": "record", "name": "Dog", "fields": [{"name": "tricks", "type": "int"}]}
    codec = codec_of({"type": "record", "name": "Pet", "fields": [{"name": "is", "type": ["null", cat, dog, "long", "bytes"]}]})
    for value in ({"lives": 9}, {"tricks": 2}, None, 1 << 40, b"x"):
        assert codec.decode(codec.encode("s-value", {"is": value}))[1] == {"is": value}


def test_what_is_not_released_is_not_written() -> None:
    codec = codec_of(PERSON, number=0)
    with pytest.raises(ConfigRefused, match="not released"):
        codec.encode("s-value", ADA)


def test_a_subject_nobody_knows_is_refused() -> None:
    with pytest.raises(ConfigRefused, match="no schema"):
        codec_of(PERSON).encoder("other-value")


def test_parts_that_were_encoded_alone_are_the_record_when_they_are_joined() -> None:
    codec = codec_of(PERSON)
    parts = {name: codec.part_encoder("s-value", name) for name in ADA}
    assert b"".join(encode(ADA[name]) for name, encode in parts.items()) == BODY
    assert codec.part_encoder("s-value", "phones", EACH)("a") == codec.part_encoder("s-value", "notes", EACH)("a") == b"\x02a"


def test_some_of_the_fields_of_a_record_can_be_encoded_alone() -> None:
    codec = codec_of(PERSON)
    names = codec.fields("s-value")
    assert names == tuple(field["name"] for field in PERSON["fields"])

    for at in range(1, len(names)):
        first, rest = (codec.part_encoder("s-value", of=some)({name: ADA[name] for name in some}) for some in (names[:at], names[at:]))
        assert codec.head("s-value") + first + rest == codec.encode("s-value", ADA)


def test_a_part_that_does_not_fit_is_refused_without_saying_it() -> None:
    with pytest.raises(EncodeRefused, match=r"Person\.age") as refused:
        codec_of(PERSON).part_encoder("s-value", "age")("secret")
    assert "secret" not in str(refused.value)


def test_a_value_larger_than_the_limit_is_not_written() -> None:
    with pytest.raises(EncodeRefused, match="larger"):
        bind_encoder(load(json.dumps(PERSON)), 1)(ADA | {"name": "x" * MAX_BODY})
