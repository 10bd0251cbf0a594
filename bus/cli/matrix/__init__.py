"""`civicbus matrix`: the information barrier (信息壁垒) as one picture: what flows, what is held up and why, what nobody asked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from bus.cli.agreement.drafts import now
from bus.cli.context import App, calendar, of
from bus.cli.matrix import words
from bus.cli.matrix.page import page
from bus.cli.matrix.words import STATES, Names
from bus.cli.reading import Chosen, for_people
from bus.cli.say import note, out, table
from bus.cli.steps import state_of_log
from bus.eventlog.dead_letter import iso
from bus.sharing.cells import Cell, Request
from bus.sharing.clocks import Limits
from bus.sharing.data_items import data_items
from bus.sharing.flows import Flows
from bus.sharing.items import offers


def mount(app: typer.Typer) -> None:
    """Join the command line."""
    app.command("matrix")(matrix)


def matrix(
    ctx: typer.Context,
    html: Annotated[Path | None, typer.Option(help="write a page that stands alone, to be looked at or printed 写出网页")] = None,
    how: Chosen = None,
) -> None:
    """Who shares what with whom: flowing, stale, waiting, refused, never asked or broken, and why. 信息壁垒矩阵。"""
    app = of(ctx)
    at, names = now(), names_of(app)
    following = flows(app, names)
    following.look(app.log)
    cells = following.cells(at)
    for topic in sorted(following.unread):
        note(f"{topic}: 当前主体无权读取，无法得知是否有记录待共享 this principal may not read it, so whether records wait is not known")
    if html is not None:
        html.write_text(page(cells, names, at), encoding="utf-8")
        note(f"{html}: {summary(cells)}")
    elif for_people(how):
        _show(cells, names)
    else:
        out({**as_json(cells, at), "not_known": sorted(following.unread)})


def flows(app: App, names: Names) -> Flows:
    """What follows the log of this run."""
    catalog, settings = app.catalog, app.settings
    cadences = {dataset: contract.cadence for dataset, contract in catalog.datasets.items()}
    limits = Limits(settings.answer_days_open, settings.answer_days, settings.supply_days)
    items, departments = list(names.items.values()), list(names.departments)
    return Flows(items, names.offers, departments, cadences, limits, calendar(app), lambda log: state_of_log(settings, log), app.named)


def names_of(app: App) -> Names:
    """What people call departments, items and fields."""
    found = offers(app.catalog)
    return Names(app.catalog.departments, {item.name: item for item in data_items(app.catalog, found)}, found)


def summary(cells: Sequence[Cell]) -> str:
    """How many cells are in which state."""
    counted = Counter(cell.state for cell in cells)
    return " · ".join(f"{shown.zh} {shown.en} {counted[name]}" for name, shown in STATES.items() if counted[name])


def as_json(cells: Sequence[Cell], at: int) -> dict[str, Any]:
    """For programs."""
    counted = Counter(cell.state for cell in cells)
    return {"at": iso(at), "counts": {name: counted[name] for name in STATES}, "cells": [_cell(cell) for cell in cells]}


def _cell(cell: Cell) -> dict[str, Any]:
    decisive = cell.requests[0].agreement if cell.requests else None
    return {
        "provider": cell.provider,
        "consumer": cell.consumer,
        "item": cell.item,
        "state": cell.state,
        "reason": {"en": cell.reason[0], "zh": cell.reason[1]},
        "basis": decisive.basis if decisive else None,
        "waiting": cell.wait._asdict() if cell.wait else None,
        "delivered": cell.delivered,
        "newest": iso(cell.newest) if cell.newest is not None else None,
        "handed_in": iso(cell.heard) if cell.heard is not None else None,
        "rows": cell.rows,
        "agreements": [_request(each) for each in cell.requests],
    }


def _request(request: Request) -> dict[str, Any]:
    agreement, flow = request.agreement, request.flow
    return {
        "agreement": agreement.id,
        "version": request.version,
        "state": request.state,
        "reason": {"en": request.reason[0], "zh": request.reason[1]},
        "fields": list(request.fields),
        "purpose": agreement.purpose,
        "basis": agreement.basis,
        "until": agreement.until.isoformat(),
        "delivered": flow.delivered,
        "withheld": dict(flow.withheld),
        "newest": iso(flow.newest) if flow.newest is not None else None,
    }


def _show(cells: Sequence[Cell], names: Names) -> None:
    """A row for each item of each provider, a column for each consumer."""
    said = {(cell.provider, cell.item, cell.consumer): cell for cell in cells}
    rows = []
    for provider, item in dict.fromkeys((cell.provider, cell.item) for cell in cells):
        found = [said.get((provider, item, consumer)) for consumer in names.departments]
        named = names.items[item]
        rows.append((names.departments[provider].zh, f"{named.zh} {named.en}", *map(_word, found)))
    heads = [f"→ {each.zh} {each.en}" for each in names.departments.values()]
    table("信息壁垒 The information barrier", ("提供方 from", "数据项 item", *heads), rows)
    note(summary(cells))
    for cell in cells:
        if cell.state not in ("flowing", "never_asked"):
            note(f"{cell.provider} → {cell.consumer} · {names.items[cell.item].zh}: {cell.reason[1]} {cell.reason[0]}")


def _word(cell: Cell | None) -> str:
    if cell is None:
        return "–"
    return f"{STATES[cell.state].mark} {' '.join(words.state(cell))}"
