"""`civicbus blindspots`: what no department sees alone, counted by county, street, community or grid; small cells are not shown."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Annotated, Any

import typer

from bus.cli.context import App, of
from bus.cli.say import note, out, table
from bus.cli.subjects import open_store
from bus.resolver.blindspots import QUESTIONS, Tally, lived_in, of_dwelling, of_resident
from bus.resolver.ends import Benefit, benefit
from bus.resolver.linked import is_dead
from bus.resolver.linking import VAGUE, Way
from bus.resolver.master import opened
from bus.resolver.routing import ID_BYTES
from bus.resolver.subject import BENEFIT, LINK, Arrived
from bus.resolver.suppression import FEW, Area, shown


class By(StrEnum):
    """The areas that are counted."""

    county = "county"
    street = "street"
    community = "community"
    grid = "grid"


class Form(StrEnum):
    """How the counts are written."""

    json = "json"
    table = "table"


DEPTH = {By.county: 1, By.street: 2, By.community: 3, By.grid: 4}


def mount(app: typer.Typer) -> None:
    """Join the command line."""
    app.command("blindspots")(blindspots)


def blindspots(
    ctx: typer.Context,
    by: Annotated[By, typer.Option(help="the areas to count by 统计区域：区县、街道、社区、网格")] = By.county,
    how: Annotated[Form | None, typer.Option("--format", help="JSON on standard output, or a table for people 输出格式")] = None,
) -> None:
    """Dwellings with no resident, allowances with no dwelling, people paid after death … 盲区统计，不足 5 的不显示。"""
    app = of(ctx)
    tally = count(app)
    if (how is Form.json) if how is not None else not sys.stdout.isatty():
        out(as_json(app, tally, by))
    else:
        show(app, tally, by)


def count(app: App) -> Tally:
    """Ask every question of every file, one file at a time."""
    tally = Tally()
    dwellings = open_store(app, "dwelling")
    for _, record, _ in dwellings.walk():
        tally.add(of_dwelling(record))
    decode = app.codec.decoder()
    with dwellings.opened() as dwelling:
        for _, record, come in open_store(app, "resident").walk():
            arrived = come()
            benefits = _benefits(arrived)
            dead = is_dead(record["fields"].get("deceased", {}).get("value"), opened(arrived.statements, decode) if benefits else ())
            tally.add(of_resident(record, benefits, _placed(arrived), _homes(record, dwelling), dead))
    return tally


def as_json(app: App, tally: Tally, by: By) -> dict[str, Any]:
    """The counts for programs; null where one is not to be shown."""
    cells = _cells(tally, by)
    areas = sorted({area for each in cells.values() for area in each if area and len(area) == DEPTH[by]})
    names = _names(app)
    return {
        "by": by.value,
        "suppressed_below": FEW,
        "city": _counts(cells, ()),
        "areas": [{"area": _code(area), "name": names.get(_code(area)), **_counts(cells, area)} for area in areas],
    }


def show(app: App, tally: Tally, by: By) -> None:
    """The counts for people."""
    cells, names = _cells(tally, by), _names(app)
    city = [(f"{q.zh} {q.en}", *_pair(cells, name, (), f"<{FEW}"), f"{q.of_zh} {q.of_en}") for name, q in QUESTIONS.items()]
    table("盲区：全市 Blind spots: the city", ("问题 question", "数量 count", "总数 n", "统计对象 of"), city)
    areas = sorted({area for each in cells.values() for area in each if area and len(area) == DEPTH[by]})
    rows = []
    for area in areas:
        pairs = ("/".join(_pair(cells, name, area, "*")) for name in QUESTIONS)
        rows.append((_code(area), names.get(_code(area), "") + ("" if area[-1] else " 内不详 not known"), *pairs))
    columns = ("区域 area", "名称 name", *(f"{q.zh} {q.en}" for q in QUESTIONS.values()))
    table(f"盲区：按{_BY[by]} Blind spots by {by.value} (数量 count / 总数 n)", columns, rows)
    note(f"* 不足 {FEW}，或可据以推算出不足 {FEW} 的数，不显示。 Not shown: fewer than {FEW}, or what would give such a count away.")


_BY = {By.county: "区县", By.street: "街道", By.community: "社区", By.grid: "网格"}
Cells = Mapping[str, Mapping[Area, int | None]]
"""Question, or "question of" for those it was asked of → area → what is shown."""


def _cells(tally: Tally, by: By) -> Cells:
    depth = DEPTH[by]
    cells = {}
    for name in QUESTIONS:
        cells[name] = shown(tally.so[name], depth)
        cells[f"{name} of"] = shown(tally.asked[name], depth)
    return cells


def _pair(cells: Cells, name: str, area: Area, hidden: str) -> tuple[str, str]:
    found = (cells[name].get(area), cells[f"{name} of"].get(area))
    so, of_ = (hidden if n is None else f"{n:,}" for n in found)
    return so, of_


def _counts(cells: Cells, area: Area) -> dict[str, Any]:
    return {name: {"count": cells[name].get(area), "n": cells[f"{name} of"].get(area)} for name in QUESTIONS}


def _code(area: Area) -> str:
    """The code of the finest part that is known."""
    return next((code for code in reversed(area) if code), "")


def _names(app: App) -> dict[str, str]:
    """Code → name of counties, streets and communities; none where the city's tables are not at hand."""
    from connectors.reference import read_divisions

    if not (app.reference / "divisions.csv").is_file():
        return {}
    rows = sorted(read_divisions(app.reference), key=lambda row: row["valid_from"])
    names = {}
    for row in rows:
        code = row["code12"]
        for digits in (12, 9, 6):
            if set(code[digits:]) <= {"0"}:
                names[code[:digits]] = row["name"]
    return names


def _benefits(come: Arrived) -> list[Benefit]:
    return [benefit(Way.unpacked(told.value).body) for _, told in sorted(come.told.get(BENEFIT, {}).items())]


def _placed(come: Arrived) -> set[str]:
    """The dwellings at the other end of links that can be told from others."""
    found = (Way.unpacked(told.value).found for told in come.told.get(LINK, {}).values())
    return {each[:ID_BYTES].hex() for each in found if each and not each[ID_BYTES] & VAGUE}


def _homes(record: Mapping[str, Any], dwelling: Callable[[bytes], dict[str, Any] | None]) -> list[dict[str, Any]]:
    """The files of a person's present homes; looked up only where the person's own file does not say where he is."""
    fields = record["fields"]
    if "grid_code" in fields and "residence_division" in fields:
        return []
    others = [each["other"] for each in record["links"] if lived_in(each) and each["entity"] == "dwelling" and each["other"]]
    return [home for other in others if (home := dwelling(bytes.fromhex(other))) is not None]
