"""What pydantic finds wrong with an agreement, in words for the person who wrote it. Pure. Values are never repeated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

HOWS = "clear, masked, year, month, pseudonym, exists, {band: [18, 60]}, {level: street}"
Words = tuple[str, str, str, str]
"""What is wrong and the cure: en, zh, cure_en, cure_zh."""

_CODES = {
    "counties": ("A county is 12 digits in quotes", "区县代码为带引号的 12 位数字"),
    "streets": ("A street is 12 digits in quotes", "街道代码为带引号的 12 位数字"),
    "communities": ("A community is 12 digits in quotes", "社区代码为带引号的 12 位数字"),
    "grids": ("A grid is 15 digits in quotes", "网格代码为带引号的 15 位数字"),
}
_SAYS = {
    "agreement": ("An id is 3 to 41 small letters, digits and '-', a letter first.", "编号为 3 至 41 个小写字母、数字或“-”，以字母开头。"),
    "until": ("A day as 2027-12-31.", "日期，如 2027-12-31。"),
    "way": ("One of topic, file, table, webhook.", "topic、file、table、webhook 之一。"),
    "on_end": ("delete or keep-closed.", "delete 或 keep-closed。"),
    "subject": ("pseudonym or own_key.", "pseudonym 或 own_key。"),
    "retention_days": ("A number of days, 1 to 3650.", "天数，1 至 3650。"),
    "impact_assessment": ("The number of the assessment, as PIA-2026-012.", "影响评估编号，如 PIA-2026-012。"),
    "fields": ("At least one field, as usage: clear.", "至少一个信息项，如 usage: clear。"),
    "links": ("As owner: count.", "如 owner: count。"),
    "entity": ("resident, dwelling or another canonical entity.", "resident、dwelling 或其他规范实体。"),
    "consumer": ("One department of departments.yaml.", "departments.yaml 中的一个部门。"),
    "provider": ("A list of departments: [housing].", "部门列表：[housing]。"),
    "subscribers": ("A list of principals: [svc-civil-check].", "主体列表：[svc-civil-check]。"),
}


def worded(path: tuple[str | int, ...], error: Mapping[str, Any]) -> Words:
    """The words for one of pydantic's errors at `path`."""
    kind, first = error["type"], path[0] if path else ""
    if kind == "missing":
        return "This is missing.", "缺少此项。", *_cure(first, path)
    if kind == "extra_forbidden":
        return "There is no such word here.", "没有这个键。", "Take it out or mend its spelling.", "请删除或改正拼写。"
    if first == "fields" and len(path) > 1:
        return "A field cannot go out like this.", "信息项的共享方式有误。", f"One of: {HOWS}.", f"可用：{HOWS}。"
    if first == "links" and len(path) > 1:
        cure = (
            "owner, lessee, resident, spouse …: pseudonym, count or exists.",
            "如 owner、lessee、resident、spouse：pseudonym、count 或 exists。",
        )
        return "A relation cannot go out like this.", "关系或其共享方式有误。", *cure
    return "This is not as it should be.", "内容不合要求。", *_cure(first, path)


def _cure(first: str | int, path: tuple[str | int, ...]) -> tuple[str, str]:
    if first == "rows" and len(path) > 1 and path[1] in _CODES:
        en, zh = _CODES[str(path[1])]
        return f"{en}, in a list.", f"{zh}，写成列表。"
    if first == "rows":
        return (
            "Keys: counties, streets, communities, grids, caseload: own, watch_list: true.",
            "键：counties、streets、communities、grids、caseload: own、watch_list: true。",
        )
    if first == "title":
        return "title: {zh: …, en: …}.", "title: {zh: …, en: …}。"
    return _SAYS.get(str(first), ("Say it in words, 2 to 500 characters.", "请用 2 至 500 个字说明。"))
