"""`civicbus dispute list | show | answer`: where departments differ, as a clerk of the department that is asked reads and answers it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Annotated, Any

import typer

from bus.cli.context import App, known, of, person, refuse_who_does_not
from bus.cli.files import shown, where, words_of
from bus.cli.reading import HOW, Lines, for_people
from bus.cli.resolver import How, _as_json
from bus.cli.resolving import routes
from bus.cli.say import note, out, table
from bus.errors import CheckFailed, WrongUse
from bus.eventlog import topics
from bus.resolver import disputes
from bus.resolver import rules as rule_files
from bus.resolver.disputes import CLOSED, ESCALATED, LOCAL, NOT_MINE, OFFICE, Record, overdue
from bus.resolver.link_differences import FIELDS
from bus.resolver.links import RESIDENT, SPOUSE
from bus.resolver.subject import ANSWER
from bus.resolver.tenure_differences import OF_TENURE
from bus.standards.free_text import redact

_group = typer.Typer(no_args_is_help=True, help="Where departments differ: list, show, answer. 部门间异议：查看与答复。")
STATES = {"open": "待处理 open", "overdue": "已逾期 overdue", ESCALATED: "由主管部门处理 escalated", CLOSED: "已关闭 closed"}
BECAUSE = {
    "corrected": "已更正，双方一致 corrected",
    "confirmed": "已核实无误 confirmed",
    "not_mine": "改由其他部门答复 another department is asked",
    "withdrawn": "一方已撤回 withdrawn",
}
ANSWERS = {
    "corrected": "即将更正 a correction is on its way",
    "confirmed": "已核实无误 confirmed",
    "not_mine": "非本部门职责 not theirs to say",
}
LINKS = {FIELDS[RESIDENT]: "现住房屋 Present home", FIELDS[SPOUSE]: "配偶 Spouse", OF_TENURE: "居住类型 Tenure"}
LONGEST_REASON = 500  # characters


class State(StrEnum):
    """Which disputes: `open` is all that are not closed; `escalated` those that are overdue, or that no department answers for."""

    open = "open"
    overdue = "overdue"
    escalated = "escalated"
    closed = "closed"
    all = "all"


class Reply(StrEnum):
    """What a department answers."""

    corrected = "corrected"
    confirmed = "confirmed"
    not_mine = "not-mine"


def mount(app: typer.Typer) -> None:
    """Join the command line."""
    app.add_typer(_group, name="dispute")


@_group.command("list")
def list_disputes(
    ctx: typer.Context,
    department: Annotated[str | None, typer.Option(help="only those that this department is asked 部门")] = None,
    state: Annotated[State, typer.Option(help="open: all not closed; escalated: overdue, or nobody's 状态")] = State.open,
    how: Annotated[Lines | None, typer.Option("--format", help=HOW)] = None,
) -> None:
    """The disputes, the most urgent first. 列出异议，最急的在前。"""
    app, today = of(ctx), _today()
    found = sorted((each for each in _current(app, department) if _is(each, state, today)), key=lambda r: (r["due_on"], r["id"]))
    if not for_people(how):
        for each in found:
            out({**each, "overdue": overdue(each, today)})
        return
    columns = ("编号 id", "部门 department", "字段 field", "有效值 holds", "不同说法 others", "期限 due", "状态 state")
    labels = _labels(app)
    table("", columns, (_row(each, *_called(each, labels), today) for each in found))
    note("civicbus dispute show ID · civicbus dispute answer ID corrected|confirmed|not-mine --reason TEXT")


@_group.command("show")
def show(ctx: typer.Context, dispute: Annotated[str, typer.Argument(metavar="ID", help="the dispute 异议编号")], how: How = None) -> None:
    """One dispute: both values, the rows they stand in, the clock. 查看一项异议。"""
    app, today = of(ctx), _today()
    found = _find(app, dispute)
    if _as_json(how):
        out({**found, "overdue": overdue(found, today)})
        return
    label, words = _called(found, _labels(app))
    rows = [_line(side, words) for side in (found["holds"], *found["others"])]
    heads = ("", "值 value", "部门 department", "数据集 dataset", "批次 delivery", "文件 file", "行 row", "角色 role")
    table(f"{label} · {found['entity']} {found['subject']}", (*heads, "自 true since", "获知 known since"), rows)
    note(f"{_state(found, today)} · 征询部门 asked: {found['department']} · 期限 due {_due(found)}")
    if said := found["answer"]:
        note(f"{ANSWERS[said['answer']]} · {said['department']} {said['by']} {said['at'][:10]}: {said['reason']}")
    if found["passed_on_by"]:
        note(f"已答复非其职责 passed on by: {', '.join(found['passed_on_by'])}")


@_group.command("answer")
def answer(
    ctx: typer.Context,
    dispute: Annotated[str, typer.Argument(metavar="ID", help="the dispute 异议编号")],
    said: Annotated[
        Reply,
        typer.Argument(
            metavar="corrected|confirmed|not-mine",
            help="a correction is on its way; what holds is right; another department has to say 即将更正；核实无误；非本部门职责",
        ),
    ],
    reason: Annotated[str, typer.Option(help="why; no number of a person in it 理由（勿写证件号码、电话）")],
) -> None:
    """Answer for the department that is asked. The mark comes off when it is confirmed, or once the correction has come. 答复异议。"""
    app = of(ctx)
    found = _find(app, dispute)
    _check(found, said, reason)
    department = OFFICE if found["state"] == ESCALATED else found["department"]
    refuse_who_does_not(app, "rule", department)
    differences = tuple(dict.fromkeys(each["difference"] for each in found["others"]))
    now = int(time.time() * 1000)
    told = disputes.Answer(differences, said.value.replace("-", "_"), reason.strip(), person(app), department, now)
    id = told.name(app.keys, found["id"])
    record = routes(app).told(found["entity"], bytes.fromhex(found["subject"]), ANSWER, id, told.encoded(), now)
    with app.log.writer("answers") as writer:
        writer.append([record])
    note("Recorded; it counts once the step `merge` has read it (`civicbus up`, or `civicbus run --until-idle`).")
    note("已记录；merge 步骤处理后生效（`civicbus up`，或 `civicbus run --until-idle`）。")


def _check(found: Record, said: Reply, reason: str) -> None:
    """Raises `WrongUse` for an answer that cannot be given."""
    if found["state"] == CLOSED:
        raise WrongUse("This dispute is over.", "该异议已关闭。", place=found["id"])
    if found["state"] == ESCALATED and said is Reply.not_mine:
        raise WrongUse("No other department is left to ask.", "没有其他部门可征询。", place=found["id"])
    if not reason.strip() or len(reason) > LONGEST_REASON:
        raise WrongUse(f"A reason has 1 to {LONGEST_REASON} characters.", f"理由须为 1 至 {LONGEST_REASON} 字。", place="--reason")
    if redact(reason) != reason:
        raise WrongUse(
            "The reason holds a number of a person.",
            "理由中含有证件号码、电话或卡号。",
            place="--reason",
            hint="Say it without: the rows are named already.",
            hint_zh="请勿写入号码：所涉数据行已注明。",
        )


def _current(app: App, department: str | None = None) -> Iterator[dict[str, Any]]:
    """What each department was told last of each dispute."""
    if department is not None:
        known(department, app.catalog.departments, "department", "部门")
    there, decode = {info.name for info in app.log.topics()}, app.codec.decoder()
    for name in [department] if department else sorted(app.catalog.departments):
        if (topic := topics.dispute(name)) not in there:
            continue
        last = {record.key: record.value for batch in app.log.scan(topic) for record in batch.records}
        yield from (decode(value)[1] for value in last.values() if value is not None)


def _find(app: App, id: str) -> dict[str, Any]:
    """The dispute of this id: where it is open, else where it ended."""
    found = [each for each in _current(app) if each["id"] == id]
    if not found:
        raise CheckFailed("There is no such dispute.", "没有该编号的异议。", place=id, hint="civicbus dispute list --state all")
    return min(found, key=lambda each: (each["state"] == CLOSED, each["closed_because"] == NOT_MINE))


def _is(record: Record, state: State, today: date) -> bool:
    match state:
        case State.all:
            return True
        case State.closed:
            return bool(record["state"] == CLOSED)
        case State.overdue:
            return overdue(record, today)
        case State.escalated:
            return bool(record["state"] == ESCALATED) or overdue(record, today)
    return bool(record["state"] != CLOSED)


Codes = Mapping[str, str] | None
Labels = Mapping[tuple[str, str], tuple[str, Codes]]
"""(entity, field) → how it is called, and what its codes mean."""


def _labels(app: App) -> Labels:
    found: dict[tuple[str, str], tuple[str, Codes]] = {}
    for entity in topics.MASTERS:
        words = words_of(app, entity)
        for name, rule in rule_files.load(app.schemas, entity).items():
            found[entity, name] = (f"{rule.zh} {rule.en}", words.get(name))
    return found | {("resident", name): (label, None) for name, label in LINKS.items()}


def _called(record: Record, labels: Labels) -> tuple[str, Codes]:
    return labels.get((record["entity"], record["field"]), (record["field"], None))


def _row(record: Record, label: str, words: Codes, today: date) -> tuple[str, ...]:
    holds, others = _values([record["holds"]], words), _values(record["others"], words)
    return (record["id"], record["department"], label, holds, others, _due(record), _state(record, today))


def _line(side: Mapping[str, Any], words: Codes) -> tuple[str, ...]:
    since = (side["valid_from"] or "—")[:10], side["known_from"][:10]
    which = "不同 differs" if side["difference"] else "有效 holds"
    return (which, _value(side, words), side["source"]["department"], *where(side["source"]), *since)


def _value(side: Mapping[str, Any], words: Codes) -> str:
    return "—" if side["value"] is None else shown(side["value"], words)


def _values(sides: Iterable[Mapping[str, Any]], words: Codes) -> str:
    return "；".join(dict.fromkeys(f"{_value(each, words)} ({each['source']['department']})" for each in sides))


def _due(record: Record) -> str:
    return f"{record['due_on']}{'' if record['calendar_known'] else ' (节假日未定 holidays not known)'}"


def _state(record: Record, today: date) -> str:
    if record["state"] == CLOSED:
        return f"{STATES[CLOSED]}: {BECAUSE[record['closed_because']]}"
    return STATES["overdue" if overdue(record, today) else record["state"]]


def _today() -> date:
    return datetime.now(UTC).astimezone(LOCAL).date()
