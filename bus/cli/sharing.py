"""How the steps of sharing are put together: one for each agreement in force, each with its own group, so that none waits for another.
Those on one entity share a process."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import partial

from bus import account
from bus.cli.context import App
from bus.contracts.codec import Decoder, bind_encoder, remembering
from bus.errors import WrongUse
from bus.event import Batch, Output, Record
from bus.eventlog import topics
from bus.sharing import audit, history, lifecycle, published
from bus.sharing.agreement import Agreement
from bus.sharing.grant import Grant, granted
from bus.sharing.history import Watch
from bus.sharing.lifecycle import Version
from bus.sharing.pseudonym import pseudonyms
from bus.sharing.schema import schema_of
from bus.sharing.view import compile_view
from bus.sharing.worker import Corrected, Delivered, Delivery, Share, Witness
from bus.step import Memory, Step
from bus.step.poison import Refuse
from bus.step.together import Wanted


def in_force(app: App) -> list[str]:
    """The agreements under which something is shared now."""
    return sorted(_agreements(app))


def _agreements(app: App) -> dict[str, Agreement]:
    return {each.id: each for each in lifecycle.in_force(history.standings(app.log).values(), now())}


def entities(app: App) -> dict[str, str]:
    """What shares under all agreements on one entity → the topic it reads. In one process, so that each record is decoded once for all."""
    return {f"sharing.{entity}": _source(entity) for entity in sorted({each.entity for each in _agreements(app).values()})}


def steps_of(app: App, source: str) -> Wanted:
    """The steps that share from a topic, as it is asked now and again later."""
    decode = remembering(app.codec.decoder(), 2 * app.settings.batch_records)

    def wanted() -> Mapping[str, Callable[[], Step]]:
        names = [id for id, each in _agreements(app).items() if _source(each.entity) == source]
        return {topics.share(id): partial(step_of, app, id, decode) for id in names}

    return wanted


def step_of(app: App, agreement: str, decode: Decoder | None = None) -> Step:
    """The step of an agreement. `decode`: of the records that it reads. Raises `NotInForce`, also while it runs, as soon as the agreement
    is not in force any more."""
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
        decode or app.codec.decoder(),
        bind_encoder(contract.schema, contract.id),
        _partitions(app, topics.share(agreement)),
        _witness(app, grant, version),
        authorised,
    )
    return Step(topics.share(agreement), (_source(grant.entity),), Memory(share.decide, asks=_keys), _refuse(topics.share(agreement)))


def _keys(batch: Batch) -> list[bytes]:
    """What a batch asks of what was delivered before."""
    return [record.key or b"" for record in batch.records]


def now() -> int:
    """The time, ms since 1970."""
    return time.time_ns() // 1_000_000


def _source(entity: str) -> str:
    return topics.master(entity) if entity in topics.MASTERS else topics.canonical(entity)


def _partitions(app: App, topic: str) -> int:
    return next(len(info.ends) for info in app.log.topics() if info.name == topic)


def _witness(app: App, grant: Grant, version: Version) -> Witness:
    """What the audit says of each batch."""
    how = {name: each.kind for name, each in grant.fields.items()} | dict(grant.links)
    told = audit.Grant(grant.agreement, version.number, grant.consumer, grant.purpose, grant.basis, how)

    def witness(delivery: Delivery) -> list[Output]:
        span = audit.Span(delivery.topic, delivery.partition, delivery.first_offset, delivery.next_offset)
        records = [audit.Told(each.offset, audit.mark(app.keys, each.subject), _id(each)) for each in delivery.delivered]
        corrections = [
            audit.Correction(each.offset, audit.mark(app.keys, each.subject), _id(each), tuple(map(bytes.fromhex, each.wrong)))
            for each in delivery.corrected
        ]
        return audit.delivery(told, span, records, delivery.withheld, delivery.at, corrections)

    return witness


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
