"""How many masters there are is counted once, whoever counts and however often the work is done again."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bus.eventlog import topics
from bus.eventlog.port import EventLog
from bus.resolver import tally
from bus.resolver.rebuild import look_again
from bus.supervisor import Gauge
from bus.supervisor.standing import Standing
from tests.conformance.adapters import MAKERS
from tests.resolver.world import Said, codec, masters, publish, resolve, small_world
from tests.sharing.barrier import no_flows
from tests.supervisor.test_measure import figure


@pytest.fixture
def log(tmp_path: Path) -> EventLog:
    return MAKERS["sqlite"](tmp_path).open()


def counted(log: EventLog) -> dict[str, int]:
    return dict(tally.fold(record for batch in log.scan(topics.TALLY) for record in batch.records))


def there_are(log: EventLog) -> dict[str, int]:
    return {entity: len(found) for entity, found in masters(log).items()}


def test_the_tally_is_the_number_of_masters_also_after_some_were_retired(log: EventLog, tmp_path: Path) -> None:
    said = small_world()
    for at in range(0, len(said), 90):
        publish(log, said[at : at + 90])
        resolve(log, tmp_path / "state")

    assert counted(log) == there_are(log)


def test_a_rebuild_counts_nothing_twice(log: EventLog, tmp_path: Path) -> None:
    publish(log, small_world())
    resolve(log, tmp_path / "state")
    shutil.rmtree(tmp_path / "state" / "views")
    for entity in topics.MASTERS:
        look_again(log, entity)
    resolve(log, tmp_path / "state")

    assert counted(log) == there_are(log)


def test_prometheus_is_told_the_masters_and_what_waits_for_a_person(log: EventLog, tmp_path: Path) -> None:
    publish(log, _father_and_son())
    resolve(log, tmp_path / "state")
    path = tmp_path
    text = Gauge(
        lambda: MAKERS["sqlite"](path).open(), lambda _log: path / "state", {}, 60.0, "sqlite", Standing(codec().decoder()), no_flows(path)
    ).metrics()

    assert figure(text, "civicbus_masters", entity="resident") == there_are(log)["resident"] == 3
    assert figure(text, "civicbus_identity_queue", entity="resident") == 1
    assert figure(text, "civicbus_identity_queue_seconds", entity="resident") > 0
    assert figure(text, "civicbus_identity_queue", entity="dwelling") == 0


def _father_and_son() -> list[Said]:
    """And a caller who may be either."""
    phone = [{"token": "t", "masked": "*", "sealed": b"", "kind": None}]

    def say(key: str, *names: str, **knows: object) -> Said:
        return Said(
            "resident", key.encode().ljust(16, b"."), 1_790_000_000_000, names, key, {"row": key, "name": "张三", "phones": phone, **knows}
        )

    return [say("father", "token:f", birth_date="1950-01-01"), say("son", "token:s", birth_date="1980-01-01"), say("caller")]
