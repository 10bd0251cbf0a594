"""The links of a file as a clerk reads them: to whom or what, since when, until when and why it ended. In Chinese, with English beside."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bus.cli.context import App
from bus.cli.say import table
from bus.cli.subjects import open_store

KINDS = {
    "owner": "产权 owner",
    "lessor": "出租 lessor",
    "lessee": "承租 lessee",
    "co_resident": "共同居住 co-resident",
    "resident": "居住 resident",
    "hukou": "户籍 hukou",
    "member": "家庭成员 member",
    "spouse": "配偶 spouse",
}
ENDS = {
    "stated": "来源注明 stated",
    "move": "迁居 move",
    "divorce": "离婚 divorce",
    "annulment": "撤销 annulment",
    "death": "死亡 death",
    "demolition": "灭失 demolition",
}
COLUMNS = (
    "关系 link",
    "另一方 other end",
    "部门 department",
    "自 since",
    "至 until",
    "现状 now",
    "一致 agree",
    "争议 disputed",
)


def show_links(app: App, links: list[dict[str, Any]], shown: Callable[[Any], str]) -> None:
    """Print the links of a master record, present ones first. `shown`: how a value of a field is written."""
    if not links:
        return
    homes = open_store(app, "dwelling") if any(each["entity"] == "dwelling" for each in links) else None
    rows = []
    for each in sorted(links, key=lambda link: not link["current"]):
        home = homes.master(bytes.fromhex(each["other"])) if homes and each["entity"] == "dwelling" and each["other"] else None
        address = home["fields"].get("address") if home else None
        rows.append(_row(each, shown(address["value"]) if address else ""))
    table(f"关系 links ({len(links)})", COLUMNS, rows)


def _row(link: Mapping[str, Any], where: str) -> tuple[str, ...]:
    share = f" {link['share']}" if link["share"] else ""
    if link["current"]:
        now = "有效 in force"
    elif link["ended_by"] is None:
        now = "未开始 not yet"
    else:
        now = ENDS.get(link["ended_by"], link["ended_by"])
    return (
        KINDS.get(link["kind"], link["kind"]) + share,
        " ".join(part for part in (where, link["other"] or "不详 not known") if part),
        link["department"],
        link["from_on"] or "—",
        link["until_on"] or "—",
        now,
        str(link["agree"]),
        "有争议 disputed" if link["disputed"] else "",
    )
