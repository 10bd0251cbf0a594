"""`civicbus erase plan | request | list | carry-out`: the file of a person is erased, by two persons; and what stays, until when.

What is erased is withdrawn (tombstones): the department's rows that speak of this person alone, and every statement about the person. The
resolver then retires the file, and whoever was told anything of it is told that it ended. Before that the keys of these statements are
destroyed (crypto-shredding): the ciphertexts of numbers and phones, wherever an older version or a copy of the log still has them, open for
nobody any more. What stands beside them in clear, names and addresses, leaves the embedded log within the day, Kafka, which cannot be told
to forget one record, with its retention. The report says by when, and what never goes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Annotated, Any, NamedTuple

import typer

from bus.cli.concerning import Concerning, concerning
from bus.cli.context import App, known, of, person, refuse_who_does_not
from bus.cli.disclosures import told_of
from bus.cli.letters import waiting
from bus.cli.reading import HOW, Chosen, Lines, for_people
from bus.cli.say import note, out, table
from bus.cli.sharing import now
from bus.cli.subjects import Entity, open_store, read_subject
from bus.errors import WrongUse
from bus.event import Output, Record
from bus.eventlog import topics
from bus.eventlog.dead_letter import iso
from bus.eventlog.partitioning import partition_of
from bus.eventlog.port import SLACK_MS
from bus.eventlog.sqlite import SqliteLog
from bus.normalizer.converters.hiding import SEALED_FOR
from bus.resolver.erasure import Extent, Row, extent, row_of
from bus.sealing import destroy_keys, row_hash
from bus.sharing.audit import Action, act, mark

_DAY_MS = 86_400_000
_group = typer.Typer(
    no_args_is_help=True, help="Erase the file of a person: two persons, a report of what stays. 删除个人档案（双人复核）。"
)
_Subject = Annotated[str, typer.Argument(metavar="SUBJECT", help="as `show` prints it 主体标识")]
_ABOUT = topics.canonical("resident")
_FILE = (
    *(make("resident") for make in (topics.master, topics.internal, topics.errands)),
    *(topics.ALIAS, topics.EVIDENCE, topics.PENDING, topics.LINK, "dispute."),
)
"""Topics that keep the latest only, in which the steps withdraw what they had said of the file; one that ends in a dot: all of them."""
_FOR_GOOD = {
    topics.DECISION: "如有：对本人的人工裁定 rulings on the person, if there were any",
    topics.WATCH: "如有：关注名单中的登记（标识） registrations on watch lists, by token, if there were any",
    topics.REFUSED: "如有：总线未能处理的记录 records that the bus came to no end with, if there were any",
    topics.AUDIT: "仅标记，依法留存 marks only, kept as the law asks (PIPL Art. 56)",
    "backup": "备份由运维清理，含密钥者仍可打开密文 backups, which the bus does not know; one that holds the keys opens ciphertexts",
}
_OLDER = "已被撤回的旧版本 older versions of what is withdrawn"
_SHUT = "证件号码、电话的密文随密钥销毁而无法打开 the ciphertexts of number and phones go with their keys"
_OPEN = "数据密钥轮换前的证件号码、电话密文仍可打开 ciphertexts from before the data key was rotated can still be opened"


class Kept(NamedTuple):
    """What stays. `until`: the day (ISO) by which retention has let go of it; None: for good, or as long as somebody else decides."""

    where: str
    what: str
    until: str | None


class Request(NamedTuple):
    """Whose file, asked by whom, why, when (ms); carried out by whom, if it was."""

    id: str
    subject: str
    by: str
    reason: str
    at: int
    done_by: str = ""


def mount(app: typer.Typer) -> None:
    """Join the command line."""
    _group.command("plan")(plan)
    _group.command("request")(request)
    _group.command("list")(list_requests)
    _group.command("carry-out")(carry_out)
    app.add_typer(_group, name="erase")


def plan(ctx: typer.Context, subject: _Subject, how: Chosen = None) -> None:
    """What would be erased, who is told, and what stays until when. Nothing is changed. 删除评估。"""
    app = of(ctx)
    _show(_told(app, read_subject(subject), *_extent(app, subject)), how)


def request(
    ctx: typer.Context, subject: _Subject, reason: Annotated[str, typer.Option(help="why; it is kept 理由（将留存）")], how: Chosen = None
) -> None:
    """Ask for it: somebody else carries it out. 申请删除，由他人执行。"""
    app = of(ctx)
    refuse_who_does_not(app, "erase")
    if not reason.strip():
        raise WrongUse("A request needs its reason.", "申请须写明理由。", place="--reason")
    found = _extent(app, subject)
    at, by = now(), person(app)
    id = row_hash(app.keys, "erasure", subject, at.to_bytes(8, "big")).hex()
    app.log.create([topics.spec(each) for each in (topics.AUDIT, topics.ERASURE)])
    _write(app, id, {"subject": subject, "by": by, "reason": reason.strip()}, at, [])
    _show({"id": id, **_told(app, read_subject(subject), *found)}, how)
    note(f"civicbus erase carry-out {id}")


def list_requests(ctx: typer.Context, how: Annotated[Lines | None, typer.Option("--format", help=HOW)] = None) -> None:
    """What was asked for and what was carried out, the first first. 删除申请与执行记录。"""
    lines = [{**each._asdict(), "at": iso(each.at)} for each in _requests(of(ctx)).values()]
    if not for_people(how):
        for line in lines:
            out(line)
        return
    columns = ("id 编号", "subject 主体", "by 申请人", "reason 理由", "at 时间", "carried out by 执行人")
    table("", columns, ([str(value) for value in line.values()] for line in lines))


def carry_out(
    ctx: typer.Context, id: Annotated[str, typer.Argument(metavar="ID", help="of the request 申请编号")], how: Chosen = None
) -> None:
    """Do it: by another person than who asked. 执行删除（执行人不得为申请人）。"""
    app = of(ctx)
    refuse_who_does_not(app, "erase")
    by = person(app)
    requests = _requests(app)
    known(id, (each.id for each in requests.values() if not each.done_by), "request that waits", "待执行申请")
    asked = requests[id]
    if asked.by == by:
        raise WrongUse("Who asked for it does not carry it out.", "申请人不得自行执行。", place=id)
    concerned, goes = _extent(app, asked.subject)
    report = _told(app, read_subject(asked.subject), concerned, goes)
    at = max([now(), *(each.at + 1 for each in goes.statements)])  # behind every version that it withdraws
    # Keys first: who is killed behind it finds the request waiting still, and does it again.
    destroyed = destroy_keys(app.home, app.keys, {each.key for each in goes.statements if each.topic in SEALED_FOR.values()})
    marks = [mark(app.keys, each) for each in (asked.subject.encode(), *sorted(concerned.mine))]
    outputs = [*_withdrawn(app, goes, at), act(Action.erased, at, by, marks=marks, rule=id)]
    _write(app, id, {"done_by": by, "statements": len(goes.statements), "rows": len(goes.rows)}, at, outputs)
    _show(report, how)
    note(f"{destroyed} keys destroyed. 已销毁 {destroyed} 个密钥。")
    note("Withdrawn; the file goes and receivers are told with the next run of the steps. 已撤回，各步骤下次运行时档案删除并通知接收方。")
    if not isinstance(app.log, SqliteLog):
        note("Copy keys/data.*.tree to the other machines of this bus. 请将 keys/data.*.tree 复制到本总线的其他机器。")
    else:
        note("Older versions then go with `civicbus tidy`; `up` does it every hour. 旧版本随后由 `civicbus tidy` 移除，`up` 每小时执行。")


def _extent(app: App, subject: str) -> tuple[Concerning, Extent]:
    if open_store(app, Entity.resident).master(read_subject(subject)) is None:
        raise WrongUse("There is no file of this subject.", "没有该主体的档案。", place=subject)
    concerned = concerning(app, Entity.resident, read_subject(subject))
    return concerned, extent(concerned.mine, _ABOUT, concerned.every)


def _withdrawn(app: App, goes: Extent, at: int) -> Iterator[Output]:
    """The tombstones: of the statements, and of the rows that go as a whole."""
    ends = {info.name: len(info.ends) for info in app.log.topics()}
    for each in goes.statements:
        yield Output(each.topic, Record(each.key, None, at), partition_of(each.key, ends[each.topic]))
    for row, key in sorted({(each.row, _raw_key(app, each.source)) for each in goes.statements if each.row in goes.rows}):
        if (topic := topics.raw(row.dataset)) in ends:
            yield Output(topic, Record(key, None, at), partition_of(key, ends[topic]))


def _raw_key(app: App, source: Any) -> bytes:
    """The key under which a department published the row of a statement."""
    contract = app.catalog.contract(source["dataset"])
    if contract.personal_key:
        return str(source["key"]["row_id"]).encode()
    return "\x1f".join(source["key"].get(column, "") for column in contract.key).encode()


def _requests(app: App) -> dict[str, Request]:
    found: dict[str, Request] = {}
    if any(info.name == topics.ERASURE for info in app.log.topics()):
        for batch in app.log.scan(topics.ERASURE):
            for record in batch.records:
                id, said = (record.key or b"").decode(), json.loads(record.value or b"{}")
                if "subject" in said:
                    found[id] = Request(id, said["subject"], said["by"], said["reason"], record.timestamp)
                elif id in found:
                    found[id] = found[id]._replace(done_by=said["done_by"])
    return found


def _write(app: App, id: str, said: dict[str, Any], at: int, beside: Iterable[Output]) -> None:
    """All in one: the tombstones, the entry of the audit, and that it was done."""
    value = json.dumps(said, ensure_ascii=False, sort_keys=True).encode()
    with app.log.writer("erasure") as writer:
        writer.append([*beside, Output(topics.ERASURE, Record(id.encode(), value, at), 0)])


def _told(app: App, subject: bytes, concerned: Concerning, goes: Extent) -> dict[str, Any]:
    """The report, as a value for programs."""
    told = told_of(app, Entity.resident, subject)
    receivers = sorted({(each.grant.agreement, each.grant.consumer) for each in told if each.grant is not None})
    kept = [*_versions(app, goes), *_mixed(goes), *_letters(app, goes, concerned), *_shared(app, dict(_last(told)))]
    kept += [
        Kept(f"{consumer}", f"副本已交付（{id}），将通知终止 its copy: it will be told that the subject ended", None)
        for id, consumer in receivers
    ]
    kept += [Kept(where, what, None) for where, what in _FOR_GOOD.items()]
    return {
        "subject": subject.hex(),
        "statements": len(goes.statements),
        "rows": [each._asdict() for each in goes.rows],
        "receivers": [{"agreement": id, "consumer": consumer} for id, consumer in receivers],
        "kept": [each._asdict() for each in kept],
    }


def _last(told: Iterable[Any]) -> Iterator[tuple[str, int]]:
    for each in told:
        if each.grant is not None:
            yield each.grant.agreement, each.at


def _versions(app: App, goes: Extent) -> Iterator[Kept]:
    """Older versions of what is withdrawn, topic by topic."""
    newest: dict[str, int] = {}
    for each in goes.statements:
        for topic in (each.topic, topics.raw(each.row.dataset)) if each.row in goes.rows else (each.topic,):
            newest[topic] = max(newest.get(topic, 0), each.at)
    for topic, at in sorted(newest.items()):
        of_sealed = f"；{_OPEN if app.keys.data_keys else _SHUT}" if topic in SEALED_FOR.values() else ""
        yield Kept(topic, _OLDER + of_sealed, _let_go(app, at, app.settings.raw_days))
    for where in _FILE:
        yield Kept(where, "档案及其依据的旧版本 older versions of the file and what it was made of", _let_go(app, 0, 0))


def _mixed(goes: Extent) -> Iterator[Kept]:
    for dataset, count in goes.left().items():
        yield Kept(
            topics.raw(dataset),
            f"{count} 行同时涉及他人，由部门更正 rows that are about others or something else too: their department mends them",
            None,
        )


def _letters(app: App, goes: Extent, concerned: Concerning) -> Iterator[Kept]:
    """Refused rows of the same keys: sealed to their department, which alone can open them."""
    rows: set[Row] = {each.row for each in concerned.every if each.key in concerned.mine} | set(goes.rows)
    found: dict[str, int] = {}
    for letter in waiting(app):
        if row_of({"dataset": letter.dataset, "key": letter.source.get("key") or {}}) in rows:
            found[letter.department] = found.get(letter.department, 0) + 1
    for department, count in sorted(found.items()):
        yield Kept(topics.dead_letter(department), f"{count} 条被拒记录，已密封给部门 refused rows, sealed to the department", None)


def _shared(app: App, last: dict[str, int]) -> Iterator[Kept]:
    """What the topics of agreements keep of what was delivered."""
    standings = app.standings()
    for id, at in sorted(last.items()):
        if id in standings and (version := standings[id].holding) is not None:
            until = iso(max(at, now()) + version.agreement.retention_days * _DAY_MS + SLACK_MS)[:10]
            yield Kept(topics.share(id), "此前交付的事件 events delivered before", until)


def _let_go(app: App, at: int, days: int) -> str:
    """By when a version of this time (ms) is gone that is withdrawn now, where older ones are kept for `days`. Kafka compacts it away with
    the record that withdraws it, once that too is old enough; the embedded log when it is next tidied after every step has read that."""
    return iso(now() + _DAY_MS if isinstance(app.log, SqliteLog) else max(at, now()) + days * _DAY_MS + SLACK_MS)[:10]


def _show(report: dict[str, Any], how: Any) -> None:
    if not for_people(how):
        out(report)
        return
    note(f"{report['subject']}: {report['statements']} 条陈述撤回 statements withdrawn, {len(report['rows'])} 行删除 rows erased")
    for each in report["rows"]:
        note(f"  {each['dataset']} — 请部门先在本系统删除，否则下次交付将再次出现 the department deletes it first, or it comes again")
    columns = ("位置 where", "内容 what", "保留至 until")
    table("仍保留 what stays", columns, ([each["where"], each["what"], each["until"] or "—"] for each in report["kept"]))
