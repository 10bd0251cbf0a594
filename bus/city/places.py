"""The lie of the land: counties, streets, communities and their history (a split street, a renamed community, merged and split counties).

Sizes follow the city: about 700 residents a community, up to fifteen streets a county; a small city has small communities.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple


def words(text: str) -> tuple[str, ...]:
    """A list of names, written as a text to be read."""
    return tuple(text.split())


PROVINCE, CITY = "东海省", "澜州市"
OUTSIDE = (("379951", "外市平山区"), ("379952", "外市海阔县"), ("379953", "外省白河县"), ("379954", "外省铜岭市"), ("379955", "外省望川区"))
ABOLISHED = "379911"  # merged into the second county in 2003
SPLIT_COUNTY = "379912"  # divided between the first two: no single successor
UNKNOWN_REGION = "379988"  # in no table, yet some citizens were numbered there
SPLIT_ON, RENAMED_ON = "2025-07-01", "2026-01-01"

_DISTRICTS = ("东澜", "西澜", "南澜", "北澜", "澜滨", "高澜", "澜湾", "新澜")
_COUNTIES = ("青禾", "云岭", "白沙", "长河", "凤台", "石桥", "绿原", "龙泉", "河源", "松江", "平湖", "永宁")
_STREETS = words(
    "云溪 松岭 柳塘 文昌 东风 清河 石门 书院 凤鸣 双井 花园 迎宾 古城 南湖 金山 朝阳 银河 丰台 北岭 "
    "滨湖 龙首 玉泉 西园 翠屏 白云 东湖 青龙 太平 永安 和平 建设 胜利 解放 红星 长青 安定 兴隆 福田 "
    "新安 望江"
)
_COMMUNITIES = words(
    "望湖 青石 白鹭 桃源 金桥 向阳 红枫 兰亭 梧桐 锦绣 云溪里 玉带 长安里 月河 北苑 南关 临江 新华 春晓 "
    "柏林 学苑 麦田 荷塘 竹园 星火 前进 团结 光明 文汇 和顺 康宁 瑞景 丰泽 明月 紫荆 丁香 银杏 杏林 "
    "海棠 芙蓉 石榴 葵花 枫林 松涛 泉水 古井 西门 东关 站前 桥北 河西 湖东 塔山 南岭 北坡 老街 十里 "
    "五里"
)


class Division(NamedTuple):
    """A row of common/divisions.csv."""

    code: str
    name: str
    level: str
    parent: str
    valid_from: str = "1990-01-01"
    valid_to: str = ""
    successor: str = ""


@dataclass(frozen=True, slots=True)
class Community:
    """A residents' community or a village. `old_code`: before the street was split; `old_name`: before the renaming."""

    code: str
    name: str
    village: bool = False
    old_code: str = ""
    old_name: str = ""


@dataclass(frozen=True, slots=True)
class Street:
    """The unit of generation: whatever happens between people happens within one street."""

    index: int
    code: str
    name: str
    county_code: str
    county: str
    communities: tuple[Community, ...]
    old_name: str = ""
    last_of_county: bool = False


@dataclass(slots=True)
class Plan:
    """The city before its people."""

    residents: int
    divisions: list[Division] = field(default_factory=list)
    streets: list[Street] = field(default_factory=list)
    counties: list[str] = field(default_factory=list)


