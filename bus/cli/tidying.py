"""`civicbus tidy`: what the embedded log need not keep any longer is removed. `up` does it every hour; who runs the steps as services of
their own, or now and then, does it with this."""

from __future__ import annotations

import time

import typer

from bus.cli.context import of
from bus.cli.say import note
from bus.cli.steps import STEPS
from bus.errors import WrongUse
from bus.eventlog.port import EventLog
from bus.eventlog.sqlite import SqliteLog


def mount(app: typer.Typer) -> None:
    """Join the command line."""
    app.command("tidy")(tidy)


def tidy(ctx: typer.Context) -> None:
    """Retention and compaction of the embedded log, while all goes on; Kafka does its own. 清理内嵌日志中已到期的记录。"""
    removed = tidied(of(ctx).log)
    if removed is None:
        raise WrongUse(
            "Kafka removes what is over by itself.",
            "Kafka 自行清理到期记录。",
            hint="The topics' settings say when.",
            hint_zh="保留期见各主题的设置。",
        )
    note(f"{removed:,} records removed. 已清理 {removed:,} 条记录。")


def tidied(log: EventLog) -> int | None:
    """How many records the embedded log need not keep any longer, now removed; None: this log tidies itself."""
    return log.maintain(int(time.time() * 1000), STEPS) if isinstance(log, SqliteLog) else None
