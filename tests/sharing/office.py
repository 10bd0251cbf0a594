"""A log with master records of a few people, and an agreement that shares them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from bus.contracts import catalog
from bus.contracts.codec import Codec, bind_encoder
from bus.contracts.reader import compile_reader
from bus.event import Output, Record
from bus.eventlog import topics
from bus.eventlog.partitioning import partition_of
from bus.eventlog.port import EventLog
from bus.sharing.grant import Grant
from bus.sharing.opened import of_master, opening
from bus.sharing.pseudonym import pseudonyms
from bus.sharing.schema import schema_of
from bus.sharing.view import compile_view
from bus.sharing.worker import Delivery, Share
from bus.step import Memory, Options, Step, run
from tests.resolver.world import KEYS

PARTITIONS = 3
TIME = 1_790_000_000_000
GRID, OTHER = "379901001001001", "379901001001002"
MASTER = topics.master("resident")


class Event(NamedTuple):
    """What a subscriber got."""

    partition: int
    key: bytes
    at: int
    value: dict[str, Any]


class Office:
    """Shares under one grant."""

    def __init__(self, log: EventLog, state: Path, grant: Grant) -> None:
        self.log, self.state, self.grant = log, state, grant
        self.deliveries: list[Delivery] = []
        self.codec = Codec(catalog.load().registry)
        entity = catalog.load().entities[grant.entity].schema
        self.schema = schema_of(grant, entity)
        self.pseudonym = pseudonyms(KEYS, grant.agreement, grant.epoch)
        self.view = compile_view(grant, entity, self.pseudonym)
        log.create([topics.spec(MASTER, PARTITIONS), topics.share_spec(grant.agreement, 30, PARTITIONS), topics.spec(topics.ACCOUNT)])

    def say(self, *records: tuple[str, dict[str, Any] | None], at: int = TIME) -> None:
        """Write masters: subject, record (None: retired)."""
        with self.log.writer("merge") as writer:
            writer.append([_output(self.codec, subject, value, at) for subject, value in records])

    def share(self, authorised: Callable[[], None] = lambda: None) -> int:
        """Deliver all that waits."""
        share = Share(
            self.grant,
            self.view,
            self.pseudonym,
            opening(self.codec.decoder(), of_master),
            bind_encoder(self.schema, 99),
            self._heard,
            authorised,
        )
        step = Step(topics.share(self.grant.agreement), (MASTER,), Memory(share.decide), lambda *_: [])
        return run(self.log, step, Options(self.state, 100, 60.0, until_idle=True))

    def got(self) -> list[Event]:
        """All that was delivered, partition by partition."""
        read = compile_reader(self.schema)
        return [
            Event(batch.partition, record.key or b"", record.timestamp, read(record.value or b"", 5)[0])
            for batch in self.log.scan(topics.share(self.grant.agreement))
            for record in batch.records
        ]

    def _heard(self, delivery: Delivery) -> Sequence[Output] | list[Output]:
        self.deliveries.append(delivery)
        return []


def master(subject: str, name: str = "张三", operation: str = "changed", grid: str = GRID, at: int = 0, **more: Any) -> dict[str, Any]:
    """A master record, said by the social work department."""
    fields = {"name": name, "grid_code": grid, **more}
    source = {"department": "social", "dataset": "social.resident_survey", "delivery": "d", "file": None, "sheet": None, "row": 2}
    return {
        "subject": subject,
        "sources": [{**source, "key": {"RKBH": subject}, "role": "self", "ordinal": 0}],
        "fields": {field: _held(value) for field, value in fields.items()},
        "links": [],
        "operation": operation,
        "corrects": [],
        "event_id": f"{subject}{name}{grid}{operation}",
    }


def subject(number: int) -> str:
    """The subject of this number."""
    return f"{number:032x}"


def _held(value: Any) -> dict[str, Any]:
    said = {"department": "social", "event_id": "e", "valid_from": None, "known_from": "2026-09-30T00:00:00.000Z"}
    return {"value": value, **said, "rule": "only", "agree": 1, "disputed": False}


def _output(codec: Codec, who: str, value: dict[str, Any] | None, at: int) -> Output:
    key = who.encode()
    encoded = codec.encode(f"{MASTER}-value", value) if value is not None else None
    return Output(MASTER, Record(key, encoded, at), partition_of(bytes.fromhex(who), PARTITIONS))
