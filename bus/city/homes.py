"""Compounds, dwellings and the many ways to write where they are."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from random import Random

from bus.city.people import Person
from bus.city.places import CITY, PROVINCE, Community, Street, words

_ROADS = words("青年路 学府路 人民路 滨河路 文化路 中山街 槐荫街 解放街 迎泽街 春晖路 建设大街 振兴路 光华街 湖滨路 兴业大道")
_COMPOUNDS = words(
    "幸福里 纺织厂家属院 金色港湾 教师新村 东方名都 富贵园 御景城 盛世华府 龙湖小区 锦绣家园 星河苑 福满园 "
    "碧水湾 绿地华庭 仁和嘉园 水岸新城 翡翠城 香榭丽舍 书香苑 万和城 阳光里 机械厂宿舍 供销社家属院 天和园 "
    "祥云居 枫丹白露 和美家园 时代广场"
)
SHARED_NAME = "阳光花园"  # stands in the first street of each of the first two counties
_HAN = "零一二三四五六七八九十"
_STEMS = "甲乙丙丁"


@dataclass(slots=True)
class Compound:
    """小区, or the houses of a village."""

    serial: int
    name: str
    road: str
    road_no: str
    community: Community
    street: Street
    village: bool
    completed: date
    aliases: list[str] = field(default_factory=list)
    company: str | None = None
    committee: str | None = None
    manager: str = ""
    phone: str = ""
    dwellings: int = 0
    buildings: int = 0

    @property
    def id(self) -> str:
        return f"C{self.serial:07d}"

    @property
    def code(self) -> str:
        return f"XQ{self.serial:06d}"


@dataclass(slots=True)
class Dwelling:
    """One 户室. `owners` with their shares; an organisation's id where a company owns it."""

    serial: int
    compound: Compound
    building: int
    entrance: int
    floor: int
    room: int
    usage: str
    structure: str
    area: float
    inner: float
    floors: int
    unit_no: str
    grid: int
    owners: list[Person] = field(default_factory=list)
    company: str | None = None
    shares: tuple[Fraction, ...] = ()

    @property
    def id(self) -> str:
        return f"D{self.serial:07d}"

    @property
    def code(self) -> str:
        """FWBM: looks like a time, and is one: when the building was measured."""
        return f"{self.compound.completed:%Y%m%d}{8 + self.serial % 9:02d}{self.serial * 7 % 60:02d}{self.serial:07d}"

    def full(self) -> str:
        """The standard address."""
        c = self.compound
        if c.village:
            return f"{c.street.county}{c.street.name}{c.name}{self.room}号"
        return f"{c.street.county}{c.street.name}{c.road}{c.road_no}号{c.name}{self.building}号楼{self.entrance}单元{self.room}室"

    def short(self) -> str:
        """As people say it: the compound and the door."""
        return f"{self.compound.name}{self.room}号" if self.compound.village else f"{self.compound.name}{self.door()}"

    def door(self) -> str:
        return f"{self.building}号楼{self.entrance}单元{self.room}室"

    def located(self, rng: Random) -> str:
        """坐落 as a survey team writes it."""
        c = self.compound
        return f"{c.street.county}{c.road}{c.road_no}号{c.name}{door_forms(self, rng)}"

    def parts(self) -> dict[str, str | None]:
        c = self.compound
        village = c.village
        return {
            "province": PROVINCE,
            "city": CITY,
            "county": c.street.county,
            "town": c.street.name,
            "community": c.community.name,
            "road": None if village else c.road,
            "road_no": None if village else c.road_no,
            "compound": c.name,
            "building": None if village else str(self.building),
            "unit": None if village else str(self.entrance),
            "floor": None if village else str(self.floor),
            "room": str(self.room),
        }


def door_forms(home: Dwelling, rng: Random) -> str:
    """Building, entrance and room in one of the spellings of domain.md §2.6."""
    b, e, r = home.building, home.entrance, home.room
    draw = rng.random()
    if draw < 0.62:
        return home.door()
    forms = (
        f"{b}-{e}-{r}",
        f"{b}#楼{e}-{r}",
        f"{b}栋{e}单元{r}",
        f"{b}幢{_STEMS[e - 1]}单元{r:04d}",
        f"{_HAN[min(b, 10)]}栋{_HAN[e]}单元{r}室",
        f"{b}-{e}-{r}".translate(_WIDE),
    )
    return forms[int((draw - 0.62) / 0.38 * len(forms))] if b <= 10 else home.door()


