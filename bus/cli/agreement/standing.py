"""`civicbus agreement list | show`: how agreements stand, what waits and since when, and who did what to them."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import typer

from bus.cli.agreement import words
from bus.cli.agreement.drafts import file_text, in_schemas, now
from bus.cli.context import App, calendar, known, of
from bus.cli.reading import HOW, Chosen, Lines, for_people
from bus.cli.say import note, out, table
from bus.eventlog.dead_letter import iso
from bus.sharing import agreement as written
from bus.sharing.agreement import Agreement
from bus.sharing.clocks import Limits, clock
from bus.sharing.lifecycle import Event, Standing, Version
from bus.sharing.problem import AgreementRefused

Id = Annotated[str, typer.Argument(metavar="ID", help="the agreement 协议编号")]


class Shown(NamedTuple):
    """How one stands, and the text that this is about: of the version in force, else of that on its way, else of the last there was."""

    standing: Standing
    agreement: Agreement
    text: str


def mount(group: typer.Typer) -> None:
    """Join the command line."""
    group.command("list")(list_)
    group.command("show")(show)


def list_(ctx: typer.Context, how: Annotated[Lines | None, typer.Option("--format", help=HOW)] = None) -> None:
    """All agreements: how they stand, until when, what waits for an answer and since when. 列出协议。"""
    app = of(ctx)
    submitted = {id: _shown(standing) for id, standing in app.standings().items() if standing.events}
    found = _drafts(app) | submitted
    lines = [line(app, found[id]) for id in sorted(found)]
    if not for_people(how):
        for each in lines:
            out(each)
        return
    heads = ("编号 id", "提供 → 使用 parties", "实体 entity", "状态 state", "版本 version", "至 until", "办理中 on its way", "期限 due")
    table("", heads, map(_cells, lines))


def show(ctx: typer.Context, id: Id, how: Chosen = None) -> None:
    """One agreement: its text, how it stands, each step with who, when and why. 查看协议及其办理过程。"""
    app = of(ctx)
    shown = one(app, id)
    said, events = line(app, shown), [_event(each) for each in shown.standing.events]
    if not for_people(how):
        out({**said, "text": shown.text, "events": events})
        return
    note(shown.text)
    heads = ("步骤 step", "版本 version", "经办 by", "时间 at", "理由 reason")
    table("", heads, [(words.STEPS[each["step"]], str(each["version"]), each["by"], each["at"], each["reason"]) for each in events])
    say(said)


def one(app: App, id: str) -> Shown:
    """The agreement of this id. Raises `WrongUse` where none was submitted."""
    found = {id: standing for id, standing in app.standings().items() if standing.events}
    known(id, found, "agreement that was submitted", "已提交的协议")
    return _shown(found[id])


def line(app: App, shown: Shown) -> dict[str, Any]:
    """How it stands now, in plain values."""
    standing, agreement, at = shown.standing, shown.agreement, now()
    return {
        "agreement": agreement.id,
        "title": agreement.title.model_dump(),
        "provider": list(agreement.provider),
        "consumer": agreement.consumer,
        "entity": agreement.entity,
        "state": standing.state_at(at),
        "version": standing.holding.number if standing.holding else None,
        "epoch": standing.epoch,
        "until": agreement.until.isoformat(),
        "pending": _pending(standing.pending),
        "clock": _clock(app, standing, at),
        "refused": next((each.reason for each in reversed(standing.events) if each.step == "refuse"), None) if standing.refused else None,
    }


def say(said: dict[str, Any]) -> None:
    """The line, for a person."""
    note(f"{said['agreement']}: {words.STATES[said['state']]} · 至 until {said['until']}")
    if pending := said["pending"]:
        approved = f"{len(pending['approved_by'])}/{pending['approvals']}"
        note(f"  第 {pending['version']} 版 version: {words.STATES[pending['state']]} · 批准 approvals {approved} · {_due(said['clock'])}")
        if len(said["provider"]) > 1 and pending["waits_for"]:
            note(f"  尚未批准的提供方 providers that have not approved: {', '.join(pending['waits_for'])}")
    if said["refused"]:
        note(f"  拒绝理由 refused because: {said['refused']}")


def _shown(standing: Standing) -> Shown:
    held = standing.holding if standing.kept(now()) in ("active", "suspended") else None
    version = held or standing.pending or standing.refused or standing.holding
    assert version is not None  # noqa: S101 - a standing with events has had a version
    return Shown(standing, version.agreement, version.submitted.text)


def _drafts(app: App) -> dict[str, Shown]:
    """Those that stand in the folder of schemas. What is wrong with one is said, and the others are shown."""
    found = {}
    for file in in_schemas(app):
        try:
            text = file_text(file)
            agreement = written.read(text, str(file))[0]
        except AgreementRefused as error:
            note(f"{error.place}: {error.message_zh} {error.message}")
            continue
        found[agreement.id] = Shown(Standing(agreement.id), agreement, text)
    return found


def _pending(version: Version | None) -> dict[str, Any] | None:
    if version is None:
        return None
    return {
        "version": version.number,
        "state": version.state,
        "submitted_by": version.submitted.by,
        "share_class": version.submitted.share_class,
        "approvals": version.submitted.approvals,
        "approved_by": [each.by for each in version.approved],
        "waits_for": list(version.waits_for),
    }


def _clock(app: App, standing: Standing, at: int) -> dict[str, Any] | None:
    settings = app.settings
    limits = Limits(settings.answer_days_open, settings.answer_days, settings.supply_days)
    if (runs := clock(standing, limits, calendar(app))) is None:
        return None
    return {
        "waits_for": runs.waits_for,
        "since": iso(runs.since),
        "due": runs.due.isoformat(),
        "calendar_known": runs.known,
        "overdue": runs.overdue(at),
    }


def _due(runs: dict[str, Any]) -> str:
    late = " · 已逾期 overdue" if runs["overdue"] else ""
    unknown = "" if runs["calendar_known"] else "（节假日安排未公布 holidays not known yet）"
    return f"{words.WAITS[runs['waits_for']]} {runs['due']}{unknown}{late}"


def _cells(said: dict[str, Any]) -> tuple[object, ...]:
    pending, runs = said["pending"], said["clock"]
    parties = f"{', '.join(said['provider'])} → {said['consumer']}"
    on_its_way = f"第 {pending['version']} 版 {words.STATES[pending['state']]}" if pending else ""
    version = str(said["version"] or "")
    state = words.STATES[said["state"]]
    return (said["agreement"], parties, said["entity"], state, version, said["until"], on_its_way, _due(runs) if runs else "")


def _event(each: Event) -> dict[str, Any]:
    return {"step": each.step, "version": each.version, "by": each.by, "at": iso(each.at), "reason": each.reason}
