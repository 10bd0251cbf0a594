"""`civicbus agreement submit | review | approve | refuse | apply | suspend | resume | revoke | rotate`: what is decided, and by whom."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from bus.access.authority import objection
from bus.cli.agreement.drafts import File, load, now
from bus.cli.agreement.plan import exposed
from bus.cli.agreement.standing import Id, line, one, say
from bus.cli.context import App, of, person
from bus.errors import NotAllowed, WrongUse
from bus.eventlog import topics
from bus.sharing import history
from bus.sharing.agreement import Agreement
from bus.sharing.lifecycle import Event, Standing, Step

_Reason = Annotated[str, typer.Option(help="why; it is kept 理由（将留存）")]
_Note = Annotated[str, typer.Option(help="what there is to say 说明")]


def mount(group: typer.Typer) -> None:
    """Join the command line."""
    for command in (submit, review, approve, refuse, apply, suspend, resume, revoke, rotate):
        group.command()(command)


def submit(ctx: typer.Context, file: File, reason: _Note = "") -> None:
    """Ask for what the file says. The text is kept; a later change of it is a new submission. 提交申请。"""
    app = of(ctx)
    draft = load(app, file)
    share_class = draft.offer.class_of(draft.agreement.provider)
    needed = exposed(app, draft).approvals(share_class)
    app.log.create(map(topics.spec, (topics.AGREEMENT, topics.AUDIT)))
    refuse_who_may_not(app, "submit", draft.agreement)
    if taken := sorted(set(draft.agreement.subscribers) & set(app.principals or ())):
        raise WrongUse("A subscriber has no other part in the bus.", "订阅主体不能兼任总线的其他职责。", place=", ".join(taken))
    version = app.standings().get(draft.agreement.id, Standing(draft.agreement.id, app.named)).versions + 1
    said = (reason.strip(), draft.text, share_class, needed)
    history.write(app.log, Event(draft.agreement.id, version, "submit", person(app), now(), *said), app.named)
    say(line(app, one(app, draft.agreement.id)))


def review(ctx: typer.Context, id: Id, reason: _Note = "") -> None:
    """It is complete and may be decided on. 审核。"""
    _on_its_way(of(ctx), id, "review", reason)


def approve(ctx: typer.Context, id: Id, reason: _Note = "") -> None:
    """The provider agrees, of several each; where something sensitive is newly seen, two persons have to. 批准。"""
    _on_its_way(of(ctx), id, "approve", reason)


def refuse(ctx: typer.Context, id: Id, reason: _Reason) -> None:
    """No, and why. 拒绝（须说明理由）。"""
    _on_its_way(of(ctx), id, "refuse", reason)


def apply(ctx: typer.Context, id: Id, reason: _Note = "") -> None:
    """Put what was approved in force: its topic is there from now on. 使已批准的协议生效。"""
    app = of(ctx)
    pending = one(app, id).standing.pending
    if pending is not None:
        refuse_who_may_not(app, "apply", pending.agreement)
        # The catalog may have changed since it was approved: what is not shared any more is not shared by an old approval either.
        draft = load(app, Path(f"{id}@{pending.number}"), pending.submitted.text)
        if exposed(app, draft).approvals(draft.offer.class_of(draft.agreement.provider)) > pending.submitted.approvals:
            raise WrongUse(
                "By now it would reveal more than when it was submitted, and more persons must approve it.",
                "与提交时相比，现将新增披露更多信息，须由更多人批准。",
                place=id,
                hint="Refuse it, and submit it again.",
                hint_zh="请拒绝后重新提交。",
            )
        if pending.state == "approved":
            app.log.create([topics.share_spec(id, draft.agreement.retention_days, app.settings.partitions)])
    _on_its_way(app, id, "apply", reason)


def suspend(ctx: typer.Context, id: Id, reason: _Reason) -> None:
    """Nothing goes out under it until it is resumed. 暂停。"""
    _in_force(of(ctx), id, "suspend", reason)


def resume(ctx: typer.Context, id: Id, reason: _Note = "") -> None:
    """It goes on. 恢复。"""
    _in_force(of(ctx), id, "resume", reason)


def revoke(ctx: typer.Context, id: Id, reason: _Reason) -> None:
    """It ends now. 撤销。"""
    _in_force(of(ctx), id, "revoke", reason)


def rotate(
    ctx: typer.Context,
    id: Id,
    overlap_days: Annotated[int, typer.Option(min=0, max=3650, help="for so long both stand-ins are told 新旧假名并行告知的天数")] = 30,
    reason: _Note = "",
) -> None:
    """Give every subject another stand-in: what was kept under the old ones cannot be joined with what comes. 轮换假名。

    The subscriber is told at once: the old stand-in ends and names the new one, the new one names the old.
    """
    app = of(ctx)
    holding = one(app, id).standing.holding
    _do(app, id, holding.number if holding else 0, "rotate", reason, overlap_days)


def _on_its_way(app: App, id: str, step: Step, reason: str) -> None:
    pending = one(app, id).standing.pending
    if pending is not None:
        refuse_who_may_not(app, step, pending.agreement)
    _do(app, id, pending.number if pending else 0, step, reason)


def _in_force(app: App, id: str, step: Step, reason: str) -> None:
    holding = one(app, id).standing.holding
    if holding is not None:
        refuse_who_may_not(app, step, holding.agreement)
    _do(app, id, holding.number if holding else 0, step, reason)


def refuse_who_may_not(app: App, step: Step | Literal["watch"], agreement: Agreement) -> None:
    """Raises `NotAllowed` where principals are configured, and the one that acts does not act for a department that may."""
    if app.principals is None:
        return
    name = person(app)
    if (why := objection(step, app.principals.get(name), agreement)) is not None:
        hint = ("Who acts for whom stands in CIVICBUS_PRINCIPALS.", "主体与部门的对应关系见 CIVICBUS_PRINCIPALS。")
        raise NotAllowed(*why, place=f"{name}: {step} {agreement.id}", hint=hint[0], hint_zh=hint[1])


def _do(app: App, id: str, version: int, step: Step, reason: str, overlap_days: int = 0) -> None:
    who = (app.principals or {}).get(person(app))
    department = who.department if who is not None else ""
    event = Event(id, version, step, person(app), now(), reason.strip(), overlap_days=overlap_days, department=department)
    history.write(app.log, event, app.named)
    say(line(app, one(app, id)))
