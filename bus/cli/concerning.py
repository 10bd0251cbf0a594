"""Which statements concern a subject: those of its file, and those of any entity that stand in the same rows or name it.

The whole of `canonical.*` is read, but only what holds the bytes of a key of the subject's is decoded.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from bus.cli.context import App
from bus.cli.subjects import open_store
from bus.errors import DecodeRefused
from bus.eventlog import topics
from bus.resolver.erasure import Row, Statement, concerns, row_of, statement_of


class Concerning(NamedTuple):
    """`mine`: the keys of the statements of the file; `every`: the newest version of all statements that concern it."""

    mine: frozenset[bytes]
    every: list[Statement]


def concerning(app: App, entity: str, subject: bytes) -> Concerning:
    """What concerns a subject now."""
    own = open_store(app, entity).statements(subject)
    mine, rows = frozenset(each.key for each in own), frozenset(row_of(each.said["source"]) for each in own)
    needles = {key.hex().encode() for key in mine} | {
        value.encode() for each in own for value in each.said["source"]["key"].values() if value
    }
    every = [each for name in sorted(app.catalog.entities) for each in _of(app, topics.canonical(name), mine, rows, needles)]
    return Concerning(mine, every)


def _of(app: App, topic: str, mine: frozenset[bytes], rows: frozenset[Row], needles: Iterable[bytes]) -> Iterable[Statement]:
    if all(info.name != topic for info in app.log.topics()) or not mine:
        return []
    holds, decode = re.compile(b"|".join(map(re.escape, sorted(needles)))).search, app.codec.decoder()
    found: dict[bytes, Statement] = {}
    for batch in app.log.scan(topic):
        for record in batch.records:
            found.pop(key := record.key or b"", None)
            if record.value is None or not holds(record.value):
                continue
            try:
                statement = statement_of(topic, record, decode(record.value)[1])
            except DecodeRefused:  # what cannot be read is nobody's
                continue
            if concerns(statement, mine, rows):
                found[key] = statement
    return found.values()
