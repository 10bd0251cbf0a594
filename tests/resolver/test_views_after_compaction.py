"""A step whose view is gone, after the log let go of what it once decided on: what it then sent is withdrawn all the same."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from bus.event import Record
from bus.eventlog import topics
from bus.eventlog.sqlite import SqliteLog
from tests.resolver import link_world, world
from tests.resolver.world import PARTITIONS, TIME, masters

DAYS = 30
LATER_S = (DAYS + 1) * 86_400
"""So long after the first versions the second ones come: the first are as old as they may become."""
NOW_MS = TIME + 1000 * LATER_S + 1000
Masters = dict[str, dict[bytes, Record]]


class Told:
    """A log on which versions are kept `DAYS` days, and its resolver. `of`: the world that is told of."""

    def __init__(self, folder: Path, of: Any) -> None:
        folder.mkdir()
        self.log, self.state, self.of = SqliteLog(folder / "log.db"), folder / "state", of
        self.log.create(topics.spec(topics.canonical(entity), PARTITIONS, DAYS) for entity in (*topics.MASTERS, *topics.OF_LINKS))

    def told(self, first: Sequence[Any], second: Sequence[Any], without: str = "") -> Masters:
        """The masters after both. `without`: the step whose views are deleted after the upkeep of the log, while what concerns it of the
        second is still to be read."""
        self.of.publish(self.log, first)
        self.of.resolve(self.log, self.state)
        self.of.publish(self.log, second)
        if without:
            if before := self.of.ORDER[: self.of.ORDER.index(without)]:
                self.of.resolve(self.log, self.state, before)
            assert self.log.maintain(NOW_MS, self.of.ORDER) > 0
            shutil.rmtree(self.state / "views" / without)
        self.of.resolve(self.log, self.state)
        return masters(self.log)


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Callable[[str, Any], Told]]:
    found: list[Told] = []

    def make(name: str, of: Any) -> Told:
        found.append(Told(tmp_path / name, of))
        return found[-1]

    yield make
    for each in found:
        each.log.close()


def test_upkeep_leaves_one_version_of_each_statement_read_or_not(made: Callable[[str, Any], Told]) -> None:
    told = made("versions", world)
    told.told(*in_two(world.small_world()), "identify")

    kept = [record.timestamp for entity in topics.MASTERS for batch in told.log.scan(topics.canonical(entity)) for record in batch.records]
    assert len(kept) == len({each.key for each in world.small_world()})


@pytest.mark.parametrize(
    ("of", "step"),
    [*((world, step) for step in world.ORDER), *((link_world, step) for step in ("identify", "link", "merge"))],
)
def test_a_step_whose_view_is_gone_comes_to_the_same_masters_after_compaction(made: Callable[[str, Any], Told], of: Any, step: str) -> None:
    first, second = in_two(of.small_world())
    assert len(second) > 20
    assert made("gone", of).told(first, second, step) == made("kept", of).told(first, second)


def in_two(said: Sequence[Any]) -> tuple[list[Any], list[Any]]:
    """All but the last version of each statement that has several; those, when the others are as old as they may become."""
    times = Counter(each.key for each in said)
    last = {each.key: each for each in said}
    first = [each for each in said if times[each.key] == 1 or each is not last[each.key]]
    return first, [each._replace(at=each.at + 1000 * LATER_S) for each in last.values() if times[each.key] > 1]
