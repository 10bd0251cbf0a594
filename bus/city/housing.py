"""What the housing department holds: 楼盘表, 租赁备案, 物业小区台账."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

from bus.city import habits, names
from bus.city.entry import Entry, entry
from bus.city.homes import Dwelling, written_address
from bus.city.people import Person
from bus.city.state import Lease, StreetLife
from bus.city.tables import COMPOUND, DWELLING, LEASE

DOCUMENTS = {"citizen_id": "1", "hmt_permit": "2", "passport": "3", "foreign_permit": "99", None: "99"}
_STEMS = "甲乙"
_WIDE_BRACKETS = str.maketrans("()", "（）")


def dwellings(life: StreetLife, rng: Random) -> list[Entry]:
    """One row a dwelling; village houses are not in the books."""
    return [_dwelling(life, home, rng) for home in life.dwellings if not home.compound.village]


def _dwelling(life: StreetLife, home: Dwelling, rng: Random) -> Entry:
    c = home.compound
    company = next((o for o in life.organizations if o.id == home.company), None) if home.company else None
    owners, numbers = "、".join(p.name for p in home.owners), ";".join(p.document for p in home.owners)
    kind = "7" if company else DOCUMENTS[home.owners[0].id_type] if home.owners else ""
    inner = f"{home.inner:.2f}"
    shares = ";".join(f"{s.numerator}/{s.denominator}" for s in home.shares)
    values = {
        "FWBM": home.code,
        "BDCDYH": home.unit_no,
        "XQBH": c.code,
        "XQMC": c.name,
        "ZRZH": str(home.building),
        "DYH": str(home.entrance),
        "SZC": str(home.floor),
        "SHBW": str(home.room),
        "ZL": home.located(rng),
        "FWYT1": home.usage,
        "FWJG": home.structure,
        "SCJZMJ": f"{home.area:.2f}",
        "SCTNJZMJ": inner,
        "SCFTJZMJ": f"{home.area - home.inner:.2f}",
        "JGSJ": f"{c.completed:%Y%m%d}",
        "ZCS": str(home.floors),
        "QLRMC": company.name if company else owners,
        "ZJZL": kind,
        "ZJH": (company.uscc or "") if company else numbers,
        "GYFS": "2" if home.shares else "1" if len(home.owners) > 1 else "0",
        "QLBL": shares,
        "ZT": "1",
        "GXSJ": _stamp(life.on, rng) if rng.random() < 0.8 else "",
    }
    who = [("owner", "resident", p.id) for p in home.owners] if not company else [("owner", "organization", company.id)]
    e = entry(DWELLING, values, [("dwelling", "dwelling", home.id), *who])
    _spellings(e, home, rng)
    if company:
        e.taken |= {"QLRMC", "ZJH"}
    else:
        habits.lost_in_gbk(e, "QLRMC")
        habits.old_number(e, "ZJH", home.owners)
        habits.unknown_region(e, ("ZJH",))
    return e


def _stamp(on: date, rng: Random) -> str:
    day = on - timedelta(days=rng.randrange(1, 5000))
    return f"{day.isoformat()} {rng.randrange(8, 18):02d}:{rng.randrange(60):02d}:{rng.randrange(60):02d}"


def _spellings(e: Entry, home: Dwelling, rng: Random) -> None:
    """Every survey team writes building, entrance, floor and room in its own way."""
    c = home.compound
    b, u, r = home.building, home.entrance, home.room
    if c.aliases and rng.random() < 0.3:
        alias = rng.choice(c.aliases)
        _restyle(e, "XQMC", "form_of_xqmc", alias.translate(_WIDE_BRACKETS) if rng.random() < 0.3 else alias)
    if rng.random() < 0.1:
        _restyle(e, "ZRZH", "form_of_zrzh", rng.choice((f"{b}#", f"{b}号楼", f"{b}幢", f"{b}栋", f"{b:02d}")))
    if rng.random() < 0.06:
        _restyle(e, "DYH", "form_of_dyh", rng.choice((f"{u}单元", _STEMS[u - 1])))
    if rng.random() < 0.08:
        _restyle(e, "SHBW", "form_of_shbw", rng.choice((f"{r}室", f"{b}-{u}-{r}", f"{u:02d}{r:04d}")))
    if rng.random() < 0.005:
        _restyle(e, "SZC", "form_of_szc", f"跃{home.floor}")
    if home.unit_no and rng.random() < 0.015:
        n = home.unit_no
        forms = (n.lower(), f"{n} ", f"{n[:6]} {n[6:12]} {n[12:19]} {n[19:]}")
        _restyle(e, "BDCDYH", "unit_no_form", rng.choice(forms))
    if home.shares and rng.random() < 0.4:
        _restyle(e, "QLBL", "form_of_qlbl", ";".join(f"{float(s):.0%}" for s in home.shares))


def _restyle(e: Entry, column: str, form: str, shown: str) -> None:
    clean = e.get(column)
    if shown != clean:
        e.put(column, shown)
        e.styled(column, form, clean, clean)


def leases(life: StreetLife, filed: list[Lease], on: date, rng: Random) -> list[Entry]:
    """One row a filing, as of the day."""
    return [_lease(one, on, rng) for one in filed]


def _lease(one: Lease, on: date, rng: Random) -> Entry:
    coded = rng.random() < 0.4 and not one.home.compound.village
    address = written_address(one.home, rng, ambiguous=not coded)
    tenant, owner = one.tenant_company, one.owner_company
    state = "3" if one.cancelled and one.cancelled <= on else "4" if one.ends < on and not one.open_end else "1"
    values = {
        "BAH": one.number,
        "FWZL": address,
        "FWBM": one.home.code if coded else "",
        "CZRXM": owner.name if owner else one.lessor.name if one.lessor else "",
        "CZRZJH": (owner.uscc or "") if owner else one.lessor.document if one.lessor else "",
        "CZRDH": "" if owner or not one.lessor else one.lessor.phone,
        "CZRXM2": tenant.name if tenant else one.lessee.name if one.lessee else "",
        "CZRZJH2": (tenant.uscc or "") if tenant else one.lessee.document if one.lessee else "",
        "CZRDH2": "0543-5550100" if tenant else one.lessee.phone if one.lessee else "",
        "GTJZR": "" if tenant else ";".join(f"{p.name} {p.number}" for p in one.co_residents if p.id_type == "citizen_id"),
        "ZLYT": "居住" if one.home.usage != "21" else "商业",
        "ZJ": str(one.rent),
        "YJ": str(one.rent),
        "ZLKSRQ": one.starts.isoformat(),
        "ZLJSRQ": one.ends.isoformat(),
        "JZRS": str(1 + len(one.co_residents)),
        "BARQ": one.filed.isoformat(),
        "ZXRQ": one.cancelled.isoformat() if one.cancelled and one.cancelled <= on else "",
        "ZXYY": "协商解除" if one.cancelled and one.cancelled <= on else "",
        "JJJG": one.agency.name if one.agency else "",
        "JJJGXYDM": (one.agency.uscc or "") if one.agency else "",
        "BAZT": state,
    }
    who = [("dwelling", "dwelling", one.home.id), *_sides(one)]
    e = entry(LEASE, values, who)
    for company, columns in ((owner, ("CZRXM", "CZRZJH", "CZRDH")), (tenant, ("CZRXM2", "CZRZJH2", "CZRDH2"))):
        if company:
            e.taken.update(columns)
    for column in ("CZRXM", "CZRXM2"):
        habits.cut_by_mysql(e, column)
    habits.replaced_by_mysql(e, "GTJZR")
    if one.lessor and not owner:
        habits.old_number(e, "CZRZJH", [one.lessor])
    if one.lessee and not tenant:
        habits.old_number(e, "CZRZJH2", [one.lessee])
    habits.same_name_elsewhere(e, "FWZL", one.home)
    habits.unknown_region(e, ("CZRZJH", "CZRZJH2", "GTJZR"))
    if one.open_end:
        e.put("ZLJSRQ", "9999-12-31")
        e.label("ZLJSRQ", "DATE_PLACEHOLDER", "open_end", None, "", recoverable=True)
    if rng.random() < 0.006 and not owner and not tenant and not e.damage:
        _swap_sides(e)
    return e


def _sides(one: Lease) -> list[tuple[str, str, str]]:
    who = []
    if one.owner_company:
        who.append(("lessor", "organization", one.owner_company.id))
    elif one.lessor:
        who.append(("lessor", "resident", one.lessor.id))
    if one.tenant_company:
        who.append(("lessee", "organization", one.tenant_company.id))
    elif one.lessee:
        who.append(("lessee", "resident", one.lessee.id))
        who += [("co_resident", "resident", p.id) for p in one.co_residents if p.id_type == "citizen_id"]
    if one.agency:
        who.append(("agency", "organization", one.agency.id))
    return who


def _swap_sides(e: Entry) -> None:
    """出租人 and 承租人 both abbreviate to CZR: the columns hold each other's values."""
    for column in ("CZRXM", "CZRZJH", "CZRDH"):
        mine, theirs = e.get(column), e.get(column + "2")
        e.put(column, theirs)
        e.put(column + "2", mine)
        e.label(column, "AUTHORITY_CONFLICT", "sides_swapped", mine, mine, recoverable=True, needs="departments")
        e.label(column + "2", "AUTHORITY_CONFLICT", "sides_swapped", theirs, theirs, recoverable=True, needs="departments")


