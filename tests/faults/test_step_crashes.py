"""Kill −9 at each crash point: nothing is lost, doubled, out of order or in the wrong place (faults.md, fault 1; I1–I6).

`FAULT_ROUNDS` (default 5; `make faults`: 50) is how often each point is hit on SQLite; on Kafka it is once here, as often there.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conformance.adapters import MAKERS, Place
from tests.faults.travellers import BATCH, RAW, make_topics, publish, traveller
from tests.faults.witness import violations

ROUNDS = int(os.environ.get("FAULT_ROUNDS", "5"))
ADAPTERS = os.environ.get("LOG", "sqlite,kafka").split(",")
POINTS = {
    "sqlite": ("during_init", "after_poll", "after_decide", "mid_send", "before_end", "after_commit"),
    "kafka": (
        "during_init",
        "after_poll",
        "after_decide",
        "after_begin",
        "mid_send",
        "after_flush",
        "after_offsets",
        "after_commit",
    ),
}
PER_ROUND = 2 * BATCH + 11


@pytest.mark.parametrize(
    ("adapter", "point"),
    [pytest.param(a, p, marks=[pytest.mark.kafka] if a == "kafka" else []) for a in ADAPTERS for p in POINTS[a]],
)
def test_a_step_killed_at_any_point_goes_on_as_if_nothing_had_been(adapter: str, point: str, tmp_path: Path) -> None:
    place = MAKERS[adapter](tmp_path)
    log = place.open()
    make_topics(log)
    rounds = ROUNDS if adapter == "sqlite" else (1 if ROUNDS <= 5 else ROUNDS)
    for round_ in range(rounds):
        publish(log, range(round_ * PER_ROUND, (round_ + 1) * PER_ROUND))
        nth = 1 if point == "during_init" else 1 + round_ % 2
        assert travel(place, tmp_path, crash_at=f"{point}:{nth}").returncode == -signal.SIGKILL
    done = travel(place, tmp_path)
    log.close()

    assert done.returncode == 0, done.stderr
    assert violations(place, range(rounds * PER_ROUND)) == []


def test_the_witness_sees_a_record_that_is_lost_one_that_is_doubled_and_one_out_of_place(tmp_path: Path) -> None:
    place = MAKERS["sqlite"](tmp_path)
    with place.open() as log:  # type: ignore[attr-defined]
        make_topics(log)
        publish(log, range(30))
        assert travel(place, tmp_path).returncode == 0
        assert violations(place, range(30)) == []
        _tamper(place, "DELETE FROM record", 5)
        _tamper(place, """UPDATE record SET value = CAST(replace(value, '"number": 8', '"number": 7') AS BLOB)""", 8)
        _tamper(place, "UPDATE record SET value = CAST(replace(value, 'good', 'bad') AS BLOB)", 11)

    found = {each.split()[0] for each in violations(place, range(30))}

    assert {"I1", "I2", "I3", "I5", "I6"} <= found


def test_a_record_is_kept_as_it_was_published(tmp_path: Path) -> None:
    place = MAKERS["sqlite"](tmp_path)
    log = place.open()
    make_topics(log)
    publish(log, range(5))
    assert travel(place, tmp_path).returncode == 0

    kept = sorted(record for batch in log.scan(RAW) for record in batch.records)

    assert kept == sorted(traveller(n, "bad" if n % 9 == 0 else "good") for n in range(5))
    log.close()


def travel(place: Place, state: Path, crash_at: str = "", mode: str = "none", **env: str) -> subprocess.CompletedProcess[str]:
    """Run the step in a process of its own."""
    told = {**os.environ, "CIVICBUS_TEST": "1", "CIVICBUS_CRASH_AT": crash_at, **env}
    command = [sys.executable, "-m", "tests.faults.travellers", place.adapter, place.address, place.namespace, str(state / "state"), mode]
    return subprocess.run(command, env=told, capture_output=True, text=True, timeout=120, check=False)


def _tamper(place: Place, statement: str, number: int) -> None:
    db = sqlite3.connect(place.address)
    db.execute(f"{statement} WHERE json_extract(value, '$.doubled') = {2 * number}")
    db.commit()
    db.close()
