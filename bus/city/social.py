"""What the social work department holds: grids, surveys of residents and homes, volunteers."""

from __future__ import annotations

from datetime import timedelta
from random import Random

from bus.city import habits, names
from bus.city.civil import old_division
from bus.city.entry import Entry, entry
from bus.city.homes import Dwelling, written_address
from bus.city.people import Person
from bus.city.state import Grid, StreetLife, Volunteer
from bus.city.tables import GRID, RESIDENCY_SURVEY, RESIDENT_SURVEY, SERVICE, VOLUNTEER

COVERED = 0.47  # of the dwellings; grid workers have not been everywhere


def grids(life: StreetLife, rng: Random) -> list[Entry]:
    """One row a grid, its worker's name and phone public."""
    return [_grid(life, g, g.code, rng) for g in life.grids]


def _grid(life: StreetLife, g: Grid, code: str, rng: Random) -> Entry:
    worker = g.worker
    x, y = 117 + g.serial % 97 / 1000, 37 + g.serial % 89 / 1000
    corners = ((x, y), (x + 0.004, y), (x + 0.004, y + 0.003), (x, y + 0.003), (x, y))
    values = {
        "WGBM": code,
        "WGMC": g.name,
        "SSSQ": g.division,
        "WGLX": "农村" if g.village else "城市",
        "HS": str(g.households),
        "RKS": str(g.people),
        "WGZXM": g.chief,
        "WGYXM": worker.name if worker else "",
        "WGYSFZH": worker.document if worker else "",
        "WGYDH": worker.phone if worker else "",
        "ZJZ": rng.choice(("专职", "兼职")),
        "DZZMC": g.branch,
        "LDDXZ": g.group,
        "ZXH": g.hub,
        "BJ": "POLYGON((" + ",".join(f"{a:.4f} {b:.4f}" for a, b in corners) + "))",
    }
    e = entry(GRID, values, [("grid", "grid", g.id)])
    if worker:
        e.subjects.append(("worker", "resident", worker.id))
    community = next(c for c in life.street.communities if c.code == g.division)
    old_division(e, "SSSQ", "", "", community, life, rng)
    habits.unknown_region(e, ("WGYSFZH",))
    return e


def next_grids(life: StreetLife, before: list[Entry], rng: Random) -> list[Entry]:
    """After the reform the old codes are gone from the list."""
    after = []
    for g, old in zip(life.grids, before, strict=True):
        if g.new_code:
            made = old.copy()
            made.key = {"WGBM": g.new_code}
            made.identity = g.new_code
            made.put("WGBM", g.new_code)
        else:
            made = old.copy()
            if rng.random() < 0.02:
                made.renew("WGZXM", names.surname(rng) + names.given(rng, "2"))
        after.append(made)
    return after


def surveys(life: StreetLife, rng: Random) -> tuple[list[Entry], list[Entry]]:
    """Who lives where, as grid workers found it: not all homes, old homes seldom closed."""
    people: list[Entry] = []
    links: list[Entry] = []
    for family in life.households:
        if family.home is None or rng.random() > COVERED:
            continue
        home = life.home(family.home)
        head = family.members[0]
        for one in family.members:
            if one.id_type == "passport" or (one.died and one.died < life.on - timedelta(days=200)):
                continue
            person, link = _survey(life, one, home, "A", head, rng)
            people.append(person)
            links.append(link)
        if rng.random() < 0.01:
            former = rng.choice(life.dwellings)
            if former is not home:  # moved away, and the old home was never closed
                person, link = _survey(life, head, former, "B", head, rng)
                people.append(person)
                links.append(link)
    return people, links


