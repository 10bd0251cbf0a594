"""IS IT ALLOWED? An agreement held against the catalog: share classes, kinds of fields, what is sensitive, divisions, the day. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date

from bus.contracts.catalog import Department
from bus.sharing.agreement import Agreement, Band, How, Level
from bus.sharing.items import WAYS, Item, Offer
from bus.sharing.problem import Problem
from bus.sharing.reading import Path
from bus.sharing.rows import LEVELS, PLACES
from bus.sharing.wording import Words
from bus.standards.divisions import Divisions

_Found = Iterator[tuple[Path, Words]]


def check(
    agreement: Agreement,
    offers: Mapping[str, Offer],
    departments: Mapping[str, Department],
    today: date,
    line: Callable[[Path], int] = lambda path: 1,
    divisions: Divisions | None = None,
) -> list[Problem]:
    """All that stands against it. `line`: where a value stands in the file; `divisions`: the city's, where they are at hand; else codes are
    only held to their form."""
    found = [*_parties(agreement, departments), *_subscribers(agreement), *_rows(agreement, divisions), *_term(agreement, today)]
    offer = offers.get(agreement.entity)
    if offer is None:
        found.append((("entity",), _unknown("entity", "实体", agreement.entity, offers)))
    else:
        found += _share_class(agreement, offer, departments)
        for ask in (_fields, _subject, _places, _assessment):
            found += ask(agreement, offer)
    return sorted(Problem(line(path), ".".join(map(str, path)), *words) for path, words in found)


def how_word(how: How | str) -> str:
    """The way as a word: clear, masked, … band, level."""
    return "band" if isinstance(how, Band) else "level" if isinstance(how, Level) else how


def sensitive(agreement: Agreement, offer: Offer) -> list[str]:
    """What it grants that is sensitive (个人信息保护法 Art. 28), by name: each sensitive field; free text about persons, which may hold
    anything; of a sensitive entity everything, as it is sensitive already that there is a record."""
    granted = [offer.items[name] for name in agreement.fields if name in offer.items]
    return [item.name for item in granted if is_sensitive(item, offer)]


def is_sensitive(item: Item, offer: Offer) -> bool:
    """Whether it is sensitive that this field goes out. See `sensitive`."""
    return "sensitive" in (item.sensitivity, offer.sensitivity) or (item.kind == "text" and item.sensitivity == "personal")


def _parties(agreement: Agreement, departments: Mapping[str, Department]) -> _Found:
    if agreement.consumer not in departments:
        yield ("consumer",), _unknown("department", "部门", agreement.consumer, departments)
    for at, name in enumerate(agreement.provider):
        if name not in departments:
            yield ("provider", at), _unknown("department", "部门", name, departments)
        elif name == agreement.consumer:
            cure = ("Take it out: what a department said itself it has.", "请删除：本部门的数据无需共享给自己。")
            yield ("provider", at), ("The consumer cannot be a provider.", "使用方不能同时为提供方。", *cure)
        elif name in agreement.provider[:at]:
            yield ("provider", at), ("This department stands twice.", "部门重复。", "Keep one of them.", "请只保留一个。")


def _subscribers(agreement: Agreement) -> _Found:
    for at, name in enumerate(agreement.subscribers):
        if any(other.startswith(f"{name}.") for other in agreement.subscribers):  # the groups of the one would be those of the other too
            cure = ("Name one of them otherwise.", "请为其中一个改名。")
            yield (
                ("subscribers", at),
                ("Another subscriber's name is this one, a dot and more.", "另一订阅主体的名称以此名加点开头。", *cure),
            )


def _share_class(agreement: Agreement, offer: Offer, departments: Mapping[str, Department]) -> _Found:
    if offer.share_class == "not_shared":
        cure = ("Nothing of it can be agreed on; ask for another entity.", "该实体不予共享，请改用其他实体。")
        yield ("entity",), ("This entity is not shared.", "该实体为不予共享类。", *cure)
    for at, name in enumerate(agreement.provider):
        said = offer.datasets.get(name, {})
        closed = sorted(dataset for dataset, share_class in said.items() if share_class == "not_shared")
        if closed:
            cure = (
                f"Not shared: {', '.join(closed)}. Ask its owner about the share class.",
                f"不予共享：{'、'.join(closed)}。请与提供方确认共享属性。",
            )
            yield ("provider", at), ("What this department says of it is not shared.", "该部门的相关数据为不予共享类。", *cure)
        elif not said and name in departments and name != agreement.consumer:
            who = ", ".join(sorted(offer.datasets))
            yield (
                ("provider", at),
                (
                    "This department says nothing of this entity.",
                    "该部门不提供此实体的数据。",
                    f"Those that do: {who}.",
                    f"提供方有：{who}。",
                ),
            )


def _fields(agreement: Agreement, offer: Offer) -> _Found:
    for name, how in agreement.fields.items():
        path = ("fields", name)
        if name not in offer.items:
            yield path, _unknown("field", "信息项", name, (each for each, item in offer.items.items() if WAYS[item.kind]))
            continue
        ways = WAYS[offer.items[name].kind]
        if how_word(how) not in ways:
            cure = (f"Possible: {', '.join(sorted(ways))}.", f"可用：{'、'.join(sorted(ways))}。")
            if not ways:
                cure = ("It never leaves the bus; take it out.", "该项不得离开总线，请删除。")
            yield path, ("This field cannot go out in this way.", "该信息项不能以此方式共享。", *cure)
        if isinstance(how, Band) and list(how.band) != sorted(set(how.band)):
            yield path, ("Bounds rise.", "区间界限须递增。", "For example {band: [18, 35, 60]}.", "例如 {band: [18, 35, 60]}。")
    if agreement.links and not offer.links:
        merged = ("Relations stand in master records: resident, dwelling.", "关系仅见于主数据：resident、dwelling。")
        yield ("links",), ("This entity has no relations.", "该实体没有关系。", *merged)


def _subject(agreement: Agreement, offer: Offer) -> _Found:
    if agreement.rows.caseload and not offer.merged:
        cure = (
            "Only master records (resident, dwelling) say whose rows they are made of.",
            "仅主数据（resident、dwelling）可按自有对象限定。",
        )
        yield ("rows", "caseload"), ("There is no own caseload of this entity.", "该实体不能按自有对象限定。", *cure)
    if agreement.rows.watch_list and agreement.entity != "resident":
        cure = ("Watch lists are of numbers of residents.", "关注名单按居民证件号码登记。")
        yield ("rows", "watch_list"), ("There is no watch list of this entity.", "该实体不能按关注名单限定。", *cure)
    if agreement.subject == "own_key" and not agreement.rows.caseload:
        cure = ("Add rows: {caseload: own}, or take pseudonym.", "请加 rows: {caseload: own}，或改用 pseudonym。")
        yield (
            ("subject",),
            ("A subject has a key of the consumer only where the consumer has a row of it.", "仅自有对象才有使用方主键。", *cure),
        )


def _places(agreement: Agreement, offer: Offer) -> _Found:
    if any(getattr(agreement.rows, level.plural) for level in LEVELS) and not any(name in offer.items for name in PLACES):
        cure = ("Take the divisions out.", "请删除区划限定。")
        yield ("rows",), ("It is not known where things of this entity are.", "该实体没有所在区划。", *cure)


def _assessment(agreement: Agreement, offer: Offer) -> _Found:
    needing = sensitive(agreement, offer)
    if needing and agreement.impact_assessment is None:
        cure = ("Add impact_assessment: its number, or take out", "请填写 impact_assessment（评估编号），或删除")
        names = ", ".join(needing)
        yield (
            ("fields", needing[0]),
            (
                "What is sensitive needs an impact assessment.",
                "涉及敏感信息，须有影响评估。",
                f"{cure[0]} {names}.",
                f"{cure[1]} {names}。",
            ),
        )


def _term(agreement: Agreement, today: date) -> _Found:
    if agreement.until < today:
        cure = ("Give the last day on which it is to hold.", "请填写仍未到来的终止日期。")
        yield ("until",), ("This day is over.", "使用时限已过。", *cure)


def _rows(agreement: Agreement, divisions: Divisions | None) -> _Found:
    for level in LEVELS:
        for at, code in enumerate(getattr(agreement.rows, level.plural)):
            path = ("rows", level.plural, at)
            if not level.fits(code):
                cure = (f"For example '{level.example}'.", f"例如 '{level.example}'。")
                yield path, ("This code is of another level.", "代码层级不符。", *cure)
            elif divisions is not None and not divisions.path(level.division(code)):
                cure = ("Look it up in divisions.csv.", "请查对 divisions.csv。")
                yield path, ("There is no such division in this city.", "本市没有此区划。", *cure)


def _unknown(kind: str, kind_zh: str, name: str, names: Iterable[str]) -> Words:
    every = sorted(names)
    near = difflib.get_close_matches(name, every, 3, 0.5) or every
    return f"There is no such {kind}.", f"没有这个{kind_zh}。", f"Did you mean {' or '.join(near)}?", f"是否指 {' 或 '.join(near)}？"
