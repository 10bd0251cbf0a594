"""One dataset from a department's file to canonical events, dead letters, account and replay: by the commands alone, on both logs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.cli.test_errors import civicbus, closed_port
from tests.flow.city_bus import BOTH_LOGS, Bus

DATASET, FILE = "civil.marriage", "civil/HYDJ.csv"


@pytest.fixture(params=BOTH_LOGS)
def bus(request: pytest.FixtureRequest, tmp_path: Path, delivery: Path) -> Bus:
    made = Bus(request.param, tmp_path / "home", delivery)
    made("publish", DATASET, str(delivery / FILE))
    made("run", "normalizer", "--until-idle")
    return made


def test_every_row_of_a_file_is_an_event_or_a_letter_and_stays_so(bus: Bus) -> None:
    first = bus.account()
    events = bus.lines("read", "canonical.*", "--format", "jsonl")
    letters = bus.lines("deadletter", "list", "--format", "jsonl")

    assert first["read"] > 20
    assert first["pending"] == 0
    rows = {event["value"]["source"]["row"] for event in events} | {letter["source"]["row"] for letter in letters}
    assert len(rows) == first["published"] + first["refused_at_publish"]
    assert letters
    assert all(letter["reasons"][0]["message_zh"] for letter in letters)
    assert {event["topic"] for event in events} == {"canonical.marriage", "canonical.resident"}

    bus("publish", DATASET, str(bus.delivery / FILE))
    bus("run", "normalizer", "--until-idle")
    again = bus.account()
    assert again["published"] == first["published"]
    assert bus.lines("read", "canonical.*", "--format", "jsonl") == events


def test_letters_that_are_replayed_and_refused_again_change_nothing_but_their_marks(bus: Bus) -> None:
    before, letters = bus.account(), bus.lines("deadletter", "list", "--format", "jsonl")
    events = bus.lines("read", "canonical.*", "--format", "jsonl")
    normal = [letter for letter in letters if letter["statement"] != "record"]
    said = json.loads(bus("deadletter", "replay", "--dataset", DATASET))

    assert said["replayed"] == len(normal)
    bus("run", "normalizer", "--until-idle")
    key = sorted
    assert bus.account() == before
    assert key(json.dumps(e) for e in bus.lines("deadletter", "list", "--format", "jsonl")) == key(json.dumps(e) for e in letters)
    assert bus.lines("read", "canonical.*", "--format", "jsonl") == events


def test_a_letter_opens_for_its_owner_and_for_nobody_else(bus: Bus) -> None:
    letter = next(each for each in bus.lines("deadletter", "list", "--format", "jsonl") if each["statement"] != "record")
    shown = json.loads(bus("deadletter", "show", letter["id"], "--original"))
    private = bus.home / "keys/department.civil.private"
    private.rename(bus.home / "elsewhere")

    assert shown["original"]["RECORD_ID"] == letter["source"]["key"]["RECORD_ID"]
    assert civicbus(bus.home, "deadletter", "show", letter["id"], "--original", **bus.env).returncode == 3
    assert civicbus(bus.home, "deadletter", "replay", letter["id"], **bus.env).returncode == 3
    assert "original" not in json.loads(bus("deadletter", "show", letter["id"]))


def test_doctor_finds_nothing_wrong(bus: Bus) -> None:
    findings = json.loads(bus("doctor", "--format", "json"))["findings"]

    assert [each for each in findings if each["verdict"] == "bad"] == []


def test_up_publishes_what_is_dropped_and_serves_its_figures_until_it_is_stopped(tmp_path: Path, delivery: Path) -> None:
    made = Bus("sqlite", tmp_path / "home", delivery)
    port = closed_port()
    env = {**os.environ, **made.env, "CIVICBUS_HOME": str(made.home), "CIVICBUS_LISTEN": f"127.0.0.1:{port}"}
    running = subprocess.Popen([sys.executable, "-m", "bus", "up"], env=env, stderr=subprocess.PIPE, text=True)
    try:
        box = made.home / "inbox" / DATASET / "2026-09"
        _until(lambda: box.parent.exists())
        box.mkdir()
        (box / "HYDJ.csv").write_bytes((delivery / FILE).read_bytes())
        done = made.home / "inbox" / DATASET / "done/2026-09/HYDJ.csv"
        _until(done.exists)
        _until(lambda: made.account()["pending"] == 0)
        _until(lambda: json.loads(_get(port, "/health"))["well"])
        # Figures are up to two seconds old (`measure.FRESH_S`), so they may be of before the file came.
        _until(lambda: f'civicbus_rows_published_total{{dataset="{DATASET}",department="civil"}}' in _get(port, "/metrics"))
        assert json.loads(done.with_name("HYDJ.csv.report.json").read_text())
    finally:
        running.terminate()
        _, diary = running.communicate(timeout=60)

    assert running.returncode == 0
    assert "Traceback" not in diary
    assert all(json.loads(line) for line in diary.splitlines() if line.startswith("{"))


def _get(port: int, path: str) -> str:
    from urllib.error import HTTPError

    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=20) as answer:
            return answer.read().decode()
    except HTTPError as error:
        return error.read().decode()


def _until(holds: Any, within_s: float = 60) -> None:
    end = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.2)
