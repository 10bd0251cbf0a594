"""People: how one is made, numbered and grouped into households."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from bus.city import names
from bus.city.numbers import check_character, citizen_number
from bus.city.places import ABOLISHED, OUTSIDE, SPLIT_COUNTY, UNKNOWN_REGION

DAY = timedelta(days=1)


@dataclass(slots=True)
class Person:
    """One resident, or one who only appears (`in_city` false: an owner from elsewhere, a spouse)."""

    serial: int
    name: str
    sex: str
    birth: date
    id_type: str | None
    number: str | None
    ethnic: str | None
    phone: str
    nationality: str = "中国"
    marital: str = "10"
    hukou: str | None = None
    hukou_text: str = ""
    home: int | None = None  # dwelling's serial
    household: int | None = None
    relation: str | None = None
    fifteen: bool = False
    in_city: bool = True
    died: date | None = None
    death_known: date | None = None
    spouse: int | None = None
    tenure: str = ""
    benefits: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def id(self) -> str:
        return f"R{self.serial:07d}"

    @property
    def document(self) -> str:
        return self.number or ""

    def age(self, on: date) -> int:
        return on.year - self.birth.year - ((on.month, on.day) < (self.birth.month, self.birth.day))


@dataclass(slots=True)
class Household:
    """People who live together; the head comes first."""

    serial: int
    members: list[Person]
    home: int | None = None
    tenure: str = "自有"

    @property
    def id(self) -> str:
        return f"H{self.serial:07d}"


class Registry:
    """Gives out numbers and phones that nobody else in the city has.

    Each street has its own share of the sequence numbers, so streets can be made one after the other and none needs to remember another.
    """

    def __init__(self, rng: Random, on: date, street: int, streets: int, county: str, first: int) -> None:
        self.rng, self.on, self.county = rng, on, county
        crowded = streets > 60
        self.outside = [OUTSIDE[street % len(OUTSIDE)][0]] if crowded else [code for code, _ in OUTSIDE]
        share = max(4, 989 // (-(-streets // len(OUTSIDE)) if crowded else streets))
        start = 1 + (street // len(OUTSIDE) if crowded else street) * share % max(1, 990 - share)
        self.sequences = {
            "1": [n for n in range(start, start + share) if n % 2],
            "2": [n for n in range(start, start + share) if not n % 2],
        }
        self.used: set[str] = set()
        self.serial = first

    def number(self, birth: date, sex: str) -> tuple[str, date]:
        """A citizen number and the birth date it holds (moved by days when all numbers of a day are out)."""
        while True:
            draw = self.rng.random()
            region = self.county if draw < 0.68 else self.rng.choice(self.outside)
            if birth.year < 2003 and draw > 0.93:
                region = ABOLISHED if draw < 0.975 else SPLIT_COUNTY
            if draw > 0.995:
                region = UNKNOWN_REGION
            number = citizen_number(region, birth, self.rng.choice(self.sequences[sex]))
            if number not in self.used:
                self.used.add(number)
                return number, birth
            birth -= DAY

    def person(self, sex: str, birth: date, *, surname: str = "", in_city: bool = True, minority: bool = False) -> Person:
        """Someone new."""
        rng = self.rng
        birth = min(birth, self.on)
        self.serial += 1
        phone = f"{19900000000 + self.serial - 1}"
        draw = rng.random()
        if draw < 0.004 and not surname and self.on.year - birth.year > 18:
            return self._stranger(sex, birth, phone, in_city)
        if minority:
            name, ethnic = names.minority(rng, sex), "05"
        else:
            name, ethnic = (surname or names.surname(rng)) + names.given(rng, sex), "01"
            if draw > 0.955:
                ethnic = rng.choice(("02", "03", "03", "11", "11"))
        if (self.on - birth).days < 900 and rng.random() < 0.35:
            return Person(self.serial, name, sex, birth, None, None, ethnic, phone, in_city=in_city)
        number, birth = self.number(birth, sex)
        made = Person(self.serial, name, sex, birth, "citizen_id", number, ethnic, phone, in_city=in_city)
        made.fifteen = birth.year < 1985 and rng.random() < 0.06
        return made

    def _stranger(self, sex: str, birth: date, phone: str, in_city: bool) -> Person:
        """A compatriot of Hong Kong, Macao or Taiwan, or a foreigner, with that document."""
        rng = self.rng
        kind = rng.choice(("hmt_permit", "hmt_permit", "foreign_permit", "passport"))
        if kind == "passport":
            number = f"{rng.choice('EGK')}{rng.randrange(10**8):08d}"
        else:
            region = rng.choice(("810000", "820000", "830000")) if kind == "hmt_permit" else f"911{rng.randrange(1000):03d}"
            body = f"{region}{birth:%Y%m%d}9{rng.choice(self.sequences[sex]) % 100:02d}"
            number = body + check_character(body)
        compatriot = kind == "hmt_permit"
        name = rng.choice(names.COMPATRIOTS if compatriot else names.FOREIGNERS)
        return Person(
            self.serial,
            name,
            sex,
            birth,
            kind,
            number,
            "01" if compatriot else None,
            phone,
            nationality="中国" if compatriot else "外国",
            in_city=in_city,
        )

    def household(self, serial: int) -> Household:
        """A family: one person, a couple, with children, with an old parent."""
        rng = self.rng
        age = int(rng.triangular(22, 96, 44))
        sex = "1" if rng.random() < 0.8 else "2"
        minority = rng.random() < 0.02
        head = self.person(sex, self._born(age), minority=minority)
        head.relation = "02"
        members = [head]
        if rng.random() < (0.78 if age < 75 else 0.5) and age > 23:
            members.append(self._spouse(head, age, minority))
        elif age > 60:
            head.marital = "30"
        elif age > 30 and rng.random() < 0.4:
            head.marital = "40"
        if len(members) > 1 and age < 68:
            for _ in range(rng.choice((0, 1, 1, 1, 2))):
                members.append(self._child(head, age, minority))
        if age < 62 and rng.random() < 0.12:
            members.append(self._parent(head, age))
        made = Household(serial, members)
        for one in members:
            one.household = serial
        return made

    def _born(self, age: int) -> date:
        return self.on - timedelta(days=age * 365 + age // 4 + self.rng.randrange(365))

    def _spouse(self, head: Person, age: int, minority: bool) -> Person:
        other = self.person("2" if head.sex == "1" else "1", self._born(max(21, age + self.rng.randrange(-5, 4))), minority=minority)
        head.marital = other.marital = self.rng.choice(("20", "20", "20", "20", "21", "22"))
        head.spouse, other.spouse, other.relation = other.serial, head.serial, "10"
        return other

    def _child(self, head: Person, age: int, minority: bool) -> Person:
        sex = self.rng.choice("12")
        own = "" if minority or "·" in head.name or head.id_type != "citizen_id" else _surname_of(head.name)
        child = self.person(sex, self._born(max(0, age - self.rng.randrange(23, 36))), surname=own, minority=minority)
        child.relation = "20" if sex == "1" else "30"
        return child

    def _parent(self, head: Person, age: int) -> Person:
        sex = self.rng.choice("122")
        parent = self.person(sex, self._born(min(104, age + self.rng.randrange(22, 33))))
        parent.relation, parent.marital = ("51" if sex == "1" else "52"), "30"
        return parent


def _surname_of(name: str) -> str:
    return name[:2] if name[:2] in names.DOUBLE_SURNAMES else name[:1]
