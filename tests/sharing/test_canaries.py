"""Twelve agreements over a city of canaries, at work as processes: what is not granted is found nowhere, whatever is searched.

CANARY_RESIDENTS=20000 makes it the large one (`make canaries`).
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from bus.cli.context import App
from bus.config import read_settings
from bus.contracts import catalog
from bus.event import Record
from bus.eventlog import topics
from bus.sharing import agreement as written
from bus.sharing import history
from bus.sharing.agreement import Agreement
from bus.sharing.lifecycle import Event, Step
from tests.cli.test_errors import civicbus, closed_port
from tests.sharing.canaries import Canaries, city_of_canaries
from tests.sharing.twelve import twelve

RESIDENTS = int(os.environ.get("CANARY_RESIDENTS", "300"))
COUNTY, STREET = "379901000000", "379901001000"
GRID = "379901001001001"
WITHIN = ("canonical.", "master.", "internal.", "dispute.", "raw.")
"""Topics that only the bus itself and, of its own, a department read. What of `internal.*` others see is searched all the same."""
SEEN_BY_OTHERS = (topics.ACCOUNT, topics.AGREEMENT, topics.SCHEMA)
PLACES = ("residence_division", "division_code", "grid_code")
CALLERS_OWN = ("caller", "title", "content")
"""What may say who called: of a confidential case none of it goes out."""


class World:
    """The city, what it left behind, what every process said."""

    def __init__(self, folder: Path) -> None:
        self.home, self.files = folder / "home", folder / "files"
        self.canaries: Canaries = city_of_canaries(folder / "city", RESIDENTS)
        self.delivery = folder / "city" / "2026-09"
        self.env = {"CIVICBUS_REFERENCE": str(self.delivery / "common"), "CIVICBUS_DIARY": "1"}
        self.said: dict[str, str] = {}
        self.texts = twelve(COUNTY, STREET, GRID)
        self.agreements = {id: written.read(text, id)[0] for id, text in self.texts.items()}
        self.files.mkdir()
        self._publish()
        self._agree()
        self.run("run", "--until-idle")
        self._subscribe()
        for command in ("account", "topics", "summary", "doctor", "health", "corrections", "agreement list", "audit export"):
            self.run(*command.split())
        self.run("show", f"{0:032x}", may_fail=True)
        self.said["metrics"] = self._metrics()
        self.app = self.opened()

    def opened(self) -> App:
        return App(read_settings({"home": str(self.home), "reference": self.env["CIVICBUS_REFERENCE"]}, {}))

    def run(self, *arguments: str, may_fail: bool = False) -> None:
        """A command; all it says is kept."""
        done = civicbus(self.home, *arguments, timeout=3600, **self.env)
        assert may_fail or done.returncode in (0, 5), done.stderr[-2000:]
        self.said[" ".join(arguments)] = done.stdout + done.stderr

    def _publish(self) -> None:
        for dataset, layout in catalog.load().layouts.items():
            self.run("publish", dataset, str(self.delivery / dataset.partition(".")[0] / layout["file"]))

    def _agree(self) -> None:
        """As the commands do it, in one process: sixty of them would take most of the time."""
        app = self.opened()
        app.create_topics()
        app.log.create([topics.share_spec(id, 30, 4) for id in self.texts])
        steps: tuple[tuple[Step, str], ...] = (
            ("submit", "li"),
            ("review", "wang"),
            ("approve", "zhao"),
            ("approve", "qian"),
            ("apply", "li"),
        )
        for id, text in self.texts.items():
            for step, by in steps:
                said: dict[str, Any] = {"text": text, "share_class": "conditional", "approvals": 2} if step == "submit" else {}
                history.write(app.log, Event(id, 1, step, by, time.time_ns() // 1_000_000, **said), named=False)
        app.close()

    def _subscribe(self) -> None:
        for id in self.texts:
            kind = "csv" if id == "masked-of-a-county" else "jsonl"
            self.run("subscribe", id, "--until-idle", "--to", str(self.files / f"{id}.{kind}"))

    def _metrics(self) -> str:
        listen = f"127.0.0.1:{closed_port()}"
        env = {**os.environ, **self.env, "CIVICBUS_HOME": str(self.home), "CIVICBUS_LISTEN": listen}
        running = subprocess.Popen(
            [sys.executable, "-m", "bus", "up"], env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        try:
            return _got(f"http://{listen}/metrics") + _got(f"http://{listen}/health")
        finally:
            running.terminate()
            self.said["up"] = running.communicate(timeout=120)[0]

    def records(self, topic: str) -> Iterator[Record]:
        for batch in self.app.log.scan(topic):
            yield from batch.records

    def text_of(self, topic: str) -> str:
        """All that stands in a topic: keys, values, headers."""
        return "\n".join(
            _text(part) for record in self.records(topic) for part in (record.key, record.value, *(value for _, value in record.headers))
        )

    def granted(self, agreement: Agreement) -> str:
        """All that may be known under an agreement, found another way than by its view: the values in clear, as text."""
        decode, entity = self.app.codec.decoder(), agreement.entity
        topic = topics.master(entity) if entity in topics.MASTERS else topics.canonical(entity)
        clear = [name for name, how in agreement.fields.items() if how == "clear"]
        found = []
        for record in self.records(topic):
            if record.value is None:
                continue
            value = decode(record.value)[1]
            held = _held(value)
            if not _within(agreement, value, held):
                continue
            hidden = CALLERS_OWN if value.get("confidential") else ()
            found += [_clear(held[name][0]) for name in clear if name not in hidden and held.get(name, ("", ""))[1] in agreement.provider]
            if agreement.subject == "own_key":
                found += [str(source["key"]) for source in value["sources"] if source["department"] == agreement.consumer]
        return "\n".join(found)


def _clear(value: Any) -> str:
    """What "in clear" means: of an address the parts, of a person the name."""
    if not isinstance(value, Mapping):
        return str(value)
    return str({name: each for name, each in value.items() if name not in ("text", "rest", "phones", "id_token", "id_masked")})


def _held(value: Mapping[str, Any]) -> dict[str, tuple[Any, str]]:
    if "fields" in value:
        return {name: (held["value"], held["department"]) for name, held in value["fields"].items()}
    return {name: (each, value["source"]["department"]) for name, each in value.items()}


def _within(agreement: Agreement, value: Mapping[str, Any], held: Mapping[str, tuple[Any, str]]) -> bool:
    if agreement.rows.caseload and all(source["department"] != agreement.consumer for source in value["sources"]):
        return False
    prefix = [*(code[:6] for code in agreement.rows.counties), *(code[:9] for code in agreement.rows.streets), *agreement.rows.grids]
    codes = [str(held[name][0]) for name in PLACES if name in held]
    codes += [str(each["division_code"]) for each, _ in held.values() if isinstance(each, Mapping) and each.get("division_code")]
    return not prefix or any(code.startswith(tuple(prefix)) for code in codes)


def _text(part: bytes | None) -> str:
    return (part or b"").decode("utf-8", "replace")


def _got(url: str) -> str:
    until = time.monotonic() + 60
    while True:
        try:
            with urlopen(url) as answer:
                return str(answer.read().decode())
        except OSError as error:
            if getattr(error, "code", 0) == 503:
                return str(error.read().decode())  # type: ignore[attr-defined]
            assert time.monotonic() < until
            time.sleep(0.3)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = World(tmp_path_factory.mktemp("canaries"))
    yield made
    made.app.close()


def test_the_canaries_are_where_the_bus_works(world: World) -> None:
    planted, within = world.canaries, world.text_of("canonical.resident") + world.text_of("canonical.appeal")

    assert len(planted.in_text(within) & planted.names) > RESIDENTS / 3
    assert len(planted.in_text(within) & planted.marks) > RESIDENTS / 3
    assert planted.in_text(world.text_of("raw.social.resident_survey")) & planted.numbers
    assert planted.keys_in(world.text_of("raw.civil.assistance_member"), "civil")


def test_every_agreement_delivers_and_exactly_what_it_grants(world: World) -> None:
    for id, agreement in world.agreements.items():
        text = world.text_of(topics.share(id))
        found, allowed = world.canaries.in_text(text), world.canaries.in_text(world.granted(agreement))

        assert text, f"{id} delivers"
        assert len(found - allowed) == 0 and not found & world.canaries.numbers, id
        assert len(found) > 0 or "clear" not in agreement.fields.values() or not allowed, id


def test_keys_of_rows_reach_only_the_department_whose_they_are(world: World) -> None:
    for id, agreement in world.agreements.items():
        text = world.text_of(topics.share(id))
        own = world.canaries.keys_in(text, agreement.consumer)

        assert all(not world.canaries.keys_in(text, other) for other in world.canaries.keys if other != agreement.consumer), id
        assert bool(own) == (agreement.subject == "own_key"), id
        assert own <= world.canaries.keys_in(world.granted(agreement), agreement.consumer), id


def test_a_file_of_a_subscriber_holds_no_more_than_its_topic(world: World) -> None:
    for file in world.files.iterdir():
        text = file.read_text(encoding="utf-8")
        assert world.canaries.in_text(text) <= world.canaries.in_text(world.text_of(topics.share(file.stem))), file.stem
        assert text


def test_nothing_stands_in_what_all_may_read(world: World) -> None:
    for info in world.app.log.topics():
        if not info.name.startswith((*WITHIN, "share.")) or info.name in SEEN_BY_OTHERS:
            text = world.text_of(info.name)
            found = world.canaries.in_text(text)
            assert len(found) == 0, info.name
            owner = info.name.partition(".")[2] if info.name.startswith("deadletter.") else ""
            assert all(not world.canaries.keys_in(text, other) for other in world.canaries.keys if other != owner), info.name


def test_no_process_says_anything_of_anybody(world: World) -> None:
    for command, text in world.said.items():
        assert len(world.canaries.in_text(text)) == 0, command
        assert all(not world.canaries.keys_in(text, department) for department in world.canaries.keys), command


def test_no_file_is_named_after_anybody(world: World) -> None:
    names = "\n".join(str(path.relative_to(world.home)) for path in world.home.rglob("*"))

    assert len(world.canaries.in_text(names)) == 0
    assert all(not world.canaries.keys_in(names, department) for department in world.canaries.keys)


def test_where_a_record_stands_tells_nothing_of_where_it_came_from(world: World) -> None:
    """Partition by partition of the masters, the shared records spread over all of theirs."""
    agreement = "ages-in-bands"
    counts = [0, 0, 0, 0]
    for batch in world.app.log.scan(topics.share(agreement)):
        counts[batch.partition] += len(batch.records)

    assert min(counts) > sum(counts) / 8
