"""Disputes in figures: those of the log, and a day later some are overdue without anything having been written."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from bus.event import Output, Record
from bus.eventlog import topics
from bus.eventlog.sqlite import SqliteLog
from bus.supervisor import standing
from bus.supervisor.standing import Standing
from tests.resolver.test_disputes import LEASE, MARRIAGE, settle
from tests.resolver.world import codec

NOON = 1_791_864_000  # 2026-10-13T12:00 in Asia/Shanghai, one day after the dispute was due
DAY = 86_400


@pytest.fixture
def log(tmp_path: Path) -> SqliteLog:
    made = SqliteLog(tmp_path / "log.db")
    made.create(topics.spec(topics.dispute(department)) for department in ("civil", "housing"))
    return made


def tell(log: SqliteLog, key: str, **changed: Any) -> None:
    (record,) = settle([MARRIAGE, LEASE])[0].records.values()
    value = codec().encode("dispute.department-value", {**record, **changed})
    with log.writer("test") as writer:
        writer.append([Output(topics.dispute("civil"), Record(key.encode(), value, 0))])


def figures(looking: Standing, log: SqliteLog) -> dict[tuple[str, str], float]:
    looking.look(log)
    return {(each.metric.removeprefix("civicbus_disputes_"), each.labels[0]): each.value for each in looking.samples()}


def test_open_ones_are_counted_by_department_each_once_and_closed_ones_no_more(log: SqliteLog) -> None:
    looking = Standing(codec().decoder())
    tell(log, "one")
    tell(log, "two")
    tell(log, "one", state="escalated")
    first = figures(looking, log)
    tell(log, "two", state="closed", closed_because="corrected")

    assert (first["open", "civil"], first["escalated", "civil"], first["open", "housing"]) == (2, 1, 0)
    assert figures(looking, log)["open", "civil"] == 1
    assert figures(Standing(codec().decoder()), log)["open", "civil"] == 1


def test_they_are_overdue_the_day_after_they_were_due(log: SqliteLog, monkeypatch: pytest.MonkeyPatch) -> None:
    looking = Standing(codec().decoder())
    tell(log, "one")
    monkeypatch.setattr(standing, "time", _At(NOON - DAY))
    assert figures(looking, log)["overdue", "civil"] == 0
    monkeypatch.setattr(standing, "time", _At(NOON))
    found = figures(looking, log)
    assert found["overdue", "civil"] == 1
    assert found["oldest_seconds", "civil"] == pytest.approx(22 * DAY, abs=DAY)


def test_what_cannot_be_read_takes_no_other_figure_away(log: SqliteLog) -> None:
    tell(log, "one")
    with log.writer("test") as writer:
        writer.append([Output(topics.dispute("civil"), Record(b"broken", b"\0\0\0\0", int(time.time())))])
    assert figures(Standing(codec().decoder()), log)["open", "civil"] == 1


class _At:
    """A clock that stands still."""

    def __init__(self, now: float) -> None:
        self._now = now

    def time(self) -> float:
        return self._now
