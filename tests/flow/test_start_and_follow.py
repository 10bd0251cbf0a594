"""Start and follow while departments publish and every process is killed −9: what subscribers hold in the end is what the agreement grants
of the files as they are, with no gap and no double."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sql

from bus.cli.context import App
from bus.config import read_settings
from bus.sharing.agreement import read
from bus.sharing.grant import granted
from bus.sharing.opened import day_of, of_master
from bus.sharing.pseudonym import pseudonyms
from bus.sharing.view import Shown, compile_view
from tests.flow.city_bus import BOTH_LOGS, Bus
from tests.sharing.in_force import put_in_force
from tests.sharing.postgres import running_postgres

ID = "people-under-load"
TEXT = f"""
agreement: {ID}
title: {{zh: 压力下的订阅, en: People under load}}
provider: [civil, housing]
consumer: social
subscribers: [svc-social]
entity: resident
fields: {{name: clear, sex: clear, birth_date: year, marital_status: clear, residence_address: {{level: community}}}}
purpose: 核对名单
basis: 测试用依据
scene: 定期核对
scope: 经办人员
way: topic
until: 2099-12-31
impact_assessment: PIA-TEST
"""
FILES = {"civil.marriage": "civil/HYDJ.csv", "housing.lease": "housing/ZL_HTBA.csv", "civil.assistance_member": "civil/DB_MEMBER.csv"}
INSIDE = {"sqlite": "before_end", "kafka": "mid_send"}
"""Where a publisher is killed: within what it makes visible at once."""


@pytest.fixture(params=BOTH_LOGS)
def bus(request: pytest.FixtureRequest, tmp_path: Path, delivery: Path) -> Bus:
    made = Bus(request.param, tmp_path / "home", delivery)
    made.env["CIVICBUS_KAFKA_SESSION_TIMEOUT_MS"] = "8000"  # a dozen processes on a busy machine: who is slow is not dead
    app = app_of(made)
    app.create_topics()
    app.keys  # noqa: B018 (made now)
    put_in_force(app, TEXT)
    app.close()
    return made


@pytest.fixture
def database() -> Iterator[str]:
    with running_postgres() as url:
        yield url


@pytest.mark.timeout(1500)
def test_subscribers_hold_what_is_granted_however_often_anything_is_killed(bus: Bus, database: str, tmp_path: Path) -> None:
    pool = ThreadPoolExecutor(1)
    early, late = tmp_path / "early.jsonl", tmp_path / "late.jsonl"
    whole = Supervised(bus)
    followers = {target: Kept(bus, "subscribe", ID, "--to", target) for target in (str(early), database)}
    try:
        published = pool.submit(publish, bus)
        until(lambda: early.exists() and early.stat().st_size > 0)
        followers[str(late)] = Kept(bus, "subscribe", ID, "--to", str(late))  # begins while traffic flows
        for name in whole.children:
            whole.kill(name)
            for follower in followers.values():
                follower.kill()
        published.result()
    finally:
        for follower in followers.values():
            follower.stop()
        whole.stop()
    bus("run", "--until-idle")
    for target in followers:
        bus("subscribe", ID, "--to", target, "--until-idle")

    granted_now = projection(bus)
    assert len(granted_now) > 100
    said = delivered(bus)
    for file in (early, late):
        got = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
        assert by_partition(got) == said
        assert state_of(got) == granted_now
    assert state_in(database) == {who: fields["name"] for who, fields in granted_now.items()}


class Supervised:
    """`civicbus up`, and which process does what at the moment, by its diary."""

    def __init__(self, bus: Bus) -> None:
        self._running = bus.started("up", CIVICBUS_LISTEN="127.0.0.1:0")
        self._process: dict[str, int] = {}
        threading.Thread(target=self._read, daemon=True).start()
        until(lambda: "sharing.resident" in self._process)

    @property
    def children(self) -> list[str]:
        """Every process that works: the steps, and the one that shares."""
        return list(self._process)

    def kill(self, name: str) -> None:
        """Kill −9, and wait until it is started again."""
        killed = self._process[name]
        os.kill(killed, signal.SIGKILL)
        until(lambda: self._process[name] != killed)

    def stop(self) -> None:
        self._running.terminate()
        assert self._running.wait(60) == 0

    def _read(self) -> None:
        assert self._running.stderr is not None
        for line in self._running.stderr:
            said = json.loads(line) if line.startswith("{") else {}
            if said.get("event") == "started" and "child" in said:
                self._process[said["child"]] = said["process"]


class Kept:
    """A command that is started again whenever it is killed."""

    def __init__(self, bus: Bus, *arguments: str) -> None:
        self._start = lambda: bus.started(*arguments)
        self._running = self._start()

    def kill(self) -> None:
        self._running.kill()
        self._running.wait()
        self._running = self._start()

    def stop(self) -> None:
        self._running.kill()
        self._running.wait()


def publish(bus: Bus) -> None:
    """Every file twice: a publisher is killed while it writes, the next one goes on."""
    for dataset, file in FILES.items():
        killed = bus.tried("publish", dataset, str(bus.delivery / file), CIVICBUS_TEST="1", CIVICBUS_CRASH_AT=INSIDE[bus.adapter])
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        bus("publish", dataset, str(bus.delivery / file))


def app_of(bus: Bus) -> App:
    return App(read_settings({"home": str(bus.home)}, bus.env))


def projection(bus: Bus) -> dict[str, dict[str, Any]]:
    """Stand-in → what the agreement grants of the file as it is now."""
    app = app_of(bus)
    grant = granted(read(TEXT, "")[0])
    pseudonym = pseudonyms(app.keys, ID, grant.epoch)
    view = compile_view(grant, app.catalog.entities["resident"].schema, pseudonym)
    newest = {record.key: record for batch in app.log.scan("master.resident") for record in batch.records}
    found = {}
    for key, record in newest.items():
        if record.value is None:
            continue
        shown = view(of_master(app.codec.decode(record.value)[1], day_of(record.timestamp)))
        if isinstance(shown, Shown):
            found[pseudonym("subject", key.decode())] = {**dict.fromkeys(grant.fields), **shown.values}
    app.close()
    return found


def delivered(bus: Bus) -> dict[int, list[str]]:
    """Partition → the events in it, as another client reads them."""
    app = app_of(bus)
    decode = app.shared_codec.decode
    found = defaultdict(list)
    for seen in bus.seen(f"share.{ID}"):
        found[seen.partition].append(decode(seen.value or b"")[1]["event_id"])
    app.close()
    return dict(found)


def by_partition(got: list[dict[str, Any]]) -> dict[int, list[str]]:
    found = defaultdict(list)
    for event in got:
        found[event["partition"]].append(event["event_id"])
    return dict(found)


def state_of(got: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Subject → its fields, by the events alone, in the order of the file."""
    state = {}
    for event in got:
        state[event["subject"]] = event["fields"]
        if event["operation"] == "ended":
            del state[event["subject"]]
    return state


def state_in(database: str) -> dict[str, str]:
    engine = sql.create_engine(sql.make_url(database).set(drivername="postgresql+psycopg"))
    with engine.connect() as connection:
        return {row[0]: row[1] for row in connection.execute(sql.text("SELECT subject, name FROM share_people_under_load"))}


def until(holds: Callable[[], bool], within_s: float = 300) -> None:
    end = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.2)
