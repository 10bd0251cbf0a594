"""A statement without a number whose evidence comes with it is sent to whom it is about, and not to itself first."""

from __future__ import annotations

from pathlib import Path

import pytest

from bus.cli import resolving
from bus.eventlog import topics
from bus.eventlog.sqlite import SqliteLog
from bus.resolver.join import Join
from bus.resolver.likeness import Likeness, packed
from bus.resolver.routing import Routes
from bus.step import Options, Step, run
from tests.resolver.world import KEYS, PARTITIONS, weights

STATEMENT, PERSON, PHONE = b"s" * 16, b"p" * 16, b"t" * 16
ROUTES = Routes()


@pytest.mark.parametrize(("at_once", "sent"), [(100, 1), (1, 3)], ids=["together", "one after the other"])
def test_a_statement_is_sent_once_where_all_that_tells_whom_it_is_about_has_come(tmp_path: Path, at_once: int, sent: int) -> None:
    log = SqliteLog(tmp_path / "log.db")
    log.create(topics.spec(name, PARTITIONS) for name in topics.of_resolver())
    with log.writer("test") as writer:
        alike = packed("phone", {PERSON: Likeness("e", "s", "d")})
        writer.append([ROUTES.for_pending(STATEMENT, b"", b"said", 1), ROUTES.for_pending(STATEMENT, PHONE, alike, 2)])

    step = Step("join", topics.PENDING, Join(KEYS, ROUTES, weights()).memory(), resolving.refuse)
    run(log, step, Options(tmp_path / "state", at_once, 60.0, until_idle=True))

    records = [record for batch in log.scan(topics.internal("resident")) for record in batch.records]
    assert len(records) == sent
    last = {record.key: record.value for record in records}
    assert [key[:16] for key, value in last.items() if key and value is not None] == [PERSON]
    log.close()