def _survey(life: StreetLife, one: Person, home: Dwelling, mark: str, head: Person, rng: Random) -> tuple[Entry, Entry]:
    grid = life.grid(home.grid)
    community = home.compound.community
    relation = _relation(one, home, rng)
    minutes = rng.randrange(270 * 24 * 60)
    seen = f"{life.on - timedelta(minutes=minutes):%Y-%m-%d} {minutes // 60 % 24:02d}:{minutes % 60:02d}:00"
    migrant = one.hukou is not None and not one.hukou.startswith(life.street.county_code)
    tenure = one.tenure or "自有"
    worker = grid.worker.name if grid.worker else ""
    worker = "".join(c for c in worker if ord(c) < 0x10000)
    values = {
        "RKBH": f"RK{one.serial:07d}{mark}",
        "WGBM": grid.code,
        "FWBH": f"FW{home.serial:07d}",
        "XM": one.name,
        "SFZH": one.document,
        "LXDH": "" if one.age(life.on) < 14 else head.phone if rng.random() < 0.1 else one.phone,
        "HJDZ": one.hukou_text,
        "XZZ": written_address(home, rng, ambiguous=True),
        "RHBS": "流动" if migrant else "人户一致" if one.hukou == community.code else "人户分离",
        "YFZGX": relation,
        "JZLX": tenure,
        "CJSJ": seen,
        "CJR": worker,
    }
    who = [("self", "resident", one.id), ("home", "dwelling", home.id)]
    person = entry(RESIDENT_SURVEY, values, [*who, ("grid", "grid", grid.id)])
    habits.unknown_region(person, ("SFZH",))
    since = max(one.birth, life.on - timedelta(days=rng.randrange(20, 4000)))
    link = entry(
        RESIDENCY_SURVEY,
        {
            "GXBH": f"GX{one.serial:07d}{mark}",
            "RKBH": f"RK{one.serial:07d}{mark}",
            "FWBH": f"FW{home.serial:07d}",
            "FWDZ": written_address(home, rng),
            "YFZGX": relation,
            "JZLX": tenure,
            "KSSJ": since.isoformat(),
            "CJSJ": seen,
            "CJR": worker,
        },
        list(who),
    )
    return person, link


def _relation(one: Person, home: Dwelling, rng: Random) -> str:
    if any(p is one for p in home.owners):
        return "产权人"
    if one.tenure == "租住":
        return "承租人" if one.relation == "02" else "其他"
    return {"10": "配偶", "20": "子女", "30": "子女", "51": "父母", "52": "父母"}.get(one.relation or "", "其他")


