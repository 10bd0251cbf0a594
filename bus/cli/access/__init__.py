"""`civicbus access plan | apply | password`: who may do what on the log, as departments and agreements say, made so and kept so."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from bus.cli.access.keeping import Change, Keeper
from bus.cli.context import known, of
from bus.cli.reading import Chosen, for_people
from bus.cli.say import note, out, table
from bus.cli.steps import on_signals
from bus.diary import diary
from bus.errors import BusError, WrongUse

LOOK_S = 5.0
"""Between two looks of `--watch`: an agreement that ended is noticed within this, and all is done long before the minute is over."""

_group = typer.Typer(no_args_is_help=True, help="Rules, users and topics, as departments and agreements say. 访问权限：差异、执行与口令。")


def mount(app: typer.Typer) -> None:
    """Join the command line."""
    app.add_typer(_group, name="access")


@_group.command("plan")
def plan(ctx: typer.Context, how: Chosen = None) -> None:
    """What `apply` would do: rules and topics that are missing or too many, users. Nothing is changed. 列出与应有权限的差异。"""
    keeper = Keeper(of(ctx))
    keeper.refuse_unconfigured()
    _tell(keeper.plan(), how, "Nothing to do. 无差异。")


@_group.command("apply")
def apply(
    ctx: typer.Context,
    watch: Annotated[bool, typer.Option("--watch", help=f"go on, looking every {LOOK_S:.0f} s 持续执行")] = False,
    how: Chosen = None,
) -> None:
    """Make rules, users and topics what they must be; close agreements that ended. 执行：使权限与协议一致，收尾已终止的协议。"""
    app = of(ctx)
    keeper = Keeper(app)
    if not watch:
        keeper.refuse_unconfigured()
        _tell(keeper.apply(), how, "Nothing was to be done. 无需更改。")
        return
    stopping = on_signals()
    said = diary("access")
    while not stopping.is_set():
        began = time.monotonic()
        try:
            for change in keeper.apply(stopping.is_set):
                said.info("done", change=change.kind, what=change.what)
        except BusError as error:
            if not error.retriable and error.exit_status == 3:
                raise
            said.error("failed", code=error.code, place=error.place)
            keeper = Keeper(app)
        stopping.wait(max(0.0, LOOK_S - (time.monotonic() - began)))


@_group.command("password")
def password(
    ctx: typer.Context,
    principal: Annotated[str, typer.Argument(metavar="PRINCIPAL", help="who 主体")],
    into: Annotated[
        Path, typer.Option(metavar="FILE", help="a new file for its settings, CIVICBUS_KAFKA_FILE of who gets it 新建配置文件")
    ],
) -> None:
    """Give a principal a new password (SCRAM-SHA-512), and write it with this Kafka's settings to FILE alone. 为主体生成口令。"""
    app = of(ctx)
    keeper = Keeper(app)
    known(principal, keeper.expected_users(), "principal", "主体")
    made = secrets.token_urlsafe(24)
    kept = {**app.settings.kafka, "sasl.username": principal, "sasl.password": made}
    kept.setdefault("sasl.mechanism", "SCRAM-SHA-512")
    _write(into, "".join(f"{name}={value}\n" for name, value in kept.items()))
    keeper.set_password(principal, made)
    note(f"{into}: CIVICBUS_KAFKA_FILE of {principal}. Hand it over safely; it is nowhere else. 请安全移交；他处不再保存。")


def _tell(changes: Sequence[Change], how: Chosen, none: str) -> None:
    if not for_people(how):
        out([each._asdict() for each in changes])
    elif changes:
        table("", ("change 更改", "what 内容", "说明"), changes)
    else:
        note(none)


def _write(file: Path, text: str) -> None:
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as stream:
            stream.write(text)
    except FileExistsError:
        raise WrongUse("This file exists.", "文件已存在。", place=str(file)) from None
