"""Which keys a topic holds, as far as the log goes."""

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


def say(log: EventLog, *keys: str, value: bytes | None = b"x") -> None:
    log.create([TopicSpec(TOPIC)])
    with log.writer("test") as writer:
        writer.append([Output(TOPIC, Record(key.encode(), value, 0)) for key in keys])


def test_nothing_is_known_before_anything_was_said(log: EventLog) -> None:
    assert KnownKeys(log, TOPIC)(HERE + "001") is None


def test_a_key_is_there_or_missing_beside_others_of_its_whole(log: EventLog) -> None:
    say(log, HERE + "001")
    known = KnownKeys(log, TOPIC)
    assert (known(HERE + "001"), known(HERE + "002"), known("379901001002001")) == (True, False, None)


def test_what_is_said_later_is_read_once_the_time_has_passed(log: EventLog) -> None:
    now = [0.0]
    known = KnownKeys(log, TOPIC, every_s=1.0, clock=lambda: now[0])
    say(log, HERE + "001")
    assert known(HERE + "002") is False
    say(log, HERE + "002")
    assert known(HERE + "002") is False
    now[0] = 1.5
    assert known(HERE + "002") is True


def test_what_was_taken_back_is_not_known(log: EventLog) -> None:
    say(log, HERE + "001", HERE + "002")
    say(log, HERE + "001", value=None)
    assert KnownKeys(log, TOPIC)(HERE + "001") is False
