"""The last part of the demonstration: agreements of the fictional city in use, and what a month later is new to those who follow."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bus import account
from bus.account import Shared
from bus.cli import regranting, sharing
from bus.cli.agreement.drafts import Draft
from bus.cli.context import App
from bus.cli.demo.delivered import Subscriber, show
from bus.cli.demo.office import put_in_force
from bus.cli.demo.use import USES, what_changed
from bus.cli.say import note
from bus.cli.steps import state_of_log
from bus.eventlog import topics
from bus.step import Options, run_in_turn


def show_sharing(app: App, a_month_later: Callable[[], None]) -> None:
    """Put the agreements in force, share, and show what each subscriber got; then again after `a_month_later`, what is new."""
    note("共享 Sharing: 演示代多名经办人逐步办理；实际工作中提交、审核、批准须由不同的人完成。")
    note("The demonstration acts for several persons; in earnest nobody may submit, review and approve the same.")
    drafts = put_in_force(app)
    _share(app)
    following = {draft.agreement.id: Subscriber(app, draft.agreement.id) for draft in drafts}
    _show_all(app, drafts, following)
    note("\n一个月后，提供方提交新的数据，使用方收到变化 A month later there is news, and those who follow learn of it:")
    a_month_later()
    for id, subscriber in following.items():
        note(f"  {id}: {what_changed(subscriber.read_on())}")


def _show_all(app: App, drafts: list[Draft], following: Mapping[str, Subscriber]) -> None:
    shared = account.read_all(app.log).shared
    for draft in drafts:
        id = draft.agreement.id
        following[id].read_on()
        note("")
        show(draft, following[id].state, shared.get(topics.share(id), Shared(topics.share(id))))
        if id in USES:
            USES[id](app, following[id].state)


def _share(app: App) -> None:
    """Run the step of each agreement in force to its end."""
    settings = app.settings
    options = Options(state_of_log(settings, app.log), settings.batch_records, settings.stall_s, until_idle=True)
    run_in_turn(app.log, [regranting.step_of(app, topics.share(id)).step for id in sharing.in_force(app)], options)
