"""Values in Confluent wire format: one byte 0, the schema id in four bytes (big-endian), the Avro body.

Source: Confluent documentation, "Formats, Serializers, and Deserializers", wire format.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from bus.contracts.reader import PassedOver, Reader, compile_reader
from bus.contracts.registry import Registry
from bus.contracts.schema import Schema, Type
from bus.contracts.varint import Malformed
from bus.contracts.writer import Unfit, Writer, compile_writer
from bus.errors import DecodeRefused, EncodeRefused

Encoder = Callable[[dict[str, Any]], bytes]
Decoder = Callable[[bytes], tuple[int, dict[str, Any]]]
PartEncoder = Callable[[Any], bytes]
PartWriter = Callable[[Any, Callable[[bytes], None]], None]
EACH = "[]"
"""In the path to a part: the items of an array or a map."""

_UNFIT = (ValueError, KeyError, AttributeError, TypeError, OverflowError, struct.error)
MAX_BODY = 1 << 20  # bytes: Kafka's own limit for a record; a byte of a hostile body can cost a hundred of memory, not more


class Codec:
    """Encodes and decodes with the schemas of a registry, each compiled on first use and then kept."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self._encoders: dict[str, Encoder] = {}
        self._decode = self._bind_decoder()

    def encode(self, subject: str, value: dict[str, Any]) -> bytes:
        """The record value for `value` with the newest released schema of the subject.

        Raises EncodeRefused naming the field; ConfigRefused for a subject without a released schema.
        """
        return self.encoder(subject)(value)

    def decode(self, data: bytes) -> tuple[int, dict[str, Any]]:
        """(schema id, value as its writer's schema says). Raises DecodeRefused; bytes can do no more harm than that."""
        return self._decode(data)

    def encoder(self, subject: str) -> Encoder:
        """`encode` with the schema bound, for a loop. Raises ConfigRefused."""
        if subject not in self._encoders:
            version = self.registry.latest(subject)
            self._encoders[subject] = bind_encoder(version.schema, version.id)
        return self._encoders[subject]

    def head(self, subject: str) -> bytes:
        """What stands before the body of a record. Raises ConfigRefused."""
        return _head(self.registry.latest(subject).id)

    def fields(self, subject: str, *path: str) -> tuple[str, ...]:
        """The names of the fields of a record, or of one that is a part of it, in the order in which they stand. Raises ConfigRefused."""
        return tuple(field.name for field in _part(self.registry.latest(subject).schema, path).fields)

    def part_encoder(self, subject: str, *path: str, of: Collection[str] = ()) -> PartEncoder:
        """What encodes one part of a record by itself, in Avro without a head: fields stand one behind another, so parts can be joined.
        `path`: names of fields, and `EACH`; `of`: of the record there these fields alone. Raises ConfigRefused; what it makes raises
        EncodeRefused."""
        write = self.part_writer(subject, *path, of=of)

        def encode(value: Any) -> bytes:
            parts: list[bytes] = []
            write(value, parts.append)
            return b"".join(parts)

        return encode

    def part_writer(self, subject: str, *path: str, of: Collection[str] = ()) -> PartWriter:
        """The same, of which it hands the bytes on piece by piece, for who joins them with others."""
        return bind_part(self.registry.latest(subject).schema, path, of)

    def decoder(self, passed_over: PassedOver = MappingProxyType({})) -> Decoder:
        """`decode` with everything bound, for a loop; without the fields that are `passed_over`."""
        return self._bind_decoder(passed_over) if passed_over else self._decode

    def _bind_decoder(self, passed_over: PassedOver = MappingProxyType({})) -> Decoder:
        readers: dict[bytes, tuple[int, Reader]] = {}
        learn = self._learn

        def decode(data: bytes) -> tuple[int, dict[str, Any]]:
            known = readers.get(data[:5])
            if known is None:
                known = readers[data[:5]] = learn(data, passed_over)
            if len(data) > MAX_BODY:
                raise refusal(Malformed(f"it is larger than {MAX_BODY} bytes", f"超过 {MAX_BODY} 字节"))
            try:
                value, end = known[1](data, 5)
            except (ValueError, IndexError) as error:
                raise refusal(error) from None
            if end != len(data):
                raise refusal(IndexError() if end > len(data) else Malformed("bytes follow its end", "末尾有多余字节"))
            return known[0], value

        return decode

    def _learn(self, data: bytes, passed_over: PassedOver) -> tuple[int, Reader]:
        """The reader for the head of these bytes. Raises DecodeRefused where there is none."""
        if len(data) < 5 or data[0] != 0:
            raise refusal(Malformed("it does not begin like one: a byte 0 and a schema id", "开头不是 0 字节与模式编号"))
        number = int.from_bytes(data[1:5], "big")
        version = self.registry.find(number)
        if version is None:
            raise DecodeRefused(
                f"No schema has the id {number}.",
                f"没有编号为 {number} 的模式。",
                hint="Bring schemas/ up to date.",
                hint_zh="请更新 schemas/。",
            )
        return number, compile_reader(version.schema, passed_over)


