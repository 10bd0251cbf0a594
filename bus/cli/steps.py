"""`civicbus run`: the steps, each in the one loop of `bus.step`."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache, partial
from hashlib import blake2b
from pathlib import Path
from typing import Annotated

import typer

from bus import account
from bus.cli import hosting, regranting, resolving, sharing
from bus.cli.context import App, known, of
from bus.cli.say import note
from bus.config import Settings
from bus.errors import ConfigRefused, WrongUse
from bus.event import Batch, Output, Record
from bus.eventlog import dead_letter, topics
from bus.eventlog.known_keys import KnownKeys
from bus.eventlog.port import EventLog
from bus.step import Memory, Options, Refuse, Step, run, run_in_turn, run_together
from bus.step.poison import LARGEST
from bus.step.progress import Reads

_ROOM = (
    LARGEST // 2
)  # a letter's original grows by a third in base64; one that would not fit stays in its raw topic, where the letter points


def normalizer(app: App) -> Step:
    """raw.* → canonical.*"""
    from bus.normalizer.kit import Kit
    from bus.normalizer.mapping import compile_mappings, sources_of
    from bus.normalizer.worker import Normalizer
    from bus.sealing import Sealer
    from bus.standards.addresses import AddressBook
    from bus.standards.codes import CodeList
    from bus.standards.divisions import Divisions
    from connectors.reference import read_compounds, read_divisions

    divisions = Divisions(read_divisions(app.reference))
    sealer = Sealer(app.keys)
    kit = Kit(
        keys=app.keys,
        divisions=divisions,
        addresses=AddressBook(divisions, read_compounds(app.reference)),
        code_list=lambda name: CodeList.load(_code_file(app.schemas / "codes", name)),
        sealer=sealer,
        said_in=cache(lambda dataset: KnownKeys(app.log, topics.raw(app.dataset(dataset)))),
    )
    worker = Normalizer(compile_mappings(app.mappings, app.catalog, kit), sources_of(app.catalog), app.codec, app.keys)

    def decide(batches: list[Batch]) -> list[Output]:
        sealer.renew()  # a key that an erasure destroyed since is not held any longer
        return worker.decide(batches)

    return Step("normalizer", "raw.", decide, refuse_with(app, "normalize"), resolving.READS)


def _code_file(folder: Path, name: str) -> Path:
    found = [path for path in (folder / f"{name}.yaml", folder / f"{name}.csv") if path.is_file()]
    if not found:
        raise ConfigRefused("There is no code list of this name.", "没有该名称的代码表。", place=str(folder / name))
    return found[0]


def audit_chain(app: App) -> Step:
    """audit → audit.chain"""
    from bus.sharing import chain

    return Step("audit-chain", topics.AUDIT, Memory(chain.decide), resolving.refuse)


STEPS: Mapping[str, Callable[[App], Step]] = {"normalizer": normalizer, **resolving.STEPS, "audit-chain": audit_chain}
"""Name → how it is put together, in the order in which a record passes through them."""

READS: Mapping[str, Reads] = {"normalizer": "raw.", **resolving.READS, "audit-chain": topics.AUDIT}
"""Name → the topics it reads."""


def refuse_with(app: App, step: str) -> Refuse:
    """How a record that no decision comes to an end on is set aside: a letter to its department, and the row counted as refused."""
    from bus.sealing import seal_for

    keys = app.keys

    def refuse(topic: str, partition: int, offset: int, record: Record) -> list[Output]:
        department, dataset = topics.dataset_of(topic)
        letter = dead_letter.unreadable(topic, partition, offset, record, b"")
        value = record.value or b""
        sealed = seal_for(keys.departments[department], letter.id.encode(), value, keys) if len(value) < _ROOM else b""
        letter = dead_letter.unreadable(topic, partition, offset, record, sealed)
        counted = account.delta(step, dataset, {"refused": 1}, {dead_letter.RECORD_UNREADABLE: 1})
        return [
            Output(topics.dead_letter(department), letter.as_record(record.timestamp)),
            Output(topics.ACCOUNT, counted._replace(timestamp=record.timestamp)),
        ]

    return refuse


def state_of_log(settings: Settings, log: EventLog) -> Path:
    """Where the steps of this log note what they have in hand: another log, another folder."""
    return settings.state / blake2b(log.identity().encode(), digest_size=6).hexdigest()


def mount(app: typer.Typer) -> None:
    """Join the command line."""
    app.command("run")(run_steps)


def run_steps(
    ctx: typer.Context,
    steps: Annotated[list[str] | None, typer.Argument(metavar="STEP", help="which steps; default all 步骤名，默认全部")] = None,
    until_idle: Annotated[bool, typer.Option("--until-idle", help="stop once all that was published is through 处理完毕即停止")] = False,
) -> None:
    """Run the steps: what was published goes on its way. 运行处理步骤（标准化、归并等）。

    sharing.ENTITY: all agreements on an entity, in one process 同一实体的全部协议; share.AGREEMENT: one alone 单个协议
    """
    app = of(ctx)
    hosts, alone = hosting.sources(app), [*STEPS, *map(topics.share, sharing.in_force(app))]
    names = list(steps or [*STEPS, *hosts])
    for name in names:
        known(name, [*alone, *hosts], "step", "步骤")
    if len(names) > 1 and not until_idle:
        raise WrongUse(
            "Several steps without end need a process each.",
            "多个持续运行的步骤需各占一个进程。",
            hint="`civicbus up` runs them all.",
            hint_zh="`civicbus up` 可运行全部步骤。",
        )
    app.create_topics()
    stopping = on_signals()
    settings = app.settings
    options = Options(state_of_log(settings, app.log), settings.batch_records, settings.stall_s, until_idle, stopping.is_set)
    if until_idle:
        total = _until_idle(app, names, hosts, options)
    elif names[0] in hosts:
        total = run_together(app.log, hosting.Host(app, hosts[names[0]]), options)
    elif names[0] in STEPS:
        total = run(app.log, STEPS[names[0]](app), options)
    else:
        total = _share(app, names[0], options)
    note(f"{total:,} records through. 已处理 {total:,} 条记录。")


def _until_idle(app: App, names: Sequence[str], hosts: Mapping[str, str], options: Options) -> int:
    """All of them. What was shared is in the audit, whose chain is a step that comes before: so once more."""
    made = [STEPS[name](app) if name in STEPS else regranting.step_of(app, name).step for name in names if name not in hosts]
    total = run_in_turn(app.log, made, options)
    shared = sum(run_together(app.log, hosting.Host(app, hosts[name], alone=True), options) for name in names if name in hosts)
    return total + shared + (run_in_turn(app.log, made, options) if shared else 0)


def _share(app: App, name: str, options: Options) -> int:
    """Share, also when the grant changes meanwhile: the step is put together anew, once its subscriber was told of the change."""
    total = 0
    while not options.stopped():
        shared = regranting.step_of(app, name)
        try:
            total += run(app.log, shared.step, replace(options, stopped=partial(_either, options.stopped, shared.over)))
        except WrongUse:
            if shared.lookout.edition() == shared.edition:
                raise
    return total


def _either(one: Callable[[], bool], other: Callable[[], bool]) -> bool:
    return one() or other()


def on_signals() -> threading.Event:
    """SIGTERM and ctrl-C let the batch in hand be finished; the second one does not."""
    stopping = threading.Event()

    def stop(number: int, _frame: object) -> None:
        stopping.set()
        signal.signal(number, signal.SIG_DFL)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    return stopping
