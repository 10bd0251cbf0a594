"""Masters made anew from the log come out as they were, while all goes on; what the rules now say otherwise is written."""

from __future__ import annotations

import json
import shutil
from functools import partial
from pathlib import Path

import pytest

from bus.cli import resolving
from bus.event import Record
from bus.eventlog import topics
from bus.resolver.master import by_themselves, opened, sent_on
from bus.resolver.merge import Merge
from bus.resolver.rebuild import look_again
from bus.resolver.routing import Routes
from bus.resolver.rulings import settled
from bus.resolver.subject import Arrived, Due
from bus.step import Options, Step, run_in_turn
from tests.conformance.adapters import MAKERS, Place
from tests.resolver.test_workers import worker, written_twice
from tests.resolver.world import BATCH, KEYS, codec, masters, publish, resolve, small_world


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return MAKERS["sqlite"](tmp_path)


def test_a_rebuild_writes_nothing_where_nothing_differs(place: Place, tmp_path: Path) -> None:
    log = place.open()
    publish(log, small_world())
    resolve(log, tmp_path / "state")
    before, ends = masters(log), _ends(place)
    shutil.rmtree(tmp_path / "state" / "views")

    assert sum(look_again(log, entity) for entity in topics.MASTERS) >= sum(map(len, before.values()))
    resolve(log, tmp_path / "state")

    assert (masters(log), _ends(place)) == (before, ends)
    log.close()


def test_a_rebuild_while_workers_are_at_it_loses_and_doubles_nothing(place: Place, tmp_path: Path) -> None:
    said = small_world()
    log = place.open()
    publish(log, said[::2])
    resolve(log, tmp_path / "state")
    publish(log, said[1::2])
    working = [worker(place, tmp_path / "state") for _ in range(2)]
    for entity in topics.MASTERS:
        look_again(log, entity)
        shutil.rmtree(tmp_path / "state" / "views", ignore_errors=True)
    assert [each.wait(120) for each in working] == [0, 0]
    resolve(log, tmp_path / "state")
    found = masters(log)
    log.close()

    other = place.fresh()
    log = other.open()
    publish(log, said)
    resolve(log, tmp_path / "other")
    assert found == masters(log)
    assert written_twice(place) == []
    log.close()


def test_under_other_rules_a_rebuild_writes_every_master_that_differs(place: Place, tmp_path: Path) -> None:
    log = place.open()
    publish(log, small_world(size=12))
    resolve(log, tmp_path / "state")
    before = masters(log)
    merge = Merge({entity: partial(_counted, entity) for entity in topics.MASTERS}, Routes()).memory()
    changed = Step("merge", tuple(map(topics.internal, topics.MASTERS)), merge, resolving.refuse)

    for entity in topics.MASTERS:
        look_again(log, entity)
    run_in_turn(log, [changed], Options(tmp_path / "state", BATCH, 60.0))

    after = masters(log)
    assert {entity: of.keys() for entity, of in after.items()} == {entity: of.keys() for entity, of in before.items()}
    assert all(_said_by(each) == len(_texts(before[entity][key])) for entity, of in after.items() for key, each in of.items())
    log.close()


def _counted(entity: str, subject: bytes, come: Arrived) -> Due:
    aside = by_themselves(opened(come.statements, codec().decoder()), KEYS)
    kept, gone = settled(subject, come, aside)
    at = max((each.known_from for each in come.statements), default=0)
    return Due(json.dumps(len(kept)).encode() if kept else None, at, sent_on(entity, subject, come, gone, aside))


def _said_by(record: Record) -> int:
    count: int = json.loads(record.value or b"")
    return count


def _texts(record: Record) -> list[str]:
    texts: list[str] = json.loads(record.value or b"")[1]
    return texts


def _ends(place: Place) -> dict[str, dict[int, tuple[int, int]]]:
    log = place.open()
    found = {info.name: dict(info.ends) for info in log.topics() if info.name.startswith("master.")}
    log.close()
    return found
