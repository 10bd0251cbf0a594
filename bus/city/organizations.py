"""Organisations of a street: property companies, enterprises, an agency, committees, societies, volunteer teams."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Protocol

from bus.city.homes import Compound
from bus.city.numbers import credit_code, organisation_code
from bus.city.places import Street, words


class Counter(Protocol):
    """Where the next organisation's serial number comes from."""

    organization: int


@dataclass(slots=True)
class Organization:
    """Who it is; `kind` as in domain.md §4.4."""

    serial: int
    kind: str
    name: str
    division: str
    registered: date
    head: str
    uscc: str | None = None
    code9: str | None = None
    cancelled: date | None = None
    form: str = ""
    phone: str = ""

    @property
    def id(self) -> str:
        return f"O{self.serial:07d}"


@dataclass(slots=True)
class Societies:
    """The organisations of one street by what they are."""

    property_companies: list[Organization] = field(default_factory=list)
    enterprises: list[Organization] = field(default_factory=list)
    agency: Organization | None = None
    committees: list[Organization] = field(default_factory=list)
    societies: list[Organization] = field(default_factory=list)
    teams: list[Organization] = field(default_factory=list)

    def all(self) -> list[Organization]:
        return [
            *self.property_companies,
            *self.enterprises,
            *([self.agency] if self.agency else []),
            *self.committees,
            *self.societies,
            *self.teams,
        ]

    def committee_of_owners(self, rng: Random, compound: Compound, count: Counter, head: str) -> Organization:
        """业主委员会 of a compound."""
        count.organization += 1
        return Organization(
            count.organization, "owners_committee", f"{compound.name}业主委员会", compound.community.code, _day(rng, 2008, 2025), head
        )


def _day(rng: Random, first: int, last: int) -> date:
    return date(first, 1, 1) + timedelta(days=rng.randrange((last - first) * 365))


_LUCKY = words("安居 宁邦 泰源 和盛 祥园 瑞庭 恒佳 宏远 博雅 鼎新 华睿 金诺")
_CAUSES = words("心理健康 书法 志愿 环保 养老服务 太极拳 摄影 助残 反家暴 科普")


def societies(rng: Random, street: Street, count: Counter, on: date, official: Callable[[], str]) -> Societies:
    """Found the organisations of a street."""
    out = Societies()
    stem = street.name.removesuffix("街道").removesuffix("镇").removesuffix("乡")
    region = street.county_code

    def found(kind: str, name: str, division: str, prefix: str = "", form: str = "") -> Organization:
        count.organization += 1
        made = Organization(count.organization, kind, name, division, _day(rng, 2002, 2025), official(), form=form)
        if prefix:
            body = f"{rng.choice('0M')}{count.organization:07d}"
            made.code9 = organisation_code(body)
            made.uscc = credit_code(prefix, region, made.code9)
        return made

    lucky = rng.sample(_LUCKY, 5)
    county = f"{region}000000"
    out.property_companies = [found("property_company", f"{stem}{w}物业服务有限公司", county, "91") for w in lucky[:2]]
    out.enterprises = [found("enterprise", f"{stem}{w}商贸有限公司", county, "91") for w in lucky[2:4]]
    out.agency = found("agency", f"{stem}{lucky[4]}房地产经纪有限公司", county, "91")
    for community in street.communities:
        kind, word = ("village_committee", "村民委员会") if community.village else ("community_committee", "居民委员会")
        made = found(kind, community.name + word, community.code)
        made.phone = f"0543-555{made.serial % 10000:04d}"
        out.committees.append(made)
        stem2 = community.name.removesuffix("社区").removesuffix("村")
        out.teams.append(
            found("volunteer_team", f"{community.name}{rng.choice(('红马', '青春', '巾帼', '夕阳红'))}志愿服务队", community.code)
        )
        form, prefix, word = rng.choice((("社会团体", "51", "协会"), ("民办非企业单位", "52", "服务中心"), ("基金会", "53", "基金会")))
        society = found("social_org", f"{street.county}{stem2}{rng.choice(_CAUSES)}{word}", county, prefix, form)
        if rng.random() < 0.12:
            society.cancelled = min(on - timedelta(days=1), society.registered + timedelta(days=rng.randrange(400, 4000)))
        out.societies.append(society)
    return out
