"""One record that ends a step's decision, whatever the way, goes to the dead letter, and all others go on (faults.md, 18, 26, 27)."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bus.errors import BusError, KeyRefused
from bus.event import Batch, Output, Record
from bus.eventlog import dead_letter
from bus.eventlog.port import EventLog, TopicSpec
from bus.step import Options, Step, behind, run
from bus.step.poison import LARGEST, halves
from tests.conformance.adapters import MAKERS, Place
from tests.faults.test_step_crashes import travel
from tests.faults.travellers import CANONICAL, LETTERS, RAW, make_topics, publish
from tests.faults.travellers import step as travelling
from tests.faults.witness import letters, violations


@pytest.fixture
def place(tmp_path: Path) -> Place:
    made = MAKERS["sqlite"](tmp_path)
    log = made.open()
    make_topics(log)
    publish(log, range(60))
    publish(log, range(60, 61), kind="poison")
    publish(log, range(61, 120))
    log.close()
    return made


@pytest.mark.parametrize("mode", ["raise", "recursion", "memory"])
def test_a_record_that_makes_the_decision_raise_is_set_aside_alone(place: Place, tmp_path: Path, mode: str) -> None:
    done = travel(place, tmp_path, mode=mode)

    assert done.returncode == 0, done.stderr
    assert [each["reasons"][0]["code"] for each in letters(place)] == [dead_letter.RECORD_UNREADABLE]
    assert _others_went_through(place)


@pytest.mark.parametrize(("mode", "deaths"), [("segfault", 2), ("exit", 2)])
def test_a_record_that_ends_the_process_is_found_out_after_restarts(place: Place, tmp_path: Path, mode: str, deaths: int) -> None:
    ended = [travel(place, tmp_path, mode=mode).returncode for _ in range(deaths)]
    done = travel(place, tmp_path, mode=mode)

    assert all(ended)
    assert done.returncode == 0, done.stderr
    assert len(letters(place)) == 1
    assert _others_went_through(place)


def test_a_record_on_which_the_decision_never_ends_is_found_out_too(place: Place, tmp_path: Path) -> None:
    ended = [travel(place, tmp_path, mode="hang", STALL_S="1") for _ in range(2)]
    done = travel(place, tmp_path, mode="hang", STALL_S="1")

    assert [each.returncode for each in ended] == [70, 70]
    assert "STALLED" in ended[0].stderr
    assert done.returncode == 0, done.stderr
    assert len(letters(place)) == 1
    assert _others_went_through(place)


def test_a_batch_that_was_only_unlucky_loses_nothing_by_the_suspicion(place: Place, tmp_path: Path) -> None:
    for _ in range(3):
        travel(place, tmp_path, crash_at="after_poll:1")
    done = travel(place, tmp_path, mode="none")

    assert done.returncode == 0
    assert letters(place) == []


def test_nothing_a_record_holds_is_said_about_it(place: Place, tmp_path: Path) -> None:
    done = travel(place, tmp_path, mode="raise", CIVICBUS_DIARY="1")

    assert "a value that nobody may see" not in done.stderr


def test_where_the_dead_letter_cannot_be_written_the_step_stops_and_skips_nothing(tmp_path: Path) -> None:
    place = MAKERS["sqlite"](tmp_path)
    log = place.open()
    log.create([TopicSpec(RAW, 1), TopicSpec(CANONICAL, 1)])  # no topic for the letters
    publish(log, range(1, 9))
    publish(log, range(9, 10), kind="bad")

    with pytest.raises(BusError):
        run(log, travelling("none"), Options(tmp_path / "state", batch_records=3, until_idle=True))

    assert log.positions("travel")[(RAW, 0)] == 6
    log.create([TopicSpec(LETTERS, 1)])
    run(log, travelling("none"), Options(tmp_path / "state", until_idle=True))
    assert violations(place, range(1, 10)) == []
    log.close()


def test_a_missing_key_stops_the_step_and_condemns_no_record(tmp_path: Path) -> None:
    log = MAKERS["sqlite"](tmp_path).open()
    make_topics(log)
    publish(log, range(5))

    def decide(batches: list[Batch]) -> list[Output]:
        raise KeyRefused

    with pytest.raises(KeyRefused):
        run(log, Step("travel", "raw.", decide, _never), Options(tmp_path / "state", until_idle=True))
    assert _count(log, LETTERS) == 0
    log.close()


def test_an_output_larger_than_a_topic_takes_condemns_its_record_alone(tmp_path: Path) -> None:
    log = MAKERS["sqlite"](tmp_path).open()
    make_topics(log)
    publish(log, range(1, 9))

    def decide(batches: list[Batch]) -> list[Output]:
        made = [record for batch in batches for record in batch.records]
        return [Output(CANONICAL, r._replace(value=bytes(LARGEST + 1)) if b": 4," in (r.value or b"") else r) for r in made]

    run(log, Step("travel", "raw.", decide, travelling("none").refuse), Options(tmp_path / "state", until_idle=True))

    assert (_count(log, CANONICAL), _count(log, LETTERS)) == (7, 1)
    log.close()


def test_topics_that_appear_later_are_read_too(tmp_path: Path) -> None:
    place = MAKERS["sqlite"](tmp_path)
    log = place.open()
    make_topics(log)
    publish(log, range(10))
    running = _running(place, tmp_path)
    late = "raw.test.latecomer"
    log.create([TopicSpec(late, 1)])
    with log.writer("late") as writer:
        writer.append([Output(late, Record(b"key 1", json.dumps({"number": 1, "kind": "good"}).encode(), 0))])
    deadline = time.monotonic() + 20
    while any(each.oldest is not None for each in behind(log, "travel", "raw.")) and time.monotonic() < deadline:
        time.sleep(0.05)
    running.terminate()
    running.wait(20)

    assert log.positions("travel")[(late, 0)] == 1
    log.close()


def test_how_far_behind_is_said_in_records_and_with_the_time_of_the_oldest(tmp_path: Path) -> None:
    log = MAKERS["sqlite"](tmp_path).open()
    make_topics(log)
    publish(log, range(10))
    before = behind(log, "travel", "raw.")
    run(log, travelling("none"), Options(tmp_path / "state", until_idle=True))

    assert (before[0].records, before[0].oldest) == (10, 1_790_000_000_000)
    assert behind(log, "travel", "raw.") == [(RAW, 0, None)]
    log.close()


@pytest.mark.parametrize("sizes", [[2], [1, 1], [3, 1, 5], [1, 4]])
def test_halves_keep_all_records_in_order(sizes: list[int]) -> None:
    batches = [Batch("t", p, list(range(n)), [Record(None, None, p * 100 + i) for i in range(n)]) for p, n in enumerate(sizes)]

    first, second = halves(batches)

    flat = [
        (b.partition, o, r.timestamp) for part in (batches, first + second) for b in part for o, r in zip(b.offsets, b.records, strict=True)
    ]
    assert flat[: len(flat) // 2] == flat[len(flat) // 2 :]
    assert abs(sum(len(b.offsets) for b in first) - sum(len(b.offsets) for b in second)) <= 1


def _running(place: Place, tmp_path: Path) -> subprocess.Popen[bytes]:
    command = [
        sys.executable,
        "-m",
        "tests.faults.travellers",
        place.adapter,
        place.address,
        place.namespace,
        str(tmp_path / "state"),
        "endless",
    ]
    return subprocess.Popen(command)


def _others_went_through(place: Place) -> bool:
    return [each for each in violations(place, range(120)) if not each.startswith("I1 lost: 60")] == []


def _count(log: EventLog, topic: str) -> int:
    return sum(len(batch.offsets) for batch in log.scan(topic))


def _never(topic: str, partition: int, offset: int, record: Record) -> list[Output]:
    raise AssertionError("no record was to be set aside")
