"""`civicbus identity queue | rulings | join | split | apart | undo | estimate`: what a person decides about who is who."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any

import typer

from bus.cli.context import App, known, of, person
from bus.cli.identifying import estimate
from bus.cli.reading import HOW, Lines, for_people
from bus.cli.resolving import routes
from bus.cli.say import note, out, table
from bus.cli.subjects import EVIDENCE, Entity, open_store, read_subject
from bus.errors import WrongUse
from bus.resolver import docket, rulings
from bus.resolver.docket import Docket, Doubt
from bus.resolver.identify import own_subject
from bus.resolver.identity import identities
from bus.resolver.master import iso
from bus.resolver.rulings import Move, Ruling
from bus.resolver.store import Store, row_key
from bus.resolver.subject import ALL, MOVE
from bus.resolver.survivorship import Statement
from bus.sealing import row_hash
from bus.sharing.audit import Action, act, mark

_group = typer.Typer(
    no_args_is_help=True, help="Who is who: what waits for a person, and what persons decided. 身份归并：待人工裁定与裁定记录。"
)

_Subject = Annotated[str, typer.Argument(metavar="SUBJECT", help="as `show` or `queue` prints it 主体标识")]
_Reason = Annotated[str, typer.Option(help="why; it is kept 理由（将留存）")]
_Of = Annotated[Entity, typer.Option("--entity", help="resident or dwelling 居民或房屋")]
_How = Annotated[Lines | None, typer.Option("--format", help=HOW)]


def mount(app: typer.Typer) -> None:
    """Join the command line."""
    _group.command("estimate")(estimate)
    app.add_typer(_group, name="identity")


@_group.command("queue")
def queue(ctx: typer.Context, how: _How = None) -> None:
    """Statements that may be about several, or about another than their number says; oldest first. 待人工裁定的陈述。"""
    app = of(ctx)
    stores = {entity: open_store(app, entity) for entity in Entity}
    waiting = sorted(docket.read(app.log).doubts.values(), key=lambda each: (each.since, each.statement))
    lines = [_line(app, stores[Entity(each.entity)], each) for each in waiting]
    if not for_people(how):
        for line in lines:
            out(line)
        return
    columns = ("subject 主体", "entity 类别", "since 始于", "row 来源行", "may be 可能是", "evidence 依据", "weight 权重")
    table("", columns, (cells for line in lines for cells in _cells(line)))
    note("civicbus show ENTITY --subject … · civicbus identity join SUBJECT INTO --reason … · civicbus identity apart SUBJECT --reason …")


@_group.command("rulings")
def list_rulings(ctx: typer.Context, how: _How = None) -> None:
    """What persons decided, the first first; what was taken back is said to be. 裁定记录。"""
    found = docket.read(of(ctx).log)
    lines = [_ruling_line(each, found) for each in sorted(found.rulings.values(), key=lambda each: (each.at, each.id))]
    if not for_people(how):
        for line in lines:
            out(line)
        return
    columns = ("id 编号", "kind 类别", "entity 对象", "by 裁定人", "at 时间", "reason 理由", "undone 已撤销")
    table("", columns, ([str(line[name]) for name in ("id", "kind", "entity", "by", "at", "reason", "undone")] for line in lines))


@_group.command("join")
def join(ctx: typer.Context, subject: _Subject, into: _Subject, reason: _Reason, entity: _Of = Entity.resident) -> None:
    """All that is said about SUBJECT is about INTO: from now on one file. 归并：SUBJECT 与 INTO 是同一对象。"""
    app = of(ctx)
    store = open_store(app, entity)
    source, target = read_subject(subject), store.joined_to(read_subject(into))
    for each in (source, target):
        _there(store, each)
    if source == target or store.joined_to(source) == target:
        raise WrongUse("These are one already.", "二者已是同一对象。", place=subject)
    if (doubt := _doubt_of(app, source)) is not None:
        _rule(app, store, _about_doubt(app, doubt, target, "join", entity, reason), [source, target])
        return
    back = [statement for statement, told in store.arrived(target).told.get(MOVE, {}).items() if told.value == source and statement != ALL]
    _rule(app, store, _new("join", entity, reason, moves=rulings.moves_to_join(source, target, back)), [source, target])


@_group.command("apart")
def apart(ctx: typer.Context, subject: _Subject, reason: _Reason, entity: _Of = Entity.resident) -> None:
    """A statement of the queue is about none of those it may be about. 不归并：待定陈述不属于任何候选对象。"""
    app = of(ctx)
    store, source = open_store(app, entity), read_subject(subject)
    if (doubt := _doubt_of(app, source)) is None:
        raise WrongUse(
            "Nothing waits under this subject.",
            "该主体没有待裁定事项。",
            place=subject,
            hint="civicbus identity queue; to take rows out of a file: civicbus identity split",
            hint_zh="请查看 civicbus identity queue；从档案中拆出行请用 civicbus identity split",
        )
    _rule(app, store, _about_doubt(app, doubt, source, "apart", entity, reason), [source])


@_group.command("split")
def split(
    ctx: typer.Context,
    subject: _Subject,
    source: Annotated[list[str], typer.Option(help="DATASET:KEY of a row that is about another 属于他人的来源行")],
    reason: _Reason,
    into: Annotated[str | None, typer.Option("--into", help="whom they are about; default: somebody new 归入的主体，默认新建")] = None,
    entity: _Of = Entity.resident,
) -> None:
    """Rows of this file are about another. 拆分：将若干来源行移出该档案。"""
    app = of(ctx)
    store, here = open_store(app, entity), read_subject(subject)
    _there(store, here)
    chosen = _chosen(store.statements(here), source)
    target = store.joined_to(read_subject(into)) if into else own_subject(app.keys, min(each.key for each in chosen))
    if target == here:
        raise WrongUse("They are in this file already.", "这些行已在该档案中。", place=subject)
    numbered = [each for each in chosen if entity is Entity.dwelling or identities(entity, each.said)]
    moves = [Move(here, each.key, target) for each in numbered]
    said = {each.key: target for each in chosen if each not in numbered}
    _rule(app, store, _new("split", entity, reason, moves=moves, statements=said), [here, target])
    note(f"civicbus show {entity} --subject {target.hex()}")


@_group.command("undo")
def undo(ctx: typer.Context, ruling: Annotated[str, typer.Argument(metavar="RULING", help="its id 裁定编号")], reason: _Reason) -> None:
    """Take a ruling back: what it moved goes where the resolver sees it. 撤销裁定。"""
    app = of(ctx)
    found = docket.read(app.log)
    known(ruling, (each.hex() for each in found.in_force), "ruling in force", "有效裁定")
    undone = found.rulings[bytes.fromhex(ruling)]
    entity = Entity(undone.entity)
    touched = {each for move in undone.moves for each in (move.subject, move.to)} | set(undone.statements.values()) - {b""}
    taking_back = replace(_new("undo", entity, reason), undoes=undone.id)
    _rule(app, open_store(app, entity), taking_back, sorted(touched), undone)


def _new(kind: str, entity: Entity, reason: str, moves: Sequence[Move] = (), statements: Mapping[bytes, bytes] | None = None) -> Ruling:
    if not reason.strip():
        raise WrongUse("A ruling needs its reason.", "裁定须写明理由。", place="--reason")
    return Ruling(b"", kind, entity.value, "", reason.strip(), time.time_ns() // 1_000_000, moves, statements or {})


def _about_doubt(app: App, doubt: Doubt, target: bytes, kind: str, entity: Entity, reason: str) -> Ruling:
    """What is ruled of a statement that waits: at the subject of its number, or where those without a number are decided on. Its own file
    is found under the other's from now on."""
    own = own_subject(app.keys, doubt.statement)
    found_under = [Move(own, ALL, target)] if target != own else []
    under = own if doubt.under is None and entity is Entity.dwelling else doubt.under  # a dwelling's statement stays by itself till then
    if under is not None:
        return _new(kind, entity, reason, moves=[Move(under, doubt.statement, target), *found_under])
    return _new(kind, entity, reason, moves=found_under, statements={doubt.statement: b"" if target == own else target})


