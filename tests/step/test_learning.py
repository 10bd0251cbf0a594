"""What a step wrote before it began is learnt where no view remembers it; what it writes while it works, its views know."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from bus.event import Batch, Output, Record
from bus.eventlog.port import Reader, TopicSpec
from bus.eventlog.sqlite import SqliteLog
from bus.step import Memory
from bus.step.memory import Partition, Views
from bus.step.view import View

PARTITIONS, COUNT = 3, 5


class Copying:
    """A step that copies all that it reads to one partition; a partition that it reads at a time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = SqliteLog(folder / "log.db")
        self.log.create([TopicSpec("in", PARTITIONS), TopicSpec("out", PARTITIONS)])
        self.learnt = 0

    def say(self) -> None:
        with self.log.writer("test") as writer:
            writer.append([Output("in", Record(b"%d" % n, b"v", 1), p) for p in range(PARTITIONS) for n in range(COUNT)])

    def work(self, reader: Reader, views: Views, partition: int) -> None:
        batches = reader.poll(100, 0, {("in", partition)})
        views.catch_up(batches, reader.epoch())
        reader.commit(views.decide(batches))
        views.committed(batches)

    def views(self) -> Views:
        memory = Memory(_copied, lambda *_: None, {"in": ("out",)}, self._learn, everywhere=True)
        return Views(self.log, "copying", memory, self.folder / "state")

    def _learn(self, batch: Batch, _view: View, _read: Partition) -> None:
        self.learnt += len(batch.records)


def _copied(batch: Batch, _view: View) -> list[Output]:
    return [Output("out", record, 0) for record in batch.records]


@pytest.fixture
def copying(tmp_path: Path) -> Iterator[Copying]:
    step = Copying(tmp_path)
    step.say()
    yield step
    step.log.close()


def test_a_step_does_not_learn_what_it_writes_itself_as_it_comes_to_its_partitions(copying: Copying) -> None:
    with copying.log.reader("copying", ["in"]) as reader, copying.views() as views:
        for partition in range(PARTITIONS):
            copying.work(reader, views, partition)

    assert copying.learnt == 0


def test_one_that_begins_without_views_learns_once_for_each_partition_what_was_written_before(copying: Copying) -> None:
    with copying.log.reader("copying", ["in"]) as reader, copying.views() as views:
        copying.work(reader, views, 0)
    shutil.rmtree(copying.folder / "state")
    with copying.log.reader("copying", ["in"]) as reader, copying.views() as views:
        for partition in (1, 2):
            copying.work(reader, views, partition)

    assert copying.learnt == 2 * COUNT


def test_a_view_that_somebody_deletes_while_the_step_works_learns_what_was_written_until_then(copying: Copying) -> None:
    with copying.log.reader("copying", ["in"]) as reader, copying.views() as views:
        for partition in range(PARTITIONS):
            copying.work(reader, views, partition)
        copying.say()
        shutil.rmtree(copying.folder / "state")
        copying.work(reader, views, 0)

    assert copying.learnt == PARTITIONS * COUNT
