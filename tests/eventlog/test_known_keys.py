"""Which keys a topic held at a given time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bus.event import Output, Record
from bus.eventlog.known_keys import KnownKeys
from bus.eventlog.port import EventLog, TopicSpec
from bus.eventlog.sqlite import SqliteLog

TOPIC = "raw.social.grid"
HERE = "379901001001"


@pytest.fixture
def log(tmp_path: Path) -> Iterator[EventLog]:
    log = SqliteLog(tmp_path / "log.db")
    yield log
    log.close()


def say(log: EventLog, at: int, *keys: str) -> None:
    log.create([TopicSpec(TOPIC)])
    with log.writer("test") as writer:
        writer.append([Output(TOPIC, Record(key.encode(), b"x", at)) for key in keys])


def test_nothing_is_known_before_anything_was_said(log: EventLog) -> None:
    assert KnownKeys(log, TOPIC)(HERE + "001", 10) is None


def test_a_key_is_there_or_missing_beside_others_of_its_whole(log: EventLog) -> None:
    say(log, 5, HERE + "001")
    known = KnownKeys(log, TOPIC)
    assert (known(HERE + "001", 10), known(HERE + "002", 10), known("379901001002001", 10)) == (True, False, None)


def test_what_is_said_later_is_read_when_a_later_time_is_asked_for(log: EventLog) -> None:
    known = KnownKeys(log, TOPIC)
    say(log, 5, HERE + "001")
    assert known(HERE + "002", 10) is False
    say(log, 20, HERE + "002")
    assert known(HERE + "002", 20) is True


def test_the_answer_of_a_time_is_the_same_whenever_it_is_asked(log: EventLog) -> None:
    say(log, 5, HERE + "001")
    before = KnownKeys(log, TOPIC)(HERE + "002", 10)
    say(log, 20, HERE + "002")
    rebuilt = KnownKeys(log, TOPIC)
    assert rebuilt(HERE + "002", 30) is True
    assert rebuilt(HERE + "002", 10) is before is False
