"""`civicbus summary`: what flowed, what is wrong with it and how to mend it, and the information barrier, on one page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import typer

from bus import account, barrier
from bus.account import OUTCOMES, Balance
from bus.cli.context import App, of
from bus.cli.say import note, table
from bus.eventlog import topics
from bus.quality import CODES

MOST = 8


def mount(app: typer.Typer) -> None:
    app.command()(summary)


def summary(ctx: typer.Context) -> None:
    """What was read, clean, flagged and refused, why, and who knows whom. 汇总：读取、合格、存疑、退回及原因，信息壁垒。"""
    show(of(ctx))


def show(app: App) -> None:
    """Print the page for the log of `app`."""
    balances = account.read(app.log)
    _datasets(app, balances)
    _reasons(balances)
    _barrier(app)


def _datasets(app: App, balances: Mapping[str, Balance]) -> None:
    rows = []
    for balance in balances.values():
        counts, contract = balance.counts, app.catalog.contract(balance.dataset)
        refused = counts["refused"] + counts["refused_at_publish"]
        rows.append(
            (
                balance.dataset,
                contract.doc_zh,
                counts["read"] - counts["not_data"],
                counts["unchanged"],
                *(counts[name] for name in OUTCOMES[:-1]),
                refused,
            )
        )
    columns = ("dataset", "数据集", "rows 行数", "unchanged 未变", "clean 合格", "flagged 存疑", "partial 部分退回", "refused 退回")
    table("What the departments handed over 各部门提交的数据", columns, rows)


def _reasons(balances: Mapping[str, Balance]) -> None:
    counted: Counter[str] = Counter()
    for balance in balances.values():
        counted.update(balance.reasons)
    known = [(CODES[code], n) for code, n in counted.most_common() if code in CODES and CODES[code].severity != "info"]
    rows = [(n, code.code, code.zh, code.cure_zh) for code, n in known[:MOST]]
    note("")
    table("What most needs mending 最需要更正的问题", ("rows 行", "code", "原因", "处理办法"), rows)


def _barrier(app: App) -> None:
    """How many residents one, two, three … departments know."""
    if all(info.name != topics.canonical("resident") for info in app.log.topics()):
        return
    known = barrier.departments_per_resident(app.log.scan(topics.canonical("resident")), lambda value: app.codec.decode(value)[1])
    zh = {name: department.zh for name, department in app.catalog.departments.items()}
    rows = [
        (len(who), "、".join(zh.get(name, name) for name in sorted(who)), n)
        for who, n in sorted(known.items(), key=lambda item: (-len(item[0]), -item[1]))
    ]
    several = sum(n for who, _, n in rows if who > 1)
    note("")
    table("Who knows whom 信息壁垒", ("departments 部门数", "known to 掌握部门", "residents 居民"), rows)
    note(
        f"{several:,} residents are known to more than one department, and until now none of them knew it of the others. "
        f"{several:,} 名居民同时被两个及以上部门掌握；他们的记录现在带有同一令牌，可以对上。"
    )
