"""How the steps of the resolver are put together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from bus.cli.context import App, calendar
from bus.errors import ConfigRefused
from bus.event import Output, Record
from bus.eventlog import topics
from bus.step import Step
from bus.step.progress import Reads

if TYPE_CHECKING:
    from bus.resolver.disputes import Clock
    from bus.resolver.evidence import Rows
    from bus.resolver.routing import Routes

IDENTIFY, ALIAS, MATCH, JOIN, LINK, MERGE = "identify", "alias", "match", "join", "link", "merge"

READS: Mapping[str, Reads] = {
    IDENTIFY: tuple(map(topics.canonical, topics.MASTERS)),
    ALIAS: topics.ALIAS,
    MATCH: topics.EVIDENCE,
    JOIN: topics.PENDING,
    LINK: (topics.LINK, *map(topics.canonical, topics.OF_LINKS)),
    MERGE: tuple(map(topics.internal, topics.MASTERS)),
}
"""Step → the topics it reads."""


def identify(app: App) -> Step:
    """canonical.* → internal.*"""
    from bus.resolver.identify import Identify
    from bus.resolver.identity import identities

    step = Identify(app.codec.decoder(), identities, app.keys, routes(app), rows(app))
    return Step(IDENTIFY, READS[IDENTIFY], step.memory(), refuse)


def alias(app: App) -> Step:
    """internal.alias → internal.dwelling"""
    from bus.resolver.alias import Alias

    return Step(ALIAS, READS[ALIAS], Alias(routes(app)).memory(), refuse)


def match(app: App) -> Step:
    """internal.evidence → internal.pending"""
    from bus.resolver.match import Match

    return Step(MATCH, READS[MATCH], Match(app.keys, routes(app)).memory(), refuse)


def join(app: App) -> Step:
    """internal.pending → internal.resident, internal.decision"""
    from bus.resolver.join import Join
    from bus.resolver.weights import load

    step = Join(app.keys, routes(app), load(app.schemas, "resident"))
    return Step(JOIN, READS[JOIN], step.memory(), refuse)


def link(app: App) -> Step:
    """canonical.*, internal.link → internal.link, internal.resident, internal.dwelling"""
    from bus.resolver.linking import Linking

    return Step(LINK, READS[LINK], Linking(app.codec.decoder(), app.keys, routes(app)).memory(), refuse)


def merge(app: App) -> Step:
    """internal.* → master.*, dispute.*"""
    from bus.resolver.master import masters
    from bus.resolver.merge import Merge

    departments = app.catalog.departments
    follows = masters(app.codec, app.schemas, topics.MASTERS, app.keys, clock(app), departments)
    step = Merge(follows, routes(app), departments)
    return Step(MERGE, READS[MERGE], step.memory(), refuse, first=topics.internal("resident"))


STEPS: Mapping[str, Callable[[App], Step]] = {IDENTIFY: identify, ALIAS: alias, MATCH: match, JOIN: join, LINK: link, MERGE: merge}
"""Name → how it is put together, in the order in which what is said passes through them."""


def refuse(topic: str, partition: int, offset: int, record: Record) -> list[Output]:
    """Where a record goes that no decision comes to an end on: it is the bus's own, so no department could mend it."""
    place = f"{topic}/{partition}/{offset}"
    headers = (("topic", topic.encode()), ("key", record.key or b""))
    return [Output(topics.REFUSED, Record(place.encode(), record.value, record.timestamp, headers))]


def rows(app: App) -> Rows:
    """What the mappings tell of the rows of datasets. Raises `ConfigRefused` for one that cannot be read."""
    from bus.resolver.evidence import Rows

    without_persons, homes = set(), set()
    for mapping in app.mappings.values():
        persons = [said for said in mapping.statements if said.person or said.people]
        if not persons:
            without_persons.add(mapping.dataset)
        if len(persons) == 1 and persons[0].person and (lives := persons[0].fields.get("residence_address")):
            dwellings = {said.role: said.fields.get("address") for said in mapping.statements if said.entity == "dwelling"}
            homes |= {(mapping.dataset, role) for role, address in dwellings.items() if address and address.from_ == lives.from_}
    return Rows(without_persons, homes)


def clock(app: App) -> Clock:
    """How long a department has to answer to a dispute. Raises `ConfigRefused` for a calendar that cannot be read."""
    from bus.resolver.disputes import Clock

    return Clock(calendar(app), app.settings.dispute_days)


def routes(app: App) -> Routes:
    """Where the resolver's records go in this log. Raises `ConfigRefused` where its topics cannot be worked on together."""
    from bus.resolver.routing import Routes

    _refuse_unequal(app)
    return Routes()


def _refuse_unequal(app: App) -> None:
    """All topics of the resolver have the same number of partitions, because a subject's statements, its master and its disputes share one
    number."""
    mine = {*topics.of_resolver(), *map(topics.dispute, app.catalog.departments)} - {topics.REFUSED, topics.TALLY}
    found = {len(info.ends) for info in app.log.topics() if info.name in mine}
    if len(found) != 1:
        raise ConfigRefused(
            "The resolver's topics do not have the same number of partitions.",
            "归并所用各主题的分区数不一致。",
            place=" ".join(sorted(mine)),
            hint="Make them anew with one number (CIVICBUS_PARTITIONS); what they hold is rebuilt.",
            hint_zh="请用同一分区数（CIVICBUS_PARTITIONS）重新创建这些主题，内容会重建。",
        )