def bind_encoder(schema: Schema, number: int) -> Encoder:
    """A function from a value to wire format with this schema and id. It raises EncodeRefused."""
    write: Writer = compile_writer(schema)
    head = _head(number)

    def encode(value: dict[str, Any]) -> bytes:
        parts = [head]
        try:
            write(value, parts.append)
        except _UNFIT as error:
            raise _unfit(error, schema.root.name) from None
        return bounded(b"".join(parts), schema.root.name)

    return encode


def _head(number: int) -> bytes:
    return b"\0" + number.to_bytes(4, "big")


def bind_part(schema: Schema, path: Sequence[str], of: Collection[str] = ()) -> PartWriter:
    """See `Codec.part_writer`."""
    node = _part(schema, path)
    if of:
        node = replace(node, fields=tuple(field for field in node.fields if field.name in of))
    write = compile_writer(replace(schema, root=node), ".".join((schema.root.name, *path)))

    def write_part(value: Any, append: Callable[[bytes], None]) -> None:
        try:
            write(value, append)
        except _UNFIT as error:
            raise _unfit(error, schema.root.name) from None

    return write_part


def bounded(body: bytes, name: str) -> bytes:
    """The body of a record of this `name`. Raises EncodeRefused for one that is larger than a log takes."""
    if len(body) > MAX_BODY:
        raise EncodeRefused(f"{name}: larger than {MAX_BODY} bytes.", f"{name}：超过 {MAX_BODY} 字节。")
    return body


def _part(schema: Schema, path: Sequence[str]) -> Type:
    node = schema.root
    for step in path:
        node = _inside(schema, node, step)
    return node


def _inside(schema: Schema, node: Type, step: str) -> Type:
    node = schema.resolve(node)
    if step == EACH and node.items is not None:
        return schema.resolve(node.items)
    return schema.resolve(next(field.type for field in node.fields if field.name == step))


def refusal(error: Exception) -> DecodeRefused:
    """What a reader raised, in words without any of the bytes."""
    if isinstance(error, Malformed):
        return DecodeRefused(f"The bytes are not a record of their schema: {error.en}.", f"字节内容与其模式不符：{error.zh}。")
    if isinstance(error, UnicodeDecodeError):
        return DecodeRefused(
            "The bytes are not a record of their schema: text that is not UTF-8.", "字节内容与其模式不符：文本不是 UTF-8。"
        )
    return DecodeRefused("The bytes are not a record of their schema: they end too early.", "字节内容与其模式不符：内容不完整。")


def _unfit(error: Exception, name: str) -> EncodeRefused:
    if isinstance(error, Unfit):
        return EncodeRefused(f"The value does not fit its schema at {error}.", f"内容与模式不符：{error}。")
    if isinstance(error, KeyError):
        return EncodeRefused(
            f"{name}: field {error.args[0]!r} is missing and has no default.", f"{name}：缺少字段 {error.args[0]!r}，且无默认值。"
        )
    return EncodeRefused(f"{name}: a value is of another kind than its field ({type(error).__name__}).", f"{name}：有字段的内容类型不符。")
