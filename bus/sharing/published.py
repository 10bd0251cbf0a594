"""Contracts that were made from agreements, as the log keeps them: their ids are the same for whoever reads this log.

    internal.schema    key: the id as text    value: JSON {"subject", "version", "schema"}    kept for good, one partition

An id is given once and never again; a contract that was there before keeps its id. Released schemas have theirs from `published.lock`;
those here begin far behind, so the two never meet.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from bus.contracts.registry import Version
from bus.contracts.schema import Schema
from bus.contracts.screening import load
from bus.event import Output, Record
from bus.eventlog import topics
from bus.eventlog.port import EventLog

FIRST_ID = 1_000_000


def read(log: EventLog) -> dict[int, Version]:
    """Id → version, of all that were published to this log."""
    return {number: _version(number, said) for number, said in _said(log)}


def publish(log: EventLog, subject: str, schema: Schema, at: int) -> Version:
    """The contract of a subject with its id; a new version where it differs from the newest. `at`: ms since 1970."""
    with log.writer("schemas") as writer:  # exclusive: no id is given twice
        there = dict(_said(log))
        versions = [_version(number, said) for number, said in there.items() if said["subject"] == subject]
        for each in versions:
            if each.schema.fingerprint == schema.fingerprint:
                return each
        made = Version(subject, len(versions) + 1, max(there, default=FIRST_ID - 1) + 1, schema, "")
        text = json.dumps(schema.raw, ensure_ascii=False, separators=(",", ":"))
        value = json.dumps({"subject": subject, "version": made.version, "schema": text}, ensure_ascii=False).encode()
        writer.append([Output(topics.SCHEMA, Record(str(made.id).encode(), value, at), 0)])
    return made


def _said(log: EventLog) -> Iterator[tuple[int, Mapping[str, Any]]]:
    if all(info.name != topics.SCHEMA for info in log.topics()):
        return
    for batch in log.scan(topics.SCHEMA):
        for record in batch.records:
            if record.key is not None and record.value is not None:
                yield int(record.key), json.loads(record.value)


def _version(number: int, said: Mapping[str, Any]) -> Version:
    place = f"{topics.SCHEMA}/{number}"
    return Version(said["subject"], said["version"], number, load(said["schema"], place), place)


def by_subject(versions: Mapping[int, Version], subject: str) -> Version | None:
    """The newest version of a subject."""
    return max((each for each in versions.values() if each.subject == subject), key=lambda each: each.version, default=None)
