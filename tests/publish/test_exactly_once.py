"""Killed, repeated, twice at once: every row once, and the account adds up."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import apsw
import pytest
from publishing import CATALOG, Office, member, members

from bus.errors import DiskFull
from bus.eventlog import topics
from bus.publish.publisher import Publication, publish, writer_name
from bus.publish.seen import Keys, Known
from connectors.files import open_source

SET = "civil.assistance_member"
PROGRAM = Path(__file__).with_name("publishing.py")
LINES = [member(n) for n in range(95)] + ["broken", member(3, note="other"), member(4)]


def start(office: Office, path: Path, *more: str) -> subprocess.Popen[str]:
    arguments = [sys.executable, str(PROGRAM), str(office.folder), SET, str(path), "10", *more]
    return subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2], env={"PYTHONPATH": "."})


def finish(process: subprocess.Popen[str]) -> dict[str, int]:
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    summary: dict[str, int] = json.loads(out)
    return summary


def assert_once(office: Office, readings: int) -> None:
    operations = office.operations(SET)
    assert set(operations.values()) == {1}
    assert len(operations) == 95
    assert len(office.records(topics.dead_letter("civil"))) == 2
    counts = office.counts(SET)
    assert (counts["read"], counts["not_data"]) == (99 * readings, readings)
    assert (counts["published"], counts["refused_at_publish"]) == (95, 2)
    assert counts["read"] == counts["not_data"] + counts["published"] + counts["unchanged"] + counts["refused_at_publish"]


@pytest.mark.parametrize("how", ["before:1", "before:2", "before:10", "after:1", "after:4", "after:10"])
def test_killed_in_the_middle_and_run_again_it_goes_on_where_the_log_says(office: Office, how: str) -> None:
    path = office.write("DB_MEMBER.csv", members(LINES))
    killed = start(office, path, how)
    killed.communicate(timeout=60)
    assert killed.returncode == -9
    summary = finish(start(office, path))
    readings = 2 if how == "after:10" else 1
    assert_once(office, readings)
    done = int(how.partition(":")[2]) - how.startswith("before")
    assert summary["earlier"] == (0 if readings == 2 else 10 * done)


def test_killed_twice_at_different_places_it_still_ends_once(office: Office) -> None:
    path = office.write("DB_MEMBER.csv", members(LINES))
    for how in ("after:2", "before:3", "after:1"):
        start(office, path, how).communicate(timeout=60)
    finish(start(office, path))
    assert_once(office, readings=1)


def test_killed_during_the_second_reading_of_a_file_its_refused_rows_are_not_refused_again(office: Office) -> None:
    path = office.write("DB_MEMBER.csv", members(LINES))
    finish(start(office, path))
    start(office, path, "after:3").communicate(timeout=60)
    finish(start(office, path))
    assert_once(office, readings=2)


def test_two_publishers_of_one_file_on_one_machine_take_turns(office: Office) -> None:
    path = office.write("DB_MEMBER.csv", members(LINES))
    both = [start(office, path), start(office, path)]
    assert sorted(finish(process)["created"] for process in both) == [0, 95]
    assert_once(office, readings=2)


def test_two_publishers_on_two_machines_fence_each_other_and_lose_and_repeat_nothing(office: Office) -> None:
    path = office.write("DB_MEMBER.csv", members(LINES))
    both = [start(office, path, "", "here"), start(office, path, "", "there")]
    ended = [process.communicate(timeout=120)[0] for process in both]
    if any(process.returncode for process in both):  # each bounded number of turns was lost: then the file is published again
        finish(start(office, path))
    assert any(ended)
    operations = office.operations(SET)
    assert set(operations.values()) == {1}
    assert len(operations) == 95
    assert len(office.records(topics.dead_letter("civil"))) == 2
    counts = office.counts(SET)
    assert (counts["published"], counts["refused_at_publish"]) == (95, 2)


def test_a_fenced_publisher_opens_again_and_goes_on(office: Office) -> None:
    path = office.write("DB_MEMBER.csv", members(LINES))
    job = office.job(SET, batch_rows=10)
    turns = []

    def intrude() -> None:
        turns.append(1)
        if len(turns) in (3, 7):
            office.log.writer(writer_name(SET)).close()

    job = Publication(job.log, job.contract, job.keys, job.encode, job.state, job.delivery, batch_rows=10, pace=intrude)
    report = publish(job, open_source(path, CATALOG.layouts[SET], job.contract))
    assert report.balanced
    assert (report.created, report.refused, report.earlier) == (95, 2, 0)
    assert_once(office, readings=1)


def test_a_full_disk_is_said_in_plain_words_and_the_next_run_goes_on(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    path = office.write("DB_MEMBER.csv", members(LINES))
    note = Keys.note
    calls = []

    def full(keys: Keys, known: dict[bytes, Known]) -> None:
        calls.append(1)
        if len(calls) == 4:
            raise apsw.FullError
        note(keys, known)

    monkeypatch.setattr(Keys, "note", full)
    with pytest.raises(DiskFull):
        publish(office.job(SET, batch_rows=10), open_source(path, CATALOG.layouts[SET], CATALOG.datasets[SET]))
    report = publish(office.job(SET, batch_rows=10), open_source(path, CATALOG.layouts[SET], CATALOG.datasets[SET]))
    assert report.earlier == 40
    assert_once(office, readings=1)