def _rule(app: App, store: Store, ruling: Ruling, touched: Iterable[bytes], undone: Ruling | None = None) -> None:
    """Write a ruling, with who made it and which records it puts right."""
    sides = sorted(set(touched))
    wrong = sorted(record["event_id"] for each in sides if (record := store.master(each)) is not None)
    ruling = replace(ruling, by=person(app), corrects=wrong)
    ruling = replace(ruling, id=row_hash(app.keys, "ruling", ruling.record(), ruling.at.to_bytes(8, "big")))
    marks = [mark(app.keys, each.hex().encode()) for each in sides]
    heard = act(Action.ruled, ruling.at, ruling.by, marks=marks, rule=f"{ruling.kind} {ruling.id.hex()}")
    with app.log.writer("rulings") as writer:
        writer.append([*rulings.outputs(ruling, routes(app), sides, undone), heard])
    note(f"{ruling.id.hex()}: ruled; it takes effect with the next run of the resolver. 已裁定，归并步骤下次运行时生效。")


def _there(store: Store, subject: bytes) -> None:
    if store.master(subject) is None:
        raise WrongUse("There is no file of this subject.", "没有该主体的档案。", place=subject.hex())


def _doubt_of(app: App, subject: bytes) -> Doubt | None:
    """What waits under this subject."""
    return next((each for each in docket.read(app.log).doubts.values() if own_subject(app.keys, each.statement) == subject), None)


