"""What civil affairs hold: assistance, marriages, the old-age roster, social organisations, committees."""

from __future__ import annotations

from datetime import date
from random import Random

from bus.city import habits
from bus.city.entry import Entry, entry
from bus.city.homes import written_address
from bus.city.people import Person
from bus.city.places import CITY, PROVINCE, RENAMED_ON, SPLIT_ON, Community
from bus.city.state import Family, Registration, StreetLife
from bus.city.tables import COMMITTEE, FAMILY, MARRIAGE, MEMBER, ROSTER, SOCIAL_ORGANIZATION, TREATMENT

DOCUMENTS = {"citizen_id": "1", "hmt_permit": "2", "passport": "3", "foreign_permit": "4", None: "9"}


def stamp(day: date, rng: Random) -> str:
    """A time of a working day."""
    return f"{day.isoformat()} {rng.randrange(8, 18):02d}:{rng.randrange(60):02d}:{rng.randrange(60):02d}"


def assistance(life: StreetLife, rng: Random) -> tuple[list[Entry], list[Entry], list[Entry]]:
    """Families, their members, their treatment."""
    families, members, treatments = [], [], []
    doctor = f"199088{life.street.index % 100000:05d}"
    for one in life.families:
        times = (stamp(one.since, rng), stamp(one.moved, rng))
        families.append(_family(life, one, times, doctor, rng))
        members += [_member(one, n, p, times, rng) for n, p in enumerate(one.household.members, 1)]
        treatments.append(_treatment(one, times))
    return families, members, treatments


def _family(life: StreetLife, one: Family, times: tuple[str, str], doctor: str, rng: Random) -> Entry:
    head = one.household.members[0]
    home = life.home(one.household.home or 0)
    community = home.compound.community
    mobile = one.household.members[1].phone if len(one.household.members) > 1 else ""
    values = {
        "FAMILY_ID": f"F{one.serial:07d}",
        "FAMILY_NAME": head.name,
        "FAMILY_CARD_NO": head.document,
        "PEOPLE_NUM": str(len(one.household.members)),
        "ASSISTANCE_PEOPLE_NUM": str(one.insured),
        "APANAGE_CODE": community.code,
        "DOMICILE_CODE": head.hukou or "",
        "PROVINCE": PROVINCE,
        "CITY": CITY,
        "COUNTY": life.street.county,
        "TOWN": life.street.name,
        "VILLAGE": community.name,
        "ADDRESS": written_address(home, rng),
        "DOMICILE_ADDRESS": head.hukou_text,
        "FAMILY_PHONE": head.phone,
        "FAMILY_MOBILE": mobile,
        "BANK": "农村商业银行",
        "ACCOUNT_NAME": head.name,
        "ACCOUNT_NUMBER": f"62888880000{one.serial:08d}",
        "POVERTY_CAUSE": rng.choice(("因病", "因残", "缺劳力", "失业")),
        "REG_TIME": times[0],
        "MOD_TIME": times[1],
        "IS_DEL": "0",
        "CHECK_FLAG": "1",
    }
    e = entry(FAMILY, values, [("head", "resident", head.id), ("home", "dwelling", home.id)])
    old_division(e, "APANAGE_CODE", "TOWN", "VILLAGE", community, life, rng)
    habits.unknown_region(e, ("FAMILY_CARD_NO",))
    if home.compound.village and rng.random() < 0.2:
        e.put("FAMILY_PHONE", doctor)
        e.styled("FAMILY_PHONE", "shared_phone_of_village_doctor", head.phone, head.phone)
    return e


