"""The chain over the audit is the same thing on both logs, though on Kafka offsets have holes and several write in between each other."""

from __future__ import annotations

from pathlib import Path

import pytest

from bus.eventlog import topics
from bus.eventlog.port import EventLog
from bus.sharing.audit import Action, Entry, act
from bus.sharing.chain import Link, decide
from bus.sharing.verify import Verdict, verify
from bus.step import Memory, Options, Step, run
from tests.conformance.adapters import MAKERS

LOGS = ["sqlite", pytest.param("kafka", marks=pytest.mark.kafka)]


@pytest.fixture(params=LOGS)
def log(request: pytest.FixtureRequest, tmp_path: Path) -> EventLog:
    made = MAKERS[request.param](tmp_path).open()
    made.create(map(topics.spec, (topics.AUDIT, topics.AUDIT_CHAIN)))
    return made


def link(log: EventLog, state: Path) -> None:
    run(log, Step("audit-chain", topics.AUDIT, Memory(decide), lambda *_: []), Options(state, 7, until_idle=True))


def verdict(log: EventLog) -> Verdict:
    links = [Link.read(record) for batch in log.scan(topics.AUDIT_CHAIN) for record in batch.records]
    return verify((record for batch in log.scan(topics.AUDIT) for record in batch.records), links, [])


def test_entries_of_several_writers_are_linked_once_and_in_order_also_by_another_machine(log: EventLog, tmp_path: Path) -> None:
    with log.writer("one") as one, log.writer("two") as two:
        for at in range(20):
            (one, two)[at % 2].append([act(Action.approved, 1_790_000_000_000 + at, "clerk", f"a{at}")])
    link(log, tmp_path / "here")
    with log.writer("one") as one:
        one.append([act(Action.revoked, 1_790_000_000_020, "clerk", "a20")])
    link(log, tmp_path / "elsewhere")  # without what the first remembered
    found = verdict(log)

    assert (found.size, found.linked, found.findings) == (21, 21, [])
    entries = [Entry.read(record) for batch in log.scan(topics.AUDIT) for record in batch.records]
    assert [each.agreement for each in entries] == [f"a{at}" for at in range(21)]
