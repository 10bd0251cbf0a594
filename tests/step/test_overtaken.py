"""A step that is held up so long that another takes its work over: nothing of what it did is kept, and its process ends."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from bus.errors import Overtaken
from bus.event import Batch, Output, Record
from bus.eventlog.port import EventLog, TopicSpec
from bus.eventlog.sqlite import SqliteLog
from bus.step import Options, Step, run

COUNT = 20


@pytest.fixture
def log(tmp_path: Path) -> EventLog:
    made = SqliteLog(tmp_path / "log.db", lease_s=0.3)
    made.create([TopicSpec("in", 1), TopicSpec("out", 1)])
    with made.writer("test") as writer:
        writer.append([Output("in", Record(b"%d" % n, b"%d" % n, n)) for n in range(COUNT)])
    return made


def held_up_once(log: EventLog) -> Step:
    """A step that is overtaken while it works on its first batch: its successor takes one record on, and goes."""
    pauses = [True]

    def decide(batches: list[Batch]) -> Iterable[Output]:
        while pauses and pauses.pop():
            with log.reader("late", ["in"]) as successor:
                while not successor.poll(1, 0.05):
                    pass
                successor.commit([])
        return [Output("out", record) for batch in batches for record in batch.records]

    return Step("late", "in", decide, lambda *_: [])


def copied(log: EventLog) -> list[bytes | None]:
    return [record.key for batch in log.scan("out") for record in batch.records]


def test_a_step_that_is_kept_running_ends_and_keeps_nothing(log: EventLog, tmp_path: Path) -> None:
    with pytest.raises(Overtaken) as caught:
        run(log, held_up_once(log), Options(tmp_path / "state"))
    assert caught.value.exit_status != 0
    assert copied(log) == []


def test_one_that_somebody_waits_for_goes_on_behind_its_successor(log: EventLog, tmp_path: Path) -> None:
    assert run(log, held_up_once(log), Options(tmp_path / "state", until_idle=True)) == COUNT - 1
    assert copied(log) == [b"%d" % n for n in range(1, COUNT)]
