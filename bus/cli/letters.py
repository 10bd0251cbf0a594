"""`civicbus deadletter list | show | replay`: what was refused, the original for its owner, and the road back."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Annotated, Any

import typer

from bus.cli.context import App, of, person
from bus.cli.reading import HOW, Lines, for_people
from bus.cli.replay import replay
from bus.cli.say import note, out, table
from bus.errors import DecodeRefused, WrongUse
from bus.eventlog import dead_letter, topics
from bus.eventlog.dead_letter import Letter
from bus.keys import department_private
from bus.sealing import open_sealed
from bus.sharing.audit import Action, act

_group = typer.Typer(no_args_is_help=True, help="Refused records: list, show, replay. 被拒记录：查看与重放。")


_Department = Annotated[str | None, typer.Option(help="only of this department 部门")]
_Dataset = Annotated[str | None, typer.Option(help="only of this dataset 数据集")]
_Reason = Annotated[str | None, typer.Option(help="only with this reason code 原因代码")]


def mount(app: typer.Typer) -> None:
    """Join the command line."""
    app.add_typer(_group, name="deadletter")


@_group.command("list")
def list_letters(
    ctx: typer.Context,
    department: _Department = None,
    dataset: _Dataset = None,
    reason: _Reason = None,
    how: Annotated[Lines | None, typer.Option("--format", help=HOW)] = None,
) -> None:
    """What waits in the dead letter, each once; no value of a person in it. 列出被拒记录（不含个人数据）。"""
    letters = (each for each in waiting(of(ctx), department, dataset) if reason is None or reason in each.codes)
    if not for_people(how):
        for letter in letters:
            out(letter.shown())
        return
    columns = ("id 编号", "dataset 数据集", "file 文件", "row 行", "statement 陈述", "codes 原因", "what 说明")
    table("", columns, (_row(letter) for letter in letters))
    note("civicbus deadletter show ID · civicbus deadletter replay --reason CODE")


@_group.command("show")
def show(
    ctx: typer.Context,
    letter_id: Annotated[str, typer.Argument(metavar="ID", help="identifier of the letter 编号")],
    original: Annotated[
        bool, typer.Option("--original", help="open the original too, with the department's private key 用部门私钥打开原始记录")
    ] = False,
) -> None:
    """One letter; its original only on request and with its owner's key. 查看一条被拒记录。"""
    app = of(ctx)
    found = next((each for each in waiting(app) if each.id == letter_id), None)
    if found is None:
        raise WrongUse(
            "No letter that waits has this identifier.", "没有该编号的待处理记录。", place=letter_id, hint="See `civicbus deadletter list`."
        )
    said: dict[str, Any] = {**found.shown(), "outcome": found.outcome, "mapping_version": found.mapping_version}
    if original:
        said["original"] = _opened(app, found)
    out(said)


@_group.command("replay")
def replay_letters(
    ctx: typer.Context,
    ids: Annotated[list[str] | None, typer.Argument(metavar="ID", help="letters; default: those the options choose 编号")] = None,
    department: _Department = None,
    dataset: _Dataset = None,
    reason: _Reason = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only say what would be replayed 只说明，不执行")] = False,
) -> None:
    """After a mapping or table was mended: hand the original records in again. 修正映射后重放原始记录。

    Needs the private key of the department. All letters of a chosen row go along, so that the row's outcome is decided anew as a whole.
    """
    if not (ids or department or dataset or reason):
        raise WrongUse("Say which: ID..., --reason, --dataset or --department.", "请指定编号、--reason、--dataset 或 --department。")
    app = of(ctx)
    wanted = set(ids or ())

    def chosen(letter: Letter) -> bool:
        return (not wanted or letter.id in wanted) and (reason is None or reason in letter.codes)

    said = replay(app, list(waiting(app, department, dataset)), chosen, int(time.time() * 1000), dry_run)
    out(said)
    note(
        f"{said['replayed']} letters of {said['rows']} rows {'would be ' if dry_run else ''}handed in again, {said['overtaken']} overtaken "
        f"by a newer row, {said['publish_again']} refused before they were published (publish the mended file), "
        f"{said['not_found']} not found."
    )
    note(
        f"重放 {said['replayed']} 条（{said['rows']} 行）{'（未执行）' if dry_run else ''}，已有更新记录 {said['overtaken']} 条，"
        f"发布时即被拒、需重新发布文件 {said['publish_again']} 条，未找到 {said['not_found']} 条。"
    )


def waiting(app: App, department: str | None = None, dataset: str | None = None) -> Iterator[Letter]:
    """The letters that wait, by department, partition and offset. A topic is read twice, so that only identifiers are kept in memory."""
    there = {info.name for info in app.log.topics()}
    for name in [department] if department else sorted(app.catalog.departments):
        if (topic := topics.dead_letter(name)) not in there:
            continue
        left = dead_letter.waiting(app.log.scan(topic))
        for batch in app.log.scan(topic):
            for offset, record in zip(batch.offsets, batch.records, strict=True):
                if (batch.partition, offset) not in left:
                    continue
                letter = dead_letter.read(record.value or b"")
                if letter is not None and dataset in (None, letter.dataset):
                    yield letter


def _opened(app: App, letter: Letter) -> Any:
    """The original as its owner may see it: decoded where it was a raw record."""
    private = department_private(app.home, letter.department)
    with app.log.writer("letters") as writer:  # first: what the audit does not hear of is not opened
        writer.append([act(Action.opened_letter, int(time.time() * 1000), person(app), rule=f"{letter.dataset} {letter.id}")])
    content = open_sealed(private, letter.id.encode(), letter.sealed)
    if letter.outcome == "refused_at_publish":
        return json.loads(content)
    try:
        return app.codec.decode(content)[1]
    except DecodeRefused:
        return {"bytes": content.hex()}


def _row(letter: Letter) -> tuple[str, ...]:
    source = letter.source
    where = (str(source.get("file") or ""), str(source.get("row") or ""))
    codes = " ".join(f"{each['code']}{'@' + each['column'] if each['column'] else ''}" for each in letter.reasons)
    what = "；".join(dict.fromkeys(str(each["message_zh"]) for each in letter.reasons))
    return (letter.id, letter.dataset, *where, letter.statement, codes, what)
