"""The subscribers of examples/ on a real Kafka, with nothing of civicbus in them but the exported contracts: each holds the state, follows
what changes, corrections and ends among it, and goes on where it was without a double."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from bus.cli.context import App
from bus.config import read_settings
from bus.event import Output, Record
from bus.eventlog.partitioning import partition_of
from tests.docs.markdown import ROOT
from tests.flow.city_bus import Bus
from tests.sharing.in_force import put_in_force
from tests.sharing.office import GRID, OTHER, TIME, master, subject

EXAMPLES = ROOT / "examples"
ID = "names-by-grid"
TEXT = f"""
agreement: {ID}
title: {{zh: 网格姓名, en: Names by grid}}
provider: [social]
consumer: civil
subscribers: [svc-civil]
entity: resident
fields: {{name: clear, birth_date: year}}
rows: {{grids: ["{GRID}"]}}
purpose: 核对名单
basis: 测试用依据
scene: 定期核对
scope: 经办人员
way: topic
until: 2099-12-31
impact_assessment: PIA-TEST
"""
pytestmark = pytest.mark.kafka


class Held(NamedTuple):
    """What a subscriber holds: the names, and the events that it knows were wrong."""

    names: set[str]
    wrong: set[str]


class Shared:
    """An agreement in use on a real broker, its contracts exported."""

    def __init__(self, folder: Path) -> None:
        self.bus, self.exported = Bus("kafka", folder / "home", folder), folder / "exported"
        del self.bus.env["CIVICBUS_KAFKA_SESSION_TIMEOUT_MS"]  # nobody is killed here
        self.topic = f"{self.bus.env['CIVICBUS_NAMESPACE']}.share.{ID}"
        app = self._app()
        app.create_topics()
        app.keys  # noqa: B018 (made now)
        put_in_force(app, TEXT)
        app.close()

    @property
    def bootstrap(self) -> str:
        return self.bus.env["CIVICBUS_LOG"].removeprefix("kafka://")

    def say(self, *records: tuple[int, dict[str, Any]]) -> None:
        """Deliver masters: number of the subject, what is other than usual in its record."""
        app = self._app()
        encode = app.codec.encoder("master.resident-value")
        outputs = []
        for number, said in records:
            who = subject(number)
            value = encode({**master(who, **said), "event_id": f"{hash(str(said)) % 2**64:032x}"})
            outputs.append(Output("master.resident", Record(who.encode(), value, TIME), partition_of(bytes.fromhex(who), 4)))
        with app.log.writer("merge") as writer:
            writer.append(outputs)
        app.close()
        self.bus("run", f"share.{ID}", "--until-idle")
        self.bus("schema", "export", str(self.exported))

    def take_out(self, name: str) -> None:
        """As erasure does: a tombstone for the subject of this name."""
        app = self._app()
        decode = app.shared_codec.decode
        batches = list(app.log.scan(f"share.{ID}"))
        (out,) = [
            Output(b.topic, Record(r.key, None, TIME), b.partition)
            for b in batches
            for r in b.records
            if decode(r.value or b"")[1]["name"] == name
        ]
        with app.log.writer("erase") as writer:
            writer.append([out])
        app.close()

    def _app(self) -> App:
        return App(read_settings({"home": str(self.bus.home)}, self.bus.env))


@pytest.fixture
def shared(tmp_path: Path) -> Shared:
    return Shared(tmp_path)


Follow = Callable[[Shared, Path], Held]
"""Runs a subscriber until nothing comes any more; what it then holds in this folder."""


def python(program: str, *more: str) -> Follow:
    def follow(shared: Shared, folder: Path) -> Held:
        database = folder / "state.db"
        run(
            sys.executable,
            str(EXAMPLES / program),
            shared.bootstrap,
            shared.topic,
            str(shared.exported),
            str(database),
            *more,
            "--until-idle",
            "6",
        )
        db = sqlite3.connect(database)
        names = {json.loads(row[0])["name"] for row in db.execute("SELECT fields FROM current")}
        wrong = {row[0] for row in db.execute("SELECT event_id FROM wrong")}
        db.close()
        return Held(names, wrong)

    return follow


def java(shared: Shared, folder: Path) -> Held:
    project = folder / "java"
    if not project.exists():
        shutil.copytree(EXAMPLES / "java", project, ignore=shutil.ignore_patterns("target"))
        run("mvn", "--quiet", "--batch-mode", "-f", str(project), "package")
        (folder / "client.properties").write_text(f"bootstrap.servers={shared.bootstrap}\n")
    classes = f"{project / 'target/classes'}:{project / 'target/lib'}/*"
    events = folder / "events.jsonl"
    with events.open("a") as lines:
        lines.write('{"partition": 0, "offs')  # as a crash leaves it
    run(
        "java",
        "-cp",
        classes,
        "civicbus.Subscriber",
        str(folder / "client.properties"),
        shared.topic,
        str(shared.exported),
        str(events),
        "6",
    )
    current: dict[str, str] = {}
    wrong: set[str] = set()
    lines = [json.loads(line) for line in events.read_text(encoding="utf-8").splitlines()]
    assert len({(line["partition"], line["offset"]) for line in lines}) == len(lines)
    for line in lines:
        current.pop(line["subject"], None)
        if line["act"] == "put":
            current[line["subject"]] = line["event"]["name"]
        wrong.update((line["event"] or {}).get("corrects", ()))
    return Held(set(current.values()), wrong)


def shell(shared: Shared, folder: Path) -> Held:
    env = {**shared.bus.env, "CIVICBUS_HOME": str(shared.bus.home)}
    run("sh", str(EXAMPLES / "subscriber.sh"), ID, str(folder / "shell"), **env)
    current = (folder / "shell/current.jsonl").read_text(encoding="utf-8").splitlines()
    return Held({json.loads(line)["name"] for line in current}, set((folder / "shell/wrong.txt").read_text().split()))


FOLLOWERS = {
    "kafka-python": python("kafka_python_subscriber.py"),
    "confluent-kafka": python("confluent_kafka_subscriber.py"),
    "java": java,
    "shell": shell,
}


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", FOLLOWERS)
def test_an_example_holds_the_state_follows_it_and_knows_what_was_wrong(name: str, shared: Shared, tmp_path: Path) -> None:
    follow = FOLLOWERS[name]
    shared.say(*((n, {"name": f"张{n}"}) for n in range(8)), (8, {"name": "李八", "grid": OTHER}))
    assert follow(shared, tmp_path) == Held({f"张{n}" for n in range(8)}, set())

    shared.say((1, {"name": "章一", "operation": "corrected"}), (2, {"name": "张2", "grid": OTHER}), (8, {"name": "李八"}))
    held = follow(shared, tmp_path)
    assert held.names == {"张0", "章一", *(f"张{n}" for n in range(3, 8)), "李八"}
    assert held.wrong == wrong_events(shared)

    shared.take_out("李八")
    assert follow(shared, tmp_path).names == held.names - {"李八"}


def wrong_events(shared: Shared) -> set[str]:
    """The one event that was put right, as `civicbus subscribe` names it."""
    events = shared.bus.lines("subscribe", ID, "--until-idle")
    (wrong,) = [event["event_id"] for event in events if event["fields"]["name"] == "张1"]
    return {wrong}


def run(*command: str, **env: str) -> None:
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH" and not name.startswith("CIVICBUS_")}
    path = f"{Path(sys.executable).parent}{os.pathsep}{kept['PATH']}"
    done = subprocess.run(command, env={**kept, "PATH": path, **env}, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr or done.stdout
