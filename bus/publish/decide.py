"""A batch of rows → what goes out for them. Decides from the rows and from what is known of their keys; writes nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from bus.contracts.catalog import Contract
from bus.event import Output, Record
from bus.eventlog import topics
from bus.keys import KeyRing
from bus.publish.check import Check, Refused, Said, keepable, shown_key
from bus.publish.letters import letter
from bus.publish.report import RowNote
from bus.publish.seen import HASH_HEADER, Known
from bus.publish.source import Row

Encode = Callable[[dict[str, Any]], bytes]
LookUp = Callable[[Sequence[bytes]], dict[bytes, Known]]


class Reading(NamedTuple):
    """One reading of one file. `run` names it among all readings; rows up to `done` are in the log already; `again`: an earlier
    reading of these very bytes came to its end, so that the dead letters of its refused rows exist."""

    contract: Contract
    keys: KeyRing
    check: Check
    encode: Encode
    delivery: str
    file_id: str
    run: int
    done: int = 0
    again: bool = False


@dataclass(slots=True)
class Decided:
    """What one batch comes to. `rows` counts those decided now; `counts` has the outcomes by the names of the account."""

    rows: int = 0
    outputs: list[Output] = field(default_factory=list)
    known: dict[bytes, Known] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    notes: list[tuple[int, RowNote]] = field(default_factory=list)


def decide(reading: Reading, look_up: LookUp, rows: Sequence[Row], first: int, at_ms: int) -> Decided:
    """Decide `rows`, the first of which is record number `first` (from 1) of the file.

    The same key twice in one file: with the same content a note and nothing else, with other content the later row is refused, because
    nothing says which one holds (DUP_PK)."""
    out = Decided()
    checked = [None if row.not_data else reading.check(row) for row in rows]
    known = look_up([said.key for said in checked if isinstance(said, Said)])
    topic, run, counts = topics.raw(reading.contract.dataset), reading.run, out.counts
    for ordinal, (row, said) in enumerate(zip(rows, checked, strict=True), first):
        now = ordinal > reading.done
        out.rows += now
        if said is None:
            counts["not_data"] += now
            continue
        if isinstance(said, Refused):
            _refuse(reading, out, ordinal, row, said, at_ms)
            continue
        key, digest, value = said
        before = out.known.get(key) or known.get(key)
        if before is not None and before.run == run:
            if before.in_file == digest:
                counts["unchanged"] += now
                out.notes.append((ordinal, RowNote(row.file, row.sheet, row.number, None, "DUP_PK", "info")))
            else:
                twice = Refused("DUP_PK", None, shown_key(reading.contract, said, row), keepable(reading.contract, row))
                _refuse(reading, out, ordinal, row, twice, at_ms)
            continue
        if not now:
            out.known[key] = Known(before.hash if before else digest, run, row.number, digest)
            continue
        out.known[key] = Known(digest, run, row.number, digest)
        if before is not None and before.hash == digest:
            counts["unchanged"] += 1
            continue
        value["bus_operation"] = operation = "changed" if before else "created"
        counts[operation] += 1
        out.outputs.append(Output(topic, Record(key, reading.encode(value), at_ms, ((HASH_HEADER, digest),))))
    return out


def _refuse(reading: Reading, out: Decided, ordinal: int, row: Row, refused: Refused, at_ms: int) -> None:
    out.notes.append((ordinal, RowNote(row.file, row.sheet, row.number, refused.column, refused.code, "error")))
    if ordinal <= reading.done:
        return
    if reading.again:
        out.counts["unchanged"] += 1
        return
    out.counts["refused"] += 1
    out.reasons[refused.code] += 1
    out.outputs.append(letter(reading.keys, reading.contract, reading.delivery, reading.file_id, row, refused, at_ms))
