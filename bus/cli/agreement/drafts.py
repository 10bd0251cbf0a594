"""`civicbus agreement new | check | schema`: agreements as files, before anybody is asked."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from bus.cli.context import App, known, of
from bus.cli.say import note, out
from bus.errors import WrongUse
from bus.sharing import agreement as written
from bus.sharing.agreement import Agreement
from bus.sharing.check import check as held_to_catalog
from bus.sharing.items import WAYS, Offer, offers
from bus.sharing.lifecycle import day_of
from bus.sharing.problem import AgreementRefused
from bus.sharing.wording import worded
from bus.standards.divisions import Divisions
from connectors.reference import read_divisions

File = Annotated[Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="an agreement, YAML 协议文件")]
_TEMPLATE = """\
# yaml-language-server: $schema=agreement.schema.json
agreement: {id}
title: {{zh: "", en: ""}}
provider: [{provider}]
consumer: {consumer}
subscribers: []        # 读取数据的技术主体 principals that read, e.g. [svc-{consumer}-check]
entity: {entity}
fields:                # 仅保留必要的信息项 keep only what is needed; what is not named is not shared
{fields}
rows: {{}}               # counties, streets, communities: ["12 digits"]; grids: ["15 digits"]; caseload: own; watch_list: true
purpose: ""            # 用途 what it is used for
basis: ""              # 使用依据 legal basis
scene: ""              # 使用场景 in which business
scope: ""              # 使用范围 who may use it
way: topic             # 共享方式 topic | file | table | webhook
until:                 # 使用时限 last day, e.g. 2027-12-31
"""


class Draft(NamedTuple):
    """A file that was read and found right, with its text and what can be agreed on about its entity."""

    agreement: Agreement
    text: str
    offer: Offer


def mount(group: typer.Typer) -> None:
    """Join the command line."""
    group.command("new")(new)
    group.command("check")(check)
    group.command("schema")(schema)


def new(
    ctx: typer.Context,
    id: Annotated[str, typer.Argument(metavar="ID", help="its id; the topic will be share.ID 协议编号")],
    provider: Annotated[list[str], typer.Option(help="department that says it; may be given several times 提供方")],
    consumer: Annotated[str, typer.Option(help="department that gets it 使用方")],
    entity: Annotated[str, typer.Option(help="resident, dwelling or another canonical entity 实体")],
    into: Annotated[Path | None, typer.Option(help="the file; default ID.yaml 输出文件")] = None,
) -> None:
    """Write a draft that names every field and the ways it may go out, for a person to cut down. 生成协议草案。"""
    app = of(ctx)
    if not re.fullmatch(written.ID, id):
        said = worded(("agreement",), {"type": "pattern"})
        raise WrongUse(*said[:2], place=id, hint=said[2], hint_zh=said[3])
    found = offers(app.catalog)
    known(entity, found, "entity", "实体")
    for name in (consumer, *provider):
        known(name, app.catalog.departments, "department", "部门")
    file = into or Path(f"{id}.yaml")
    fields = "\n".join(_lines(found[entity]))
    text = _TEMPLATE.format(id=id, provider=", ".join(provider), consumer=consumer, entity=entity, fields=fields)
    try:
        with file.open("x", encoding="utf-8") as stream:
            stream.write(text)
    except FileExistsError:
        raise WrongUse(
            "This file exists.", "文件已存在。", place=str(file), hint="Name another with --into.", hint_zh="请用 --into 另选。"
        ) from None
    note(f"{file} → civicbus agreement check {file} · civicbus agreement plan {file}")


def _lines(offer: Offer) -> list[str]:
    """Every field as a comment: nothing is shared until somebody takes the mark away."""
    ways = {name: " | ".join(sorted(WAYS[item.kind])) for name, item in offer.items.items() if WAYS[item.kind]}
    return [f"  # {name}: {ways[name]}    {offer.items[name].zh} {offer.items[name].en}" for name in ways]


def check(
    ctx: typer.Context,
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="FILE", help="agreements; default those of schemas/agreements 协议文件")
    ] = None,
) -> None:
    """Hold agreements against the catalog; all that is wrong is said at once. Exit 3 if anything is. 检查协议文件。"""
    app = of(ctx)
    chosen = files or in_schemas(app)
    refused = []
    for file in chosen:
        try:
            load(app, file)
        except AgreementRefused as error:
            refused.append(error)
    if refused:
        raise refused[0]
    note(f"{len(chosen)} agreements, nothing against them. {len(chosen)} 份协议，无问题。")


def schema() -> None:
    """JSON Schema of an agreement, for editors. 输出协议的 JSON Schema（供编辑器使用）。"""
    out(written.json_schema())


def in_schemas(app: App) -> list[Path]:
    """The agreements that stand in the folder of schemas."""
    return sorted((app.schemas / "agreements").glob("*.yaml"))


def load(app: App, file: Path, text: str | None = None) -> Draft:
    """Read an agreement and hold it against the catalog, today. Says all that is wrong, and raises `AgreementRefused`. `text`: what it
    says, where that comes from the log."""
    try:
        return _loaded(app, file_text(file) if text is None else text, str(file))
    except AgreementRefused as error:
        for each in error.problems:
            note(f"{file}:{each.line} · {each.path}")
            note(f"  {each.zh} {each.cure_zh}")
            note(f"  {each.en} {each.cure_en}")
        raise


def _loaded(app: App, text: str, place: str) -> Draft:
    found, lines = written.read(text, place)
    on_offer = offers(app.catalog)
    problems = held_to_catalog(found, on_offer, app.catalog.departments, day_of(now()), lines.line, _divisions(app))
    if problems:
        raise AgreementRefused(problems, place)
    return Draft(found, text, on_offer[found.entity])


def now() -> int:
    """The time, in ms."""
    return time.time_ns() // 1_000_000


def file_text(file: Path) -> str:
    """The file's text. Raises `WrongUse` where it cannot be read."""
    try:
        return file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise WrongUse(f"It cannot be read ({type(error).__name__}).", "无法读取。", place=str(file)) from None


def _divisions(app: App) -> Divisions | None:
    """The city's divisions, where the table is at hand."""
    return Divisions(read_divisions(app.reference)) if (app.reference / "divisions.csv").is_file() else None
