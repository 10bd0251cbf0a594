"""EVERY PROMETHEUS METRIC, in one list. Labels are bounded: departments, datasets, items, steps, outcomes and codes, never a value.

The figures are read from the log (account deltas, positions) and from the steps' signs of life, so they are the same whoever asks
and however many processes work: nothing is counted twice, nothing is lost in a restart.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

BATCH_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Upper ends of the buckets of `civicbus_batch_seconds`."""


class Meaning(NamedTuple):
    """What a metric counts. `kind`: counter · gauge · histogram."""

    kind: str
    labels: tuple[str, ...]
    help: str


_CELL = ("provider", "consumer", "item")

METRICS: Mapping[str, Meaning] = {
    "civicbus_rows_read": Meaning("counter", ("department", "dataset"), "Rows of files read by publish."),
    "civicbus_rows_published": Meaning("counter", ("department", "dataset"), "Rows appended to raw topics."),
    "civicbus_rows_unchanged": Meaning("counter", ("department", "dataset"), "Rows said before with the same content."),
    "civicbus_rows_not_data": Meaning("counter", ("department", "dataset"), "Title, blank, header and total rows."),
    "civicbus_rows_refused_at_publish": Meaning("counter", ("department", "dataset"), "Rows refused before raw topics."),
    "civicbus_rows": Meaning("counter", ("department", "dataset", "outcome"), "Rows normalized, by outcome."),
    "civicbus_reasons": Meaning("counter", ("department", "dataset", "code"), "Quality codes of rows."),
    "civicbus_pending_rows": Meaning("gauge", ("department", "dataset"), "Rows published and not normalized yet."),
    "civicbus_lag_records": Meaning("gauge", ("step", "department", "dataset"), "Records a step has not worked on yet, at most."),
    "civicbus_lag_seconds": Meaning("gauge", ("step", "department", "dataset"), "Age of the oldest record a step has not worked on."),
    "civicbus_step_processes": Meaning("gauge", ("step",), "Processes of a step that live."),
    "civicbus_step_last_beat_seconds": Meaning("gauge", ("step",), "Time of the last sign of life of a step, since 1970."),
    "civicbus_step_last_progress_seconds": Meaning("gauge", ("step",), "Time of the last commit of a step, since 1970."),
    "civicbus_step_records": Meaning("counter", ("step",), "Records committed by the processes that live."),
    "civicbus_step_outputs": Meaning("counter", ("step",), "Records written by the processes that live."),
    "civicbus_step_failures": Meaning("counter", ("step",), "Commits that failed in the processes that live."),
    "civicbus_step_failing": Meaning("gauge", ("step", "code"), "1 while a step's last try failed with this code."),
    "civicbus_records_unreadable": Meaning("counter", ("step",), "Records set aside because no decision on them came to an end."),
    "civicbus_batch_seconds": Meaning("histogram", ("step",), "Seconds from the poll of a batch to its commit."),
    "civicbus_masters": Meaning("gauge", ("entity",), "Master records that there are."),
    "civicbus_identity_decisions": Meaning("counter", ("verdict",), "Decisions about whom a statement is, made or made anew."),
    "civicbus_identity_queue": Meaning("gauge", ("entity",), "Statements of which a person has to decide whom they are about."),
    "civicbus_identity_queue_seconds": Meaning("gauge", ("entity",), "Age of the oldest of them."),
    "civicbus_disputes_open": Meaning("gauge", ("department",), "Disputes that a department is asked about and that are not closed."),
    "civicbus_disputes_overdue": Meaning("gauge", ("department",), "Of these, those whose time to answer is over."),
    "civicbus_disputes_escalated": Meaning(
        "gauge", ("department",), "Of these, those that no department answers for: the data office has to."
    ),
    "civicbus_disputes_oldest_seconds": Meaning("gauge", ("department",), "Age of the oldest of these."),
    "civicbus_barrier": Meaning("gauge", (*_CELL, "state"), "1 for the state that a data item is in between two departments."),
    "civicbus_barrier_waiting": Meaning("gauge", _CELL, "Working days that a consumer has waited for a data item by now."),
    "civicbus_barrier_overdue": Meaning("gauge", _CELL, "1 while it waits longer than the rules allow."),
    "civicbus_barrier_delivered": Meaning("counter", _CELL, "Events delivered under agreements that are about a data item."),
    "civicbus_barrier_age_seconds": Meaning("gauge", _CELL, "Age of the newest record shared, or else handed in, of a data item."),
    "civicbus_log_up": Meaning("gauge", (), "1 when the log answers."),
    "civicbus_build": Meaning("gauge", ("version", "log"), "Always 1; which civicbus, on which kind of log."),
}
"""Name → meaning. Prometheus shows a counter with `_total` behind its name."""


class Sample(NamedTuple):
    """One figure of a metric. `buckets`: of a histogram, counts per bucket of BATCH_SECONDS and one for longer; `value` is then the sum."""

    metric: str
    labels: tuple[str, ...]
    value: float
    buckets: tuple[int, ...] = ()