def old_division(
    e: Entry, code: str, street: str, name: str, community: Community, life: StreetLife, rng: Random, *, then: str = ""
) -> None:
    """After a reform a third of the rows keep the old code or name; `then`: the rows written before it were right at their time."""
    old = community.old_code and (rng.random() < 0.35 or (then and then < SPLIT_ON))
    if old and e.get(code) == community.code:
        e.put(code, community.old_code)
        quirk = "code_valid_then" if then and then < SPLIT_ON else "code_before_split"
        e.label(code, "DIV_OBSOLETE", quirk, community.code, community.code, recoverable=True, needs="reference")
        if street:
            e.put(street, life.street.old_name)
            e.styled(street, "name_valid_then" if then and then < SPLIT_ON else "street_before_split", life.street.name, life.street.name)
    renamed = community.old_name and name and (rng.random() < 0.15 or (then and then < RENAMED_ON))
    if renamed and e.get(name) == community.name:
        e.put(name, community.old_name)
        e.styled(name, "name_valid_then" if then and then < RENAMED_ON else "name_before_renaming", community.name, community.name)


def _member(one: Family, n: int, p: Person, times: tuple[str, str], rng: Random) -> Entry:
    values = {
        "MEMBER_ID": f"F{one.serial:07d}{n:02d}",
        "FAMILY_ID": f"F{one.serial:07d}",
        "RELATIONSHIP_TYPE": p.relation or "99",
        "NAME": p.name,
        "ID_CARD_TYPE": DOCUMENTS[p.id_type],
        "ID_CARD": p.document,
        "SEX": p.sex,
        "BIRTHDAY": p.birth.isoformat(),
        "NATION": p.ethnic or "",
        "MARRIAGE_CODE": p.marital,
        "HEALTH_CODE": "10",
        "EDU_CODE": rng.choice(("10", "20", "40", "61", "70")),
        "CAREER_CODE": "80",
        "POLITICAL_CODE": "13",
        "REG_TIME": times[0],
        "MOD_TIME": times[1],
        "IS_DEL": "0",
    }
    e = entry(MEMBER, values, [("self", "resident", p.id)])
    habits.unknown_region(e, ("ID_CARD",))
    return e


def _treatment(one: Family, times: tuple[str, str]) -> Entry:
    values = {
        "TREATMENT_ID": f"T{one.serial:07d}",
        "FAMILY_ID": f"F{one.serial:07d}",
        "ASSISTANCE_TYPE": one.kind,
        "CARD_NO": f"3799{one.kind}{one.serial:08d}",
        "BEGIN_DATE": f"{one.since:%Y-%m}",
        "ASSISTANCE_MONEY": str(one.amount),
        "ASSISTANCE_CLASS_MONEY": str(one.add_on),
        "ASSISTANCE_PEOPLE_NUM": str(one.insured),
        "CUR_ACTIVITY": "发放",
        "REG_TIME": times[0],
        "MOD_TIME": times[1],
        "IS_DEL": "0",
    }
    return entry(TREATMENT, values, [("head", "resident", one.household.members[0].id)])


def marriages(life: StreetLife, booked: list[Registration]) -> list[Entry]:
    """A row a registration; two people."""
    return [_registration(life, one) for one in booked]


def _certificate(life: StreetLife, one: Registration) -> str:
    county = life.street.county
    if one.on.year < 2004 and one.kind == "IA":
        return f"澜{county[0]}结字第{one.serial:06d}号"
    letter = {"IA": "J", "IB": "L", "ICA": "BJ", "ICB": "BL", "ID": "CX"}[one.kind]
    return f"{letter}{life.street.county_code}-{one.on.year}-{one.serial:06d}"


