"""`civicbus show | explain`: the file of a resident or a dwelling, and why it says what it says. In Chinese, with English beside."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any

import typer

from bus.cli.context import App, of
from bus.cli.dwellings import show_branches
from bus.cli.files import plain, show_explanation, show_file, shown, words_of
from bus.cli.links import show_links
from bus.cli.say import note, out
from bus.cli.subjects import Entity, open_past, open_past_links, open_store, read_subject
from bus.cli.times import AsOf, KnownAt, read_times, say_times, times_as_json
from bus.errors import CheckFailed, WrongUse
from bus.resolver import explain as why
from bus.resolver import rules as rule_files
from bus.resolver.history import Times
from bus.resolver.identify import subject_of
from bus.resolver.master import as_value
from bus.resolver.rules import Rules
from bus.resolver.store import Store
from bus.resolver.survivorship import merge


class Form(StrEnum):
    """How a file is written."""

    json = "json"
    text = "text"


How = Annotated[Form | None, typer.Option("--format", help="JSON on standard output, or text for people 输出格式")]


def mount(app: typer.Typer) -> None:
    """Join the command line."""
    app.command("show")(show)
    app.command("explain")(explain)


def show(
    ctx: typer.Context,
    entity: Annotated[Entity, typer.Argument(metavar="ENTITY", help="resident or dwelling 居民或房屋")],
    subject: Annotated[str | None, typer.Option(help="the subject 主体标识")] = None,
    token: Annotated[str | None, typer.Option(help="the token of a number 证件代号")] = None,
    from_stdin: Annotated[bool, typer.Option("--number-from-stdin", help="type the citizen number 从标准输入读公民身份号码")] = False,
    source: Annotated[str | None, typer.Option(metavar="DATASET:KEY", help="a row of a department 部门数据行")] = None,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    how: How = None,
) -> None:
    """The file of a resident or dwelling: each field, who said it, since when. 查看一人一档、一房一档。Exit 5 if nothing is known."""
    app = of(ctx)
    store = open_store(app, entity)
    rules = rule_files.load(app.schemas, entity)
    times = read_times(as_of, known_at)
    asked = _subjects(app, store, entity, subject, token, _number() if from_stdin else None, source)
    told = [(whose := store.joined_to(each), *_file(app, store, entity, whose, rules, times)) for each in asked]
    found = [(whose, record) for whose, record, _ in told if record is not None]
    forgotten = sum(missing for _, _, missing in told)
    if not found:
        raise _unknown(times, forgotten)
    say_times(times, forgotten, app.settings.raw_days)
    if not times.are_now:
        note("Which disputes were settled is told for today only. 异议是否已解决，仅提供当前情况。")
    for each, record in found:
        if _as_json(how):
            out(plain(record))
        else:
            show_file(entity, each.hex(), record, rules, words_of(app, entity))
            show_branches(record, app.keys)
            show_links(app, record["links"], shown)


def explain(
    ctx: typer.Context,
    entity: Annotated[Entity, typer.Argument(metavar="ENTITY", help="resident or dwelling 居民或房屋")],
    subject: Annotated[str, typer.Argument(metavar="SUBJECT", help="the subject, as `show` prints it 主体标识")],
    field: Annotated[str | None, typer.Option(help="one field only 仅某一字段")] = None,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    how: How = None,
) -> None:
    """Why is this value what it is, and why are these rows one subject? 说明取值与归并理由。Exit 5 if nothing is known."""
    app = of(ctx)
    rules = rule_files.load(app.schemas, entity)
    names = {*rules, *(each for rule in rules.values() for each in rule.beside)}
    if field is not None and field not in names:
        raise WrongUse(
            "There is no field of this name.",
            "没有该字段。",
            place=field,
            hint=f"There are: {', '.join(sorted(names))}.",
            hint_zh=f"可用的有：{'、'.join(sorted(names))}。",
        )
    store = open_store(app, entity)
    times = read_times(as_of, known_at)
    whose = store.joined_to(read_subject(subject))
    today = store.statements(whose)
    evidence = store.evidence(whose, today)
    statements, forgotten = (today, 0) if times.are_now else open_past(app, entity, store).then(whose, times)
    if not statements:
        raise _unknown(times, forgotten)
    say_times(times, forgotten, app.settings.raw_days)
    bonds = why.bonds(entity, today, evidence) if times.are_now else why.bonds_then(entity, statements, today, evidence)
    if _as_json(how):
        said = why.as_json(entity, whose.hex(), bonds, statements, rules, field)
        out(plain(said if times.are_now else {**said, "times": times_as_json(times, forgotten)}))
    else:
        show_explanation(whose.hex(), bonds, statements, rules, field, words_of(app, entity))


def _file(app: App, store: Store, entity: str, subject: bytes, rules: Rules, times: Times) -> tuple[dict[str, Any] | None, int]:
    """The master record as it is, or as it would have been at these times, and how many statements may be missing from it. One of another
    time was never written: it has no event id, and is disputed wherever departments differed."""
    if times.are_now:
        return store.master(subject), 0
    statements, forgotten = open_past(app, entity, store).then(subject, times)
    if not statements:
        return None, forgotten
    value = as_value(subject, merge(statements, rules), found=open_past_links(app).then(entity, subject, times))
    return {**value, "event_id": None, "times": times_as_json(times, forgotten)}, forgotten


def _subjects(
    app: App, store: Store, entity: str, subject: str | None, token: str | None, number: str | None, source: str | None
) -> list[bytes]:
    """The subjects that are asked for. Raises `WrongUse` unless in exactly one way."""
    if sum(each is not None for each in (subject, token, number, source)) != 1:
        raise WrongUse(
            "Say in one way who is meant.",
            "请用且仅用一种方式指明对象。",
            hint="--subject, --token, --number-from-stdin or --source",
            hint_zh="--subject、--token、--number-from-stdin 或 --source",
        )
    if subject is not None:
        return [read_subject(subject)]
    if source is not None:
        dataset, _, key = source.partition(":")
        return store.of_row(app.dataset(dataset), key)
    if entity != "resident":
        raise WrongUse(
            "A number belongs to a resident.", "证件号码只用于居民。", hint="civicbus show resident", hint_zh="civicbus show resident"
        )
    return [subject_of(app.keys, "resident", f"token:{token or _token(app, number or '')}")]


def _number() -> str:
    """From standard input, so that it stands in no history of commands and no list of processes."""
    if sys.stdin.isatty():
        note("Number 公民身份号码:")
    return sys.stdin.readline().strip()


def _token(app: App, number: str) -> str:
    from bus.sealing import token
    from bus.standards.ids import read_citizen_number

    read = read_citizen_number(number, datetime.now(UTC).date())
    if read.value is None:
        raise WrongUse(f"This is no citizen number ({' '.join(read.codes)}).", f"这不是公民身份号码（{' '.join(read.codes)}）。")
    return token(app.keys, read.value.kind, read.value.number)


def _unknown(times: Times, forgotten: int) -> CheckFailed:
    if times.are_now:
        return CheckFailed(
            "Nothing is known of it.",
            "没有相关档案。",
            hint="Was it published, and are the steps through (`civicbus run --until-idle`)?",
            hint_zh="请确认数据已发布，且处理步骤已完成（`civicbus run --until-idle`）。",
        )
    if forgotten:
        return CheckFailed(
            "What was said of it then is no longer kept.",
            "当时的说法已不再保留。",
            hint="Ask for a later time; CIVICBUS_RAW_DAYS says how long versions are kept.",
            hint_zh="请查询较晚的时间；CIVICBUS_RAW_DAYS 决定各版本的保留时间。",
        )
    return CheckFailed(
        "Nothing is known of it for that time.",
        "该时间没有相关档案。",
        hint="Ask for a later time, or without --as-of and --as-known-at.",
        hint_zh="请查询较晚的时间，或不加 --as-of、--as-known-at。",
    )


def _as_json(how: Form | None) -> bool:
    return how is Form.json if how is not None else not sys.stdout.isatty()