def next_surveys(life: StreetLife, before: tuple[list[Entry], list[Entry]], rng: Random) -> tuple[list[Entry], list[Entry]]:
    """A month on: grids renumbered (some rows keep the old code), people moved or died, mistakes mended."""
    codes = {g.code: g.new_code for g in life.grids if g.new_code}
    people, links = [], []
    for old_person, old_link in zip(*before, strict=True):
        draw = rng.random()
        if draw < 0.005:  # gone: moved out of the city, or dead
            continue
        person, link = old_person.copy(), old_link.copy()
        new = codes.get(person.get("WGBM"))
        if new and rng.random() < 0.85:
            person.put("WGBM", new)
        elif new:
            person.label(
                "WGBM", "DIV_OBSOLETE", "grid_before_reform", new, new, recoverable=False, needs="reference", also=("DIV_UNKNOWN",)
            )
        if draw < 0.015:
            person.mended()
        elif draw < 0.02:
            link.mended()
        elif draw < 0.025 and "KSSJ" not in link.taken:  # moved out: closed
            link.put("JSSJ", (life.on + timedelta(days=rng.randrange(1, 28))).isoformat())
        people.append(person)
        links.append(link)
    moved = _moves(life, before[0], rng)
    people += [one for one, _ in moved]
    links += [one for _, one in moved]
    for family in life.households[:: max(1, len(life.households) // 3)]:  # newly visited
        one = family.members[-1]
        if family.home is not None and not any(e.subjects[0][2] == one.id for e in before[0]) and one.id_type != "passport":
            person, link = _survey(life, one, life.home(family.home), "A", family.members[0], rng)
            if new := codes.get(person.get("WGBM")):
                person.put("WGBM", new)
            people.append(person)
            links.append(link)
    return people, links


def _moves(life: StreetLife, known: list[Entry], rng: Random) -> list[tuple[Entry, Entry]]:
    """Families that moved within the street: found at the new home, the old one not closed."""
    surveyed = {e.subjects[0][2] for e in known}
    empty = [d for d in life.dwellings if d.serial not in life.by_home and d.usage != "21"]
    made = []
    for family in life.households:
        head = family.members[0]
        if not empty or rng.random() > 0.006 or head.id not in surveyed or any(p.benefits or p.died for p in family.members):
            continue
        old, home = family.home, empty.pop(rng.randrange(len(empty)))
        family.home = home.serial
        for one in family.members:
            one.home, one.tenure = home.serial, "租住"
            one.notes.append(f"moved_from:D{old:07d}")
            if one.id_type != "passport":
                made.append(_survey(life, one, home, "C", head, rng))
    return made


def volunteers(life: StreetLife, rng: Random) -> list[Entry]:
    """Registered volunteers with their hours in all."""
    made = []
    by_serial = {v.serial: v for v in life.volunteers}
    for v in life.volunteers:
        p = v.person
        home = life.home(p.home) if p.home is not None else life.dwellings[0]
        values = {
            "ZYZBH": v.number,
            "XM": p.name,
            "ZJLX": "居民身份证",
            "ZJHM": p.document,
            "XB": "男" if p.sex == "1" else "女",
            "CSRQ": p.birth.isoformat(),
            "LXDH": "" if p.age(life.on) < 16 else p.phone,
            "JZDZ": written_address(home, rng),
            "ZZMM": rng.choice(("群众", "群众", "中共党员")),
            "FWLB": v.kind,
            "FWSC": f"{sum(s[4] for s in v.services):.1f}",
            "ZCRQ": v.registered.isoformat(),
            "ZYTT": v.team.name,
        }
        e = entry(VOLUNTEER, values, [("self", "resident", p.id), ("team", "organization", v.team.id)])
        habits.unknown_region(e, ("ZJHM",))
        if v.twice_of and v.twice_of in by_serial:
            quirk = f"registered_twice:{by_serial[v.twice_of].number}"
            e.label(None, "DUP_PERSON", quirk, None, "", recoverable=True, needs="file")
            e.taken |= {"ZJHM", "XM", "CSRQ", "XB"}
        made.append(e)
    return made


def next_volunteers(life: StreetLife, before: list[Entry], rng: Random) -> list[Entry]:
    """Hours added; one or two have left."""
    later = {v.number: sum(s[4] for s in v.later) for v in life.volunteers}
    after = []
    for old in before:
        draw = rng.random()
        if draw < 0.005:
            continue
        e = old.copy()
        more = later[e.key["ZYZBH"]]
        if more and "FWSC" not in e.taken:
            e.put("FWSC", f"{float(e.get('FWSC')) + more:.1f}")
        if draw < 0.02:
            e.mended()
        after.append(e)
    return after


def services(life: StreetLife, *, later: bool) -> list[Entry]:
    """One row a deed."""
    return [_service(v, deed) for v in life.volunteers for deed in (v.later if later else v.services)]


def _service(v: Volunteer, deed: tuple[int, str, object, int, float]) -> Entry:
    serial, project, day, half_hours, hours = deed
    start = half_hours * 30
    end = start + int(hours * 60)
    values = {
        "JLBH": f"JL{serial:07d}",
        "ZYZBH": v.number,
        "XM": v.person.name,
        "ZYTT": v.team.name,
        "FWXM": project,
        "FWKS": f"{day} {start // 60:02d}:{start % 60:02d}",
        "FWJS": f"{day} {end // 60:02d}:{end % 60:02d}",
        "FWSC": f"{hours:g}",
    }
    return entry(SERVICE, values, [("self", "resident", v.person.id), ("team", "organization", v.team.id)])
