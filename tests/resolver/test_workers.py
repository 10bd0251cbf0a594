"""The same masters, byte for byte, whatever the order, the doubling, the number of workers, the crashes, the log."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bus.event import Record
from bus.eventlog import topics
from tests.conformance.adapters import MAKERS, Place, chosen
from tests.resolver.world import ORDER, expected, masters, publish, resolve, small_world, together

POINTS = {
    "sqlite": ("during_init", "after_poll", "after_decide", "mid_send", "before_end", "after_commit", "after_views"),
    "kafka": ("after_poll", "mid_send", "after_offsets", "after_commit", "after_views"),
}
Masters = dict[str, dict[bytes, Record]]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return MAKERS["sqlite"](tmp_path)


@pytest.fixture(scope="module")
def in_order(tmp_path_factory: pytest.TempPathFactory) -> Masters:
    """The masters of the small world, told in order to one worker."""
    folder = tmp_path_factory.mktemp("in order")
    log = MAKERS["sqlite"](folder).open()
    publish(log, small_world())
    resolve(log, folder / "state")
    found = masters(log)
    log.close()
    return found


def test_what_is_said_about_one_comes_together_and_what_is_not_stays_apart(place: Place, tmp_path: Path) -> None:
    log = place.open()
    publish(log, small_world())
    resolve(log, tmp_path / "state")

    assert together(log) == expected(small_world())
    log.close()


@pytest.mark.parametrize("seed", range(3))
def test_shuffled_doubled_and_late_statements_make_the_same_masters(place: Place, tmp_path: Path, in_order: Masters, seed: int) -> None:
    chance = random.Random(seed)
    said = small_world() + chance.choices(small_world(), k=100)
    chance.shuffle(said)
    log = place.open()
    for at in range(0, len(said), 170):
        publish(log, said[at : at + 170])
        resolve(log, tmp_path / "state")

    assert masters(log) == in_order
    log.close()


@pytest.mark.parametrize(
    ("adapter", "workers"),
    [pytest.param(a, n, marks=[pytest.mark.kafka] if a == "kafka" else []) for a in chosen() for n in ((2, 4) if a == "sqlite" else (2,))],
)
def test_any_number_of_workers_makes_the_same_masters(adapter: str, workers: int, tmp_path: Path, in_order: Masters) -> None:
    place = MAKERS[adapter](tmp_path)
    log = place.open()
    publish(log, small_world())
    working = [worker(place, tmp_path / "state") for _ in range(workers)]

    assert [each.wait(120) for each in working] == [0] * workers
    assert masters(log) == in_order
    log.close()


@pytest.mark.parametrize("point", POINTS["sqlite"])
def test_each_step_killed_at_any_point_goes_on_as_if_nothing_had_been(place: Place, tmp_path: Path, in_order: Masters, point: str) -> None:
    said = small_world()
    log = place.open()
    publish(log, said[::2])
    resolve(log, tmp_path / "state")
    publish(log, said[1::2])
    for step in ORDER:
        killed = worker(place, tmp_path / "state", step, crash_at=f"{point}:{1 if point == 'during_init' else 2}")
        assert (step, killed.wait(60)) == (step, -signal.SIGKILL)
        resolve(log, tmp_path / "state", [step])
    resolve(log, tmp_path / "state")

    assert masters(log) == in_order
    assert written_twice(place) == []
    log.close()


@pytest.mark.kafka
def test_on_kafka_too_workers_killed_one_after_another_leave_no_trace(tmp_path: Path, in_order: Masters) -> None:
    place = MAKERS["kafka"](tmp_path)
    log = place.open()
    publish(log, small_world())
    for point in POINTS["kafka"]:
        killed = worker(place, tmp_path / "state", crash_at=f"{point}:3")
        assert (point, killed.wait(60)) == (point, -signal.SIGKILL)
    assert worker(place, tmp_path / "state").wait(120) == 0

    assert masters(log) == in_order
    assert written_twice(place) == []
    log.close()


def test_views_deleted_between_two_runs_are_rebuilt_and_nothing_is_written_again(place: Place, tmp_path: Path, in_order: Masters) -> None:
    said = small_world()
    log = place.open()
    for nth, step in enumerate(ORDER):
        publish(log, said[nth :: len(ORDER)])
        resolve(log, tmp_path / "state")
        shutil.rmtree(tmp_path / "state" / "views" / step)
    resolve(log, tmp_path / "state")

    assert masters(log) == in_order
    assert written_twice(place) == []
    log.close()


def test_views_deleted_while_workers_run_are_rebuilt(place: Place, tmp_path: Path, in_order: Masters) -> None:
    said = small_world()
    log = place.open()
    publish(log, said[::4])
    working = [worker(place, tmp_path / "state") for _ in range(2)]
    for nth in (1, 2, 3):
        publish(log, said[nth::4])
        shutil.rmtree(tmp_path / "state" / "views", ignore_errors=True)
    assert [each.wait(120) for each in working] == [0, 0]
    resolve(log, tmp_path / "state")

    assert masters(log) == in_order
    log.close()


def worker(place: Place, state: Path, *steps: str, crash_at: str = "") -> subprocess.Popen[bytes]:
    """A process that runs the steps until nothing is left."""
    told = {**os.environ, "CIVICBUS_TEST": "1", "CIVICBUS_CRASH_AT": crash_at}
    command = [sys.executable, "-m", "tests.resolver.world", place.adapter, place.address, place.namespace, str(state), *steps]
    return subprocess.Popen(command, env=told)


def written_twice(place: Place) -> list[bytes]:
    """Masters that were written twice in a row as they were."""
    log = place.open()
    found, last = [], {}
    for entity in ("resident", "dwelling"):
        for batch in log.scan(topics.master(entity)):
            for each in batch.records:
                if last.get(each.key, b"") == each.value:
                    found.append(each.key)
                last[each.key] = each.value
    log.close()
    return found
