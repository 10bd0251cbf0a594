"""`civicbus read | topics | account`: what the log holds, and whether it adds up."""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Iterable, Iterator
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Annotated, Any

import typer

from bus import account
from bus.cli.context import known, of
from bus.cli.say import note, out, table
from bus.contracts.codec import Decoder
from bus.errors import CheckFailed, DecodeRefused
from bus.event import Batch
from bus.eventlog.dead_letter import iso
from bus.eventlog.port import EventLog, TopicInfo

_PATTERN = "*?["


class Lines(StrEnum):
    """How events are written."""

    jsonl = "jsonl"
    table = "table"


class Form(StrEnum):
    """How a result is written."""

    json = "json"
    table = "table"


HOW = "JSON on standard output, or a table for people; default: the table on a terminal 输出格式，终端默认为表格"
Chosen = Annotated[Form | None, typer.Option("--format", help=HOW)]


def mount(app: typer.Typer) -> None:
    """Join the command line."""
    app.command("read")(read)
    app.command("topics")(list_topics)
    app.command("account")(show_account)


def read(
    ctx: typer.Context,
    topics: Annotated[list[str], typer.Argument(metavar="TOPIC", help="topics, or patterns such as 'canonical.*' 主题或通配符")],
    how: Annotated[Lines, typer.Option("--format", help="JSON lines on standard output, or a table for people 输出格式")] = Lines.jsonl,
) -> None:
    """Decoded events from the first to the last, then stop. 读取并解码事件。"""
    app = of(ctx)
    names = chosen(app.log, topics)
    if not names:
        note("No topic matches yet. 暂无匹配的主题。")
    events = (event for name in names for batch in app.log.scan(name) for event in decoded(batch, app.codec.decoder()))
    if how is Lines.jsonl:
        write = sys.stdout.write
        for event in events:
            write(json.dumps(event, ensure_ascii=False, separators=(",", ":"), default=_bytes) + "\n")
        return
    columns = (
        "topic 主题",
        "partition 分区",
        "offset 位移",
        "time 时间",
        "operation 操作",
        "dataset 数据集",
        "file 文件",
        "row 行",
        "codes 代码",
    )
    table("", columns, (_row(event) for event in events))


def list_topics(ctx: typer.Context, how: Chosen = None) -> None:
    """Topics with their partitions, first and next offset. 列出主题。"""
    found = of(ctx).log.topics()
    if not for_people(how):
        out([{"name": info.name, "partitions": _ends(info)} for info in found])
        return
    rows = ((info.name, len(info.ends), sum(end - first for first, end in info.ends.values())) for info in found)
    table("", ("topic 主题", "partitions 分区", "records at most 记录数上限"), rows)


def show_account(ctx: typer.Context, how: Chosen = None) -> None:
    """Does everything add up? Exit 5 if not. 核对：每一行都有去向。"""
    balances = account.read(of(ctx).log)
    said = account.as_dict(balances)
    if not for_people(how):
        out(said)
    else:
        heads = ("读取", "非数据", "发布", "未变", "发布时拒收", "无问题", "有标记", "部分", "拒收")
        columns = [f"{name} {zh}" for name, zh in zip((*account.PUBLISH, *account.OUTCOMES), heads, strict=True)]
        rows = [[b.dataset, *(b.counts[name] for name in (*account.PUBLISH, *account.OUTCOMES)), b.pending] for b in balances.values()]
        table("", ["dataset 数据集", *columns, "pending 待处理"], rows)
        note("Everything adds up. 账目平衡。" if said["balanced"] else "It does not add up. 账目不平衡。")
    if not said["balanced"]:
        wrong = ", ".join(b.dataset for b in balances.values() if not b.balanced)
        raise CheckFailed("The account is not balanced.", "账目不平衡。", place=wrong)


def for_people(how: StrEnum | None) -> bool:
    """Whether a table is wanted: when asked for, or when nothing was and a person is looking."""
    return how == "table" if how is not None else sys.stdout.isatty()


def _ends(info: TopicInfo) -> list[dict[str, int]]:
    return [{"partition": partition, "first": first, "next": end} for partition, (first, end) in sorted(info.ends.items())]


def chosen(log: EventLog, patterns: Iterable[str]) -> list[str]:
    """The topics that `patterns` name, each once, sorted. Raises `WrongUse` for a plain name that does not exist."""
    there = [info.name for info in log.topics()]
    found: set[str] = set()
    for pattern in patterns:
        if not any(mark in pattern for mark in _PATTERN):
            known(pattern, there, "topic", "主题")
        found.update(name for name in there if fnmatchcase(name, pattern))
    return sorted(found)


def decoded(batch: Batch, decode: Decoder) -> Iterator[dict[str, Any]]:
    """A batch's events in the shape of interfaces.md. A record that cannot be decoded has a null value and says so under `error`."""
    avro = batch.topic.startswith(("raw.", "canonical.", "master.", "dispute."))
    for offset, record in zip(batch.offsets, batch.records, strict=True):
        event: dict[str, Any] = {
            "topic": batch.topic,
            "partition": batch.partition,
            "offset": offset,
            "key": None if record.key is None else _text(record.key),
            "timestamp": iso(record.timestamp),
            "headers": {name: _text(value) for name, value in record.headers},
            "value": None,
        }
        if record.value is not None:
            try:
                event["value"] = decode(record.value)[1] if avro else json.loads(record.value)
            except (DecodeRefused, ValueError):
                event["error"] = DecodeRefused.code
        yield event


def _text(data: bytes) -> str:
    """Text where it is text that can be shown, else hexadecimal."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return data.hex()
    return text if text.replace("\x1f", "").isprintable() else data.hex()


def _bytes(value: object) -> str:
    if isinstance(value, bytes | bytearray):
        return base64.b64encode(value).decode()
    return str(value)


def _row(event: dict[str, Any]) -> tuple[object, ...]:
    value = event["value"] if isinstance(event["value"], dict) else {}
    source = value.get("source") or {}
    codes = " ".join(each["code"] for each in value.get("quality") or value.get("reasons") or ())
    where = (value.get("operation") or value.get("statement") or "", source.get("dataset") or "", source.get("file") or "")
    return (event["topic"], event["partition"], str(event["offset"]), event["timestamp"], *where, str(source.get("row") or ""), codes)