def _registration(life: StreetLife, one: Registration) -> Entry:
    man, woman = one.man, one.woman
    bare = one.on.year < 1990  # entered later from paper: names and dates only
    values = {
        "RECORD_ID": f"HY{one.serial:07d}",
        "OP_TYPE": one.kind,
        "CERT_NO": _certificate(life, one),
        "DEPT_CODE": life.street.county_code,
        "DEPT_NAME": f"{life.street.county}民政局婚姻登记处",
        "NAME_MAN": man.name,
        "NAME_WOMAN": woman.name,
        "OP_DATE": f"{one.on:%Y%m%d}",
        "VALID_FLAG": "1" if one.valid else "0",
        "DATA_SOURCE": "6" if one.on.year < 2004 else "1",
        "DOC_NO": f"DA{one.serial:07d}",
        "OLD_CERT_NO": _certificate(life, one.old) if one.old and one.kind != "ID" else "",
        "OLD_OP_DATE": f"{one.old.on:%Y%m%d}" if one.old and one.kind != "ID" else "",
    }
    for who, side, before in ((man, "MAN", one.before[0]), (woman, "WOMAN", one.before[1])):
        if not bare:
            values |= {
                f"CERT_TYPE_{side}": DOCUMENTS[who.id_type],
                f"CERT_NUM_{side}": who.document,
                f"BIRTH_{side}": f"{who.birth:%Y%m%d}",
                f"NATION_{side}": who.nationality,
                f"FOLK_{side}": who.ethnic or "",
                f"MARRY_STATUS_{side}": before,
                f"REG_DETAIL_{side}": who.hukou_text,
                f"LINK_KIND_{side}": who.phone,
            }
    e = entry(MARRIAGE, values, [("husband", "resident", man.id), ("wife", "resident", woman.id)])
    habits.unknown_region(e, ("CERT_NUM_MAN", "CERT_NUM_WOMAN"))
    return e


def roster(life: StreetLife, on: date, rng: Random) -> list[Entry]:
    """The month's list: everyone of eighty and more in the street; deaths become known late."""
    made = []
    known = {p.serial: p for p in life.people}
    banks = ("建设银行", "农业银行", "邮政储蓄银行", "农村商业银行")
    for p in life.people:
        if "old_age" not in p.benefits or p.age(on) < 80 or p.home is None:
            continue
        heard = p.death_known is not None and p.death_known <= on
        if heard and p.death_known is not None and (p.death_known.year, p.death_known.month) != (on.year, on.month):
            continue
        home = life.home(p.home)
        spouse = known.get(p.spouse or 0)
        agent = spouse if spouse is not None and p.serial % 3 == 0 else None
        age = p.age(on)
        since = p.birth.replace(year=p.birth.year + 80, day=1)
        values: dict[str, object] = {
            "乡镇街道": life.street.name,
            "村(社区)": home.compound.community.name,
            "姓名": p.name,
            "性别": "男" if p.sex == "1" else "女",
            "身份证号码": p.document,
            "年龄": age,
            "户籍地址": p.hukou_text,
            "现居住地址": home.full(),
            "年龄段": "80-89" if age < 90 else "90-99" if age < 100 else "100以上",
            "标准(元/月)": 100 if age < 90 else 200 if age < 100 else 500,
            "开户行": banks[p.serial % 4],
            "银行卡号": f"62888000000{p.serial:08d}",
            "户名": p.name,
            "代领人": agent.name if agent else None,
            "与本人关系": "亲属" if agent else "本人",
            "联系电话": agent.phone if agent else p.phone,
            "起发年月": f"{since:%Y-%m}",
            "本月状态": "死亡" if heard else "正常",
        }
        e = entry(ROSTER, values, [("self", "resident", p.id), ("home", "dwelling", home.id)], person=p.id)
        if agent:
            e.subjects.append(("agent", "resident", agent.id))
        community = home.compound.community
        if community.old_name and rng.random() < 0.3:
            e.put("村(社区)", community.old_name)
            e.label("村(社区)", "DIV_OBSOLETE", "name_before_renaming", community.name, community.name, recoverable=True, needs="reference")
        habits.unknown_region(e, ("身份证号码",))
        made.append(e)
    return made


