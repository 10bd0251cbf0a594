"""`civicbus subscribe AGREEMENT`: what an agreement grants, to a file, a table or standard output; first the state, then what changes."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from bus.cli import sharing
from bus.cli.context import App, does, of, person
from bus.cli.say import note, out
from bus.cli.steps import on_signals
from bus.contracts.codec import Decoder
from bus.contracts.schema import Schema
from bus.errors import DecodeRefused, NotAllowed, NotInForce, WrongUse
from bus.eventlog import topics
from bus.sharing import published
from bus.sharing.follow import Event, Part, after, follow, since
from bus.sharing.history import Watch
from bus.sharing.lifecycle import CITY
from bus.sharing.schema import schema_of
from connectors.lines import CsvSink, jsonl_sink
from connectors.sinks import Sink, as_json, columns_of

_EVENT = re.compile(r"[0-9a-f]{32}")
_ASK_S = 5.0  # between two questions whether the agreement is still in force
BEGINNING = "beginning"
Stopped = Callable[[], bool]


def _never() -> bool:
    return False


def mount(app: typer.Typer) -> None:
    """Join the command line."""
    app.command("subscribe")(subscribe)


def subscribe(
    ctx: typer.Context,
    agreement: Annotated[str, typer.Argument(metavar="AGREEMENT", help="its id 协议编号")],
    to: Annotated[
        str | None,
        typer.Option(
            help="FILE.jsonl, FILE.csv, postgresql://HOST/DATABASE or https://RECEIVER; default JSON lines on standard output 输出目标"
        ),
    ] = None,
    start: Annotated[
        str,
        typer.Option(
            "--from",
            help="beginning, a time (ISO 8601), or the event_ids done last, one of each partition, with commas;"
            " a file or table goes on where it is 起点",
        ),
    ] = BEGINNING,
    until_idle: Annotated[bool, typer.Option("--until-idle", help="stop at the end of what there is 读完现有内容即停止")] = False,
    secret: Annotated[
        Path | None, typer.Option("--secret-file", help="what a receiver knows the sender by 向接收方签名用的密钥文件")
    ] = None,
) -> None:
    """What an agreement grants: the state, then every change, in order; once in effect, however often it is stopped. 订阅协议内容。"""
    app = of(ctx)
    stopping = on_signals()
    count = 0
    with ExitStack() as stack:
        sink = stack.enter_context(_sink(app, agreement, to, secret, stopping.wait)) if to else None
        standing = sink.positions() if sink else {}
        for part in parts(app, agreement, start_of(app, agreement, start) | standing, until_idle, stopping.is_set):
            if sink is None:
                for event in part.events:
                    out(as_json(event))
            else:
                sink.take(part.partition, part.events, part.next_offset)
            count += len(part.events)
    note(f"{count:,} events of {agreement}. 协议 {agreement}：{count:,} 条事件。")


def parts(app: App, agreement: str, start: dict[int, int], until_idle: bool, stopped: Stopped = _never) -> Iterator[Part]:
    """The parts of an agreement from `start` on, as long as it is in force. Raises `NotInForce` within seconds when it is not any more."""
    authorised = authority(app, agreement)
    authorised()
    asked = time.monotonic()

    def more() -> bool:
        nonlocal asked
        if time.monotonic() - asked >= _ASK_S:
            authorised()
            asked = time.monotonic()
        return not until_idle

    try:
        for part in follow(app.log, agreement, _decoder(app), start, more, stopped):
            more()
            yield part
    except NotAllowed as refused:
        raise NotInForce(place=agreement) from refused


def authority(app: App, agreement: str) -> Callable[[], None]:
    """What raises `NotInForce` when the agreement is not in force, or not for who asks. A subscriber of a Kafka that holds everybody to
    rules sees no agreements: there its right to the topic is the agreement, and goes with it."""
    there = {info.name for info in app.log.topics()}
    if topics.AGREEMENT not in there and app.settings.kafka.get("sasl.username"):
        return lambda: _refuse_unseen(app, agreement)
    watch = Watch(app.log, agreement, app.named)

    def authorised() -> None:
        found = watch.in_force(sharing.now()).agreement
        name = person(app)
        if app.principals is not None and name not in found.subscribers and "steps" not in does(app, name):
            raise NotInForce("The agreement does not name this principal.", "协议未列明该主体。", place=f"{agreement}: {name}")

    return authorised


def _refuse_unseen(app: App, agreement: str) -> None:
    if topics.share(agreement) not in {info.name for info in app.log.topics()}:
        raise NotInForce(place=agreement)


def events(app: App, agreement: str, start: str | Mapping[int, int] = BEGINNING, until_idle: bool = False) -> Iterator[Event]:
    """The events of an agreement, one after another."""
    where = start_of(app, agreement, start) if isinstance(start, str) else dict(start)
    for part in parts(app, agreement, where, until_idle):
        yield from part.events


def start_of(app: App, agreement: str, text: str) -> dict[int, int]:
    """Where to start, as people say it: partition → offset. Raises `WrongUse`."""
    if text == BEGINNING:
        return {}
    if all(map(_EVENT.fullmatch, ids := text.split(","))):
        return after(app.log, agreement, ids, app.shared_codec.decoder())
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise WrongUse(
            "The start is 'beginning', a time (2026-09-30T08:00), or event_ids with commas between them.",
            "起点须为 beginning、时间（2026-09-30T08:00）或以逗号分隔的事件标识。",
            place="--from",
        ) from None
    at = at if at.tzinfo else at.replace(tzinfo=CITY)
    return since(app.log, agreement, int(at.astimezone(UTC).timestamp() * 1000))


def _decoder(app: App) -> Decoder:
    """Knows contracts that are published while it is at work, too: another version of the agreement may have one."""
    decode = app.shared_codec.decoder()

    def newest(data: bytes) -> tuple[int, dict[str, Any]]:
        nonlocal decode
        try:
            return decode(data)
        except DecodeRefused:
            decode = app.shared_codec.decoder()
            return decode(data)

    return newest


def _sink(app: App, agreement: str, to: str, secret: Path | None, wait: Callable[[float], bool]) -> Sink:
    if to.startswith(("https://", "http://")):
        from connectors.webhook import WebhookSink

        if secret is None:
            raise WrongUse("A receiver needs a secret to know the sender by.", "须提供向接收方签名用的密钥。", place="--secret-file")
        return WebhookSink(to, agreement, secret, app.home / "receivers", app.log.identity(), wait)
    if to.startswith(("postgresql://", "postgres://")):
        from connectors.postgresql import PostgresSink

        return PostgresSink(to.replace("postgres://", "postgresql://", 1), agreement, lambda: columns_of(_contract(app, agreement)))
    path = Path(to)
    if path.suffix == ".jsonl":
        return jsonl_sink(path)
    if path.suffix == ".csv":
        return CsvSink(path, list(columns_of(_contract(app, agreement))))
    raise WrongUse(
        "This is no target that can be written to.",
        "不支持该输出目标。",
        place=to.partition("?")[0].rpartition("@")[2],
        hint="FILE.jsonl, FILE.csv, postgresql://HOST/DATABASE or https://RECEIVER",
        hint_zh="文件.jsonl、文件.csv、postgresql://主机/数据库 或 https://接收方",
    )


def _contract(app: App, agreement: str) -> Schema:
    """The contract of what is delivered; before anything was, by the grant itself, for who may see it. Raises `NotInForce`."""
    if (found := published.by_subject(published.read(app.log), f"{topics.share(agreement)}-value")) is not None:
        return found.schema
    lookout = sharing.Lookout(app, agreement)
    edition = lookout.edition()
    grant = sharing.grant_of(app, lookout.standing, edition)
    return schema_of(grant, app.catalog.entities[grant.entity].schema)
