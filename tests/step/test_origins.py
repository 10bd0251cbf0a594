"""A step that begins asks once whether it ever wrote anything, for whatever partition: what others wrote to the same topic is read once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bus.event import Output, Record
from bus.eventlog import topics
from bus.eventlog.partitioning import partition_of
from bus.eventlog.sqlite import SqliteLog
from bus.step.origins import Origins

WRITTEN, READ, PARTITIONS = "internal.link", "canonical.lease", 4
END = dict.fromkeys(range(PARTITIONS), 1000)


@pytest.fixture
def log(tmp_path: Path) -> Iterator[SqliteLog]:
    opened = SqliteLog(tmp_path / "log.db")
    opened.create([topics.spec(WRITTEN, PARTITIONS)])
    yield opened
    opened.close()


def origin(_written: str, record: Record) -> tuple[str, bytes] | None:
    return record.headers[0] if record.headers else None


def write(log: SqliteLog, *origins: bytes | None) -> None:
    records = [Record(b"k%d" % n, b"v", 1, ((READ, of),) if of else ()) for n, of in enumerate(origins)]
    with log.writer("step") as writer:
        writer.append([Output(WRITTEN, record) for record in records])


def found(origins: Origins) -> set[int]:
    return {number for number in range(PARTITIONS) if origins.has(WRITTEN, READ, number, PARTITIONS, END)}


def test_where_only_others_wrote_nothing_was_written_for_any_partition(log: SqliteLog) -> None:
    write(log, None, None)

    assert found(Origins(log, origin, lambda: None)) == set()


def test_what_was_written_for_a_record_was_written_for_the_partition_of_its_key_alone(log: SqliteLog) -> None:
    write(log, None, b"one", b"other")
    origins = Origins(log, origin, lambda: None)

    assert found(origins) == {partition_of(b"one", PARTITIONS), partition_of(b"other", PARTITIONS)}
    assert not origins.has(WRITTEN, "canonical.benefit", partition_of(b"one", PARTITIONS), PARTITIONS, END)


def test_what_is_written_after_it_was_asked_is_found_when_it_is_asked_again(log: SqliteLog) -> None:
    origins = Origins(log, origin, lambda: None)
    assert found(origins) == set()

    write(log, b"one")
    assert found(origins) == {partition_of(b"one", PARTITIONS)}


def test_what_was_written_behind_the_end_that_is_asked_for_does_not_count(log: SqliteLog) -> None:
    write(log, b"one")
    number = partition_of(b"one", PARTITIONS)

    assert not Origins(log, origin, lambda: None).has(WRITTEN, READ, number, PARTITIONS, dict.fromkeys(range(PARTITIONS), 0))


def test_what_was_read_once_is_not_read_again(log: SqliteLog) -> None:
    seen: list[Record] = []
    origins = Origins(log, lambda _, record: seen.append(record), lambda: None)
    write(log, b"one", b"other")

    found(origins)
    assert len(seen) == 2
