"""A refused record and why: the letter's shape, its identifier, and the road back. Pure.

A letter's value is JSON (UTF-8): what `civicbus deadletter list` shows, and `sealed`, the original for its owner alone. Its key is its
identifier, derived from what it is about, so a replay writes the same letter again and readers drop the repeat.

**Replay.** `civicbus deadletter replay` appends the original record to its raw topic again: same key, same bytes, with the headers

    replay.letter       identifier of the letter (hex); once per letter of the row that is tried again
    replay.statement    the statement to try again, "<entity>:<role>:<ordinal>"; same order as replay.letter
    replay.outcome      the row's outcome before: "partial" or "refused"

The normalizer emits of such a record only the statements named (refused again: a letter again, which by its identifier is the
same one), nothing it said before, and a delta of the account that moves the row from its old outcome to the new one
(`published` does not change). A letter counts as replayed when a marker (`replayed_marker`: same key, JSON {"id", "replayed": outcome})
follows it in its topic; one that is refused again follows its marker, and is open once more.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any

from bus.event import Batch, Headers, Output, Record
from bus.eventlog import topics

RECORD_UNREADABLE = "RECORD_UNREADABLE"
"""Reason code of a record that no step could work on (it raised, or ended the process, each time). No code of a row: those say
what is wrong with a cell; this one says that the record as a whole has to be looked at by whoever runs the bus."""

REPLAY_LETTER, REPLAY_STATEMENT, REPLAY_OUTCOME = "replay.letter", "replay.statement", "replay.outcome"


@dataclass(frozen=True, slots=True)
class Letter:
    """A dead letter.

    `statement`: the entity of the refused statement, "record" for a row as a whole. `reasons`: mappings with code, column,
    message_zh, message_en; no value of a person in any. `outcome`: the row's. `at`: ISO, the raw record's time.
    """

    id: str
    department: str
    dataset: str
    source: Mapping[str, Any]
    statement: str
    outcome: str
    reasons: Sequence[Mapping[str, Any]]
    at: str
    mapping_version: str | None = None
    sealed: bytes = field(default=b"", repr=False)

    @property
    def which(self) -> str:
        """What `replay.statement` carries: "<entity>:<role>:<ordinal>"."""
        return f"{self.statement}:{self.source.get('role') or 'self'}:{self.source.get('ordinal') or 0}"

    @property
    def codes(self) -> frozenset[str]:
        """The reason codes."""
        return frozenset(str(reason["code"]) for reason in self.reasons)

    def as_record(self, timestamp: int) -> Record:
        """The letter as it is kept. `timestamp`: ms, that of the raw record."""
        said = {**self.shown(), "outcome": self.outcome, "mapping_version": self.mapping_version, "sealed": b64encode(self.sealed).decode()}
        return Record(self.id.encode(), json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode(), timestamp)

    def shown(self) -> dict[str, Any]:
        """A line of `civicbus deadletter list --format jsonl`."""
        return {
            "id": self.id,
            "department": self.department,
            "dataset": self.dataset,
            "source": dict(self.source),
            "statement": self.statement,
            "reasons": [dict(reason) for reason in self.reasons],
            "at": self.at,
        }


def read(value: bytes) -> Letter | None:
    """The letter kept as `value`; None for a marker. Raises ValueError or KeyError for what is neither."""
    said = json.loads(value)
    if "replayed" in said:
        return None
    sealed = b64decode(said.pop("sealed", "") or "")
    return Letter(
        id=said["id"],
        department=said["department"],
        dataset=said["dataset"],
        source=said.get("source") or {},
        statement=said["statement"],
        outcome=said.get("outcome") or "refused",
        reasons=said.get("reasons") or [],
        at=said["at"],
        mapping_version=said.get("mapping_version"),
        sealed=sealed,
    )


def waiting(batches: Iterable[Batch]) -> set[tuple[int, int]]:
    """Of all batches of a dead-letter topic, the places (partition, offset) of letters that still wait: of those with the same identifier
    the last, unless a marker follows it."""
    last: dict[bytes | None, tuple[int, int]] = {}
    for batch in batches:
        for offset, record in zip(batch.offsets, batch.records, strict=True):
            if record.value is None or _is_marker(record.value):
                last.pop(record.key, None)
            else:
                last[record.key] = (batch.partition, offset)
    return set(last.values())


def _is_marker(value: bytes) -> bool:
    return len(value) < 200 and b'"replayed"' in value


def replayed_marker(letter: Letter, timestamp: int, why: str = "replayed") -> Output:
    """What says that `letter` was handed in again at `timestamp` (ms), or need not be ("overtaken": said anew since)."""
    said = {"id": letter.id, "replayed": iso(timestamp), "why": why}
    return Output(topics.dead_letter(letter.department), Record(letter.id.encode(), json.dumps(said).encode(), timestamp))


def replay_headers(letters: Sequence[Letter]) -> Headers:
    """The headers of a raw record that is handed in again for `letters`, all of one row."""
    named = [header for each in letters for header in ((REPLAY_LETTER, each.id.encode()), (REPLAY_STATEMENT, each.which.encode()))]
    return (*named, (REPLAY_OUTCOME, letters[0].outcome.encode()))


def unreadable(topic: str, partition: int, offset: int, record: Record, sealed: bytes) -> Letter:
    """The letter for a raw record no step could work on. `sealed`: its value, sealed to the department. Its place in the log stands in
    `source.key`, because what the record itself says about its source cannot be read."""
    department, dataset = topics.dataset_of(topic)
    source = {"department": department, "dataset": dataset, "delivery": None, "file": None, "sheet": None, "row": None}
    place = {"topic": topic, "partition": str(partition), "offset": str(offset)}
    name = "\x1f".join((topic, str(partition), str(offset)))
    return Letter(
        id=blake2b(name.encode(), digest_size=16, person=b"unreadable").hexdigest(),
        department=department,
        dataset=dataset,
        source={**source, "key": place, "role": "self", "ordinal": 0},
        statement="record",
        outcome="refused",
        reasons=[
            {
                "code": RECORD_UNREADABLE,
                "column": None,
                "message_zh": "该记录使处理步骤反复出错，已单独隔离，请联系总线运维人员。",
                "message_en": "This record made the step fail each time and was set aside; ask whoever runs the bus to look at it.",
            }
        ],
        at=iso(record.timestamp),
        sealed=sealed,
    )


def iso(timestamp: int) -> str:
    """Milliseconds since 1970 UTC → "2026-09-30T02:00:00.000Z"."""
    return datetime.fromtimestamp(timestamp / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{timestamp % 1000:03d}Z"
