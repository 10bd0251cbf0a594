"""Shared events as a table in PostgreSQL that is kept up to date: one row a subject, and the position in the same transaction.

    share_<agreement>               subject (primary key), the granted fields, disputed, event_id, changed_at
    civicbus_position               agreement, partition, next offset
    civicbus_rotated                agreement, formerly, becomes: stand-ins that were rotated

A subject that is no longer within the agreement has no row. A sink that is killed at any moment goes on where the table is.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from bus.errors import Unreachable, WrongUse
from bus.sharing.follow import Event
from connectors.sinks import Closing, flat

try:
    import sqlalchemy as sql
except ImportError as missing:  # pragma: no cover
    raise WrongUse(
        "Writing to a database needs the packages of `civicbus[postgresql]`.",
        "写入数据库需安装 `civicbus[postgresql]`。",
        hint="pip install 'civicbus[postgresql]'",
        hint_zh="pip install 'civicbus[postgresql]'",
    ) from missing

PASSWORD = "CIVICBUS_SINK_PASSWORD"  # noqa: S105 - the name of a variable
"""The variable of the environment with the password, which does not belong on a command line."""


class PostgresSink(Closing):
    """The table of one agreement. Raises `Unreachable` when the database cannot be reached or refuses, without naming the password."""

    def __init__(self, url: str, agreement: str, fields: Mapping[str, str]) -> None:
        """`url`: postgresql://[USER@]HOST[:PORT]/DATABASE; `fields`: the columns of the granted fields, name → text, double or boolean."""
        target = sql.make_url(url).set(drivername="postgresql+psycopg")
        if password := os.environ.get(PASSWORD):
            target = target.set(password=password)
        self._place = target.render_as_string(hide_password=True)
        self._agreement, self._fields = agreement, tuple(fields)
        self._engine = sql.create_engine(target, pool_pre_ping=True)
        about = sql.MetaData()
        self._table = sql.Table(f"share_{agreement.replace('-', '_')}", about, *_columns(fields))
        self._position = sql.Table(
            "civicbus_position",
            about,
            sql.Column("agreement", sql.Text, primary_key=True),
            sql.Column("partition", sql.Integer, primary_key=True, autoincrement=False),
            sql.Column("next_offset", sql.BigInteger, nullable=False),
        )
        self._rotated = sql.Table(
            "civicbus_rotated",
            about,
            sql.Column("agreement", sql.Text, primary_key=True),
            sql.Column("formerly", sql.Text, primary_key=True),
            sql.Column("becomes", sql.Text, nullable=False),
        )
        self._do(lambda connection: about.create_all(connection))

    def positions(self) -> dict[int, int]:
        """Partition → the next offset, as the database has it."""
        table = self._position
        wanted = sql.select(table.c.partition, table.c.next_offset).where(table.c.agreement == self._agreement)
        found: list[tuple[int, int]] = self._do(lambda connection: connection.execute(wanted).all())
        return {row[0]: row[1] for row in found}

    def take(self, partition: int, events: Sequence[Event], next_offset: int) -> None:
        """Bring the rows of these subjects up to date, and the position, in one transaction."""
        last = {event.subject: event for event in events}
        there = [self._row(event) for event in last.values() if not event.ended]
        pairs = {event.formerly: event.subject for event in events if event.formerly is not None}
        pairs |= {event.subject: event.becomes for event in events if event.becomes is not None}

        def write(connection: Any) -> None:
            if last:
                connection.execute(sql.delete(self._table).where(self._table.c.subject.in_(list(last))))
            if there:
                connection.execute(sql.insert(self._table), there)
            if pairs:
                self._pair(connection, pairs)
            at = self._position
            mine = (at.c.agreement == self._agreement) & (at.c.partition == partition)
            connection.execute(sql.delete(at).where(mine))
            connection.execute(sql.insert(at).values(agreement=self._agreement, partition=partition, next_offset=next_offset))

        self._do(write)

    def close(self) -> None:
        """Let go of the connections."""
        self._engine.dispose()

    def _pair(self, connection: Any, pairs: Mapping[str, str]) -> None:
        known = self._rotated
        connection.execute(sql.delete(known).where((known.c.agreement == self._agreement) & known.c.formerly.in_(list(pairs))))
        rows = [{"agreement": self._agreement, "formerly": formerly, "becomes": now} for formerly, now in pairs.items()]
        connection.execute(sql.insert(known), rows)

    def _row(self, event: Event) -> dict[str, Any]:
        cells = flat(event.fields)
        at = datetime.fromtimestamp(event.at / 1000, UTC)
        head = {"subject": event.subject, "disputed": list(event.disputed), "event_id": event.event_id, "changed_at": at}
        return {**{name: cells.get(name) for name in self._fields}, **head}

    def _do(self, work: Any) -> Any:
        try:
            with self._engine.begin() as connection:
                return work(connection)
        except sql.exc.SQLAlchemyError as error:  # its message may hold values of the rows
            raise Unreachable(
                f"The database refused ({type(error).__name__}).",
                f"数据库拒绝操作（{type(error).__name__}）。",
                place=self._place,
                hint=f"Is it running, is the user right, may it create tables? The password comes from {PASSWORD}.",
                hint_zh=f"请检查数据库是否运行、用户与建表权限是否正确；密码取自环境变量 {PASSWORD}。",
            ) from None


def _columns(fields: Mapping[str, str]) -> list[Any]:
    types = {"text": sql.Text, "double": sql.Double, "boolean": sql.Boolean}
    head = [
        sql.Column("subject", sql.Text, primary_key=True),
        sql.Column("disputed", sql.ARRAY(sql.Text), nullable=False),
        sql.Column("event_id", sql.Text, nullable=False),
        sql.Column("changed_at", sql.DateTime(timezone=True), nullable=False),
    ]
    return [*head[:1], *(sql.Column(name, types[kind]) for name, kind in fields.items()), *head[1:]]
