"""What the audit does not say was not delivered; what was delivered it says once, wherever a process dies, or several are at it."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from bus import crash
from bus.cli.context import App
from bus.config import read_settings
from bus.eventlog import topics
from bus.sharing.audit import Entry
from tests.cli.test_errors import civicbus
from tests.sharing.office import subject
from tests.sharing.test_sharing_by_command import ID, Bus

PEOPLE = 60
POINTS = [point for point in crash.POINTS if point not in ("after_begin", "after_flush", "after_offsets", "after_rewind")]


@pytest.fixture
def bus(tmp_path: Path) -> Bus:
    found = Bus(tmp_path / "home", {})
    found.say(*(f"张{number}" for number in range(PEOPLE)))
    return found


def told(bus: Bus) -> list[tuple[int, int]]:
    """(partition, offset) of every record that the audit says was delivered, in order."""
    app = App(read_settings({"home": str(bus.home)}, {}))
    entries = [Entry.read(record) for batch in app.log.scan(topics.AUDIT) for record in batch.records]
    app.close()
    return sorted((each.span.partition, one.offset) for each in entries if each.span for one in each.told)


def test_where_the_audit_cannot_be_written_nothing_is_delivered(bus: Bus) -> None:
    find = f"SELECT lane.id FROM lane JOIN topic ON topic.id = lane.topic WHERE name = '{topics.AUDIT}'"
    with closing(sqlite3.connect(bus.home / "civicbus.db")) as db, db:
        (lane,) = db.execute(find).fetchone()
        db.execute(f"CREATE TRIGGER no_audit BEFORE INSERT ON record WHEN NEW.id >> 40 = {lane} BEGIN SELECT RAISE(ABORT, 'no'); END")
    assert bus.run().returncode != 0
    assert bus.got() == []

    with closing(sqlite3.connect(bus.home / "civicbus.db")) as db, db:
        db.execute("DROP TRIGGER no_audit")
    assert bus.run().returncode == 0
    assert len(bus.got()) == len(told(bus)) == PEOPLE


@pytest.mark.parametrize("point", POINTS)
def test_who_dies_while_delivering_leaves_no_entry_too_many_and_none_too_few(bus: Bus, point: str) -> None:
    crash_at = {"CIVICBUS_TEST": "1", "CIVICBUS_CRASH_AT": f"{point}:1", "CIVICBUS_BATCH_RECORDS": "20"}
    civicbus(bus.home, "run", f"share.{ID}", "--until-idle", **crash_at)
    assert bus.run().returncode == 0

    assert len(bus.got()) == PEOPLE
    assert len(told(bus)) == len(set(told(bus))) == PEOPLE


@pytest.mark.parametrize("point", POINTS)
def test_who_dies_while_linking_leaves_a_chain_that_holds(bus: Bus, point: str) -> None:
    bus.run()
    crash_at = {"CIVICBUS_TEST": "1", "CIVICBUS_CRASH_AT": f"{point}:1", "CIVICBUS_BATCH_RECORDS": "2"}
    assert civicbus(bus.home, "run", "audit-chain", "--until-idle", **crash_at).returncode == -signal.SIGKILL
    assert civicbus(bus.home, "run", "audit-chain", "--until-idle").returncode == 0
    done = civicbus(bus.home, "audit", "verify")
    said = json.loads(done.stdout)

    assert (done.returncode, said["holds"]) == (0, True)
    assert said["chained"] == said["entries"] > 0


def test_several_that_deliver_at_once_leave_one_chain(bus: Bus) -> None:
    run = [sys.executable, "-m", "bus", "--home", str(bus.home), "run", f"share.{ID}", "--until-idle"]
    both = [subprocess.Popen(run, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    said = [each.communicate(timeout=120)[1] for each in both]
    assert [each.returncode for each in both] == [0, 0], said
    assert civicbus(bus.home, "run", "audit-chain", "--until-idle").returncode == 0

    assert len(told(bus)) == len(set(told(bus))) == PEOPLE
    assert json.loads(civicbus(bus.home, "audit", "verify").stdout)["holds"]


def test_a_citizen_is_told_who_received_what(bus: Bus) -> None:
    bus.run()
    done = civicbus(bus.home, "disclosures", subject(7), "--format", "json")
    said = json.loads(done.stdout)

    assert done.returncode == 0
    assert [(each["agreement"], each["consumer"], each["fields"]) for each in said["disclosures"]] == [(ID, "civil", {"name": "masked"})]
    assert said["disclosures"][0]["basis"] == "测试用依据"
    assert said["corrections"] == []
    assert "张" not in done.stdout
