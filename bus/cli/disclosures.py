"""`civicbus disclosures | corrections`: who was told what about a person, and whether what was wrong has been put right everywhere."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated, Any

import typer

from bus.cli.concerning import concerning
from bus.cli.context import App, of
from bus.cli.reading import Chosen, for_people
from bus.cli.say import note, out, table
from bus.cli.sharing import now
from bus.cli.subjects import Entity, read_subject
from bus.event import Record
from bus.eventlog import topics
from bus.eventlog.dead_letter import iso
from bus.resolver import docket
from bus.resolver.subject import ALL
from bus.sharing.audit import mark
from bus.sharing.disclosures import Closure, Disclosure, Righted, closures, disclosures

STANDINGS = {
    Closure.reached: "已更正 reached",
    Closure.unaffected: "所授内容无误 unaffected",
    Closure.ended: "协议已终止 agreement ended",
    Closure.waiting: "待更正 waiting",
}
_ReadFrom = Annotated[Entity, typer.Option("--entity", help="resident or dwelling 居民或房屋")]


def mount(app: typer.Typer) -> None:
    """Join the command line."""
    app.command("disclosures")(list_disclosures)
    app.command("corrections")(list_corrections)


def list_disclosures(
    ctx: typer.Context,
    subject: Annotated[str, typer.Argument(metavar="SUBJECT", help="as `show` prints it 主体标识")],
    entity: _ReadFrom = Entity.resident,
    how: Chosen = None,
) -> None:
    """Who received what about this person, when, which fields, under which agreement and basis. 谁获得过此人的数据。"""
    app = of(ctx)
    marks = _marks(app, entity, read_subject(subject))
    found = list(disclosures(_entries(app), marks))
    righted = closures(_entries(app), _entries(app), marks, _ended(app))
    if not for_people(how):
        out({"subject": subject, "disclosures": [_said(each) for each in found], "corrections": [_righted(each) for each in righted]})
        return
    columns = ("审计序号 seq", "时间 at", "事项 action", "协议 agreement", "接收方 consumer", "目的 purpose", "依据 basis", "字段 fields")
    table(f"{subject}: {len(found)}", columns, map(_row, found))
    _show(righted)


def list_corrections(ctx: typer.Context, how: Chosen = None) -> None:
    """For each correction: which receivers had the wrong value, and has the right one reached them? 更正是否到达各接收方。"""
    app = of(ctx)
    righted = closures(_entries(app), _entries(app), None, _ended(app))
    if not for_people(how):
        out([_righted(each) for each in righted])
        return
    _show(righted)


def told_of(app: App, entity: Entity, subject: bytes) -> list[Disclosure]:
    """All that was delivered or done about a subject."""
    return list(disclosures(_entries(app), _marks(app, entity, subject)))


def _marks(app: App, entity: Entity, subject: bytes) -> frozenset[bytes]:
    """What stands in the audit for a subject: itself, those that were joined to it by rulings in force, each statement of its file, and
    each statement of another entity that names it or stands in the same row (sharing of statements marks the statement)."""
    found = docket.read(app.log)
    rulings = [found.rulings[each] for each in found.in_force]
    joined = {move.subject for each in rulings for move in each.moves if move.to == subject and move.statement == ALL}
    concerned = concerning(app, entity, subject)
    statements = concerned.mine | {each.key for each in concerned.every if each.topic not in map(topics.canonical, topics.MASTERS)}
    return frozenset(mark(app.keys, each) for each in (*(one.hex().encode() for one in {subject, *joined}), *statements))


def _ended(app: App) -> set[str]:
    """The agreements under which nobody is told anything any more."""
    return {id for id, standing in app.standings().items() if standing.state_at(now()) in ("revoked", "expired")}


def _entries(app: App) -> Iterator[Record]:
    if any(info.name == topics.AUDIT for info in app.log.topics()):
        for batch in app.log.scan(topics.AUDIT):
            yield from batch.records


def _said(each: Disclosure) -> dict[str, Any]:
    grant = {**each.grant._asdict(), "fields": dict(each.grant.fields)} if each.grant else {}
    place = {"topic": each.topic, "partition": each.partition, "offset": each.offset}
    return {"seq": each.seq, "at": iso(each.at), "action": each.action, "actor": each.actor, **grant, **place, "event_id": each.event.hex()}


def _row(each: Disclosure) -> tuple[object, ...]:
    head = str(each.seq), iso(each.at), each.action.value
    if each.grant is None:
        return (*head, "", each.actor, "", "", "")
    fields = " ".join(name if how == "clear" else f"{name}({how})" for name, how in sorted(each.grant.fields.items()))
    return (*head, f"{each.grant.agreement} v{each.grant.version}", each.grant.consumer, each.grant.purpose, each.grant.basis, fields)


def _righted(each: Righted) -> dict[str, Any]:
    receivers = [
        {
            "agreement": one.agreement,
            "consumer": one.consumer,
            "told_at": iso(one.told_at),
            "told_seq": one.told_seq,
            "standing": one.standing,
            "right_at": None if one.right_at is None else iso(one.right_at),
        }
        for one in each.receivers
    ]
    return {"event_id": each.event.hex(), "at": iso(each.at), "receivers": receivers}


def _show(righted: Iterable[Righted]) -> None:
    rows = [
        (
            each.event.hex(),
            iso(each.at),
            one.agreement,
            one.consumer,
            iso(one.told_at),
            STANDINGS[one.standing],
            iso(one.right_at or 0)[:10] if one.right_at else "—",
        )
        for each in righted
        for one in each.receivers
    ]
    columns = (
        "更正 correction",
        "时间 at",
        "协议 agreement",
        "接收方 consumer",
        "曾获错误值 told at",
        "状态 standing",
        "更正到达 right at",
    )
    table("更正 corrections", columns, rows)
    waiting = sum(row[5] == STANDINGS[Closure.waiting] for row in rows)
    note(f"{waiting} waiting. 待更正 {waiting} 项。")