def compounds(life: StreetLife, number: int, rng: Random) -> list[Entry]:
    """The ledger: a row a compound, or a row a phase. `number`: rows of the sheet so far."""
    made: list[Entry] = []
    for c in life.compounds:
        if c.village:
            continue
        phases = [a for a in c.aliases if "期" in a] or [c.name]
        company = next((o for o in life.organizations if o.id == c.company), None)
        committee = next((o for o in life.organizations if o.id == c.committee), None)
        for n, name in enumerate(phases):
            households = c.dwellings // len(phases)
            old = c.completed.year <= 2000
            values: dict[str, object] = {
                "序号": number + len(made) + 1,
                "街道(镇)": c.street.name,
                "社区": c.community.name,
                "小区名称": name,
                "小区地址": f"{c.road}{c.road_no}号",
                "建成年代": str(c.completed.year),
                "楼栋数(栋)": max(1, c.buildings // len(phases)),
                "户数(户)": households,
                "总建筑面积(万㎡)": round(households * 98 / 10000, 2),
                "物业服务企业": company.name if company else rng.choice(("无物业", "社区代管", "单位自管")),
                "统一社会信用代码": company.uscc if company else None,
                "项目经理": c.manager if company else None,
                "联系电话": c.phone if company else None,
                "是否成立业委会": "是" if committee else "否",
                "业委会备案日期": committee.registered.isoformat() if committee else None,
                "是否老旧小区": "是" if old else "否",
            }
            if old and rng.random() < 0.6:
                values |= {
                    "改造年度": rng.randrange(2019, 2026),
                    "改造内容(基础/完善/提升)": rng.choice(("基础", "完善", "提升")),
                    "计划投资(万元)": rng.randrange(50, 900),
                    "开工日期": "2024-03-15",
                    "竣工日期": "2024-11-30",
                    "进度": "已竣工",
                }
            e = entry(COMPOUND, values, [("compound", "dwelling", c.id)], person=f"{c.code}/{n}")
            if company:
                e.subjects.append(("property_company", "organization", company.id))
            if committee:
                e.subjects.append(("owners_committee", "organization", committee.id))
                if rng.random() < 0.3:  # a true date cell
                    e.put("业委会备案日期", committee.registered)
                    e.styled("业委会备案日期", "date_cell", committee.registered.isoformat(), committee.registered.isoformat())
            made.append(e)
    return made


def next_dwellings(life: StreetLife, before: list[Entry], rng: Random) -> list[Entry]:
    """A month on: some sold, some mended, a few gone from the books."""
    after = []
    for old in before:
        draw = rng.random()
        if draw < 0.002:
            continue
        e = old.copy()
        if draw < 0.012:
            e.mended()
        elif draw < 0.03 and len(e.subjects) == 2 and e.subjects[1][1] == "resident":
            _sell(life, e, rng)
        after.append(e)
    return after


def _sell(life: StreetLife, e: Entry, rng: Random) -> None:
    buyer: Person = rng.choice(life.people)
    if buyer.id_type != "citizen_id" or not buyer.in_city or buyer.fifteen or buyer.age(life.on) < 20:
        return
    home = life.home(int(e.subjects[0][2][1:]))
    home.owners = [buyer]
    e.renew("QLRMC", buyer.name)
    e.renew("ZJH", buyer.document)
    e.renew("ZJZL", "1")
    e.renew("GXSJ", f"{(life.on + timedelta(days=rng.randrange(1, 28))).isoformat()} 10:{rng.randrange(60):02d}:00")
    e.subjects[1] = ("owner", "resident", buyer.id)
    habits.lost_in_gbk(e, "QLRMC")
    habits.unknown_region(e, ("ZJH",))


def next_compounds(life: StreetLife, before: list[Entry], rng: Random) -> list[Entry]:
    """A new manager here and there."""
    after = [e.copy() for e in before]
    for e in after:
        if rng.random() < 0.03 and e.get("项目经理"):
            e.renew("项目经理", names.surname(rng) + names.given(rng, "1"))
    return after
