"""`civicbus up | health`: all of it under one supervisor; the figures alone."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from bus.cli import hosting
from bus.cli.context import App, does, of, open_log, person
from bus.cli.matrix import flows, names_of
from bus.cli.processes import children_env, civicbus
from bus.cli.say import note, out
from bus.cli.steps import READS, STEPS, on_signals, state_of_log
from bus.cli.tidying import tidied
from bus.config import FIELDS
from bus.diary import diary, open_diary
from bus.errors import BusError, CheckFailed
from bus.eventlog.port import EventLog
from bus.supervisor import Children, Gauge, Inbox, serve
from bus.supervisor.inbox import Dropped
from bus.supervisor.standing import Standing

_LOOK_S = 1.0
_AGREEMENTS_S = 5.0  # between two looks for agreements that came into force or ended
_PUBLISH_AT_ONCE = 8  # files of different datasets: some 100 MB each
_TIDY_S = 3600.0  # between two rounds of retention and compaction of the embedded log; Kafka does its own


def mount(app: typer.Typer) -> None:
    """Join the command line."""
    app.command("up")(up)
    app.command("health")(health)


def up(ctx: typer.Context) -> None:
    """Run everything: the steps, the inbox, /metrics and /health, the log's upkeep. Stop it with ctrl-C or SIGTERM. 启动全部。

    Files laid into CIVICBUS_HOME/inbox/DEPARTMENT.DATASET/ are published when they are whole, then moved to done/ or refused/ there.
    """
    app = of(ctx)
    open_diary(True)
    app.create_topics()
    app.keys  # noqa: B018 (made now, not by several children at once)
    settings = app.settings
    stopping = on_signals()
    server = serve(settings.listen, lambda: gauge(app))
    children = Children(_steps(app), children_env(app))
    slots = threading.Semaphore(_PUBLISH_AT_ONCE)
    inboxes = [Inbox(settings.inbox, [dataset], _publish, children_env(app), slots) for dataset in sorted(app.catalog.datasets)]
    tidier = threading.Thread(target=_tidy, args=(app, stopping), name="tidy", daemon=True)
    note(f"http://{settings.listen[0]}:{settings.listen[1]}/health · inbox 投放目录 {settings.inbox}")
    tidier.start()
    for inbox in inboxes:  # each dataset by itself: a small file does not wait for another's million rows
        threading.Thread(target=_watch, args=(inbox, stopping), name="inbox", daemon=True).start()
    try:
        agreements_at = time.monotonic()
        while not stopping.wait(_LOOK_S):
            if time.monotonic() - agreements_at >= _AGREEMENTS_S:
                agreements_at = time.monotonic()
                with contextlib.suppress(BusError):  # asked again soon; a step whose agreement ended stops by itself
                    children.want(_steps(app))
            children.look_after()
    finally:
        stopping.set()
        children.stop()
        server.shutdown()
    note("Stopped. 已停止。")


def _steps(app: App) -> dict[str, list[str]]:
    """What runs: the steps, one for each entity that is shared, and what keeps topics as agreements say. The last is, on a Kafka that asks
    for a password, nothing for whoever runs the steps: there a principal of its own does it, who may give rights."""
    names = [*STEPS, *hosting.sources(app)]
    commands = {name: [*civicbus(), "run", name] for name in names}
    if not app.settings.kafka.get("sasl.username") or "keep" in does(app, person(app)):
        commands["access"] = [*civicbus(), "access", "apply", "--watch"]
    return commands


def health(
    ctx: typer.Context,
    serving: Annotated[
        bool, typer.Option("--serve", help=f"go on serving /metrics and /health at {FIELDS['listen'][0]} 持续提供服务")
    ] = False,
) -> None:
    """How all is, as JSON; exit 5 if it is not well. 健康状况。

    With --serve: what `up` serves, for steps that run as services of their own.
    """
    app = of(ctx)
    if serving:
        stopping = on_signals()
        server = serve(app.settings.listen, lambda: gauge(app))
        note(f"http://{app.settings.listen[0]}:{app.settings.listen[1]}/health")
        stopping.wait()
        server.shutdown()
        return
    found = gauge(app).health()
    out(found.as_dict())
    if not found.well:
        raise CheckFailed(
            "Not all is well.",
            "运行状况异常。",
            hint="Is `civicbus up` running? See the fields above.",
            hint_zh="`civicbus up` 是否在运行？见上方各字段。",
        )


def gauge(app: App) -> Gauge:
    """What looks at the log of this run."""

    def state(log: EventLog) -> Path:
        return state_of_log(app.settings, log)

    kind, standing = app.settings.log.partition(":")[0], Standing(app.codec.decoder())
    return Gauge(lambda: open_log(app.settings), state, READS, app.settings.stall_s, kind, standing, flows(app, names_of(app)))


def _publish(dropped: Dropped, report: Path) -> Sequence[str]:
    where = ["--delivery", dropped.delivery, "--report", str(report), "--no-progress"]
    return [*civicbus(), "publish", dropped.dataset, str(dropped.path), *where]


def _watch(inbox: Inbox, stopping: threading.Event) -> None:
    while not stopping.wait(_LOOK_S):
        try:
            inbox.look()
        except OSError as error:  # a folder that went away: the steps go on, and it is said
            diary("inbox").error("cannot look", kind=type(error).__name__)
            time.sleep(10)


def _tidy(app: App, stopping: threading.Event) -> None:
    """Retention and compaction of the embedded log, on a connection of its own."""
    while not stopping.wait(_TIDY_S):
        with contextlib.suppress(BusError):  # the next round finds it again, and the steps say what is wrong with the log
            log = open_log(app.settings)
            try:
                if (removed := tidied(log)) is not None:
                    diary("up").info("tidied", removed=removed)
            finally:
                log.close()
