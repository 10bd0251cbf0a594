"""The normalizer's decision: raw records → canonical records, dead letters, and what the account counts. Pure but for the keys it holds.

Everything written is derived from the raw record, so a replay or a rebuild writes the same bytes. There is no clock here: "today" is the
day on which the raw record was published (Asia/Shanghai).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from bus import account
from bus.contracts.codec import Codec, Encoder
from bus.errors import DecodeRefused
from bus.event import Batch, Output, Record
from bus.eventlog import topics
from bus.eventlog.dead_letter import REPLAY_OUTCOME, REPLAY_STATEMENT, Letter, iso
from bus.keys import KeyRing
from bus.normalizer.compile import Plan
from bus.normalizer.statement import REFUSED, Row, Statement, outcome
from bus.quality import CODES, Finding, finding
from bus.sealing import row_hash, seal_for

_DAY_MS = 86_400_000
_SHANGHAI_MS = 8 * 3_600_000
_EPOCH = date(1970, 1, 1).toordinal()


class Source(NamedTuple):
    """What the worker must know of a dataset beside its mapping. `key_fields`: key column → Avro field; empty where the key is personal."""

    department: str
    key_fields: Mapping[str, str]


@dataclass
class Tally:
    """What became of the records of one dataset in one batch."""

    outcomes: Counter[str]
    reasons: Counter[str]
    timestamp: int = 0


class Normalizer:
    """`decide` turns batches of raw records into outputs. One instance a worker; not for several threads."""

    def __init__(self, plans: Mapping[str, Plan], sources: Mapping[str, Source], codec: Codec, keys: KeyRing) -> None:
        """`plans` and `sources` by dataset. Raises `ConfigRefused` when an entity has no released schema."""
        self.topics = tuple(topics.raw(dataset) for dataset in plans)
        self.entities = tuple(sorted({entity for plan in plans.values() for entity in plan.entities}))
        self._keys = keys
        self._decode = codec.decoder()
        self._encoders: dict[str, Encoder] = {e: codec.encoder(f"{topics.canonical(e)}-value") for e in self.entities}
        self._plans = {topics.raw(dataset): plan for dataset, plan in plans.items()}
        self._sources = {topics.raw(dataset): source for dataset, source in sources.items()}

    def decide(self, batches: Sequence[Batch]) -> list[Output]:
        """Canonical records, dead letters and account deltas for these records. Tombstones say nothing and are passed over."""
        outputs: list[Output] = []
        tallies: dict[str, Tally] = {}
        for batch in batches:
            plan, source = self._plans[batch.topic], self._sources[batch.topic]
            tally = tallies.setdefault(plan.dataset, Tally(Counter(), Counter()))
            put = outputs.append
            for record in batch.records:
                if record.value is not None:
                    self._record(record, record.value, plan, source, put, tally)
                    tally.timestamp = max(tally.timestamp, record.timestamp)
        outputs.extend(_delta(dataset, tally) for dataset, tally in tallies.items() if tally.outcomes)
        return outputs

    def _record(self, record: Record, value: bytes, plan: Plan, source: Source, put: Callable[[Output], None], tally: Tally) -> None:
        headers = dict(record.headers)
        content = headers.get("hash") or row_hash(self._keys, value)
        key = record.key or content
        origin: dict[str, Any] = {"department": source.department, "dataset": plan.dataset}
        try:
            _, cells = self._decode(value)
            origin |= _origin(cells, source, key)
        except DecodeRefused:
            self._unreadable(record, value, plan, origin, key, content, put)
            _count(tally, REFUSED, [finding("ROW_MALFORMED")], headers)
            return
        row = Row(cells, key, _day(record.timestamp), cells["bus_number_cells"], cells["bus_operation"], record.timestamp)
        statements = plan.statements(row)
        became = outcome(statements)
        again = _named_again(record)
        for said in statements:
            if again is not None and f"{said.entity}:{said.role}:{said.ordinal}" not in again:
                continue
            whence = {**origin, "role": said.role, "ordinal": said.ordinal}
            if said.refused:
                put(self._letter(record, value, plan, whence, said, became, content))
            else:
                put(self._canonical(record, plan, whence, said, content))
        _count(tally, became, (f for s in statements for f in s.findings), headers)

    def _canonical(self, record: Record, plan: Plan, whence: dict[str, Any], said: Statement, content: bytes) -> Output:
        value = said.fields
        value["event_id"] = self._id("event", plan.dataset, record.key, content, said.entity, said.role, said.ordinal)
        value["operation"] = said.operation
        value["source"] = whence
        value["quality"] = [{"code": f.code, "column": f.column, "severity": f.severity} for f in said.findings]
        value["mapping"] = plan.label
        return Output(topics.canonical(said.entity), Record(said.key, self._encoders[said.entity](value), record.timestamp))

    def _letter(
        self, record: Record, value: bytes, plan: Plan, whence: dict[str, Any], said: Statement, became: str, content: bytes
    ) -> Output:
        name = self._id("letter", plan.dataset, record.key, content, said.entity, said.role, said.ordinal)
        return self._post(record, value, plan, whence, name, said.entity, became, said.findings)

    def _unreadable(
        self, record: Record, value: bytes, plan: Plan, origin: dict[str, Any], key: bytes, content: bytes, put: Callable[[Output], None]
    ) -> None:
        name = self._id("letter", plan.dataset, key, content, "record", "self", 0)
        nowhere = {"delivery": None, "file": None, "sheet": None, "row": None, "key": {"row_id": key.hex()}, "role": "self", "ordinal": 0}
        put(self._post(record, value, plan, {**origin, **nowhere}, name, "record", REFUSED, [finding("ROW_MALFORMED")]))

    def _post(
        self,
        record: Record,
        value: bytes,
        plan: Plan,
        whence: dict[str, Any],
        name: str,
        statement: str,
        became: str,
        findings: Sequence[Finding],
    ) -> Output:
        """One dead letter, with all codes of the cells its statement used, sealed to the department."""
        department = whence["department"]
        letter = Letter(
            id=name,
            department=department,
            dataset=plan.dataset,
            source=whence,
            statement=statement,
            outcome=became,
            reasons=[
                {"code": f.code, "column": f.column, "message_zh": CODES[f.code].zh, "message_en": CODES[f.code].en} for f in findings
            ],
            at=iso(record.timestamp),
            mapping_version=plan.label,
            sealed=seal_for(self._keys.departments[department], name.encode(), value, self._keys),
        )
        return Output(topics.dead_letter(department), letter.as_record(record.timestamp))

    def _id(self, kind: str, dataset: str, key: bytes | None, content: bytes, entity: str, role: str, ordinal: int) -> str:
        return row_hash(self._keys, kind, dataset, key or b"", content, entity, role, str(ordinal)).hex()


def _day(timestamp: int) -> date:
    return date.fromordinal(_EPOCH + (timestamp + _SHANGHAI_MS) // _DAY_MS)


def _origin(cells: Mapping[str, Any], source: Source, key: bytes) -> dict[str, Any]:
    """Where the row stands, in the department's own words."""
    said = cells["bus_source"]
    own = {column: cells.get(field) or "" for column, field in source.key_fields.items()} or {"row_id": key.decode("utf-8", "replace")}
    return {"delivery": said["delivery"], "file": said["file"], "sheet": said["sheet"], "row": said["row"], "key": own}


def _named_again(record: Record) -> frozenset[str] | None:
    """The statements a replayed record is to try again; None for a record that was not replayed."""
    named = frozenset(value.decode() for name, value in record.headers if name == REPLAY_STATEMENT)
    return named or None


def _count(tally: Tally, became: str, findings: Iterable[Finding], headers: Mapping[str, bytes]) -> None:
    """A row counts once, with each of its codes once; a replayed one moves from its old outcome to the new."""
    before = headers.get(REPLAY_OUTCOME)
    tally.outcomes[became] += 1
    if before is not None:
        tally.outcomes[before.decode()] -= 1
        return
    for code in {f.code for f in findings}:
        tally.reasons[code] += 1


def _delta(dataset: str, tally: Tally) -> Output:
    counts = {name: n for name in sorted(tally.outcomes) if (n := tally.outcomes[name])}
    record = account.delta("normalize", dataset, counts, dict(sorted(tally.reasons.items())))
    return Output(topics.ACCOUNT, record._replace(timestamp=tally.timestamp))
