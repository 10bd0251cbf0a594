"""How the steps of sharing are put together: one for each agreement in force, each with its own group, so that none waits for another."""

from __future__ import annotations

import time

from bus import account
from bus.cli.context import App
from bus.contracts.codec import bind_encoder
from bus.errors import WrongUse
from bus.event import Output, Record
from bus.eventlog import topics
from bus.sharing import audit, history, published
from bus.sharing.closing import closing
from bus.sharing.grant import Grant, granted
from bus.sharing.history import Watch
from bus.sharing.lifecycle import Version
from bus.sharing.pseudonym import pseudonyms
from bus.sharing.schema import schema_of
from bus.sharing.view import compile_view
from bus.sharing.worker import Corrected, Delivered, Delivery, Share, Witness
from bus.step import Memory, Step
from bus.step.poison import Refuse


def in_force(app: App) -> list[str]:
    """The agreements under which something is shared now."""
    return sorted(id for id, standing in history.standings(app.log).items() if standing.in_force(now()) is not None)


def step_of(app: App, agreement: str) -> Step:
    """The step of an agreement. Raises `NotInForce`, also while it runs, as soon as the agreement is not in force any more."""
    watch = Watch(app.log, agreement)
    version = watch.in_force(now())
    grant = granted(version.agreement)
    entity = app.catalog.entities[grant.entity].schema
    pseudonym = pseudonyms(app.keys, agreement, grant.epoch)
    schema = schema_of(grant, entity)
    contract = published.publish(app.log, f"{topics.share(agreement)}-value", schema, version.submitted.at)

    def authorised() -> None:
        if watch.in_force(now()).number != version.number:
            raise WrongUse("Another version of the agreement is in force.", "协议已有新版本生效。", place=agreement)

    share = Share(
        grant,
        compile_view(grant, entity, pseudonym),
        pseudonym,
        app.codec.decoder(),
        bind_encoder(contract.schema, contract.id),
        _partitions(app, topics.share(agreement)),
        _witness(app, grant, version),
        authorised,
    )
    return Step(topics.share(agreement), (_source(grant.entity),), Memory(share.decide), _refuse(topics.share(agreement)))


def closing_of(app: App, version: Version) -> Step:
    """The step that counts what was still on its way to an agreement when it ended."""
    grant = granted(version.agreement)
    topic = topics.share(grant.agreement)
    return Step(topic, (_source(grant.entity),), closing(_told(grant, version)), _refuse(topic))


def now() -> int:
    """The time, ms since 1970."""
    return time.time_ns() // 1_000_000


def _source(entity: str) -> str:
    return topics.master(entity) if entity in topics.MASTERS else topics.canonical(entity)


def _partitions(app: App, topic: str) -> int:
    return next(len(info.ends) for info in app.log.topics() if info.name == topic)


def _witness(app: App, grant: Grant, version: Version) -> Witness:
    """What the audit says of each batch."""
    told = _told(grant, version)

    def witness(delivery: Delivery) -> list[Output]:
        span = audit.Span(delivery.topic, delivery.partition, delivery.first_offset, delivery.next_offset)
        records = [audit.Told(each.offset, audit.mark(app.keys, each.subject), _id(each)) for each in delivery.delivered]
        corrections = [
            audit.Correction(each.offset, audit.mark(app.keys, each.subject), _id(each), tuple(map(bytes.fromhex, each.wrong)))
            for each in delivery.corrected
        ]
        return audit.delivery(told, span, records, delivery.withheld, delivery.at, corrections)

    return witness


def _told(grant: Grant, version: Version) -> audit.Grant:
    how = {name: each.kind for name, each in grant.fields.items()} | dict(grant.links)
    return audit.Grant(grant.agreement, version.number, grant.consumer, grant.purpose, grant.basis, how)


def _id(each: Delivered | Corrected) -> bytes:
    return bytes.fromhex(each.event_id)


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
