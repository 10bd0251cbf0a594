"""The work orders and their steps, as the platform exports them on a given day."""

from __future__ import annotations

from datetime import date, datetime, time
from random import Random

from bus.city.appeals import DAYS, Case
from bus.city.civil import old_division
from bus.city.entry import Entry, entry
from bus.city.state import StreetLife
from bus.city.tables import APPEAL, STEP

STEPS = {
    "accepted": ("受理", "受理"),
    "answered_directly": ("受理", "直接答复"),
    "merged": ("受理", "并单"),
    "dispatched": ("预审", "派遣"),
    "returned": ("处置", "退单"),
    "signed": ("处置", "签收"),
    "contacted": ("处置", "联系群众"),
    "extended": ("处置", "延期"),
    "handled": ("处置", "处置完成"),
    "revisited": ("回访", "回访"),
    "rated": ("回访", "评价"),
    "supervised": ("回访", "督办"),
    "closed": ("结案", "结案"),
}


def end_of(day: date) -> datetime:
    """The last second of the day on which an export is made."""
    return datetime.combine(day, time(23, 59, 59))


def appeals(life: StreetLife, since: datetime | None, until: datetime, rng: Random) -> list[Entry]:
    """Work orders accepted by then, or after `since` those with a new step: the whole row again."""
    made = []
    for case in life.cases:
        if case.accepted > until or (since and not any(since < s[1] <= until for s in case.steps)):
            continue
        made.append(_order(life, case, until, rng))
    made.sort(key=lambda e: str(e.get("SLSJ")))
    return made


def _time(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}" if at else ""


def _state(case: Case, until: datetime) -> str:
    for kind, state in (
        ("merged", "已并单"),
        ("closed", "已结案"),
        ("revisited", "待结案"),
        ("handled", "待回访"),
        ("dispatched", "待处置"),
    ):
        if case.at(kind, until):
            return state
    return "待派遣"


def _order(life: StreetLife, case: Case, until: datetime, rng: Random) -> Entry:
    community = life.street.communities[case.community]
    place = case.home.short() if case.home else community.name
    topic = case.topic
    handled = case.at("handled", until)
    revisited = case.at("revisited", until)
    direct = case.at("answered_directly", until)
    dispatched = case.at("dispatched", until)
    extended = case.extended if case.at("extended", until) else None
    days = DAYS[case.urgency]
    limit = (
        ""
        if not dispatched or not case.due
        else (case.due.isoformat(), case.due.isoformat(), f"{days}个工作日", str(days))[case.serial % 4]
    )
    note = next((s[3] for s in case.steps if s[0] == "handled"), "")
    values = {
        "GDBH": case.number,
        "LYQD": case.channel,
        "SQLX": case.kind,
        "SQFL1": topic[0],
        "SQFL2": topic[1],
        "SQFL3": topic[2],
        "BT": topic[3],
        "SQNR": _content(case, place),
        "SQRXM": case.caller_name,
        "LXDH": case.phone,
        "SFBM": "1" if case.confidential else "0",
        "SFDZ": place,
        "XZQHDM": community.code,
        "JDMC": life.street.name,
        "SQMC": community.name,
        "WGBM": life.grid(case.grid).code,
        "JD": case.point[0],
        "WD": case.point[1],
        "JJCD": case.urgency,
        "SLSJ": _time(case.accepted),
        "PDSJ": _time(dispatched),
        "QSSJ": _time(case.at("signed", until)),
        "LXSJ": _time(case.at("contacted", until)),
        "BLSX": limit,
        "ZBDW": case.lead if dispatched else "",
        "XBDW": "、".join(case.co) if dispatched else "",
        "TDCS": str(case.returns) if dispatched else "",
        "TDYY": "非本单位职责" if case.returns and dispatched else "",
        "YQCS": ("1" if extended else "0") if dispatched else "",
        "YQSX": extended.isoformat() if extended else "",
        "YQYY": "需协调多部门" if extended else "",
        "BJSJ": _time(handled or direct),
        "CLJG": note if handled else "已当场解答" if direct else "",
        "SFJJ": case.resolved if revisited or direct else "",
        "SFSS": "1" if dispatched and handled else "",
        "CZZ": "0",
        "HFSJ": _time(revisited),
        "HFFS": "电话" if revisited else "",
        "MYD": case.satisfied if revisited else "",
        "CFBS": case.duplicate_of,
        "GDZT": _state(case, until),
    }
    who = [("appeal", "appeal", case.id), ("grid", "grid", life.grid(case.grid).id)]
    if case.caller:
        who.append(("caller", "resident", case.caller.id))
    if case.home:
        who.append(("place", "dwelling", case.home.id))
    e = entry(APPEAL, values, who)
    old_division(e, "XZQHDM", "JDMC", "SQMC", community, life, rng, then=case.accepted.date().isoformat())
    return e


def _content(case: Case, place: str) -> str:
    text = f"来电人反映：{place}{case.topic[3]}，希望相关部门尽快处理。"
    if case.form == 1 and case.phone:
        text += f"联系电话{case.phone}，"
    if case.form == 2 and case.caller and case.caller.id_type == "citizen_id" and case.serial % 5 == 0:
        text += f"身份证号{case.caller.number}，"
    return text + ('\n补充：此前多次反映"未解决"，请核实。' if case.form == 2 and case.serial % 2 else "")


def steps(life: StreetLife, since: datetime | None, until: datetime) -> list[Entry]:
    """The log of steps; the deadline stands where one was set."""
    made = []
    for case in life.cases:
        for n, (kind, at, unit, note) in enumerate(case.steps, 1):
            if at > until or (since and at <= since):
                continue
            stage, what = STEPS[kind]
            deadline = case.due if kind == "dispatched" else case.extended if kind == "extended" else None
            values = {
                "LZBH": f"{case.number}{n:02d}",
                "GDBH": case.number,
                "HJ": stage,
                "CZ": what,
                "CLDW": unit,
                "CZSJ": _time(at),
                "SX": deadline.isoformat() if deadline else "",
                "BZ": note,
            }
            made.append(entry(STEP, values, [("appeal", "appeal", case.id)]))
    return made
