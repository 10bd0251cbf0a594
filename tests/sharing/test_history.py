"""What happened to agreements stays in the log, on both logs, and is decided on once."""

from __future__ import annotations

from pathlib import Path

import pytest

from bus.errors import Fenced, LogRefused, WrongUse
from bus.event import Output, Record
from bus.eventlog import topics
from bus.eventlog.port import EventLog
from bus.sharing import history
from bus.sharing.lifecycle import Event
from tests.conformance.adapters import MAKERS, chosen
from tests.sharing.paper import text

ID = "civil-housing-of-families"
START = 1_790_000_000_000
SUBMIT = Event(ID, 1, "submit", "li", START, text=text(), share_class="conditional", approvals=1)
REVIEW = Event(ID, 1, "review", "wang", START + 1)


@pytest.fixture(params=chosen())
def log(request: pytest.FixtureRequest, tmp_path: Path) -> EventLog:
    opened: EventLog = MAKERS[request.param](tmp_path).open()
    request.addfinalizer(opened.close)
    opened.create(map(topics.spec, (topics.AGREEMENT, topics.AUDIT)))
    return opened


def test_a_log_without_the_topic_has_no_agreements(tmp_path: Path) -> None:
    log = MAKERS["sqlite"](tmp_path).open()

    assert history.standings(log, named=False) == {}
    log.close()


def test_what_was_written_is_read_and_can_be_read_on(log: EventLog) -> None:
    for event in (SUBMIT, REVIEW):
        history.write(log, event, named=False)
    first, second = history.events(log)

    assert (first.text, first.by, first.at) == (SUBMIT.text, "li", START)
    assert second.step == "review"
    assert list(history.events(log, first.offset + 1)) == [second]
    assert list(history.events(log, second.offset + 1)) == []
    assert history.standings(log, named=False)[ID].state_at(START + 2) == "reviewed"


def test_what_may_not_happen_is_not_written(log: EventLog) -> None:
    history.write(log, SUBMIT, named=False)
    with pytest.raises(WrongUse):
        history.write(log, Event(ID, 1, "review", "li", START + 1), named=False)

    assert [each.step for each in history.events(log)] == ["submit"]


def test_of_two_who_decide_at_once_the_one_who_looked_first_is_refused(log: EventLog) -> None:
    history.write(log, SUBMIT, named=False)
    with log.writer(history.WRITER) as slow:
        history.write(log, REVIEW, named=False)
        with pytest.raises(Fenced):
            slow.append([Output(topics.AGREEMENT, Record(ID.encode(), REVIEW.value(), START + 2))])

    assert [each.step for each in history.events(log)] == ["submit", "review"]


def test_a_record_that_nobody_could_have_written_by_the_commands_changes_nothing(log: EventLog) -> None:
    history.write(log, SUBMIT, named=False)
    forged = Event(ID, 1, "apply", "mallory", START + 1)
    with log.writer("mallory") as writer:
        writer.append([Output(topics.AGREEMENT, Record(ID.encode(), forged.value(), forged.at))])
    standing = history.standings(log, named=False)[ID]

    assert standing.state_at(START + 2) == "submitted"
    assert [each.by for each, _ in standing.ignored] == ["mallory"]


@pytest.mark.parametrize("value", [b"no json", b"[]", b"{}", b'{"step":"sell"}', REVIEW.value().replace(b"review", b"sell")])
def test_who_cannot_read_what_happened_shares_nothing(tmp_path: Path, value: bytes) -> None:
    log = MAKERS["sqlite"](tmp_path).open()
    log.create(map(topics.spec, (topics.AGREEMENT, topics.AUDIT)))
    with log.writer("mallory") as writer:
        writer.append([Output(topics.AGREEMENT, Record(ID.encode(), value, START))])

    with pytest.raises(LogRefused):
        history.standings(log, named=False)
    log.close()
