"""What people complain about, and each step of the handling with its deadline in working days."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from random import Random
from typing import TYPE_CHECKING

from bus.city import names

if TYPE_CHECKING:
    from bus.city.homes import Dwelling
    from bus.city.people import Person
    from bus.city.state import Counters, StreetLife

TOPICS = (
    ("住建", "物业服务", "电梯故障", "电梯多次停运", "市住房和城乡建设局"),
    ("住建", "物业服务", "收费", "小区物业费上涨未公示", "市住房和城乡建设局"),
    ("住建", "房屋质量", "漏水", "楼顶漏水多次报修未处理", "市住房和城乡建设局"),
    ("水务", "供水", "停水", "停水未提前通知", "市水务集团"),
    ("公安", "交通", "信号灯", "路口信号灯时间不合理", "市公安局交警支队"),
    ("城管", "市容环境", "噪音扰民", "夜间施工噪音扰民", "市城市管理局"),
    ("城管", "停车秩序", "消防通道占用", "消防通道被私家车占用", "市城市管理局"),
    ("民政", "养老服务", "高龄津贴", "高龄津贴未按时发放", "市民政局"),
    ("社会工作", "社区治理", "社区服务", "社区活动室长期不开放", ""),
)
CHANNELS = ("12345", "12345", "12345", "12345", "网格上报", "网上留言", "市长信箱", "人民建议", "随手拍", "信访", "上级交办")
KINDS = ("咨询", "求助", "求助", "投诉", "投诉", "举报", "建议", "感谢", "其他")
HOTLINE = "市12345热线"
DAYS = {"一般": 5, "紧急": 2, "特急": 1}  # working days to handle
HOURS = {"一般": 24, "紧急": 4, "特急": 1}  # hours to make contact

# 国务院办公厅 notices for 2025 and 2026: (first, last) days off, and the Saturdays and Sundays worked instead
_OFF = (
    "0101-0101 0128-0204 0404-0406 0501-0505 0531-0602 1001-1008",
    "0101-0103 0215-0223 0404-0406 0501-0505 0619-0621 0925-0927 1001-1007",
)
_WORKED = ("0126 0208 0427 0928 1011", "0104 0214 0228 0509 0920 1010")


def _calendar() -> tuple[frozenset[date], frozenset[date]]:
    off, worked = set(), set()
    for year, spans, days in zip((2025, 2026), _OFF, _WORKED, strict=True):
        for span in spans.split():
            first, last = (date(year, int(d[:2]), int(d[2:])) for d in span.split("-"))
            off |= {first + timedelta(days=n) for n in range((last - first).days + 1)}
        worked |= {date(year, int(d[:2]), int(d[2:])) for d in days.split()}
    return frozenset(off), frozenset(worked)


_HOLIDAYS, _MAKE_UP = _calendar()


def working_days_after(start: date, days: int) -> date:
    """The day on which so many working days are over; outside 2025 and 2026 only weekends are known."""
    day = start
    while days:
        day += timedelta(days=1)
        if day in _MAKE_UP or (day.weekday() < 5 and day not in _HOLIDAYS):
            days -= 1
    return day


@dataclass(slots=True)
class Case:
    """A complaint. Steps are (kind, at, unit, note)."""

    serial: int
    number: str
    community: int  # place in the street
    home: Dwelling | None
    grid: int
    caller: Person | None
    caller_name: str
    phone: str
    channel: str
    kind: str
    topic: tuple[str, str, str, str, str]
    urgency: str
    confidential: bool
    accepted: datetime
    lead: str
    point: tuple[str, str] = ("", "")
    co: list[str] = field(default_factory=list)
    steps: list[tuple[str, datetime, str, str]] = field(default_factory=list)
    due: date | None = None
    extended: date | None = None
    returns: int = 0
    resolved: str = ""
    satisfied: str = ""
    duplicate_of: str = ""
    form: int = 0

    @property
    def id(self) -> str:
        return f"A{self.serial:07d}"

    def at(self, kind: str, until: datetime) -> datetime | None:
        """When this step was last taken, if by then."""
        return next((s[1] for s in reversed(self.steps) if s[0] == kind and s[1] <= until), None)


def cases_of(rng: Random, life: StreetLife, count: Counters) -> list[Case]:
    """The street's appeals of the two years before the second delivery."""
    first = datetime.combine(life.next_on - timedelta(days=660), time())
    made: list[Case] = []
    for _ in range(max(2, len(life.people) // 10)):
        count.case += 1
        at = first + timedelta(minutes=rng.randrange(660 * 24 * 60), seconds=rng.randrange(60))
        case = _case(rng, life, count.case, at)
        made.append(case)
        if rng.random() < 0.04:
            count.case += 1
            made.append(_repeat(rng, case, count.case))
    return made


def _case(rng: Random, life: StreetLife, serial: int, at: datetime) -> Case:
    home = rng.choice(life.dwellings)
    known = [p for family in life.by_home.get(home.serial, []) for p in family.members if p.age(life.on) > 17]
    caller = known[0] if known and rng.random() < 0.85 else None
    named = rng.random()
    name = (
        "匿名" if caller is None else caller.name if named < 0.45 else _polite(caller) if named < 0.9 else rng.choice(("匿名", "不愿透露"))
    )
    topic = rng.choice(TOPICS)
    index = next(i for i, c in enumerate(life.street.communities) if c is home.compound.community)
    case = Case(
        serial,
        f"{at:%y%m%d%H%M%S}{serial % 1000000:06d}",
        index,
        home if rng.random() < 0.6 else None,
        home.grid,
        caller,
        name,
        caller.phone if caller and name not in ("匿名", "不愿透露") else "",
        rng.choice(CHANNELS),
        rng.choice(KINDS),
        topic,
        rng.choices(("一般", "紧急", "特急"), (90, 8, 2))[0],
        rng.random() < 0.06,
        at,
        topic[4] or f"{life.street.name}办事处",
        form=rng.randrange(3),
    )
    if rng.random() < 0.55:
        case.point = (f"117.{rng.randrange(99999):05d}0"[:10], f"37.{rng.randrange(99999):05d}0"[:9])
    if rng.random() < 0.15:
        case.co = rng.sample(("市应急管理局", "市公安局", "市卫生健康委员会", "市生态环境局"), rng.choice((1, 2)))
    case.steps.append(("accepted", at, HOTLINE, ""))
    if rng.random() < 0.35:
        done = at + timedelta(minutes=rng.randrange(4, 40))
        case.steps += [("answered_directly", done, HOTLINE, "现场解答"), ("closed", done + timedelta(minutes=1), HOTLINE, "")]
        case.resolved = "已解决"
    else:
        _dispatch(rng, case)
    return case


def _polite(caller: Person) -> str:
    surname = caller.name[:2] if caller.name[:2] in names.DOUBLE_SURNAMES else caller.name[:1]
    return surname + names.TITLES[caller.sex == "2"]


def _dispatch(rng: Random, case: Case) -> None:
    """Dispatch, sign, contact, perhaps return, extend, supervise; then handle, call back, close."""
    at = case.accepted + timedelta(minutes=rng.randrange(20, 300))
    days = DAYS[case.urgency]
    steps = case.steps
    steps.append(("dispatched", at, case.lead, f"{days}个工作日"))
    if rng.random() < 0.06:
        back = at + timedelta(minutes=rng.randrange(60, 900))
        steps.append(("returned", back, case.lead, "非本单位职责"))
        at = back + timedelta(minutes=rng.randrange(30, 400))
        case.returns, case.lead = 1, "市城市管理局"
        steps.append(("dispatched", at, case.lead, f"{days}个工作日"))
    case.due = working_days_after(at.date(), days)
    signed = at + timedelta(minutes=rng.randrange(20, 240))
    contact = signed + timedelta(minutes=rng.randrange(10, max(20, HOURS[case.urgency] * 75)))
    steps += [("signed", signed, case.lead, ""), ("contacted", contact, case.lead, "已联系群众")]
    if rng.random() < 0.08:
        steps.append(("extended", contact + timedelta(hours=2), case.lead, "需协调多部门"))
        case.extended = working_days_after(case.due, 5)
    late = rng.random() < 0.07
    limit = datetime.combine(case.extended or case.due, time(23, 59, 59))
    handled = limit + timedelta(hours=rng.randrange(2, 150)) if late else contact + (limit - contact) * rng.random()
    if late and rng.random() < 0.3:
        steps.append(("supervised", limit + timedelta(hours=1), "市委社会工作部", "超期督办"))
    handled = max(handled, contact + timedelta(minutes=30)).replace(microsecond=0)
    steps.append(("handled", handled, case.lead, rng.choice(("已协调物业维修", "已现场处置完毕", "已责令整改", "已与来电人沟通解释"))))
    closed = handled + timedelta(hours=rng.randrange(1, 40), minutes=rng.randrange(60))
    if case.phone and rng.random() < 0.75:
        case.resolved = rng.choice(("已解决", "已解决", "已解决", "部分解决", "未解决"))
        case.satisfied = rng.choice(("非常满意", "满意", "满意", "基本满意", "不满意", "非常不满意"))
        revisited = closed - timedelta(minutes=20)
        steps.append(("revisited", revisited, HOTLINE, "电话回访"))
        steps.append(("rated", revisited + timedelta(minutes=2), HOTLINE, f"{case.resolved}/{case.satisfied}"))
    steps.append(("closed", closed + timedelta(minutes=5), HOTLINE, ""))


def _repeat(rng: Random, case: Case, serial: int) -> Case:
    """The same matter again, merged into the first."""
    at = case.accepted + timedelta(hours=rng.randrange(5, 60))
    again = Case(
        serial,
        f"{at:%y%m%d%H%M%S}{serial % 1000000:06d}",
        case.community,
        case.home,
        case.grid,
        case.caller,
        case.caller_name,
        case.phone,
        "12345",
        case.kind,
        case.topic,
        case.urgency,
        case.confidential,
        at,
        case.lead,
        case.point,
        duplicate_of=case.number,
        form=1,
    )
    again.steps = [("accepted", at, HOTLINE, ""), ("merged", at + timedelta(minutes=1), HOTLINE, case.number)]
    return again
