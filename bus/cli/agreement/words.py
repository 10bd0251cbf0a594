"""How agreements are put into words for people: states, ways, rows, parties. Chinese first, English beside."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from bus.contracts.catalog import Department
from bus.sharing.agreement import Agreement, Band, How, Level, Rows
from bus.sharing.items import Offer
from bus.sharing.rows import LEVELS

STATES = {
    "draft": "草案 draft",
    "submitted": "已提交 submitted",
    "reviewed": "已审核 reviewed",
    "approved": "已批准 approved",
    "active": "生效 active",
    "suspended": "暂停 suspended",
    "expired": "到期 expired",
    "revoked": "撤销 revoked",
    "refused": "拒绝 refused",
}
STEPS = {
    "submit": "提交 submit",
    "review": "审核 review",
    "approve": "批准 approve",
    "refuse": "拒绝 refuse",
    "apply": "生效 apply",
    "suspend": "暂停 suspend",
    "resume": "恢复 resume",
    "revoke": "撤销 revoke",
    "rotate": "轮换假名 rotate",
}
CLASSES = {"unconditional": "无条件共享 unconditional", "conditional": "有条件共享 conditional", "not_shared": "不予共享 not shared"}
WHY = {"new": "新增 new", "finer": "更细 finer than before", "rows": "范围扩大 of more subjects"}
WAITS = {"answer": "待答复 answer", "supply": "待供给 supply"}
WITHHELD = {
    "out_of_scope": "不在协议范围 not among the rows",
    "nothing_granted": "所列信息项均无提供方取值 no granted field holds a provider's value",
    "nothing_new": "所列信息项无变化 nothing granted has changed",
    "not_watched": "使用方未登记 not on the subscriber's list",
    "never_delivered": "已不存在且从未交付 gone, and never delivered",
}
"""Why a record of the provider is not delivered, by the reason that the account counts it under."""
COUNTED = {"resident": ("人", "people"), "dwelling": ("套（处）房屋", "dwellings")}
_WAYS = {
    "clear": "原值 clear",
    "masked": "脱敏 masked",
    "year": "仅年份 year only",
    "month": "仅年月 month only",
    "pseudonym": "假名 pseudonym",
    "exists": "仅有无 whether there is one",
    "count": "仅数量 how many",
    "own_key": "使用方自有主键 the consumer's own key",
    "watched": "使用方登记的证件号码 the number that the consumer registered",
}
_LEVELS = {"county": "仅到区县 to the county", "street": "仅到街道 to the street", "community": "仅到社区 to the community"}
_ROWS = {"counties": "区县 counties", "streets": "街道 streets", "communities": "社区 communities", "grids": "网格 grids"}
_LINKS = {
    "owner": "产权人 owner",
    "lessor": "出租人 lessor",
    "lessee": "承租人 lessee",
    "co_resident": "同住人 co-resident",
    "resident": "居住 resident",
    "hukou": "户籍 registered there",
    "member": "家庭成员 member of a household",
    "spouse": "配偶 spouse",
}


def way(how: How | str) -> str:
    """In which way a field goes out."""
    if isinstance(how, Band):
        return f"分段 bands from {', '.join(map(str, how.band))}"
    return _LEVELS[how.level] if isinstance(how, Level) else _WAYS[how]


def field(name: str, offer: Offer) -> str:
    """A field, a relation or the subject, by its name for people."""
    if name == "subject":
        return "主体标识 subject"
    if name.startswith("links."):
        return f"关系 relation: {_LINKS[name.removeprefix('links.')]}"
    item = offer.items[name]
    return f"{item.zh} {item.en}"


def fields(names: Iterable[str], offer: Offer) -> str:
    """Several of them."""
    return "; ".join(field(each, offer) for each in names)


def rows(chosen: Rows) -> list[str]:
    """Which subjects, a line each."""
    given = [f"{_ROWS[each.plural]}: {', '.join(codes)}" for each in LEVELS if (codes := getattr(chosen, each.plural))]
    if chosen.watch_list:
        given.append("仅使用方登记的对象 only subjects that the consumer registered")
    if chosen.caseload:
        given.append("仅使用方自有对象 only subjects of which the consumer itself has a row")
    return given or ["全市 all"]


def parties(agreement: Agreement, departments: Mapping[str, Department]) -> tuple[str, str]:
    """From whom to whom, in Chinese and in English."""
    known = [departments[name] for name in agreement.provider if name in departments]
    to = departments.get(agreement.consumer)
    return (
        f"{_all((each.zh for each in known), '、')} → {to.zh if to else agreement.consumer}",
        f"{_all((each.en for each in known), ', ')} → {to.en if to else agreement.consumer}",
    )


def _all(names: Iterable[str], between: str) -> str:
    return between.join(names)
