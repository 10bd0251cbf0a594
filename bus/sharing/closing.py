"""THE END of an agreement: what was on its way to it is counted as withheld, because it ended, and said in the audit. Pure.

Reads on in the group of the agreement's step, so that a record is delivered, withheld or counted here, once.
"""

from __future__ import annotations

from collections.abc import Callable

from bus import account
from bus.event import Batch, Output
from bus.eventlog import topics
from bus.sharing import audit

ENDED = "agreement_ended"
"""Why a record is withheld that came too late."""


def closing(grant: audit.Grant) -> Callable[[list[Batch]], list[Output]]:
    """What is decided on batches of an agreement that has ended: nothing of them goes out."""
    topic = topics.share(grant.agreement)

    def decide(batches: list[Batch]) -> list[Output]:
        outputs: list[Output] = []
        for batch in batches:
            withheld = {ENDED: len(batch.records)}
            at = max(record.timestamp for record in batch.records)
            span = audit.Span(batch.topic, batch.partition, batch.offsets[0], batch.next_offset)
            counted = account.delta(account.SHARE, topic, {"delivered": 0, "withheld": len(batch.records)}, withheld)
            outputs += audit.delivery(grant, span, [], withheld, at)
            outputs.append(Output(topics.ACCOUNT, counted._replace(timestamp=at)))
        return outputs

    return decide
