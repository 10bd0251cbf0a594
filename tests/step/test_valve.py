"""Behind the valve little is on its way while live rows come, and these pass by what waits; who stands still, or is not there, is not
waited for."""

from __future__ import annotations

from pathlib import Path

import pytest

from bus.event import Output, Record
from bus.eventlog.port import EventLog, TopicSpec
from bus.step.progress import PATIENCE_S
from bus.step.valve import DOUBLE_S, FEW, LONG_S, LONGEST, PACE_S, QUIET_S, SHORT, Take, Valve, longer
from tests.conformance.adapters import MAKERS
from tests.step.a_line import TOPIC, Line

ALL, WAIT_S = 2000, 1.0
FAST = round(2.002 * SHORT.most / LONG_S)
"""Records a second of steps that have a line twice as long as the short one where nobody is live."""
ROWS = "rows.a"


class World(Line):
    """A valve before the line; before it, rows in two partitions."""

    def __init__(self, log: EventLog) -> None:
        super().__init__(log)
        log.create([TopicSpec(ROWS, 2)])
        self.valve = Valve(log, "first", "rows.", {"step": TOPIC}, lambda: self.now, self.sleep)

    def take(self, wanted: int = ALL) -> Take:
        """What may be taken on now."""
        return self.valve.take(wanted, WAIT_S)

    def after(self, seconds: float) -> int:
        """How many may be taken on, some time later."""
        self.now += seconds
        return self.take().records

    def come(self, count: int, partition: int = 0) -> None:
        """So many rows are published."""
        with self.log.writer("publisher") as writer:
            writer.append([Output(ROWS, Record(None, b"", 1), partition)] * count)

    def take_on(self) -> None:
        """All rows are."""
        with self.log.reader("first", [ROWS]) as reader:
            while reader.poll(ALL, 0):
                reader.commit([])

    def at_work(self) -> None:
        """The step is seen to move."""
        self.write(2)
        self.work(1)
        self.take()
        self.work(1)
        self.take()

    def at_full_pace(self) -> None:
        """The step is seen to move fast."""
        self.write(FAST)
        self.at_work()
        self.now += PACE_S
        self.work(FAST)
        self.take()

    def with_live_rows(self) -> None:
        """The step moves, and a live row has just passed."""
        self.at_work()
        self.come(1)
        self.now += 1
        self.take()
        self.take_on()


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(MAKERS["sqlite"](tmp_path).open())


def test_where_nobody_runs_the_steps_behind_it_opens_by_and_by(world: World) -> None:
    world.write(1)

    assert [world.after(DOUBLE_S) for _ in range(7)] == [100, 200, 400, 800, 1600, ALL, ALL]


def test_steps_that_begin_late_find_no_flood_before_them(world: World) -> None:
    world.write(LONGEST + 1)
    alone = [world.after(0.01) for _ in range(10)]

    assert alone == [SHORT.at_once] * 10


def test_while_the_steps_behind_keep_up_it_lets_through_some_at_a_time(world: World) -> None:
    world.at_work()
    world.write(SHORT.most - 1)

    assert world.take() == Take(SHORT.at_once)
    assert world.take(3) == Take(3)


def test_the_faster_the_steps_behind_it_the_longer_is_the_line_while_nobody_is_live(world: World) -> None:
    world.at_full_pace()
    world.write(2 * SHORT.most)
    within = world.after(0.1)
    world.write(SHORT.most // 10)
    beyond = world.after(0.1)

    assert (within, beyond) == (2 * SHORT.at_once, 1)


@pytest.mark.parametrize(("pace", "most", "at_once"), [(0, *SHORT[:2]), (10_000, 1200, 240), (1_000_000, LONGEST, LONGEST // 5)])
def test_a_line_is_no_shorter_than_while_rows_are_live_and_has_a_bound(pace: float, most: int, at_once: int) -> None:
    assert longer(pace)[:2] == (most, at_once)


def test_while_live_rows_come_the_line_behind_it_is_short(world: World) -> None:
    world.with_live_rows()
    world.write(SHORT.most)
    within = world.after(1)
    world.write(1)
    beyond = world.after(1)

    assert (within, beyond) == (SHORT.at_once, 1)


def test_once_none_came_for_a_while_the_line_may_be_long_again(world: World) -> None:
    world.with_live_rows()
    world.now += QUIET_S + 1
    world.at_full_pace()

    assert world.take() == Take(2 * SHORT.at_once)


def test_a_row_that_comes_where_nothing_waits_passes_though_it_is_shut(world: World) -> None:
    world.come(3 * FEW, partition=0)
    world.at_work()
    world.write(2 * LONGEST)
    world.meanwhile = lambda: world.come(1, partition=1)

    assert world.take() == Take(ALL, frozenset({(ROWS, 1)}))


def test_a_row_passes_once_and_the_next_ones_as_they_come(world: World) -> None:
    world.with_live_rows()
    world.now += 1
    before = world.take().only
    world.come(1, partition=1)
    world.now += 1

    assert (before, world.take().only, world.take().only) == (None, {(ROWS, 1)}, None)


def test_live_rows_that_never_cease_have_every_second_turn(world: World) -> None:
    world.at_work()
    taken = []
    for _ in range(4):
        world.come(1, partition=1)
        world.now += 1
        taken.append(world.take())

    assert taken == [Take(ALL, frozenset({(ROWS, 1)})), Take(SHORT.at_once)] * 2


def test_rows_that_come_behind_a_backlog_wait_their_turn(world: World) -> None:
    world.come(FEW)
    world.at_work()
    world.come(1)

    assert world.after(1) == SHORT.at_once
    assert world.take().only is None


def test_many_rows_at_once_are_a_backlog(world: World) -> None:
    world.at_work()
    world.come(FEW + 1)
    world.now += 1

    assert world.take().only is None


def test_the_end_of_a_backlog_is_not_taken_for_live(world: World) -> None:
    world.come(FEW // 2)
    world.at_work()
    world.now += 1

    assert world.take().only is None


def test_it_is_shut_until_few_are_on_their_way(world: World) -> None:
    world.with_live_rows()
    world.write(SHORT.most + 50)
    world.now += 1
    world.meanwhile = lambda: world.work(10)
    began = world.now

    assert world.take() == Take(SHORT.at_once)
    assert world.now == pytest.approx(began + 5 * SHORT.look_s)


def test_it_never_shuts_for_good(world: World) -> None:
    world.at_work()
    world.write(2 * LONGEST)
    began = world.now

    assert world.take() == Take(1)
    assert world.now == pytest.approx(began + WAIT_S, abs=0.1)


def test_a_step_that_stands_still_is_not_waited_for(world: World) -> None:
    world.at_work()
    world.write(2 * LONGEST)
    world.now += PATIENCE_S + 1

    assert [world.after(DOUBLE_S) for _ in range(6)][-1] == ALL