def next_roster(life: StreetLife, before: list[Entry], rng: Random) -> list[Entry]:
    """Next month's list replaces this one; what was written wrongly mostly stays so."""
    earlier = {e.person: e for e in before}
    after = []
    for e in roster(life, life.next_on, rng):
        old = earlier.get(e.person)
        if old is None:
            after.append(e)
            continue
        kept = old.copy()
        for column in ("年龄", "年龄段", "标准(元/月)", "本月状态"):
            if kept.get(column) != e.get(column) and column not in kept.taken:
                kept.put(column, e.get(column))
        if rng.random() < 0.01:
            kept.mended()
        after.append(kept)
    return after


def social_organizations(life: StreetLife, rng: Random) -> list[Entry]:
    """Associations, private non-profits, foundations."""
    made = []
    for n, o in enumerate(life.societies.societies if life.societies else []):
        community = life.street.communities[n % len(life.street.communities)]
        code9 = o.code9 or ""
        values = {
            "SORG_ID": f"SOM{o.serial:07d}",
            "SORG_CODE": o.uscc or "",
            "ORGAN_CODE": f"{code9[:8]}-{code9[8:]}",
            "SORG_TYPE": o.form,
            "CN_NAME": o.name,
            "RESIDENCE": life.street.name + community.name,
            "LEGAL_PEOPLE": o.head,
            "BORG_NAME": rng.choice(("无", "区民政局", "区教育局", "区文化和旅游局")),
            "MORG_AREA": life.street.county,
            "REG_MON": rng.choice(("3", "5", "10", "30", "200")),
            "REG_DATE": o.registered.isoformat(),
            "SORG_STATUS": "注销" if o.cancelled else "正常",
            "CANCEL_DATE": o.cancelled.isoformat() if o.cancelled else "",
        }
        made.append(entry(SOCIAL_ORGANIZATION, values, [("organization", "organization", o.id)]))
    return made


def committees(life: StreetLife, rng: Random) -> list[Entry]:
    """Residents' and villagers' committees, one a community."""
    made = []
    homes: dict[str, int] = {}
    for family in life.households:
        code = life.home(family.home or life.dwellings[0].serial).compound.community.code
        homes[code] = homes.get(code, 0) + 1
    for o in life.societies.committees if life.societies else []:
        name = next(c.name for c in life.street.communities if c.code == o.division)
        values: dict[str, object] = {
            "区划代码": o.division,
            "名称": o.name,
            "地址": life.street.name + name,
            "主任姓名": o.head,
            "联系电话": o.phone,
            "户数": homes.get(o.division, 0),
            "一肩挑": "是" if rng.random() < 0.95 else "否",
        }
        made.append(entry(COMMITTEE, values, [("organization", "organization", o.id)], person=o.division))
    return made


def next_assistance(
    life: StreetLife, before: tuple[list[Entry], list[Entry], list[Entry]], rng: Random
) -> tuple[list[Entry], list[Entry], list[Entry]]:
    """A month on: some families leave (soft delete, MOD_TIME not touched), some get more, a mistake is mended."""
    families, members, treatments = ([e.copy() for e in rows] for rows in before)
    gone = set()
    for family, treatment in zip(families, treatments, strict=True):
        draw = rng.random()
        if draw < 0.04:
            gone.add(family.key["FAMILY_ID"])
            for e in (family, treatment):
                e.put("IS_DEL", "1")
            treatment.put("END_DATE", f"{life.on:%Y-%m}")
            treatment.renew("CUR_ACTIVITY", "停发")
        elif draw < 0.1:
            treatment.put("ASSISTANCE_MONEY", str(int(treatment.get("ASSISTANCE_MONEY")) + 30))
    for e in members:
        if e.get("FAMILY_ID") in gone:
            e.put("IS_DEL", "1")
    for e in (*families, *members):
        if rng.random() < 0.015:
            e.mended()
    return families, members, treatments


def next_same(before: list[Entry], rng: Random) -> list[Entry]:
    """A full ledger again: the same, but for a mended mistake."""
    after = [e.copy() for e in before]
    for e in after:
        if rng.random() < 0.03:
            e.mended()
    return after
