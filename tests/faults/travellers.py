"""A small step to be tormented: what it must do is known without running it, so a checker can hold the log to it.

As a program (`python -m tests.faults.travellers ADAPTER ADDRESS NAMESPACE STATE [MODE]`) it is the process that is killed.
MODE says how a record "poison" ends it:
raise · recursion · memory · segfault · exit · hang · none; endless: do not stop when all is through.
"""

from __future__ import annotations

import ctypes
import json
import os
import sys
import time
from pathlib import Path

from bus.cli.say import guarded
from bus.diary import open_diary
from bus.event import Batch, Output, Record
from bus.eventlog import dead_letter
from bus.eventlog.port import EventLog, TopicSpec
from bus.step import Options, Step, run
from tests.conformance.adapters import Place

RAW, CANONICAL, LETTERS = "raw.test.traveller", "canonical.traveller", "deadletter.test"
KEYS = 7
BATCH = 40


def make_topics(log: EventLog) -> None:
    """The topics that the step reads and writes."""
    log.create([TopicSpec(RAW, 3), TopicSpec(CANONICAL, 3), TopicSpec(LETTERS, 3)])


def publish(log: EventLog, numbers: range, kind: str = "good") -> None:
    """Append one record a number; every ninth is of a kind that belongs in the dead letter."""
    with log.writer("publisher") as writer:
        writer.append([Output(RAW, traveller(n, "bad" if kind == "good" and n % 9 == 0 else kind)) for n in numbers])


def traveller(number: int, kind: str) -> Record:
    """A record that says its number among all, and the order of those with its key follows from it."""
    said = {"number": number, "kind": kind}
    return Record(f"key {number % KEYS}".encode(), json.dumps(said).encode(), 1_790_000_000_000 + number)


def step(mode: str) -> Step:
    """Good records go out with their number doubled, bad ones into the dead letter; "poison" ends the process as `mode` says."""

    def decide(batches: list[Batch]) -> list[Output]:
        return [_one(batch, offset, record, mode) for batch in batches for offset, record in zip(batch.offsets, batch.records, strict=True)]

    return Step("travel", "raw.", decide, _refuse)


def _one(batch: Batch, offset: int, record: Record, mode: str) -> Output:
    said = json.loads(record.value or b"")
    if said["kind"] == "poison":
        _die(mode)
    said["from"] = [batch.partition, offset]
    topic = LETTERS if said["kind"] == "bad" else CANONICAL
    return Output(topic, Record(record.key, json.dumps({**said, "doubled": 2 * said["number"]}).encode(), record.timestamp))


def _die(mode: str) -> None:
    if mode == "segfault":
        ctypes.string_at(0)
    elif mode == "exit":
        os._exit(9)
    elif mode == "hang":
        time.sleep(3600)
    elif mode == "recursion":
        _die(mode)
    elif mode == "memory":
        raise MemoryError
    elif mode == "raise":
        raise ValueError("a value that nobody may see")


def _refuse(topic: str, partition: int, offset: int, record: Record) -> list[Output]:
    letter = dead_letter.unreadable(topic, partition, offset, record, b"sealed")
    return [Output(LETTERS, letter.as_record(record.timestamp))]


def main() -> None:
    """Run the step until all is through."""
    adapter, address, namespace, state, *mode = sys.argv[1:]
    open_diary(os.environ.get("CIVICBUS_DIARY") == "1")
    log = Place(adapter, address, namespace).open()
    options = Options(Path(state), batch_records=BATCH, stall_s=float(os.environ.get("STALL_S", "60")), until_idle=mode != ["endless"])
    raise SystemExit(guarded(lambda: run(log, step(mode[0] if mode else "none"), options) and 0))


if __name__ == "__main__":
    main()
