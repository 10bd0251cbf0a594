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
from bus.eventlog.port import EventLog
from bus.eventlog.sqlite import SqliteLog
from tests.resolver import link_world, world
from tests.resolver.link_world import assisted, lives, married, owned, rented
from tests.resolver.world import PARTITIONS, TIME, masters

DAYS = 30
LATER_S = (DAYS + 1) * 86_400
"""So long after the first versions the second ones come: the first are as old as they may become."""
NOW_MS = TIME + 1000 * LATER_S + 1000
Masters = dict[str, dict[bytes, Record]]


class Told:
    """A log on which versions are kept `DAYS` days, and its resolver."""

    def __init__(self, folder: Path, publish: Callable[..., None], resolve: Callable[..., int]) -> None:
        folder.mkdir()
        self.log, self.state, self._publish, self._resolve = SqliteLog(folder / "log.db"), folder / "state", publish, resolve
        self.log.create(topics.spec(topics.canonical(entity), PARTITIONS, DAYS) for entity in (*topics.MASTERS, *topics.OF_LINKS))

    def told(self, first: Sequence[Any], second: Sequence[Any], without: str = "") -> Masters:
        """The masters after both. `without`: the step whose views are deleted between the compaction and the second."""
        self._publish(self.log, first)
        self._resolve(self.log, self.state)
        self._publish(self.log, second)
        if without:
            before = _records(self.log)
            assert self.log.maintain(NOW_MS) > 0
            assert _records(self.log) < before  # the first versions of what came again are gone, and nothing has read the second
            shutil.rmtree(self.state / "views" / without)
        self._resolve(self.log, self.state)
        return masters(self.log)


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Callable[[str, Any], Told]]:
    found: list[Told] = []

    def make(name: str, of: Any) -> Told:
        found.append(Told(tmp_path / name, of.publish, of.resolve))
        return found[-1]

    yield make
    for each in found:
        each.log.close()


def test_identify_withdraws_what_versions_said_that_the_log_no_longer_has(made: Callable[[str, Any], Told]) -> None:
    said = world.small_world()
    times = Counter(each.key for each in said)
    last = {each.key: each for each in said}
    first = [each for each in said if times[each.key] == 1 or each is not last[each.key]]
    second = [each._replace(at=each.at + 1000 * LATER_S) for each in last.values() if times[each.key] > 1]

    assert len(second) > 20
    assert made("lost", world).told(first, second, "identify") == made("kept", world).told(first, second)


def test_link_withdraws_what_versions_said_that_the_log_no_longer_has(made: Callable[[str, Any], Told]) -> None:
    first = [
        *owned("1", "U", "甲"),
        *lives("2", "U", "乙"),
        *rented("3", "V", "甲", ["丙", "丁"]),
        *married("4", "甲", "乙"),
        *assisted("5", "丙"),
    ]
    second = [*rented("3", "V", "甲", ["丙"], LATER_S, "changed"), *married("4", "甲", "丁", LATER_S)]

    found = made("lost", link_world).told(first, second, "link")

    assert found == made("kept", link_world).told(first, second)


def _records(log: EventLog) -> int:
    return sum(len(batch.records) for info in log.topics() if info.name.startswith("canonical.") for batch in log.scan(info.name))
