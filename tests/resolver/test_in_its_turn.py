"""Where much is waiting, a subject is decided on when all of the line before it has come, and never forgotten."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from bus.cli import resolving
from bus.event import Output, Record
from bus.eventlog import topics
from bus.eventlog.port import EventLog
from bus.resolver.merge import Merge
from bus.resolver.routing import Routes
from bus.resolver.subject import FORWARD, Arrived, Due, Errand
from bus.step import Options, Step, run
from tests.conformance.adapters import MAKERS
from tests.resolver.world import PARTITIONS, masters

SUBJECTS = [bytes((number,)) * 16 for number in range(10)]
ELSEWHERE = b"e" * 16
ROUTES = Routes()
MANY = 5


@pytest.fixture
def log(tmp_path: Path) -> EventLog:
    log = MAKERS["sqlite"](tmp_path).open()
    log.create(topics.spec(name, PARTITIONS) for name in topics.of_resolver())
    return log


def say(log: EventLog, words: str, subjects: list[bytes]) -> None:
    """Each word of each subject; what is said a second time under one name takes the place of the first."""
    with log.writer("test") as writer:
        for word in words.split():
            name, _, text = word.partition("=")
            writer.append([told(subject, name, text.encode() or None) for subject in subjects])


def told(subject: bytes, name: str, value: bytes | None) -> Output:
    return ROUTES.about("resident", subject, name.encode().ljust(16, b"."), b"", value, 1)


def merging(log: EventLog, state: Path, batch: int) -> None:
    step = Merge({"resident": _follows}, ROUTES, many=MANY).memory()
    run(log, Step("merge", topics.internal("resident"), step, resolving.refuse), Options(state, batch, 60.0, until_idle=True))


def _follows(subject: bytes, come: Arrived) -> Due:
    """The master is what is said; what begins with an x is sent elsewhere."""
    said = sorted(each.value.decode() for each in come.statements)
    gone = {FORWARD + each.key: Errand(ELSEWHERE, each.value, 1) for each in come.statements if each.value.startswith(b"x")}
    return Due(json.dumps(said).encode() if said else None, 1, gone if subject != ELSEWHERE else {})


def written(log: EventLog, topic: str) -> list[Record]:
    return [record for batch in log.scan(topic) for record in batch.records]


def test_of_a_long_line_each_subject_is_decided_on_once(log: EventLog, tmp_path: Path) -> None:
    say(log, "a=1 b=2 c=3", SUBJECTS)
    merging(log, tmp_path / "state", 12 * PARTITIONS)

    assert [record.value for record in written(log, topics.master("resident"))] == [b'["1", "2", "3"]'] * len(SUBJECTS)


def test_of_a_short_line_each_word_is_heard_at_once(log: EventLog, tmp_path: Path) -> None:
    for word in ("a=1", "b=2"):
        say(log, word, SUBJECTS[:1])
        merging(log, tmp_path / "state", 1)

    assert [record.value for record in written(log, topics.master("resident"))] == [b'["1"]', b'["1", "2"]']


@pytest.mark.parametrize("batch", [1, 7, 12, 40, 1000])
def test_the_masters_are_the_same_however_long_the_line_was(log: EventLog, tmp_path: Path, batch: int) -> None:
    say(log, "a=1 b=2 a=3 c=x1 b", SUBJECTS)
    merging(log, tmp_path / "state", batch)

    found = masters(log)["resident"]
    assert {found[subject.hex().encode()].value for subject in SUBJECTS} == {b'["3", "x1"]'}
    assert found[ELSEWHERE.hex().encode()].value is not None


@pytest.mark.parametrize("lost", [True, False])
def test_a_view_that_is_lost_while_subjects_wait_forgets_none_and_takes_back_what_was_sent(
    log: EventLog, tmp_path: Path, lost: bool
) -> None:
    state = tmp_path / "state"
    say(log, "a=x1", SUBJECTS)
    merging(log, state, 1000)
    say(log, "a=2 b=x3", SUBJECTS)
    _one_batch(log, state)
    if lost:
        shutil.rmtree(state / "views")
    merging(log, state, 1000)

    found = masters(log)["resident"]
    assert {found[subject.hex().encode()].value for subject in SUBJECTS} == {b'["2", "x3"]'}
    assert found[ELSEWHERE.hex().encode()].value == json.dumps(["x3"]).encode()


def _one_batch(log: EventLog, state: Path) -> None:
    """One batch is worked on, then the process is asked to stop."""
    asked = iter((False, False, True))
    step = Merge({"resident": _follows}, ROUTES, many=MANY).memory()
    options = Options(state, 12 * PARTITIONS, 60.0, until_idle=True, stopped=lambda: next(asked, True))
    run(log, Step("merge", topics.internal("resident"), step, resolving.refuse), options)
