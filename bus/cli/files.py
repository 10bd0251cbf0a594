"""How the file of a resident or a dwelling, and why it says what it says, are written: in Chinese, with English beside; or for programs."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from typing import Any

from bus.cli.context import App
from bus.cli.reading import _bytes
from bus.cli.say import table
from bus.cli.subjects import BONDS, EVIDENCE
from bus.resolver import explain as why
from bus.resolver.master import iso
from bus.resolver.rules import Rules
from bus.resolver.survivorship import Statement

RULES = {"authority": "权威来源 authority", "fallback": "后备来源 fallback", "recency": "最新 recency", "only": "唯一来源 only"}
HIDDEN = frozenset({"id_token"})
"""Fields that only programs need."""

Words = Mapping[str, Mapping[str, str]]
"""Field → code → what it means."""


def show_file(entity: str, subject: str, record: dict[str, Any], rules: Rules, words: Words) -> None:
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
        map(where, record["sources"]),
    )


def show_explanation(
    subject: str, bonds: list[why.Bond], statements: list[Statement], rules: Rules, field: str | None, words: Words
) -> None:
    rows = [(*where(b.statement.said["source"]), _bond(b), str(b.shared_with)) for b in bonds]
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
    by = "；".join(EVIDENCE.get(kind, kind) for kind in bond.evidence) or BONDS.get(bond.by or "", "自成一档 alone")
    return f"按今日判断 as decided today: {by}" if bond.as_today else by


def where(source: dict[str, Any]) -> tuple[str, str, str, str, str]:
    file = " / ".join(each for each in (source["file"], source["sheet"]) if each)
    return source["dataset"], source["delivery"], file, str(source["row"] or ""), source["role"]


def words_of(app: App, entity: str) -> Words:
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


def plain(value: Any) -> Any:
    """For programs: ciphertexts in base64, as `read` prints them."""
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    return _bytes(value) if isinstance(value, bytes) else value
