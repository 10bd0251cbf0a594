"""The dead letter of a row that was refused at publish: reason and place in clear, the row itself sealed for its department alone."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime

from bus.contracts.catalog import Contract
from bus.quality import CODES

from bus.event import Output, Record
from bus.eventlog import topics
from bus.keys import KeyRing
from bus.publish.check import Refused
from bus.publish.source import Row
from bus.sealing import row_hash, seal_for

STATEMENT = "record"
"""What is refused here is the record as a whole, before anything is known of the statements it would have made."""


def letter(keys: KeyRing, contract: Contract, delivery: str, file_id: str, row: Row, refused: Refused, at_ms: int) -> Output:
    """The dead letter of `row`. Its id is derived (dataset, file, place, code), so that the same refusal never makes a second one."""
    place = json.dumps([row.sheet, row.number])
    name = row_hash(keys, contract.dataset, "publish", file_id, place, refused.code).hex()
    code = CODES[refused.code]
    said = {
        "id": name,
        "department": contract.department,
        "dataset": contract.dataset,
        "source": {
            "department": contract.department, "dataset": contract.dataset, "delivery": delivery, "file": row.file, "sheet": row.sheet,
            "row": row.number, "key": refused.key, "role": None, "ordinal": 0,
        },
        "statement": STATEMENT,
        "outcome": "refused_at_publish",
        "reasons": [{"code": refused.code, "column": refused.column, "message_zh": code.zh, "message_en": code.en}],
        "at": datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "mapping_version": None,
        "sealed": _sealed(keys, contract.department, name, refused),
    }  # fmt: skip
    value = json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()
    return Output(topics.dead_letter(contract.department), Record(name.encode(), value, at_ms))


def _sealed(keys: KeyRing, department: str, name: str, refused: Refused) -> str | None:
    if refused.cells is None:
        return None
    content = json.dumps(refused.cells, ensure_ascii=False).encode()
    return base64.b64encode(seal_for(keys.departments[department], name.encode(), content, keys)).decode()
