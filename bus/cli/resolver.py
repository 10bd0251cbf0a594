"""`civicbus show | explain`: the file of a resident or a dwelling, and why it says what it says. In Chinese, with English beside."""

from __future__ import annotations

import csv
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any

import typer

from bus.cli.context import App, of
from bus.cli.links import show_links
from bus.cli.reading import _bytes
from bus.cli.say import note, out, table
from bus.cli.subjects import BONDS, EVIDENCE, Entity, open_store, read_subject
from bus.cli.times import AsOf, KnownAt, read_times, say_times
from bus.errors import CheckFailed, WrongUse
from bus.resolver import explain as why
from bus.resolver import rules as rule_files
from bus.resolver.history import Times
from bus.resolver.identify import subject_of
from bus.resolver.master import as_value, iso
from bus.resolver.rules import Rules
from bus.resolver.store import Store
from bus.resolver.survivorship import Statement, merge

RULES = {"authority": "权威来源 authority", "fallback": "后备来源 fallback", "recency": "最新 recency", "only": "唯一来源 only"}
HIDDEN = frozenset({"id_token"})
"""Fields that only programs need."""

Words = Mapping[str, Mapping[str, str]]
"""Field → code → what it means."""


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
    found = [
        (whose, record)
        for each in _subjects(app, store, entity, subject, token, _number() if from_stdin else None, source)
        if (record := _file(store, whose := store.joined_to(each), rules, times)) is not None
    ]
    if not found:
        raise _unknown()
    say_times(times, app.settings.raw_days)
    for each, record in found:
        if _as_json(how):
            out(_plain(record))
        else:
            _show(entity, each.hex(), record, rules, _words(app, entity))
            if record["links"] is not None:
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
    statements = _statements(store, store.joined_to(read_subject(subject)), times)
    if not statements:
        raise _unknown()
    say_times(times, app.settings.raw_days)
    evidence = store.evidence(read_subject(subject), statements)
    if _as_json(how):
        out(_plain(why.as_json(entity, subject, statements, rules, field, evidence)))
    else:
        _explain(subject, why.bonds(entity, statements, evidence), statements, rules, field, _words(app, entity))


def _file(store: Store, subject: bytes, rules: Rules, times: Times) -> dict[str, Any] | None:
    """The master record as it is, or as it would have been at these times: then also with disputes that answers have closed,
    and of links and event nothing is said (null)."""
    if times.are_now:
        return store.master(subject)
    statements = store.statements_at(subject, times)
    return {**as_value(subject, merge(statements, rules)), "links": None, "event_id": None} if statements else None


def _statements(store: Store, subject: bytes, times: Times) -> list[Statement]:
    return store.statements(subject) if times.are_now else store.statements_at(subject, times)


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


def _unknown() -> CheckFailed:
    return CheckFailed(
        "Nothing is known of it.",
        "没有相关档案。",
        hint="Was it published, and are the steps through (`civicbus run --until-idle`)?",
        hint_zh="请确认数据已发布，且处理步骤已完成（`civicbus run --until-idle`）。",
    )


def _show(entity: str, subject: str, record: dict[str, Any], rules: Rules, words: Words) -> None:
    title = {"resident": "居民档案 Resident", "dwelling": "房屋档案 Dwelling"}[entity]
    columns = ("字段 field", "值 value", "部门 department", "自 true since", "获知 known since", "规则 rule", "一致 agree", "争议 disputed")
    rows = []
    for name in (name for name in rules if name in record["fields"] and name not in HIDDEN):
        said = record["fields"][name]
        since = (said["valid_from"] or "—")[:10], said["known_from"][:10]
        disputed = "有争议 disputed" if said["disputed"] else ""
        label = f"{rules[name].zh} {rules[name].en}"
        rows.append(
            (
                label,
                shown(said["value"], words.get(name)),
                said["department"],
                *since,
                RULES.get(said["rule"], said["rule"]),
                str(said["agree"]),
                disputed,
            )
        )
    table(f"{title} {subject}", columns, rows)
    table(
        f"来源 sources ({len(record['sources'])})",
        ("数据集 dataset", "批次 delivery", "文件 file", "行 row", "角色 role"),
        map(_where, record["sources"]),
    )


def _explain(subject: str, bonds: list[why.Bond], statements: list[Statement], rules: Rules, field: str | None, words: Words) -> None:
    rows = [(*_where(b.statement.said["source"]), _bond(b), str(b.shared_with)) for b in bonds]
    columns = ("数据集 dataset", "批次 delivery", "文件 file", "行 row", "角色 role", "归并依据 joined by", "相同陈述数 shared with")
    table(f"{subject}: 为何是同一对象 why these are one", columns, rows)
    for reason in why.reasons(statements, rules, field):
        rule = rules[reason.field]
        order = " > ".join(reason.order) or "—"
        considered = [
            (
                " ".join(why.VERDICTS[c.verdict]) + (" ≠" if c.differs else ""),
                shown(c.value, words.get(reason.field)),
                c.statement.said["source"]["dataset"],
                str(c.statement.said["source"]["row"] or ""),
                (c.statement.valid_from or "—")[:10],
                iso(c.statement.known_from)[:10],
                c.statement.said["mapping"],
            )
            for c in reason.considered
        ]
        heads = ("结论 verdict", "值 value", "数据集 dataset", "行 row", "自 true since", "获知 known since", "映射 mapping")
        table(f"{rule.zh} {rule.en} · {RULES.get(reason.rule, reason.rule)} · {order}", heads, considered)


def _bond(bond: why.Bond) -> str:
    by = "；".join(EVIDENCE.get(kind, kind) for kind in bond.evidence)
    return by or BONDS.get(bond.by or "", "自成一档 alone")


def _where(source: dict[str, Any]) -> tuple[str, str, str, str, str]:
    file = " / ".join(each for each in (source["file"], source["sheet"]) if each)
    return source["dataset"], source["delivery"], file, str(source["row"] or ""), source["role"]


def _words(app: App, entity: str) -> Words:
    """The national code lists by field."""
    fields = app.catalog.entities[entity].schema.root.fields
    found: dict[str, dict[str, str]] = {}
    for field in fields:
        if listed := field.annotations.get("code_list"):
            with (app.schemas / "codes" / f"{listed}.csv").open(encoding="utf-8", newline="") as lines:
                found[field.name] = {row["code"]: row["name"] for row in csv.DictReader(lines)}
    return found


def shown(value: Any, words: Mapping[str, str] | None = None) -> str:
    """A value as a clerk reads it: a code in `words`, phones masked, an address as it was written, else in its parts."""
    if words and isinstance(value, str):
        return f"{words.get(value, '')} {value}".strip()
    if isinstance(value, bool):
        return "是 yes" if value else "否 no"
    if isinstance(value, list):
        return "、".join(each["masked"] if isinstance(each, dict) else str(each) for each in value)
    if isinstance(value, dict):
        return value.get("text") or "".join(
            value.get(part) or "" for part in ("county", "town", "community", "road", "road_no", "compound")
        )
    return str(value)


def _plain(value: Any) -> Any:
    """For programs: ciphertexts in base64, as `read` prints them."""
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return _bytes(value) if isinstance(value, bytes) else value


def _as_json(how: Form | None) -> bool:
    return how is Form.json if how is not None else not sys.stdout.isatty()
