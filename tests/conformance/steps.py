"""What the tests of the conformance suite do again and again."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from bus.errors import Fenced
from bus.event import Batch, Output, Record
from bus.eventlog.port import EventLog, Partitions, Reader, TopicSpec
from tests.conformance.adapters import Place, until

IN, OUT = TopicSpec("in"), TopicSpec("out")


def record(number: int, key: bytes | None = None) -> Record:
    return Record(b"k%d" % number if key is None else key, b"value %d" % number, 1_000 + number)


def fill(log: EventLog, count: int, topic: str = "in") -> None:
    log.create([IN, OUT])
    with log.writer("filler") as writer:
        writer.append([Output(topic, record(number)) for number in range(count)])
    kept(log, topic, count)


def kept(log: EventLog, topic: str, count: int = 0) -> list[Record]:
    """The records of a topic, once there are `count`: on Kafka what was committed is seen a moment after the commit returns."""
    found: list[Record] = []

    def enough() -> bool:
        found[:] = [each for batch in log.scan(topic) for each in batch.records]
        return len(found) >= count

    until(enough, 10)
    return found


def poll(reader: Reader, count: int, within_s: float = 45, most: int = 1000, only: Partitions | None = None) -> list[Batch]:
    """Poll until `count` records have come, `most` at a time, of the partitions `only`. A reader that loses partitions to another
    meanwhile begins anew."""
    batches: list[Batch] = []

    def enough() -> bool:
        try:
            batches.extend(reader.poll(most, 1.0, only))
        except Fenced:
            reader.rewind()
            batches.clear()
        return len(records(batches)) >= count

    assert until(enough, within_s), f"{len(records(batches))} of {count} records came"
    return batches


def step(reader: Reader, max_records: int = 100) -> list[Record]:
    """Poll and commit once; what was committed: nothing, when partitions were lost in between."""
    try:
        batches = reader.poll(max_records, 0.5)
        reader.commit([])
    except Fenced:
        reader.rewind()
        return []
    return records(batches)


def records(batches: Sequence[Batch]) -> list[Record]:
    return [each for batch in batches for each in batch.records]


def ends(log: EventLog, topic: str) -> dict[int, int]:
    return {partition: end for info in log.topics() if info.name == topic for partition, (_, end) in info.ends.items()}


def first_kept(log: EventLog, topic: str) -> int:
    return next(first for info in log.topics() if info.name == topic for first, _ in info.ends.values())


@contextmanager
def other_process(place: Place) -> Iterator[subprocess.Popen[str]]:
    """A reader of group `g` on topic `in` in another process (see `member.py`), which has polled something."""
    command = [sys.executable, "-m", "tests.conformance.member", place.adapter, place.address, place.namespace]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline().startswith("polled")
            yield process
        finally:
            process.kill()


def answer(process: subprocess.Popen[str], line: str = "go") -> str:
    """Tell the other process to commit; how it ended."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(line + "\n")
    process.stdin.flush()
    return process.stdout.readline().strip()
