"""An agreement from its application to its end, by the commands: what it grants comes, and stops within seconds when it ends."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from bus import account, subscribe
from bus.cli.context import App
from bus.config import read_settings
from bus.event import Output, Record
from bus.eventlog import topics
from bus.eventlog.partitioning import partition_of
from bus.sharing import history
from bus.sharing.lifecycle import Event, Step
from tests.cli.test_errors import civicbus
from tests.conformance.adapters import chosen
from tests.sharing.office import TIME, master, subject

ID = "names-by-grid"
TEXT = f"""
agreement: {ID}
title: {{zh: 网格姓名, en: Names by grid}}
provider: [social]
consumer: civil
subscribers: [svc-civil]
entity: resident
fields: {{name: masked}}
purpose: 核对名单
basis: 测试用依据
scene: 定期核对
scope: 经办人员
way: topic
until: 2099-12-31
impact_assessment: PIA-TEST
"""


class Bus:
    """A home with master records and an agreement in force."""

    def __init__(self, home: Path, env: Mapping[str, str]) -> None:
        """`env`: where its log is."""
        self.home = home
        self.env = {"CIVICBUS_HOME": str(home), **env}
        home.mkdir(mode=0o700)
        with_app = self.app()
        with_app.create_topics()
        with_app.keys  # noqa: B018 (made now)
        with_app.log.create([topics.share_spec(ID, 30, 4)])
        with_app.close()
        for step, by in (("submit", "li"), ("review", "wang"), ("approve", "zhao"), ("approve", "qian"), ("apply", "li")):
            self.decide(step, by)

    def app(self) -> App:
        return App(read_settings({}, self.env))

    def decide(self, step: Step, by: str, reason: str = "") -> None:
        app = self.app()
        said = {"text": TEXT, "share_class": "conditional", "approvals": 2} if step == "submit" else {}
        history.write(app.log, Event(ID, 1, step, by, time.time_ns() // 1_000_000, reason, **said), named=False)  # type: ignore[arg-type]
        app.close()

    def say(self, *names: str) -> None:
        app = self.app()
        encode = app.codec.encoder("master.resident-value")
        outputs = []
        for number, name in enumerate(names):
            who = subject(number)
            value = encode({**master(who, name), "event_id": f"{number:032x}"})
            outputs.append(Output("master.resident", Record(who.encode(), value, TIME), partition_of(bytes.fromhex(who), 4)))
        with app.log.writer("merge") as writer:
            writer.append(outputs)
        app.close()

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        return civicbus(self.home, *words, **self.env)

    def start(self, *words: str) -> subprocess.Popen[str]:
        env = {**os.environ, **self.env}
        return subprocess.Popen([sys.executable, "-m", "bus", *words], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def run(self) -> subprocess.CompletedProcess[str]:
        return self.command("run", f"share.{ID}", "--until-idle")

    def got(self, *more: str) -> list[dict[str, Any]]:
        done = self.command("subscribe", ID, "--until-idle", *more)
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]


def kafka_env() -> dict[str, str]:
    """A namespace of its own on the broker of the tests."""
    from tests.broker import running_broker

    return {"CIVICBUS_LOG": f"kafka://{running_broker()}", "CIVICBUS_NAMESPACE": f"t{uuid.uuid4().hex[:12]}"}


@pytest.fixture(params=chosen())
def bus(request: pytest.FixtureRequest, tmp_path: Path) -> Bus:
    return Bus(tmp_path / "home", kafka_env() if request.param == "kafka" else {})


def test_what_is_granted_comes_and_can_be_read_by_any_command(bus: Bus) -> None:
    bus.say("张三", "李四")
    assert bus.run().returncode == 0

    assert sorted(each["fields"]["name"] for each in bus.got()) == ["张**", "李**"]
    read = [json.loads(line) for line in bus.command("read", f"share.{ID}").stdout.splitlines()]
    assert sorted(each["value"]["name"] for each in read) == ["张**", "李**"]


def test_a_program_gets_typed_events_and_starts_again_behind_the_last(bus: Bus, monkeypatch: pytest.MonkeyPatch) -> None:
    bus.say("张三", "李四", "王五")
    bus.run()
    for name, value in bus.env.items():
        monkeypatch.setenv(name, value)
    events = list(subscribe(ID, until_idle=True))

    assert {event.operation for event in events} == {"created"}
    assert list(subscribe(ID, start={event.partition: event.offset + 1 for event in events[:2]}, until_idle=True)) == events[2:]
    assert list(subscribe(ID, start=events[-1].event_id, until_idle=True)) == [
        event for event in events if event.partition != events[-1].partition
    ]


def test_a_file_goes_on_where_it_is(bus: Bus, tmp_path: Path) -> None:
    bus.say("张三")
    bus.run()
    bus.got("--to", str(tmp_path / "events.jsonl"))
    bus.say("张三", "李四")
    bus.run()
    bus.got("--to", str(tmp_path / "events.jsonl"))

    names = [json.loads(line)["fields"]["name"] for line in (tmp_path / "events.jsonl").read_text().splitlines()]
    assert names == ["张**", "李**"]


def test_one_may_subscribe_before_anything_was_delivered(bus: Bus, tmp_path: Path) -> None:
    bus.got("--to", str(tmp_path / "events.csv"))
    bus.say("张三")
    bus.run()
    bus.got("--to", str(tmp_path / "events.csv"))
    assert "张**" in (tmp_path / "events.csv").read_text(encoding="utf-8-sig")


def test_a_file_of_a_kind_that_nothing_writes_is_refused(bus: Bus) -> None:
    bus.say("张三")
    bus.run()
    done = bus.command("subscribe", ID, "--to", "events.pdf")
    assert done.returncode == 2 and "events.pdf" in done.stderr


def test_every_batch_is_in_the_audit_and_every_record_in_the_account(bus: Bus) -> None:
    bus.say("张三", "李四")
    bus.run()
    app = bus.app()
    entries = [json.loads(record.value or b"") for batch in app.log.scan(topics.AUDIT) for record in batch.records]
    shared = account.agreements(record for batch in app.log.scan(topics.ACCOUNT) for record in batch.records)
    app.close()

    assert [entry["action"] for entry in entries[:5]] == ["submitted", "reviewed", "approved", "approved", "applied"]
    assert sum(entry["object"]["count"] for entry in entries[5:]) == 2
    assert {entry["agreement"] for entry in entries} == {ID}
    assert (shared[f"share.{ID}"].published, shared[f"share.{ID}"].delivered) == (2, 2)


def test_under_an_agreement_that_was_revoked_nothing_goes_out_and_nobody_may_follow(bus: Bus) -> None:
    bus.say("张三")
    bus.run()
    bus.decide("revoke", "zhao", "the task is done")
    bus.say("李四")

    assert bus.run().returncode == 2  # no such step any more
    followed = bus.command("subscribe", ID, "--until-idle")
    assert (followed.returncode, "NOT_IN_FORCE" in followed.stderr, followed.stdout) == (3, True, "")


def test_a_subscriber_that_is_following_is_stopped_within_seconds_of_the_end(bus: Bus) -> None:
    bus.say("张三")
    bus.run()
    following = bus.start("subscribe", ID)
    assert following.stdout is not None and "张**" in following.stdout.readline()
    bus.decide("revoke", "zhao", "the task is done")

    _, said = following.communicate(timeout=60)
    assert (following.returncode, "NOT_IN_FORCE" in said) == (3, True)


def test_a_step_that_is_running_stops_when_its_agreement_is_suspended(bus: Bus) -> None:
    bus.say("张三")
    running = bus.start("run", f"share.{ID}")
    while not bus.got():
        time.sleep(0.2)
    bus.decide("suspend", "zhao", "a complaint")
    bus.say("李四")

    _, said = running.communicate(timeout=60)
    assert (running.returncode, "NOT_IN_FORCE" in said) == (3, True)
    bus.decide("resume", "zhao")
    assert [each["fields"]["name"] for each in bus.got()] == ["张**"]
    bus.run()
    assert [each["fields"]["name"] for each in bus.got()] == ["张**", "李**"]
