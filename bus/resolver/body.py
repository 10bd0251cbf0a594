"""WHAT A FILE SAYS WITHOUT ITS LINKS. Links come after statements and change more often, and most of a file is the same with other links:
so what follows from the statements alone is kept beside them, and put together with the links when these come.

Only for plain files: where departments differ, where a person ruled or answered, where a statement goes elsewhere, all is decided together.
And of a resident only from the second decision on: in a first load all has come before the first, and most are left alone after it.
A body says of what it was made (`of`); of anything else it is none.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b
from struct import Struct
from typing import Any, NamedTuple

from bus.contracts.codec import EACH, Codec, bounded
from bus.contracts.varint import write_long
from bus.resolver.links import Stated
from bus.resolver.subject import ANSWER, FITS, HOLD, MOVE, RULING, Arrived
from bus.resolver.survivorship import Held, Statement

_json = json.JSONEncoder(ensure_ascii=False).encode  # made once, as in `ends`
_read = json.JSONDecoder().decode
_OF_BYTES = 16
_LENGTHS = Struct(">IB")  # of what is told as JSON, of the tail
_NOT_PLAIN = (MOVE, HOLD, FITS, RULING, ANSWER)
_BEGIN, _END = ("subject", "sources"), ("operation", "corrects", "event_id")
_RECORD = (*_BEGIN, "fields", "links", *_END)
_WHO, _STANDING = ("department", "event_id", "valid_from", "known_from"), ("rule", "agree", "disputed")
_FIELD = ("value", *_WHO, *_STANDING)


class Body(NamedTuple):
    """`head`, `tail`: the record before and behind its links; `at`: of when it is (ms); `gone`: whether the subject is no more; `flags`:
    what is told to the owners of its statements; `members`: those statements, and when each was published; `households`: the links
    that they themselves name."""

    head: bytes
    tail: bytes
    at: int
    gone: bool
    flags: int
    members: Sequence[tuple[bytes, int]]
    households: Sequence[Stated]

    def packed(self, of: bytes) -> bytes:
        """As it is kept. `of`: `made_of`."""
        members = [(key.hex(), at) for key, at in self.members]
        told = _json((self.at, self.gone, self.flags, members, self.households)).encode()
        return of + _LENGTHS.pack(len(told), len(self.tail)) + told + self.tail + self.head

    @classmethod
    def unpacked(cls, value: bytes, of: bytes) -> Body | None:
        """The inverse of `packed`; None where it was made of something else."""
        if not of or not value.startswith(of):
            return None
        told, tail = _LENGTHS.unpack_from(value, _OF_BYTES)
        start = _OF_BYTES + _LENGTHS.size
        at, gone, flags, members, households = _read(value[start : start + told].decode())
        kept = [(bytes.fromhex(key), known) for key, known in members]
        behind = start + told + tail
        return cls(value[behind:], value[start + told : behind], at, gone, flags, kept, [Stated(*each) for each in households])


def is_plain(come: Arrived) -> bool:
    """Whether nobody ruled, answered or is to decide, and nothing of the file goes elsewhere: what such a file says stands by itself."""
    return not come.disputes and come.told.keys().isdisjoint(_NOT_PLAIN)


def made_of(come: Arrived, edition: bytes) -> bytes:
    """What tells of what a body is made: the statements, and who makes it."""
    said = [key + known_from.to_bytes(8, "big") + len(value).to_bytes(4, "big") + value for key, known_from, value in come.statements]
    return blake2b(edition + b"".join(said), digest_size=_OF_BYTES).digest()


class Pieces:
    """Pieces of records of one schema: in Avro the fields stand one after another, so pieces can be encoded apart. What a statement is the
    same in all values that it gives is encoded once."""

    def __init__(self, codec: Codec, subject: str, iso: Callable[[int], str]) -> None:
        """`subject`: of the schema; `iso`: ms → ISO 8601. Raises `ValueError` for a schema with other fields."""
        field = ("fields", EACH)
        if (codec.fields(subject), codec.fields(subject, *field)) != (_RECORD, _FIELD):
            raise ValueError("the master's schema has other fields than its parts are known of")
        self._subject, self._iso = subject, iso
        self._head = codec.head(subject)
        self._begin, self._end = codec.part_encoder(subject, of=_BEGIN), codec.part_encoder(subject, of=_END)
        self._links = codec.part_encoder(subject, "links")
        self._value = codec.part_writer(subject, *field, "value")
        self._who, self._standing = codec.part_encoder(subject, *field, of=_WHO), codec.part_encoder(subject, *field, of=_STANDING)
        self._tails: dict[str, bytes] = {}
        self._standings: dict[tuple[str, int, bool], bytes] = {}
        self._names: dict[str, bytes] = {}

    def around_links(self, record: Mapping[str, Any], fields: Mapping[str, Held]) -> tuple[bytes, bytes]:
        """(head, tail) of a record without links that corrects nothing, and which has these `fields`."""
        operation = record["operation"]
        tail = self._tails.get(operation)
        if tail is None:
            tail = self._tails[operation] = self._end({"operation": operation, "corrects": [], "event_id": ""})
        begin = self._begin({name: record[name] for name in _BEGIN})
        return bounded(self._head + begin + self._fields(fields), self._subject), tail

    def links(self, values: Sequence[Mapping[str, Any]]) -> bytes:
        """The links of a record."""
        return bounded(self._links(values), self._subject)

    def _fields(self, fields: Mapping[str, Held]) -> bytes:
        said: dict[bytes, bytes] = {}
        parts = [write_long(len(fields))] if fields else []
        put, names, standings = parts.append, self._names, self._standings
        for name, (_, value, by, rule, agree, differing) in fields.items():
            put(names.get(name) or self._name(name))
            self._value(value, put)
            put(said.get(by.key) or said.setdefault(by.key, self._said(by)))
            put(standings.get((rule, agree, bool(differing))) or self._stands(rule, agree, bool(differing)))
        put(b"\0")
        return b"".join(parts)

    def _name(self, name: str) -> bytes:
        encoded = name.encode()
        found = self._names[name] = write_long(len(encoded)) + encoded
        return found

    def _said(self, by: Statement) -> bytes:
        """Who says a value."""
        event_id, known_from = by.said["event_id"], self._iso(by.known_from)
        return self._who({"department": by.department, "event_id": event_id, "valid_from": by.valid_from, "known_from": known_from})

    def _stands(self, rule: str, agree: int, disputed: bool) -> bytes:
        """Why a value holds, and who agrees."""
        found = self._standings[rule, agree, disputed] = self._standing({"rule": rule, "agree": agree, "disputed": disputed})
        return found