def plan(residents: int) -> Plan:
    """Lay out a city for so many residents. The same for the same number: chance has no part in it."""
    per_community = min(700, max(115, residents // 26))
    communities = max(8, -(-residents // per_community))
    per_street = 2 if communities <= 30 else min(12, max(4, communities // 24))
    streets = max(4, -(-communities // per_street))
    counties = max(3, -(-streets // 15))
    city = Plan(residents)
    city.divisions += [Division("370000000000", PROVINCE, "province", ""), Division("379900000000", CITY, "city", "370000000000")]
    names = _unique(_COMMUNITIES)
    street_names = _unique(_STREETS)
    done = 0
    for number in range(counties):
        share = (streets - done) // (counties - number)
        _county(city, number, counties, share, per_street, street_names, names)
        done += share
    first, second = city.counties[0], city.counties[1]
    city.divisions += [
        _past(ABOLISHED, "临澜区", f"{second}000000"),
        Division(
            f"{SPLIT_COUNTY}000000", "老城区", "county", "379900000000", valid_to="2003-06-01", successor=f"{first}000000|{second}000000"
        ),
    ]
    city.divisions += [Division(f"{code}000000", name, "outside", "") for code, name in OUTSIDE]
    return city


def _past(code: str, name: str, successor: str) -> Division:
    return Division(f"{code}000000", name, "county", "379900000000", "1990-01-01", "2003-06-01", successor)


def _unique(stems: tuple[str, ...]) -> list[str]:
    """Names that never repeat, last first: 望湖 … 望湖一 … 东望湖 …; enough for ten million residents."""
    made = [before + stem + after for before in ("", *"东西北上下新古大小") for after in ("", *"一二三四五六七八九十") for stem in stems]
    return made[::-1]


def _county(city: Plan, number: int, counties: int, streets: int, per_street: int, street_names: list[str], names: list[str]) -> None:
    districts = max(2, counties // 2)
    rural = number >= districts
    code = f"3799{number + 21 - districts:02d}" if rural else f"3799{number + 1:02d}"
    stems, place_in = (_COUNTIES, number - districts) if rural else (_DISTRICTS, number)
    name = _unique(stems)[-1 - place_in] + ("县" if rural else "区")
    if 10 < int(code[4:]) < 13:
        code = f"3799{int(code[4:]) + 50}"
    city.counties.append(code)
    city.divisions.append(Division(f"{code}000000", name, "county", "379900000000"))
    for place in range(streets):
        split = number == 0 and place == streets - 1 and streets > 1
        renamed = number == 1 and place == 0
        _street(city, (code, name), place, streets, per_street, rural, split, renamed, street_names, names)


def _street(
    city: Plan,
    county: tuple[str, str],
    place: int,
    streets: int,
    per_street: int,
    rural: bool,
    split: bool,
    renamed: bool,
    street_names: list[str],
    names: list[str],
) -> None:
    code, county_name = county
    number, suffix = _street_number(place, streets, rural)
    full = f"{code}{number:03d}000"
    parent = city.streets[-1] if split else None
    stem = f"{parent.name.removesuffix('街道')}南" if parent else street_names.pop()
    name = stem + suffix
    city.divisions.append(Division(full, name, "street", f"{code}000000", SPLIT_ON if split else "1990-01-01"))
    made = []
    for n in range(per_street):
        village = suffix != "街道" and n >= (per_street + 1) // 2
        part = 201 + n - (per_street + 1) // 2 if village else n + 1
        own = f"{full[:9]}{part:03d}"
        title = names.pop() + ("村" if village else "社区")
        if parent:
            old = f"{parent.code[:9]}{101 + n}"
            city.divisions.append(Division(old, title, "community", parent.code, "1990-01-01", SPLIT_ON, own))
            city.divisions.append(Division(own, title, "community", full, SPLIT_ON))
            made.append(Community(own, title, village, old_code=old))
        elif renamed and n == 0:
            city.divisions.append(Division(own, "红旗社区", "community", full, "1990-01-01", RENAMED_ON, own))
            city.divisions.append(Division(own, title, "community", full, RENAMED_ON))
            made.append(Community(own, title, village, old_name="红旗社区"))
        else:
            city.divisions.append(Division(own, title, "community", full))
            made.append(Community(own, title, village))
    city.streets.append(
        Street(len(city.streets), full, name, code, county_name, tuple(made), parent.name if parent else "", place == streets - 1)
    )


def _street_number(place: int, streets: int, rural: bool) -> tuple[int, str]:
    """Subdistricts 001–, towns 100–, townships 200– (GB/T 10114)."""
    if not rural:
        return (100, "镇") if place == streets - 1 and streets > 5 else (place + 1, "街道")
    if place == 0:
        return 1, "街道"
    return (200, "乡") if place == streets - 1 else (99 + place, "镇")
