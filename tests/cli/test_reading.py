"""What `read`, `topics` and `run` print: JSON alone on standard output, in the shape others rely on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bus.event import Output, Record
from bus.eventlog.port import TopicSpec
from bus.eventlog.sqlite import SqliteLog
from tests.cli.test_errors import civicbus


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home whose log holds three records that nobody could mistake."""
    (tmp_path / "home").mkdir(mode=0o700)
    with SqliteLog(tmp_path / "home/civicbus.db") as log:
        log.create([TopicSpec("internal.account", 1), TopicSpec("canonical.resident", 1)])
        with log.writer("test") as writer:
            writer.append(
                [
                    Output(
                        "internal.account",
                        Record(
                            b"civil.marriage", '{"step":"publish","dataset":"一"}'.encode(), 1_790_000_000_123, (("hash", b"\xff\x00"),)
                        ),
                    )
                ]
            )
            writer.append([Output("internal.account", Record(b"\xff", None, 1_790_000_000_000))])
            writer.append([Output("canonical.resident", Record(b"\xff", b"no event", 1_790_000_000_000))])
    return tmp_path / "home"


def test_an_event_is_one_line_of_json(home: Path) -> None:
    first, tombstone = map(json.loads, civicbus(home, "read", "internal.account").stdout.splitlines())

    assert first == {
        "topic": "internal.account",
        "partition": 0,
        "offset": 0,
        "key": "civil.marriage",
        "timestamp": "2026-09-21T14:13:20.123Z",
        "headers": {"hash": "ff00"},
        "value": {"step": "publish", "dataset": "一"},
    }
    assert (tombstone["key"], tombstone["value"]) == ("ff", None)


def test_a_record_that_cannot_be_decoded_stops_nothing_and_says_so(home: Path) -> None:
    done = civicbus(home, "read", "*")

    assert done.returncode == 0
    assert [json.loads(line).get("error") for line in done.stdout.splitlines()] == ["DECODE_REFUSED", None, None]


def test_topics_are_told_with_first_and_next_offset(home: Path) -> None:
    found = json.loads(civicbus(home, "topics", "--format", "json").stdout)

    assert {"name": "internal.account", "partitions": [{"partition": 0, "first": 0, "next": 2}]} in found


def test_a_table_is_for_people_and_leaves_standard_output_empty(home: Path) -> None:
    for command in (["topics"], ["read", "*"], ["account"], ["deadletter", "list"]):
        done = civicbus(home, *command, "--format", "table")

        assert (done.returncode, done.stdout) == (0, ""), command
        assert done.stderr


def test_an_empty_bus_balances(tmp_path: Path) -> None:
    assert json.loads(civicbus(tmp_path, "account", "--format", "json").stdout) == {"balanced": True, "datasets": [], "agreements": []}


def test_an_account_that_does_not_add_up_is_exit_5(tmp_path: Path) -> None:
    with SqliteLog(tmp_path / "civicbus.db") as log:
        log.create([TopicSpec("internal.account", 1)])
        with log.writer("test") as writer:
            said = {"step": "publish", "dataset": "civil.marriage", "read": 2, "published": 1}
            writer.append([Output("internal.account", Record(b"civil.marriage", json.dumps(said).encode(), 0))])
    done = civicbus(tmp_path, "account", "--format", "json")

    assert done.returncode == 5
    assert json.loads(done.stdout)["balanced"] is False
    assert "civil.marriage" in done.stderr


def test_the_home_and_all_in_it_are_for_their_owner_alone(tmp_path: Path) -> None:
    home = tmp_path / "home"
    civicbus(home, "keys", "make")
    civicbus(home, "account")

    assert all(path.stat().st_mode & 0o077 == 0 for path in [home, *home.rglob("*")])


def test_two_namespaces_on_one_log_never_meet(home: Path) -> None:
    assert json.loads(civicbus(home, "topics", "--format", "json", CIVICBUS_NAMESPACE="test").stdout) == []
