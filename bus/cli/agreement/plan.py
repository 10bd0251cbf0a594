"""`civicbus agreement plan FILE`: what it would newly reveal, to whom, about how many people; before anybody signs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import typer

from bus.cli.agreement import words
from bus.cli.agreement.drafts import Draft, File, load, now
from bus.cli.context import App, of
from bus.cli.reading import Chosen, for_people
from bus.cli.say import note, out, table
from bus.contracts.codec import Decoder
from bus.errors import DecodeRefused
from bus.eventlog.port import EventLog
from bus.sharing.agreement import Band, Level
from bus.sharing.beside import Beside, beside
from bus.sharing.counting import Count, Value, count
from bus.sharing.exposure import Exposure, exposure
from bus.sharing.items import offers
from bus.sharing.lifecycle import in_force


def mount(group: typer.Typer) -> None:
    """Join the command line."""
    group.command("plan")(plan)


def plan(ctx: typer.Context, file: File, how: Chosen = None) -> None:
    """What it would newly reveal, to whom, about how many people. Nothing is changed. 评估：将新增披露什么、给谁、涉及多少人。"""
    app = of(ctx)
    draft = load(app, file)
    found = exposed(app, draft)
    counted = _counted(app, draft, found)
    if counted is None:
        note(f"This principal may not read {draft.offer.topic}, or it is not there yet: it is not known here how many it is about.")
        note(f"该主体无权读取 {draft.offer.topic}，或该主题尚不存在：此处无法统计涉及人数。请由主管部门评估。")
    others = beside(draft.agreement, offers(app.catalog), in_force(app.standings().values(), now()))
    if for_people(how):
        _tell(app, draft, found, counted, others)
    else:
        out(_plain(draft, found, counted, others))


def exposed(app: App, draft: Draft) -> Exposure:
    """What is new beside all that is in force now."""
    return exposure(draft.agreement, draft.offer, in_force(app.standings().values(), now()))


def _counted(app: App, draft: Draft, found: Exposure) -> Count | None:
    """None where it is not known: a topic that is not there, and one that this principal may not read, which Kafka shows alike."""
    topic = draft.offer.topic
    if all(info.name != topic for info in app.log.topics()):
        return None
    return count(draft.agreement, found.reveals, _partitions(app.log, topic, app.codec.decoder()))


def _partitions(log: EventLog, topic: str, decode: Decoder) -> Iterator[Iterator[tuple[bytes, Value | None]]]:
    """The records of a topic, partition by partition. None for a tombstone, and for what cannot be read: nobody is shown that."""
    ends = next((info.ends for info in log.topics() if info.name == topic), {})
    for partition, (first, end) in sorted(ends.items()):
        others = {each: there[1] for each, there in ends.items() if each != partition}
        yield _records(log, topic, {**others, partition: first}, {**others, partition: end}, decode)


def _records(
    log: EventLog, topic: str, start: dict[int, int], stop: dict[int, int], decode: Decoder
) -> Iterator[tuple[bytes, Value | None]]:
    for batch in log.scan(topic, start, stop):
        for record in batch.records:
            yield record.key or b"", _decoded(record.value, decode)


def _decoded(value: bytes | None, decode: Decoder) -> Value | None:
    if value is None:
        return None
    try:
        found: Value = decode(value)[1]
    except DecodeRefused:
        return None
    return found


def _tell(app: App, draft: Draft, found: Exposure, counted: Count | None, others: Sequence[Beside]) -> None:
    agreement, share_class = draft.agreement, draft.offer.class_of(draft.agreement.provider)
    zh, en = words.parties(agreement, app.catalog.departments)
    note(f"{agreement.id} · {agreement.title.zh} {agreement.title.en}")
    note(f"  {zh} · {en} ({', '.join(agreement.subscribers)})")
    note(f"  用途 purpose: {agreement.purpose} · 依据 basis: {agreement.basis} · 至 until {agreement.until}")
    for line in words.rows(agreement.rows):
        note(f"  范围 rows: {line}")
    _tell_reveals(draft, found, counted)
    if found.joined:
        note(f"已知信息将首次可关联 known before only apart, and now together: {', '.join(found.joined)}")
    _tell_beside(draft, others)
    needed = found.approvals(share_class)
    note(f"{words.CLASSES[share_class]} · 需 {needed} 人批准（提交人除外） {needed} to approve, not counting whoever submits it")
    if needed and len(agreement.provider) > 1:
        note("各提供方均须批准 each of the providers has to")


def _tell_reveals(draft: Draft, found: Exposure, counted: Count | None) -> None:
    one_zh, one_en = words.COUNTED.get(draft.agreement.entity, ("条记录", "records"))
    if not found.reveals:
        note("使用方不会获得任何新信息。 The consumer learns nothing that it does not get already.")
        return
    about_zh, about_en = "涉及数量未知", "of an unknown number"
    if counted is not None:
        about_zh = f"约涉及 {counted.touched:,} {one_zh}（范围内共 {counted.scope:,}）"
        about_en = f"about {counted.touched:,} {one_en} (of {counted.scope:,} in scope)"
    note(f"\n使用方将新获知，{about_zh}：")
    note(f"The consumer will newly know, {about_en}:")
    heads = ("信息项 field", "提供方 provider", "方式 how", "变化 change", "原有 had", "敏感 sensitive", f"{one_zh} {one_en}")
    rows = []
    for each, times in zip(found.reveals, _each(counted, found, "未知 unknown"), strict=True):
        had, mark = "; ".join(map(words.way, each.had)), "敏感 sensitive" if each.sensitive else ""
        rows.append((words.field(each.field, draft.offer), each.provider, words.way(each.how), words.WHY[each.why], had, mark, times))
    table("", heads, rows)


def _tell_beside(draft: Draft, others: Sequence[Beside]) -> None:
    if not others:
        return
    note("\n与下列协议的使用方私下比对时，可据以对应同一对象的信息项（假名、标识、次序不能对应；变化时间双方均可见）：")
    note("By these fields it could be matched with what others get, if the two compare (stand-ins, ids and order never match; times do):")
    heads = ("协议 agreement", "使用方 consumer", "相同信息项 fields", "可指向个人 may point to one person")
    table("", heads, [(each.agreement, each.consumer, *(words.fields(names, draft.offer) for names in each[2:])) for each in others])


def _plain(draft: Draft, found: Exposure, counted: Count | None, others: Sequence[Beside]) -> dict[str, Any]:
    agreement, share_class = draft.agreement, draft.offer.class_of(draft.agreement.provider)
    reveals = [
        {
            "field": each.field,
            "provider": each.provider,
            "how": _how(each.how),
            "change": each.why,
            "had": [_how(had) for had in each.had],
            "sensitive": each.sensitive,
            "subjects": times,
        }
        for each, times in zip(found.reveals, _each(counted, found, None), strict=True)
    ]
    return {
        "agreement": agreement.id,
        "consumer": agreement.consumer,
        "subscribers": list(agreement.subscribers),
        "entity": agreement.entity,
        "subjects": counted and counted.touched,
        "subjects_in_scope": counted and counted.scope,
        "reveals": reveals,
        "joined": list(found.joined),
        "beside": [each._asdict() for each in others],
        "share_class": share_class,
        "approvals": found.approvals(share_class),
        "until": agreement.until.isoformat(),
    }


def _each(counted: Count | None, found: Exposure, unknown: object) -> Sequence[object]:
    """How many each reveal is about, or `unknown`."""
    return [unknown] * len(found.reveals) if counted is None else counted.each


def _how(how: Any) -> Any:
    return how.model_dump(mode="json") if isinstance(how, Band | Level) else how
