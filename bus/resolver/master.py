"""Master records as they are written: values in the shape of `schemas/master/*`, from statements as they are kept in the log."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from importlib.resources.abc import Traversable
from typing import Any, Protocol

from bus.contracts.codec import Codec, Decoder
from bus.eventlog import topics
from bus.resolver import rules as rule_files
from bus.resolver.survivorship import Held, Master, Statement, compiled


class Said(Protocol):
    """A statement as kept: its key, when it was published (ms since 1970), its bytes as in canonical.*"""

    @property
    def key(self) -> bytes: ...
    @property
    def known_from(self) -> int: ...
    @property
    def value(self) -> bytes: ...


def masters(codec: Codec, schemas: Traversable, entities: Sequence[str]) -> dict[str, Callable[[bytes, Sequence[Said]], bytes]]:
    """Entity → (subject, statements) → the bytes of its master record. Raises `ConfigRefused` for rules or schemas that are not right."""
    return {entity: _maker(codec, schemas, entity) for entity in entities}


def _maker(codec: Codec, schemas: Traversable, entity: str) -> Callable[[bytes, Sequence[Said]], bytes]:
    encode, decode = codec.encoder(f"{topics.master(entity)}-value"), codec.decoder()
    merge = compiled(rule_files.load(schemas, entity))

    def make(subject: bytes, kept: Sequence[Said]) -> bytes:
        return encode(as_value(subject, merge(opened(kept, decode))))

    return make


def opened(kept: Iterable[Said], decode: Decoder) -> list[Statement]:
    """The statements, decoded."""
    return [Statement(each.key, each.known_from, decode(each.value)[1]) for each in kept]


def as_value(subject: bytes, master: Master) -> dict[str, Any]:
    """The record as its schema has it. Everything in it stands in one order, so that equal records are equal bytes."""
    sources = sorted((_in_order(each.said["source"]) for each in master.statements), key=_place)
    return {"subject": subject.hex(), "sources": sources, "fields": {name: _field(held) for name, held in sorted(master.fields.items())}}


@lru_cache(maxsize=4096)
def iso(ms: int) -> str:
    """ISO 8601 in UTC, to the millisecond."""
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _field(held: Held) -> dict[str, Any]:
    by = held.by
    return {
        "value": held.value,
        "department": by.department,
        "event_id": by.said["event_id"],
        "valid_from": by.valid_from,
        "known_from": iso(by.known_from),
        "rule": held.rule,
        "agree": held.agree,
        "disputed": held.disputed,
    }


def _in_order(source: Mapping[str, Any]) -> dict[str, Any]:
    return {**source, "key": dict(sorted(source["key"].items()))}


def _place(source: Mapping[str, Any]) -> tuple[str, ...]:
    where = (source["delivery"], source["file"] or "", source["sheet"] or "", f"{source['row'] or 0:010d}")
    return (source["department"], source["dataset"], *where, str(source["key"]), source["role"], f"{source['ordinal']:05d}")
