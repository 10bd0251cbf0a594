"""Behind the valve little is on its way; who stands still, or is not there, is not waited for."""

from __future__ import annotations

from pathlib import Path

import pytest

from bus.eventlog.port import EventLog
from bus.step.progress import PATIENCE_S
from bus.step.valve import AT_ONCE, DOUBLE_S, MOST, Valve
from tests.conformance.adapters import MAKERS
from tests.step.a_line import TOPIC, Line

ALL, WAIT_S = 2000, 1.0


class World(Line):
    """A valve before the line."""

    def __init__(self, log: EventLog) -> None:
        super().__init__(log)
        self.valve = Valve(log, {"step": TOPIC}, lambda: self.now, self.sleep)

    def after(self, seconds: float) -> int:
        """How many may be taken on, some time later."""
        self.now += seconds
        return self.valve.room(ALL, WAIT_S)

    def at_work(self) -> None:
        """The step is seen to move."""
        self.write(2)
        self.work(1)
        self.valve.room(ALL, WAIT_S)
        self.work(1)
        self.valve.room(ALL, WAIT_S)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(MAKERS["sqlite"](tmp_path).open())


def test_where_nobody_runs_the_steps_behind_it_opens_by_and_by(world: World) -> None:
    world.write(MOST + 1)

    assert [world.after(DOUBLE_S) for _ in range(7)] == [100, 200, 400, 800, 1600, ALL, ALL]


def test_steps_that_begin_late_find_no_flood_before_them(world: World) -> None:
    world.write(MOST + 1)
    alone = [world.after(0.01) for _ in range(10)]
    world.work(MOST)

    assert (alone, world.after(1)) == ([AT_ONCE] * 10, AT_ONCE)


def test_while_the_steps_behind_keep_up_it_lets_through_a_little_at_a_time(world: World) -> None:
    world.at_work()
    world.write(MOST)

    assert world.valve.room(ALL, WAIT_S) == AT_ONCE
    assert world.valve.room(3, WAIT_S) == 3


def test_it_is_shut_until_few_are_on_their_way(world: World) -> None:
    world.at_work()
    world.write(MOST + 50)
    world.meanwhile = lambda: world.work(10)
    began = world.now

    assert world.valve.room(ALL, WAIT_S) == AT_ONCE
    assert world.now == pytest.approx(began + 5 * 0.02)


def test_it_never_shuts_for_good(world: World) -> None:
    world.at_work()
    world.write(2 * MOST)
    began = world.now

    assert world.valve.room(ALL, WAIT_S) == 1
    assert world.now == pytest.approx(began + WAIT_S, abs=0.1)


def test_a_step_that_stands_still_is_not_waited_for(world: World) -> None:
    world.at_work()
    world.write(2 * MOST)
    world.now += PATIENCE_S + 1

    assert [world.after(DOUBLE_S) for _ in range(6)][-1] == ALL
