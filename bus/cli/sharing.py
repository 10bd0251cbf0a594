"""How the steps of sharing are put together: one for each agreement in force, each with its own group, so that none waits for another."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import lru_cache, partial
from typing import NamedTuple

from bus import account
from bus.cli.context import App
from bus.contracts.codec import bind_encoder
from bus.errors import NotInForce, WrongUse
from bus.event import Batch, Output, Record
from bus.eventlog import topics
from bus.sharing import audit, published
from bus.sharing.closing import closing
from bus.sharing.grant import Grant, granted
from bus.sharing.history import Watch
from bus.sharing.lifecycle import Standing, Version, texts
from bus.sharing.opened import UNSEEN, Open, of_master, of_statement, opening
from bus.sharing.pseudonym import pseudonyms
from bus.sharing.regrant import Edition
from bus.sharing.schema import schema_of
from bus.sharing.view import compile_view
from bus.sharing.watching import WatchList
from bus.sharing.worker import Delivery, Share, Witness
from bus.step import Memory, Step
from bus.step.poison import Refuse

_DAY_MS = 86_400_000
_ASK_S = 2.0  # between two questions of an idle step whether its grant still holds


def in_force(app: App) -> list[str]:
    """The agreements under which something is shared now."""
    return sorted(id for id, standing in app.standings().items() if standing.in_force(now()) is not None)


class Lookout:
    """Which grant of an agreement holds now, asked again and again: only what is new is read each time."""

    def __init__(self, app: App, agreement: str) -> None:
        self.agreement = agreement
        self._app, self._watch, self._list = app, Watch(app.log, agreement, app.named), WatchList(agreement)
        self.standing = Standing(agreement, app.named)
        self._next_look = 0.0

    def edition(self) -> Edition:
        """Raises `NotInForce`."""
        self.standing = self._watch.standing()
        if (held := self.standing.in_force(now())) is None or self.standing.holding is None:
            raise NotInForce(place=self.agreement)
        changed = self._list.read_on(self._app.log).changed if held.rows.watch_list else 0
        return Edition(self.standing.holding.number, self.standing.epoch, changed)

    def left(self, edition: Edition) -> bool:
        """Whether another grant holds by now, or none; looked up every other second."""
        if time.monotonic() < self._next_look:
            return False
        self._next_look = time.monotonic() + _ASK_S
        try:
            return self.edition() != edition
        except NotInForce:
            return True

    def changed_at(self) -> int:
        """When (ms) the grant came to be as it was when it was last asked for."""
        applied = max((each.at for each in self.standing.events if each.step == "apply"), default=0)
        return max(applied, self._list.at, *(each.at for each in self.standing.rotated), 0)


class Common(NamedTuple):
    """What is made of a record once for all agreements on an entity that share it in one process. `mark`: subject → what stands for it in
    the audit."""

    open: Open
    mark: Callable[[bytes], bytes]


def common(app: App, source: str, most: int = 1) -> Common:
    """For the records of the topic `source`, the last `most` of which are kept at hand."""
    canonical = topics.is_canonical(source)
    open_ = opening(app.codec.decoder(), of_statement, most) if canonical else opening(app.codec.decoder(UNSEEN), of_master, most)
    return Common(open_, lru_cache(most)(partial(audit.mark, app.keys)))


def step_of(app: App, lookout: Lookout, edition: Edition, shared: Common | None = None) -> Step:
    """The step of an agreement under the grant of an edition. `shared`: with others. While it runs it raises `NotInForce` as soon as
    the agreement is not in force any more, and `WrongUse` when another grant holds."""

    def authorised() -> None:
        if lookout.edition() != edition:
            raise WrongUse("Another grant holds by now.", "授权内容已变更。", place=lookout.agreement)

    name = topics.share(lookout.agreement)
    grant = grant_of(app, lookout.standing, edition)
    share = share_of(app, grant, edition.version, lookout.changed_at(), authorised, shared)
    return Step(name, (source(grant.entity),), Memory(share.decide, asks=_keys, edition=f"{edition}"), _refuse(name))


def _keys(batch: Batch) -> list[bytes]:
    """Of whom it is asked what was delivered last."""
    return [record.key or b"" for record in batch.records]


def grant_of(app: App, standing: Standing, edition: Edition) -> Grant:
    """What the agreement granted, or grants, in an edition."""
    both_until = 0
    if edition.epoch > 1:
        rotated = standing.rotated[edition.epoch - 2]
        both_until = rotated.at + rotated.overlap_days * _DAY_MS
    watched = WatchList(standing.id).read_on(app.log, edition.watch).watched() if edition.watch else {}
    return granted(texts(standing)[edition.version - 1], edition.epoch, both_until, watched)


def share_of(
    app: App, grant: Grant, version: int, at: int, authorised: Callable[[], None] = lambda: None, shared: Common | None = None
) -> Share:
    """What shares under a grant that came to be at a time (ms). Its contract is published, if it is new."""
    entity = app.catalog.entities[grant.entity].schema
    pseudonym = pseudonyms(app.keys, grant.agreement, grant.epoch)
    shared = shared or common(app, source(grant.entity))
    contract = published.publish(app.log, f"{topics.share(grant.agreement)}-value", schema_of(grant, entity), at)
    return Share(
        grant,
        compile_view(grant, entity, pseudonym),
        pseudonym,
        shared.open,
        bind_encoder(contract.schema, contract.id),
        witness(shared.mark, grant, version),
        authorised,
        pseudonyms(app.keys, grant.agreement, grant.epoch - 1) if grant.epoch > 1 else None,
    )


def closing_of(app: App, version: Version) -> Step:
    """The step that counts what was still on its way to an agreement when it ended."""
    grant = granted(version.agreement)
    topic = topics.share(grant.agreement)
    return Step(topic, (source(grant.entity),), closing(_told(grant, version.number)), _refuse(topic))


def now() -> int:
    """The time, ms since 1970."""
    return time.time_ns() // 1_000_000


def source(entity: str) -> str:
    """The topic that is shared of an entity."""
    return topics.master(entity) if entity in topics.MASTERS else topics.canonical(entity)


def partitions(app: App, topic: str) -> int:
    """How many a topic has."""
    return next(len(info.ends) for info in app.log.topics() if info.name == topic)


def witness(mark: Callable[[bytes], bytes], grant: Grant, version: int) -> Witness:
    """What the audit says of each batch. `mark`: of a subject."""
    told = _told(grant, version)

    def says(delivery: Delivery) -> list[Output]:
        span = audit.Span(delivery.topic, delivery.partition, delivery.first_offset, delivery.next_offset)
        records = [audit.Told(offset, mark(subject), bytes.fromhex(event)) for offset, subject, event, _ in delivery.delivered]
        corrections = [
            audit.Correction(offset, mark(subject), bytes.fromhex(event), tuple(map(bytes.fromhex, wrong)))
            for offset, subject, event, wrong in delivery.corrected
        ]
        return audit.delivery(told, span, records, delivery.withheld, delivery.at, corrections)

    return says


def _told(grant: Grant, version: int) -> audit.Grant:
    how = {name: each.kind for name, each in grant.fields.items()} | dict(grant.links)
    return audit.Grant(grant.agreement, version, grant.consumer, grant.purpose, grant.basis, how)


def _refuse(topic: str) -> Refuse:
    def refuse(source: str, partition: int, offset: int, record: Record) -> list[Output]:
        """A record that cannot be read is set aside as the bus's own, and counted: nothing is delivered of it."""
        place = f"{source}/{partition}/{offset}"
        headers = (("topic", source.encode()), ("key", record.key or b""))
        counted = account.delta(account.SHARE, topic, {"dead_letter": 1}, {})._replace(timestamp=record.timestamp)
        return [
            Output(topics.REFUSED, Record(place.encode(), record.value, record.timestamp, headers)),
            Output(topics.ACCOUNT, counted),
        ]

    return refuse
