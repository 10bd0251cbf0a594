"""A publisher stays within reach of the steps that work, and waits for none that does not."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from publishing import CATALOG, Office, member, members

from bus.eventlog.port import EventLog
from bus.publish.lead import LOOK_S, Lead
from bus.publish.publisher import Publication, publish
from bus.step.progress import PATIENCE_S
from connectors.files import open_source
from tests.conformance.adapters import MAKERS, chosen
from tests.step.a_line import TOPIC, Line

SET = "civil.assistance_member"


class World(Line):
    """A publisher that writes into the line."""

    def __init__(self, log: EventLog) -> None:
        super().__init__(log)
        self.said: list[str] = []
        self.lead = Lead(log, TOPIC, ["step"], 50, lambda: self.said.append("waiting"), lambda: self.now, self.sleep)

    def pace(self) -> float:
        """What the publisher does before a batch; how long it was held up."""
        self.now += LOOK_S
        before = self.slept
        self.lead()
        return self.slept - before


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(MAKERS["sqlite"](tmp_path).open())


def test_nobody_waits_where_no_step_ever_ran(world: World) -> None:
    for _ in range(5):
        world.write(100)
        assert world.pace() == 0


def test_nobody_waits_for_a_step_that_ran_and_does_not_run_now(world: World) -> None:
    world.write(10)
    world.work(10)
    world.write(500)

    assert [world.pace() for _ in range(5)] == [0] * 5


def test_a_step_that_is_at_work_is_waited_for_until_it_is_near(world: World) -> None:
    world.write(200)
    world.pace()
    world.work(10)
    world.meanwhile = lambda: world.work(10)

    assert world.pace() == pytest.approx(0.2 * 14)
    assert world.said == ["waiting"]
    assert sum(world.log.positions("step").values()) == 150


def test_a_step_that_stops_is_waited_for_no_longer_than_it_may_take_for_a_batch(world: World) -> None:
    world.write(200)
    world.pace()
    world.work(10)

    assert world.pace() == pytest.approx(PATIENCE_S, abs=0.5)
    assert world.pace() == 0


def test_the_log_is_not_asked_before_every_batch(world: World) -> None:
    world.lead()
    world.log.close()
    world.lead()


@pytest.mark.parametrize("adapter", [pytest.param(a, marks=[pytest.mark.kafka] if a == "kafka" else []) for a in chosen()])
def test_positions_of_a_step_are_seen_on_every_log(adapter: str, tmp_path: Path) -> None:
    world = World(MAKERS[adapter](tmp_path).open())
    world.write(120)
    world.pace()
    world.work(10)
    world.meanwhile = lambda: world.work(40)

    assert world.pace() > 0
    assert 200 > sum(world.log.positions("step").values()) >= 50


def test_a_publisher_asks_before_every_batch_and_goes_on_when_let(office: Office) -> None:
    path = office.write("DB_MEMBER.csv", members([member(n) for n in range(30)]))
    job, may_go, asked = office.job(SET), threading.Event(), []

    def pace() -> None:
        asked.append(1)
        if len(asked) == 2:
            assert len(office.records(f"raw.{SET}")) == 9  # the header counts in a batch
            may_go.set()

    job = Publication(job.log, job.contract, job.keys, job.encode, job.state, job.delivery, batch_rows=10, pace=pace)
    report = publish(job, open_source(path, CATALOG.layouts[SET], job.contract))

    assert may_go.is_set()
    assert report.created == 30
    assert len(asked) >= 3
