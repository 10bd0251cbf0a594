"""The barrier matrix of a log: what was handed in, agreed and shared there is what stands in its cells, and only what is new is read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bus import account
from bus.event import Output, Record
from bus.eventlog import topics
from bus.eventlog.port import EventLog
from bus.sharing.cells import Cell
from bus.sharing.clocks import Limits
from bus.sharing.flows import Flows
from bus.standards.working_days import WorkingDays
from bus.step.pulse import Pulse
from tests.conformance.adapters import MAKERS
from tests.sharing.barrier import DAY, NOW, catalogue, items, on_offer
from tests.sharing.test_lifecycle import ID, Story

BOTH = ["sqlite", pytest.param("kafka", marks=pytest.mark.kafka)]
MASTER = topics.master("dwelling")


@pytest.fixture(params=BOTH)
def log(request: pytest.FixtureRequest, tmp_path: Path) -> EventLog:
    made = MAKERS[request.param](tmp_path).open()
    made.create([topics.spec(name) for name in (topics.ACCOUNT, topics.account("housing"), topics.AGREEMENT, MASTER)])
    return made


@pytest.fixture
def following(tmp_path: Path) -> Flows:
    cadences = {name: contract.cadence for name, contract in catalogue().datasets.items()}
    return Flows(items(), on_offer(), ["housing", "civil"], cadences, Limits(), WorkingDays({}), lambda _log: tmp_path / "state", False)


def write(log: EventLog, *outputs: Output) -> None:
    with log.writer("test") as writer:
        writer.append(outputs)


def count(log: EventLog, step: str, name: str, counts: dict[str, int], at: int, **reasons: int) -> None:
    topic = topics.account("housing") if step == "publish" else topics.ACCOUNT
    write(log, Output(topic, account.delta(step, name, counts, reasons)._replace(timestamp=at)))


def agree(log: EventLog, story: Story) -> None:
    write(log, *(Output(topics.AGREEMENT, Record(each.agreement.encode(), each.value(), each.at)) for each in story.events))


def cell(log: EventLog, following: Flows, item: str = "building") -> Cell:
    following.look(log)
    (found,) = [each for each in following.cells(NOW + DAY) if (each.provider, each.item) == ("housing", item)]
    return found


def test_an_empty_log_has_all_cells_and_nothing_in_them(log: EventLog, following: Flows) -> None:
    assert cell(log, following)[3:] == ("never_asked", ("Nobody has asked for it.", "尚无部门提出申请。"), (), None, 0)


def test_what_was_handed_in_agreed_and_shared_is_counted_once_however_often_it_is_looked_at(log: EventLog, following: Flows) -> None:
    for _ in range(2):
        count(log, "publish", "housing.dwelling", {"read": 9, "published": 4}, NOW)
        assert cell(log, following).state == "never_asked"
    agree(log, Story().submit().applied())
    count(log, account.SHARE, f"share.{ID}", {"delivered": 3, "withheld": 2}, NOW, out_of_scope=2)
    found = cell(log, following)

    assert (found.state, found.delivered, found.rows, found.heard) == ("flowing", 3, 8, NOW)
    assert found.requests[0].flow.withheld == {"out_of_scope": 2}
    assert cell(log, following) == found


def test_a_delivery_without_a_change_is_heard_all_the_same(log: EventLog, following: Flows) -> None:
    count(log, "publish", "housing.dwelling", {"read": 4, "published": 4}, NOW - 99 * DAY)
    count(log, "publish", "housing.dwelling", {"read": 4, "unchanged": 4}, NOW)
    assert (cell(log, following).heard, cell(log, following).rows) == (NOW, 4)


def test_a_request_stands_in_the_cell_as_soon_as_it_is_submitted(log: EventLog, following: Flows) -> None:
    assert cell(log, following).state == "never_asked"
    agree(log, Story().submit())
    assert cell(log, following).state == "waiting"


def test_records_that_nobody_shares_are_seen_to_wait_and_a_step_that_fails_to_fail(log: EventLog, following: Flows, tmp_path: Path) -> None:
    count(log, "publish", "housing.dwelling", {"read": 4, "published": 4}, NOW)
    agree(log, Story().submit().applied())
    count(log, account.SHARE, f"share.{ID}", {"delivered": 3}, NOW)
    write(log, Output(MASTER, Record(b"k", b"v", NOW - 9 * DAY)))
    assert cell(log, following).state == "stale"
    Pulse(tmp_path / "state", f"share.{ID}").failed("DISK_FULL")
    assert (cell(log, following).state, cell(log, following).reason[0]) == ("broken", "Its step fails: DISK_FULL.")


def test_a_dataset_that_is_no_longer_in_the_catalog_is_passed_over(log: EventLog, following: Flows) -> None:
    before: Any = cell(log, following)
    count(log, "publish", "housing.gone", {"read": 4, "published": 4}, NOW)
    count(log, "normalize", "housing.dwelling", {"clean": 4}, NOW)
    assert cell(log, following) == before