_WIDE = str.maketrans("0123456789-", "０１２３４５６７８９－")


def compound_of(serial: int, street: Street, community: Community, on: date, rng: Random) -> Compound:
    """A compound of the community; names never repeat in the city, but for the one that is meant to."""
    first = street.communities[0] is community
    stem = community.name.removesuffix("社区").removesuffix("村")
    shared = first and street.code in (f"{street.county_code}001000",) and street.county_code in ("379901", "379902")
    completed = date(rng.randrange(1984, on.year - 1), rng.randrange(1, 13), rng.randrange(1, 28))
    name = community.name if community.village else SHARED_NAME if shared else stem + rng.choice(_COMPOUNDS)
    made = Compound(serial, name, rng.choice(_ROADS), str(rng.randrange(1, 290)), community, street, community.village, completed)
    if not made.village and not shared:
        draw = rng.random()
        if draw < 0.2:
            made.aliases = [f"{name}(一期)", f"{name}二期"]
        elif draw < 0.5 and not name.endswith("小区"):
            made.aliases = [f"{name}小区"]
    return made


def dwellings_of(compound: Compound, count: int, first: int, grids: list[int], rng: Random) -> list[Dwelling]:
    """So many dwellings, building by building, floor by floor."""
    made: list[Dwelling] = []
    if compound.village:
        compound.buildings = count
        for n in range(count):
            made.append(_dwelling(compound, first + n, (n + 1, 1, 1, n + 1), 2, grids[n * len(grids) // count], rng))
        compound.dwellings = count
        return made
    floors = rng.choice((5, 6, 6, 8, 11, 18)) if count > 60 else rng.choice((5, 6, 8))
    building = 0
    while len(made) < count:
        building += 1
        for entrance in (1, 2):
            for floor in range(1, floors + 1):
                for side in (1, 2):
                    if len(made) < count:
                        n = len(made)
                        at = (building, entrance, floor, floor * 100 + side)
                        made.append(_dwelling(compound, first + n, at, floors, grids[n * len(grids) // count], rng))
    compound.buildings, compound.dwellings = building, count
    return made


def _dwelling(compound: Compound, serial: int, at: tuple[int, int, int, int], floors: int, grid: int, rng: Random) -> Dwelling:
    building, entrance, floor, room = at
    area = round(rng.uniform(42, 160), 2)
    inner = round(area * rng.uniform(0.74, 0.92), 2)
    shop = floor == 1 and rng.random() < 0.06 and not compound.village
    usage = "21" if shop else rng.choice(("11", "11", "11", "10"))
    has_unit_no = compound.completed.year >= 2015 or rng.random() < 0.3
    parcel = f"{compound.street.county_code}{compound.serial % 999 + 1:03d}{compound.community.code[9:]}GB{compound.serial % 99999:05d}"
    unit_no = f"{parcel}F{building:04d}{serial % 9999:04d}"
    return Dwelling(
        serial,
        compound,
        building,
        entrance,
        floor,
        room,
        usage,
        "5" if compound.village else "3" if floors > 6 else "4",
        area,
        inner,
        floors,
        unit_no if has_unit_no else "",
        grid,
    )


def written_address(home: Dwelling, rng: Random, *, ambiguous: bool = False) -> str:
    """An address as people write it. `ambiguous`: may leave out the county even where the compound's name stands in two."""
    draw = rng.random()
    c = home.compound
    if draw < 0.5:
        return home.full()
    if c.village:
        return home.short()
    door = door_forms(home, rng)
    if draw < 0.7 or (c.name == SHARED_NAME and not ambiguous):
        return f"{c.street.county}{c.name}{door}"
    return f"{c.name}{door}"


def later(day: date, rng: Random, longest: int) -> date:
    """Some day after."""
    return day + timedelta(days=rng.randrange(1, longest))
