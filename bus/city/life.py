"""How a street comes to be as it is: homes, families, owners, leases, marriages, allowances, volunteers, deaths."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from random import Random

from bus.city import homes, names
from bus.city.appeals import cases_of
from bus.city.homes import Compound, Dwelling
from bus.city.organizations import societies
from bus.city.people import Household, Person, Registry
from bus.city.places import OUTSIDE, Street
from bus.city.state import Counters, Family, Grid, Lease, Registration, StreetLife, Volunteer


class Living:
    """Makes one street live. One stream of chance a street and a matter, so that streets do not depend on one another."""

    def __init__(self, seed: str, street: Street, streets: int, residents: int, counters: Counters, on: date, next_on: date) -> None:
        self.rng = Random(f"{seed}/life/{street.code}")  # noqa: S311 - a fictional city, not a secret
        self.seed, self.count, self.residents = seed, counters, residents
        self.out = StreetLife(street, on, next_on)
        self.registry = Registry(self.rng, on, street.index, streets, street.county_code, counters.person)

    def run(self) -> StreetLife:
        """Everything up to the second delivery."""
        out = self.out
        self._settle()
        out.societies = societies(self.rng, out.street, self.count, out.on, self._official)
        out.organizations = out.societies.all()
        for compound in out.compounds:
            self._manage(compound)
        for home in out.dwellings:
            self._own(home)
        self._fraternise()
        self._staff_grids()
        self._lease()
        self._marry()
        self._assist()
        self._volunteer()
        self._die()
        out.cases = cases_of(Random(f"{self.seed}/appeals/{out.street.code}"), out, self.count)  # noqa: S311
        self.count.person = self.registry.serial
        return out

    def _add(self, person: Person) -> Person:
        self.out.people.append(person)
        return person

    def _stranger(self, age: int = 0, sex: str = "") -> Person:
        """Someone who does not live in the city but appears in its files."""
        age = age or self.rng.randrange(24, 72)
        born = self.out.on - timedelta(days=age * 366 + self.rng.randrange(300))
        made = self.registry.person(sex or self.rng.choice("12"), born, in_city=False)
        made.hukou = f"{self.rng.choice(OUTSIDE)[0]}000000"
        made.hukou_text = dict(OUTSIDE)[made.hukou[:6]]
        return self._add(made)

    def _official(self) -> str:
        sex = self.rng.choice("12")
        return names.surname(self.rng) + names.given(self.rng, sex)

    def _settle(self) -> None:
        out, rng = self.out, self.rng
        for place, community in enumerate(out.street.communities):
            grids = self._grids(place)
            families: list[Household] = []
            population = 0
            while population < self.residents:
                self.count.household += 1
                families.append(self.registry.household(self.count.household))
                population += len(families[-1].members)
            wanted = int(len(families) * 1.15) + 1
            dwellings: list[Dwelling] = []
            blocks = 1 if community.village else max(1, wanted // 260)
            for block in range(blocks):
                self.count.compound += 1
                compound = homes.compound_of(self.count.compound, out.street, community, out.on, rng)
                if block:
                    compound.name += "东区西区南区北区"[block * 2 - 2 : block * 2] or f"{block}区"
                    compound.aliases = []
                out.compounds.append(compound)
                dwellings += homes.dwellings_of(compound, wanted // blocks + 1, self.count.dwelling + 1, grids, rng)
                self.count.dwelling += wanted // blocks + 1
            out.dwellings += dwellings
            free = [d for d in dwellings if d.usage != "21"]
            rng.shuffle(free)
            for family in families:
                self._move_in(family, free.pop() if free else rng.choice(dwellings), community.code)

    def _grids(self, place: int) -> list[int]:
        out = self.out
        community = out.street.communities[place]
        reform = out.street.index % 9 == 7 and place < 2
        made = []
        for n in range(1, max(2, self.residents // 350) + 1):
            self.count.grid += 1
            title = f"{community.name}第{n}网格"
            grid = Grid(self.count.grid, f"{community.code}0{n:02d}", title, community.code, community.village)
            if reform:
                grid.new_code = f"{community.code}0{n + 50:02d}"
            out.grids.append(grid)
            made.append(grid.serial)
        return made

    def _move_in(self, family: Household, home: Dwelling, community: str) -> None:
        out, rng = self.out, self.rng
        out.households.append(family)
        family.home = home.serial
        out.by_home.setdefault(home.serial, []).append(family)
        draw = rng.random()
        family.tenure = "自有" if draw < 0.74 or home.compound.village else "租住" if draw < 0.94 else "借住"
        place = out.street
        elsewhere = rng.random()
        for one in family.members:
            one.home, one.tenure = home.serial, family.tenure
            if one.id_type in ("citizen_id", None):
                if elsewhere < 0.14:
                    region, text = rng.choice(OUTSIDE)
                    one.hukou, one.hukou_text = f"{region}000000", text
                else:
                    other = rng.choice(place.communities) if elsewhere < 0.3 else home.compound.community
                    one.hukou, one.hukou_text = other.code, f"{place.county}{place.name}{other.name}"
            self._add(one)

    def _manage(self, compound: Compound) -> None:
        if compound.village or self.out.societies is None:
            return
        compound.manager, compound.phone = self._official(), f"19909{compound.serial % 1000000:06d}"
        if self.rng.random() < 0.78:
            compound.company = self.rng.choice(self.out.societies.property_companies).id
        if self.rng.random() < 0.25:
            committee = self.out.societies.committee_of_owners(self.rng, compound, self.count, self._official())
            self.out.organizations.append(committee)
            compound.committee = committee.id

    def _own(self, home: Dwelling) -> None:
        """Who owns it: those who live there, someone else of the street, someone from elsewhere, a company."""
        out, rng = self.out, self.rng
        here = out.by_home.get(home.serial, [])
        families = [f for f in here if f.tenure == "自有"]
        if home.usage == "21" and rng.random() < 0.6 and out.societies is not None:
            home.company = rng.choice(out.societies.enterprises).id
            return
        if families:
            family = families[0]
            adults = [p for p in family.members if p.age(out.on) > 20][:2]
            home.owners = adults if len(adults) == 2 and rng.random() < 0.25 else adults[:1]
        elif rng.random() < 0.4 and out.households:
            home.owners = [rng.choice(out.households).members[0]]
        else:
            home.owners = [self._stranger()]
        if len(home.owners) == 2 and rng.random() < 0.5:
            home.shares = (Fraction(1, 2), Fraction(1, 2)) if rng.random() < 0.8 else (Fraction(1, 4), Fraction(3, 4))

    def _fraternise(self) -> None:
        """A few share name and birth date with another: people that only the number tells apart."""
        people = [p for p in self.out.people if p.id_type == "citizen_id"]
        wanted = len(people) // 1500 + (self.out.street.index % 4 == 0)
        for _ in range(400):
            one, twin = self.rng.choice(people), self.rng.choice(people)
            apart = abs((one.birth - twin.birth).days) > 5 * 365
            if not wanted or one is twin or one.sex != twin.sex or one.spouse is not None or one.notes or twin.notes or apart:
                continue
            one.number, one.birth = self.registry.number(twin.birth, one.sex)
            one.name, wanted = twin.name, wanted - 1
            one.notes = [f"same_name_and_birth:{twin.id}" if one.birth == twin.birth else f"same_name:{twin.id}"]

    def _staff_grids(self) -> None:
        out, rng = self.out, self.rng
        grown = [p for p in out.people if p.in_city and p.id_type == "citizen_id" and 24 < p.age(out.on) < 58] or out.people
        of_grid: dict[int, list[int]] = {}
        for family in out.households:
            if family.home is not None:
                tally = of_grid.setdefault(out.home(family.home).grid, [0, 0])
                tally[0] += 1
                tally[1] += len(family.members)
        chiefs = {c.code: self._official() for c in out.street.communities}
        for grid in out.grids:
            grid.worker, grid.chief = rng.choice(grown), chiefs[grid.division]
            community = grid.name.split("第")[0]
            grid.branch = f"{community}党委{grid.name.removeprefix(community)}党支部"
            grid.group, grid.hub = f"{rng.randrange(1, 7)}号楼党小组", f"{rng.choice(grown).name}户"
            grid.households, grid.people = of_grid.get(grid.serial, (0, 0))

    def _lease(self) -> None:
        out, rng = self.out, self.rng
        for family in out.households:
            if family.tenure != "租住" or family.home is None:
                continue
            home = out.home(family.home)
            begun = out.on - timedelta(days=rng.randrange(10, 1100))
            fresh = begun > out.on - timedelta(days=40) and rng.random() < 0.5
            while begun <= out.on:
                begun = self._file(home, family, begun, out.leases)
            if fresh or rng.random() < 0.06:
                self._file(home, family, out.on + timedelta(days=rng.randrange(1, 15)), out.later_leases)

    def _file(self, home: Dwelling, family: Household, begun: date, into: list[Lease]) -> date:
        rng, out = self.rng, self.out
        ends = begun + timedelta(days=rng.choice((181, 364, 364, 364, 729)))
        if rng.random() < 0.15 and into is out.leases:
            return ends + timedelta(days=1)  # never filed
        self.count.lease += 1
        grown = [p for p in family.members if p.age(out.on) >= 18] or family.members
        filed = min(begun + timedelta(days=rng.randrange(1, 30)), out.on if into is out.leases else out.next_on)
        made = Lease(
            self.count.lease,
            home,
            home.owners[0] if home.owners else None,
            grown[0],
            [p for p in family.members if p is not grown[0]],
            begun,
            ends,
            filed,
            rng.randrange(8, 45) * 100,
        )
        if out.societies is not None:
            made.agency = out.societies.agency if rng.random() < 0.4 else None
            made.owner_company = next((o for o in out.societies.enterprises if o.id == home.company), None)
            if rng.random() < 0.05:
                made.tenant_company = rng.choice(out.societies.enterprises)
        made.open_end = rng.random() < 0.02
        if rng.random() < 0.04:
            made.cancelled = min(homes.later(begun, rng, 150), out.on)
        into.append(made)
        return ends + timedelta(days=1)

    def _marry(self) -> None:
        out, rng = self.out, self.rng
        known = {p.serial: p for p in out.people}
        for one in list(out.people):
            if one.sex == "1" and one.spouse is not None and one.in_city and one.spouse in known:
                self._register(one, known[one.spouse], divorce=False)
            elif one.marital == "40" and rng.random() < 0.8:
                self._register(*self._couple(one), divorce=True)
        for _ in range(len(out.people) // 250):  # since 2025-05-10 anybody may register anywhere
            self._register(*self._couple(self._stranger(rng.randrange(23, 40))), divorce=rng.random() < 0.3)
        for _ in range(max(1, len(out.people) // 700)):
            one, other = self._couple(self._stranger(rng.randrange(23, 36)))
            self._book("IA", one, other, out.on + timedelta(days=rng.randrange(1, 29)), out.later_registrations)
            one.marital = other.marital = "20"

    def _couple(self, one: Person) -> tuple[Person, Person]:
        other = self._stranger(max(22, one.age(self.out.on)), "2" if one.sex == "1" else "1")
        return (one, other) if one.sex == "1" else (other, one)

    def _register(self, man: Person, woman: Person, *, divorce: bool) -> None:
        out, rng = self.out, self.rng
        of_age = max(man.birth, woman.birth) + timedelta(days=23 * 366)
        span = (out.on - of_age).days
        if span < 30 or (self.rng.random() < 0.35 and man.in_city):
            return
        on = of_age + timedelta(days=rng.randrange(1, max(2, min(span, 12 * 365))))
        remarried = "22" in (man.marital, woman.marital)
        first = self._book("IA", man, woman, on, out.registrations, ("40" if remarried else "10", "10"))
        draw = rng.random()
        if divorce and (out.on - on).days > 400:
            self._book("IB", man, woman, on + timedelta(days=rng.randrange(200, (out.on - on).days)), out.registrations, ("20", "20"))
            man.marital = woman.marital = "40"
            if draw < 0.1:
                self._book("ICB", man, woman, homes.later(out.on - timedelta(days=300), rng, 290), out.registrations, ("40", "40"), first)
        elif draw < 0.05 and (out.on - on).days > 40:
            self._book(
                "ICA", man, woman, on + timedelta(days=rng.randrange(20, (out.on - on).days)), out.registrations, ("20", "20"), first
            )
        elif draw < 0.06 and not man.in_city and (out.on - on).days > 40:
            first.valid = False
            self._book("ID", man, woman, homes.later(on, rng, 30), out.registrations, ("20", "20"), first)

    def _book(
        self,
        kind: str,
        man: Person,
        woman: Person,
        on: date,
        into: list[Registration],
        before: tuple[str, str] = ("10", "10"),
        old: Registration | None = None,
    ) -> Registration:
        self.count.registration += 1
        made = Registration(self.count.registration, kind, man, woman, on, before, old)
        into.append(made)
        return made

    def _assist(self) -> None:
        out, rng = self.out, self.rng
        for family in out.households:
            village = family.home is not None and out.home(family.home).compound.village
            if rng.random() > 0.03 * (1.5 if village else 1) or family.members[0].id_type != "citizen_id":
                continue
            self.count.family += 1
            size = len(family.members)
            kind = rng.choice(("12", "12", "21", "31") if village else ("11", "11", "11", "31", "41"))
            since = out.on - timedelta(days=rng.randrange(60, 5000))
            insured = 1 if rng.random() < 0.25 else size
            out.families.append(
                Family(
                    self.count.family,
                    family,
                    kind,
                    insured,
                    since,
                    420 * insured,
                    rng.choice((0, 0, 105, 210)),
                    homes.later(since, rng, 1500),
                )
            )
            for one in family.members:
                one.benefits.append("subsistence")
        for one in out.people:
            if one.in_city and one.age(out.next_on) >= 80 and one.id_type == "citizen_id":
                one.benefits.append("old_age")

    def _volunteer(self) -> None:
        out, rng = self.out, self.rng
        if out.societies is None:
            return
        kinds = ("助老", "助学", "文明劝导", "社区服务", "应急救援", "环境保护")
        projects = ("清洁家园", "敬老助餐", "交通文明劝导", "反诈宣传", "图书整理")
        for one in out.people:
            if not one.in_city or one.id_type != "citizen_id" or rng.random() > 0.04 or one.age(out.on) < 8:
                continue
            self.count.volunteer += 1
            made = Volunteer(
                self.count.volunteer,
                one,
                rng.choice(out.societies.teams),
                out.on - timedelta(days=rng.randrange(20, 3600)),
                rng.choice(kinds),
            )
            since = max(made.registered, out.on - timedelta(days=420))
            for _ in range(rng.choice((0, 1, 2, 3, 4))):
                self.count.service += 1
                on = since + timedelta(days=rng.randrange(max(1, (out.on - since).days)))
                made.services.append(
                    (self.count.service, rng.choice(projects), on, rng.randrange(16, 36), rng.choice((1, 1.5, 2, 2.5, 3, 4, 5)))
                )
            if rng.random() < 0.08:
                self.count.service += 1
                made.later.append((self.count.service, rng.choice(projects), out.on + timedelta(days=rng.randrange(1, 28)), 28, 2.0))
            out.volunteers.append(made)
            if rng.random() < 0.008:
                self.count.volunteer += 1
                out.volunteers.append(
                    Volunteer(self.count.volunteer, one, made.team, homes.later(made.registered, rng, 18), made.kind, twice_of=made.serial)
                )

    def _die(self) -> None:
        """Deaths before the first day (some not yet known to a department) and in the month after."""
        out, rng = self.out, self.rng
        known = {p.serial: p for p in out.people}
        for one in out.people:
            if not one.in_city:
                continue
            age = one.age(out.on)
            if rng.random() < (0.0015 if age < 60 else 0.012 if age < 80 else 0.05) and age > 18:
                one.died = out.on - timedelta(days=rng.randrange(-30, 900))
                one.death_known = one.died + timedelta(days=rng.randrange(5, 190))
                one.notes.append(f"died_at_home:D{one.home or 0:07d}")
                other = known.get(one.spouse) if one.spouse else None
                if other is not None and other.marital.startswith("2"):
                    other.marital = "30"