def _chosen(statements: Sequence[Statement], rows: Sequence[str]) -> list[Statement]:
    """The statements of these rows. Raises `WrongUse` for a row that none is of, and when it would be all."""
    of_row = {each: [s for s in statements if f"{s.said['source']['dataset']}:{row_key(s.said['source']['key'])}" == each] for each in rows}
    for row, found in of_row.items():
        if not found:
            raise WrongUse("No statement of this row is in the file.", "该档案中没有此来源行的陈述。", place=row.partition(":")[0])
    chosen = list({s.key: s for found in of_row.values() for s in found}.values())
    if len(chosen) == len(statements):
        raise WrongUse(
            "This would be the whole file.", "不能移出全部来源行。", hint="civicbus identity join", hint_zh="civicbus identity join"
        )
    return chosen


def _line(app: App, store: Store, doubt: Doubt) -> dict[str, Any]:
    own = own_subject(app.keys, doubt.statement)
    record = store.master(own)
    source = record["sources"][0] if record else None
    candidates = [
        {"subject": each.hex(), "evidence": list(kinds), "score": doubt.scores.get(each)} for each, kinds in doubt.candidates.items()
    ]
    return {"subject": own.hex(), "entity": doubt.entity, "since": iso(doubt.since), "source": source, "candidates": candidates}


def _cells(line: dict[str, Any]) -> list[tuple[str, ...]]:
    source = line["source"] or {}
    row = f"{source.get('dataset', '')} {source.get('file') or ''} {source.get('row') or ''} {source.get('role', '')}".strip()
    first = (line["subject"], line["entity"], line["since"][:10], row)
    rest = [(each["subject"], "；".join(EVIDENCE.get(kind, kind) for kind in each["evidence"]), _bits(each)) for each in line["candidates"]]
    return [(*(first if at == 0 else ("",) * 4), *cells) for at, cells in enumerate(rest or [("", "", "")])]


def _bits(candidate: dict[str, Any]) -> str:
    return "" if candidate["score"] is None else f"{candidate['score']:.1f}"


def _ruling_line(ruling: Ruling, found: Docket) -> dict[str, Any]:
    return {
        "id": ruling.id.hex(),
        "kind": ruling.kind,
        "entity": ruling.entity,
        "by": ruling.by,
        "at": iso(ruling.at),
        "reason": ruling.reason,
        "moves": [[move.subject.hex(), move.statement.hex(), move.to.hex()] for move in ruling.moves],
        "statements": [[statement.hex(), to.hex()] for statement, to in ruling.statements.items()],
        "corrects": list(ruling.corrects),
        "undone": ruling.id in found.undone,
    }
