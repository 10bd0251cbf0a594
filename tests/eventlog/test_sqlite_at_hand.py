"""Readers of one process that read the same one after another: the file is read once, and each gets what it would have got alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bus.event import Output, Record
from bus.eventlog.port import TopicSpec
from bus.eventlog.sqlite import SqliteLog, at_hand


@pytest.fixture
def log(tmp_path: Path) -> Iterator[SqliteLog]:
    log = SqliteLog(tmp_path / "log.db")
    log.create([TopicSpec("t", 2)])
    say(log, range(40))
    yield log
    log.close()


def say(log: SqliteLog, numbers: range) -> None:
    with log.writer("test") as writer:
        writer.append([Output("t", Record(None, b"%d" % n, n), n % 2) for n in numbers])


def read(log: SqliteLog, group: str, most: int, polls: int) -> list[int]:
    with log.reader(group, ["t"]) as reader:
        found = [record.timestamp for _ in range(polls) for batch in reader.poll(most, 0.0) for record in batch.records]
        reader.commit([])
        return sorted(found)


def test_the_second_reads_what_the_first_had_read_out_of_the_file(log: SqliteLog, monkeypatch: pytest.MonkeyPatch) -> None:
    assert read(log, "one", 100, 1) == [*range(40)]
    monkeypatch.setattr(at_hand, "read", lambda *_: pytest.fail("the file was read again"))

    assert read(log, "two", 100, 1) == [*range(40)]


def test_what_came_meanwhile_is_read_too(log: SqliteLog) -> None:
    read(log, "one", 100, 1)
    say(log, range(40, 50))

    assert read(log, "two", 100, 2) == [*range(50)]


@pytest.mark.parametrize("most", [1, 7, 8, 100])
def test_who_reads_in_other_steps_reads_the_same(log: SqliteLog, most: int) -> None:
    read(log, "one", 8, 3)

    assert read(log, "two", most, 45) == [*range(40)]


def test_after_a_while_the_file_is_read_again(log: SqliteLog, monkeypatch: pytest.MonkeyPatch) -> None:
    read(log, "one", 100, 1)
    monkeypatch.setattr(at_hand, "_FRESH_S", 0.0)
    monkeypatch.setattr(at_hand, "read", lambda *_: None)

    assert read(log, "two", 100, 1) == []
