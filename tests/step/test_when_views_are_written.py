"""What a step remembers is written in large pieces where much is to be done, and in small ones where a live record may come meanwhile."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from bus.event import Batch, Output, Record
from bus.eventlog.port import TopicSpec
from bus.eventlog.sqlite import SqliteLog
from bus.step import Memory
from bus.step import memory as views_of_a_step
from bus.step.memory import Views
from bus.step.view import View

MUCH, CALM = 50, 3


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views_of_a_step, "_MUCH", MUCH)
    monkeypatch.setattr(views_of_a_step, "_CALM", CALM)
    monkeypatch.setattr(views_of_a_step, "_UNWRITTEN", 1)


@pytest.fixture
def at_work(tmp_path: Path) -> Iterator[AtWork]:
    log = SqliteLog(tmp_path / "log.db")
    log.create([TopicSpec("in", 1)])
    with Views(log, "keeping", Memory(_kept), tmp_path / "state") as views:
        yield AtWork(log, views, tmp_path / "state" / "views" / "keeping")
    log.close()


class AtWork:
    """A step that keeps all that it reads."""

    def __init__(self, log: SqliteLog, views: Views, folder: Path) -> None:
        self._log, self._views, self._folder, self._next = log, views, folder, 0

    def on(self, count: int) -> None:
        """A batch of so many records."""
        offsets = list(range(self._next, self._next + count))
        self._next += count
        batch = Batch("in", 0, offsets, [Record(b"%d" % n, b"v", 1) for n in offsets])
        self._views.catch_up([batch], 1)
        self._views.decide([batch])
        self._views.committed([batch])

    def written(self) -> int:
        """How far the view is on disk."""
        copy = self._folder.with_name("as it is on disk")
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(self._folder, copy)
        view = View(copy, "in.0", self._log.identity())
        try:
            return view.position("in")
        finally:
            view.close()


def _kept(batch: Batch, view: View) -> list[Output]:
    for record in batch.records:
        view.put(record.key or b"", b"", record.value or b"")
    return []


def test_a_few_records_are_written_at_once(at_work: AtWork) -> None:
    at_work.on(1)

    assert at_work.written() == 1


def test_of_a_long_line_more_is_kept_before_it_is_written(at_work: AtWork) -> None:
    at_work.on(MUCH)
    at_work.on(MUCH)

    assert at_work.written() == 0


def test_a_small_batch_in_a_long_line_changes_nothing(at_work: AtWork) -> None:
    at_work.on(MUCH)
    at_work.on(1)

    assert at_work.written() == 0


def test_when_the_line_has_come_to_its_end_all_of_it_is_written(at_work: AtWork) -> None:
    at_work.on(MUCH)
    for _ in range(CALM):
        at_work.on(1)

    assert at_work.written() == MUCH + CALM
