"""`civicbus rebuild`: what the resolver knows, made anew from the log."""

from __future__ import annotations

import shutil
from typing import Annotated

import typer

from bus.cli.context import known, of
from bus.cli.resolving import JOIN, MERGE, STEPS
from bus.cli.say import note
from bus.cli.steps import state_of_log
from bus.eventlog import topics
from bus.resolver.rebuild import look_again, weigh_again


def mount(app: typer.Typer) -> None:
    """Join the command line."""
    app.command("rebuild")(rebuild)


def rebuild(
    ctx: typer.Context,
    steps: Annotated[
        list[str] | None, typer.Argument(metavar="STEP", help="which steps of the resolver; default all 归并步骤，默认全部")
    ] = None,
) -> None:
    """Drop what the steps of the resolver remember and have every master looked at again, while all goes on. 由日志重建归并结果。

    A master that comes out as it was is not written again. With new weights (`civicbus identity estimate`), once the steps were started
    anew, `civicbus rebuild join` has every statement without a number decided on under them. 权重更新、步骤重启后，rebuild join 重新判定。
    """
    app = of(ctx)
    names = list(steps or STEPS)
    for name in names:
        known(name, STEPS, "step", "步骤")
    app.create_topics()
    for name in names:
        shutil.rmtree(state_of_log(app.settings, app.log) / "views" / name, ignore_errors=True)
    if JOIN in names:
        weighed = weigh_again(app.log)
        note(f"{weighed:,} statements will be weighed again by the step `join`. 将由 join 步骤重新判定 {weighed:,} 条陈述。")
    if MERGE in names:
        asked = sum(look_again(app.log, entity) for entity in topics.MASTERS)
        note(f"{asked:,} subjects will be looked at again by the step `merge`. 将由 merge 步骤重新核对 {asked:,} 个主体。")
    note("`civicbus up` is at it; else `civicbus run --until-idle`. 若未运行 `civicbus up`，请执行 `civicbus run --until-idle`。")
