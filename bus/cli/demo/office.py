"""The agreements of the demonstration, put in force step by step. It acts for every person that this takes, and says so."""

from __future__ import annotations

from collections.abc import Sequence

from bus.cli.agreement import words
from bus.cli.agreement.drafts import Draft, in_schemas, load, now
from bus.cli.agreement.plan import exposed
from bus.cli.context import App
from bus.cli.say import note
from bus.eventlog import topics
from bus.sharing import history
from bus.sharing.lifecycle import Event, Standing, State, Step

_NEXT: dict[State, Step] = {"submitted": "review", "reviewed": "approve", "approved": "apply"}


def put_in_force(app: App) -> list[Draft]:
    """The agreements that came with civicbus, in force. One that is already is left as it is; one that was on its way goes on."""
    drafts = [load(app, file) for file in in_schemas(app)]
    app.log.create(map(topics.spec, (topics.AGREEMENT, topics.AUDIT)))
    for draft in drafts:
        agreement = draft.agreement
        needed = exposed(app, draft).approvals(draft.offer.class_of(agreement.provider))
        zh, en = words.parties(agreement, app.catalog.departments)
        note(f"{agreement.id} · {agreement.title.zh} {agreement.title.en}\n  {zh} · {en}")
        if not (taken := _settle(app, draft, needed)):
            note("  已生效 in force already")
        for event in taken:
            note(f"  {words.STEPS[event.step]:<14} {event.by}")
    return drafts


def _settle(app: App, draft: Draft, needed: int) -> Sequence[Event]:
    """Step by step until what the file says is in force; the steps that this took."""
    taken: list[Event] = []
    while (event := _next(_standing(app, draft), draft, needed)) is not None:
        if event.step == "apply":
            agreement = draft.agreement
            app.log.create([topics.share_spec(agreement.id, agreement.retention_days, app.settings.partitions)])
        history.write(app.log, event, app.named)
        taken.append(event)
    return taken


def _standing(app: App, draft: Draft) -> Standing:
    return app.standings().get(draft.agreement.id, Standing(draft.agreement.id, app.named))


def _next(standing: Standing, draft: Draft, needed: int) -> Event | None:
    agreement, at, pending, held = draft.agreement, now(), standing.pending, standing.holding
    if pending is not None:
        step = _NEXT[pending.state]
        provider = (pending.waits_for or agreement.provider)[0]
        by = _person(draft, step, provider, len(pending.approved))
        return Event(agreement.id, pending.number, step, by, at, department=provider if step == "approve" else "")
    if held is not None and held.submitted.text == draft.text and standing.in_force(at) is not None:
        return None
    said = (draft.text, draft.offer.class_of(agreement.provider), needed)
    return Event(agreement.id, standing.versions + 1, "submit", _person(draft, "submit", "", 0), at, "", *said)


def _person(draft: Draft, step: Step, provider: str, approved: int) -> str:
    """Who takes a step, by the name of a principal: no two of these may be one person."""
    if step == "submit":
        return f"demo-{draft.agreement.consumer}-clerk"
    if step == "approve":
        return f"demo-{provider}-{('head', 'deputy')[min(approved, 1)]}"
    return "demo-data-office"
