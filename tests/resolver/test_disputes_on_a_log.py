"""Disputes as they stand on a log: where they are said, that a rebuild says them again only where they differ, whatever the batches."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from bus.cli import resolving
from bus.contracts.catalog import packaged
from bus.event import Output, Record
from bus.eventlog import topics
from bus.eventlog.port import EventLog
from bus.resolver.disputes import Answer, Clock
from bus.resolver.master import masters as follows
from bus.resolver.merge import Follows, Merge
from bus.resolver.rebuild import look_again
from bus.resolver.routing import Routes
from bus.resolver.subject import ANSWER, Arrived, Due
from bus.standards.working_days import WorkingDays
from bus.step import Options, Step, run
from tests.conformance.adapters import MAKERS
from tests.resolver.world import KEYS, PARTITIONS, TIME, Said, codec, masters, record

DEPARTMENTS = ("civil", "housing", "social")
ROUTES = Routes()
Makers = Mapping[str, Follows]


@pytest.fixture
def log(tmp_path: Path) -> EventLog:
    made = MAKERS["sqlite"](tmp_path).open()
    made.create(topics.spec(name, PARTITIONS) for name in (*topics.of_resolver(), *map(topics.dispute, DEPARTMENTS)))
    return made


def subject(n: int) -> bytes:
    return f"subject {n}".encode().ljust(16, b".")


def statement(n: int, dataset: str, sex: str, at: int = 0) -> Output:
    """What a dataset says about a subject, on its way to it."""
    department, key = dataset.partition(".")[0], f"{n} {dataset}".encode().ljust(16, b".")[:16]
    source = {"department": department, "dataset": dataset, "delivery": "d", "file": "f.csv", "sheet": None, "row": n}
    knows = {"sex": sex, "source": {**source, "key": {"ID": str(n)}, "role": "self", "ordinal": 0}, "event_id": f"{n}{dataset}{at}"}
    encoded = record(Said("resident", key, TIME + at, (), "")).record.value or b""
    value = codec().encode("canonical.resident-value", {**codec().decode(encoded)[1], **knows})
    return ROUTES.about("resident", subject(n), key, b"", value, TIME + at)


def world(size: int = 40) -> list[Output]:
    """Each of many is spoken of by two or three departments; every third time they differ."""
    found = []
    for n in range(size):
        found += [statement(n, "civil.marriage", "1", n), statement(n, "housing.lease", "2" if n % 3 == 0 else "1", n + 7)]
        if n % 2:
            found.append(statement(n, "social.resident_survey", "9" if n % 5 == 0 else "1", n + 3))
    return found


def real() -> Makers:
    return follows(codec(), packaged(), topics.MASTERS, KEYS, Clock(WorkingDays({}), 10), DEPARTMENTS)


def merge(log: EventLog, state: Path, makers: Makers | None = None, batch: int = 50) -> None:
    """The step, until nothing is left."""
    step = Merge(makers or real(), ROUTES, DEPARTMENTS).memory()
    run(log, Step("merge", tuple(map(topics.internal, topics.MASTERS)), step, resolving.refuse), Options(state, batch, 60.0, True))


def say(log: EventLog, outputs: Sequence[Output]) -> None:
    with log.writer("test") as writer:
        writer.append(outputs)


def told(log: EventLog) -> dict[tuple[str, bytes], Record]:
    """(department, key) → what it was told last."""
    names = map(topics.dispute, DEPARTMENTS)
    return {(topics.entity_of(name), r.key or b""): r for name in names for batch in log.scan(name) for r in batch.records}


def read(record: Record) -> dict[str, Any]:
    assert record.value is not None
    return codec().decode(record.value)[1]


def ends(log: EventLog) -> dict[str, object]:
    return {info.name: dict(info.ends) for info in log.topics() if info.name.startswith(("dispute.", "master."))}


def answer(log: EventLog, n: int, said: str, at: int) -> None:
    """Civil affairs answer to the dispute about the sex of a subject."""
    dispute = read(told(log)["civil", f"{subject(n).hex()}:sex".encode()])
    given = Answer(tuple(each["difference"] for each in dispute["others"]), said, "看过原件", "clerk", "civil", TIME + at)
    say(log, [ROUTES.told("resident", subject(n), ANSWER, given.name(KEYS, dispute["id"]), given.encoded(), TIME + at)])


def marked(log: EventLog, n: int) -> bool:
    value = masters(log)["resident"][subject(n).hex().encode()].value or b""
    return bool(codec().decode(value)[1]["fields"]["sex"]["disputed"])


def test_a_dispute_stands_with_its_department_in_the_partition_of_its_subject(log: EventLog, tmp_path: Path) -> None:
    say(log, [statement(1, "civil.marriage", "1"), statement(1, "housing.lease", "2")])
    merge(log, tmp_path / "state")

    ((department, key),) = told(log)
    (batch,) = log.scan(topics.dispute("civil"))
    (of_master,) = log.scan(topics.master("resident"))
    assert (department, key, batch.partition) == ("civil", f"{subject(1).hex()}:sex".encode(), of_master.partition)
    assert marked(log, 1)


def test_an_answer_takes_the_mark_off_and_says_so_to_the_department(log: EventLog, tmp_path: Path) -> None:
    say(log, world())
    merge(log, tmp_path / "state")
    answer(log, 3, "confirmed", 9000)
    merge(log, tmp_path / "state")

    record = read(told(log)["civil", f"{subject(3).hex()}:sex".encode()])
    assert (record["state"], record["closed_because"], record["answer"]["by"]) == ("closed", "confirmed", "clerk")
    assert (marked(log, 3), marked(log, 6)) == (False, True)


@pytest.mark.parametrize("seed", range(3))
def test_order_repetition_and_batches_change_no_byte_of_a_dispute(log: EventLog, tmp_path: Path, seed: int) -> None:
    say(log, world())
    merge(log, tmp_path / "state")
    at_once = told(log)

    chance = random.Random(seed)
    shuffled = world() + chance.choices(world(), k=30)
    chance.shuffle(shuffled)
    other = MAKERS["sqlite"](tmp_path / "other").open()
    other.create(topics.spec(name, PARTITIONS) for name in (*topics.of_resolver(), *map(topics.dispute, DEPARTMENTS)))
    for at in range(0, len(shuffled), 20):
        say(other, shuffled[at : at + 20])
        merge(other, tmp_path / "views", batch=chance.choice((1, 7, 50)))

    live = {place: each.value for place, each in told(other).items() if read(each)["state"] != "closed"}
    assert live == {place: each.value for place, each in at_once.items()}
    assert len(live) > 10


def test_a_rebuild_says_nothing_again_not_even_what_is_closed(log: EventLog, tmp_path: Path) -> None:
    say(log, world())
    merge(log, tmp_path / "state")
    answer(log, 3, "confirmed", 9000)
    say(log, [statement(6, "housing.lease", "1", 9000)])
    merge(log, tmp_path / "state")
    before = ends(log)
    assert {read(each)["state"] for each in told(log).values()} == {"open", "closed"}

    shutil.rmtree(tmp_path / "state" / "views")
    assert look_again(log, "resident") == 40
    merge(log, tmp_path / "state", batch=3)

    assert ends(log) == before


def test_a_rebuild_tells_departments_of_what_was_there_before_there_were_disputes(log: EventLog, tmp_path: Path) -> None:
    say(log, world())
    merge(log, tmp_path / "state", {entity: _silent(make) for entity, make in real().items()})
    assert told(log) == {}

    shutil.rmtree(tmp_path / "state" / "views")
    look_again(log, "resident")
    merge(log, tmp_path / "state")

    assert len(told(log)) > 10


def test_under_other_rules_a_rebuild_ends_the_disputes_that_are_none_any_more(log: EventLog, tmp_path: Path) -> None:
    schemas = shutil.copytree(packaged(), tmp_path / "schemas")
    rules = schemas / "survivorship" / "resident.yaml"
    rules.write_text(rules.read_text(encoding="utf-8").replace("sex: {zh: 性别,", "sex: {zh: 性别, compare: none,"), encoding="utf-8")
    say(log, world())
    merge(log, tmp_path / "state")

    shutil.rmtree(tmp_path / "state" / "views")
    look_again(log, "resident")
    merge(log, tmp_path / "state", follows(codec(), schemas, topics.MASTERS, KEYS, Clock(WorkingDays({}), 10), DEPARTMENTS))

    assert {(read(each)["state"], read(each)["closed_because"]) for each in told(log).values()} == {("closed", "corrected")}
    assert not marked(log, 3)


def _silent(make: Follows) -> Callable[[bytes, Arrived], Due]:
    """As before there were disputes."""
    return lambda subject, come: make(subject, come)._replace(disputes={})
