"""`civicbus dwellings`: the city's compounds, their buildings, entrances and dwellings, each by its id."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from bus.cli.context import of
from bus.cli.reading import HOW, Lines, for_people
from bus.cli.say import note, out, table
from bus.cli.subjects import Entity, open_store, read_subject
from bus.errors import CheckFailed
from bus.keys import KeyRing
from bus.resolver.tree import Branch, below, branches

KINDS = {"compound": "小区 compound", "building": "楼栋 building", "entrance": "单元 entrance", "dwelling": "房屋 dwelling"}
COLUMNS = ("级别 kind", "标识 id", "名称 name")


def mount(app: typer.Typer) -> None:
    """Join the command line."""
    app.command("dwellings")(dwellings)


def dwellings(
    ctx: typer.Context,
    id: Annotated[str | None, typer.Argument(metavar="ID", help="compound, building or entrance; default: all compounds 上级标识")] = None,
    how: Annotated[Lines | None, typer.Option("--format", help=HOW)] = None,
) -> None:
    """What stands under a compound, building or entrance, each with its id. 小区、楼栋、单元、房屋逐级查看。Exit 5 if nothing does."""
    app = of(ctx)
    under = read_subject(id).hex() if id else None
    found = below((record for _, record, _ in open_store(app, Entity.dwelling).walk()), app.keys, under)
    if not found:
        raise CheckFailed(
            "No dwelling is known there.", "该处没有已知房屋。", place=id or "", hint="civicbus dwellings", hint_zh="civicbus dwellings"
        )
    if not for_people(how):
        for branch, count in found:
            out({**branch._asdict(), "dwellings": count})
        return
    table("", (*COLUMNS, "房屋数 dwellings"), (_row(branch, f"{count:,}") for branch, count in found))
    note("civicbus dwellings ID · civicbus show dwelling --subject ID")


def show_branches(record: Mapping[str, Any], keys: KeyRing) -> None:
    """Print where the dwelling of a master record stands; of anything else, nothing."""
    if found := branches(record, keys):
        table("位置 where it stands (civicbus dwellings ID)", COLUMNS, map(_row, found))


def _row(branch: Branch, *more: str) -> tuple[str, ...]:
    return KINDS[branch.kind], branch.id, branch.name, *more
