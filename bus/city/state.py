"""What is so in one street: the entities and their serial numbers."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from bus.city.homes import Compound, Dwelling
from bus.city.organizations import Organization, Societies
from bus.city.people import Household, Person
from bus.city.places import Street

if TYPE_CHECKING:
    from bus.city.appeals import Case


@dataclass(slots=True)
class Grid:
    """A grid of a community. `new_code` after the reform of the second month, where there was one."""

    serial: int
    code: str
    name: str
    division: str
    village: bool
    worker: Person | None = None
    chief: str = ""
    branch: str = ""
    group: str = ""
    hub: str = ""
    households: int = 0
    people: int = 0
    new_code: str = ""

    @property
    def id(self) -> str:
        return f"G{self.serial:07d}"


@dataclass(slots=True)
class Lease:
    """A filed lease; a renewal is another one."""

    serial: int
    home: Dwelling
    lessor: Person | None
    lessee: Person | None
    co_residents: list[Person]
    starts: date
    ends: date
    filed: date
    rent: int
    agency: Organization | None = None
    tenant_company: Organization | None = None
    owner_company: Organization | None = None
    cancelled: date | None = None
    open_end: bool = False

    @property
    def number(self) -> str:
        return f"LZ{self.filed:%Y%m}{self.serial:07d}"


@dataclass(slots=True)
class Registration:
    """A row of the marriage register. `kind`: IA married, IB divorced, ICA / ICB re-issued, ID revoked."""

    serial: int
    kind: str
    man: Person
    woman: Person
    on: date
    before: tuple[str, str] = ("10", "10")
    old: Registration | None = None
    valid: bool = True


@dataclass(slots=True)
class Family:
    """A household on assistance."""

    serial: int
    household: Household
    kind: str
    insured: int
    since: date
    amount: int
    add_on: int
    moved: date
    ended: bool = False


@dataclass(slots=True)
class Volunteer:
    """Someone registered, with what they did: project, start, hours."""

    serial: int
    person: Person
    team: Organization
    registered: date
    kind: str
    services: list[tuple[int, str, date, int, float]] = field(default_factory=list)
    later: list[tuple[int, str, date, int, float]] = field(default_factory=list)
    twice_of: int = 0

    @property
    def number(self) -> str:
        return f"37990000{self.serial:08d}"


@dataclass
class Counters:
    """Serial numbers that run through the whole city."""

    person: int = 0
    household: int = 0
    dwelling: int = 0
    compound: int = 0
    grid: int = 0
    organization: int = 0
    lease: int = 0
    registration: int = 0
    family: int = 0
    volunteer: int = 0
    service: int = 0
    case: int = 0


@dataclass(slots=True)
class StreetLife:
    """All that is so in one street."""

    street: Street
    on: date
    next_on: date
    people: list[Person] = field(default_factory=list)
    households: list[Household] = field(default_factory=list)
    compounds: list[Compound] = field(default_factory=list)
    dwellings: list[Dwelling] = field(default_factory=list)
    grids: list[Grid] = field(default_factory=list)
    organizations: list[Organization] = field(default_factory=list)
    societies: Societies | None = None
    leases: list[Lease] = field(default_factory=list)
    later_leases: list[Lease] = field(default_factory=list)
    registrations: list[Registration] = field(default_factory=list)
    later_registrations: list[Registration] = field(default_factory=list)
    families: list[Family] = field(default_factory=list)
    volunteers: list[Volunteer] = field(default_factory=list)
    cases: list[Case] = field(default_factory=list)
    by_home: dict[int, list[Household]] = field(default_factory=dict)

    def home(self, serial: int) -> Dwelling:
        return self.dwellings[serial - self.dwellings[0].serial]

    def grid(self, serial: int) -> Grid:
        return self.grids[serial - self.grids[0].serial]
