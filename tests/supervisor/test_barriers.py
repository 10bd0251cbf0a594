"""The barrier matrix in figures: what Prometheus is told of each cell, by departments and data items and nothing else."""

from __future__ import annotations

from bus.metrics import METRICS, Sample
from bus.sharing.lifecycle import Standing
from bus.supervisor.barriers import samples
from tests.sharing.barrier import DAY, NOW, cell, city
from tests.sharing.test_lifecycle import START, Story

PLACE = ("housing", "civil", "building")


def figures(standing: Standing, at: int = NOW) -> dict[str, tuple[tuple[str, ...], float]]:
    found = samples([cell(city(standing, at=at))], at)
    assert len({each.metric for each in found}) == len(found)
    return {each.metric.removeprefix("civicbus_barrier"): (each.labels, each.value) for each in found}


def test_a_cell_says_its_state_volume_and_age() -> None:
    found = figures(Story().submit().applied().standing)
    assert found[""] == ((*PLACE, "flowing"), 1)
    assert (found["_delivered"], found["_age_seconds"]) == ((PLACE, 7), (PLACE, DAY / 1000))
    assert (found["_waiting"], found["_overdue"]) == ((PLACE, 0), (PLACE, 0))


def test_one_that_waits_too_long_says_for_how_many_working_days() -> None:
    found = figures(Story().submit().standing, START + 15 * DAY)
    assert (found[""], found["_waiting"], found["_overdue"]) == (((*PLACE, "waiting"), 1), (PLACE, 11), (PLACE, 1))


def test_where_nothing_was_handed_in_there_is_no_age() -> None:
    found: list[Sample] = samples([cell(city(heard=None))], NOW)
    assert "civicbus_barrier_age_seconds" not in {each.metric for each in found}
    assert all(len(each.labels) == len(METRICS[each.metric].labels) for each in found)
