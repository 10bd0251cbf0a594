"""With new weights of evidence, what was decided under the old ones is decided anew: once, and as if they had held from the beginning."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from bus.event import Record
from bus.eventlog import topics
from bus.eventlog.port import EventLog
from bus.resolver.rebuild import weigh_again
from bus.resolver.weights import Weights
from tests.conformance.adapters import MAKERS
from tests.resolver.world import Said, masters, publish, resolve, small_world, weights

SHY: Weights = weights()._replace(join=1000.0)
"""Weights under which nobody is joined by evidence: whoever fits somebody waits for a person."""
Ends = dict[str, dict[int, tuple[int, int]]]


def ends(log: EventLog) -> Ends:
    """How far the topics are that readers of masters see."""
    return {info.name: dict(info.ends) for info in log.topics() if info.name.startswith("master.") or info.name == topics.DECISION}


def verdicts(log: EventLog) -> dict[bytes, str]:
    """Statement → how it was decided last."""
    found: dict[bytes, Record] = {record.key or b"": record for batch in log.scan(topics.DECISION) for record in batch.records}
    return {key: json.loads(record.value)["verdict"] for key, record in sorted(found.items()) if record.value is not None}


def of_these_weights(folder: Path, said: list[Said], weighed: Weights) -> tuple[object, object]:
    """What a log comes to on which they held from the beginning."""
    folder.mkdir()
    log = MAKERS["sqlite"](folder).open()
    publish(log, said)
    resolve(log, folder / "state", weighed=weighed)
    found = masters(log), verdicts(log)
    log.close()
    return found


@pytest.mark.parametrize("lost", [False, True], ids=["its view is there", "its view is lost"])
@pytest.mark.parametrize(("before", "after"), [(SHY, weights()), (weights(), SHY)], ids=["more are joined", "fewer are joined"])
def test_what_was_decided_is_decided_anew_once(tmp_path: Path, before: Weights, after: Weights, lost: bool) -> None:
    said, log, state = small_world(size=24), MAKERS["sqlite"](tmp_path).open(), tmp_path / "state"
    publish(log, said)
    resolve(log, state, weighed=before)
    old = masters(log)
    if lost:
        shutil.rmtree(state / "views" / "join")

    resolve(log, state, weighed=after)
    assert masters(log) == old, "nobody asked for it yet"

    assert weigh_again(log) > 0
    resolve(log, state, weighed=after)
    assert (masters(log), verdicts(log)) == of_these_weights(tmp_path / "other", said, after)
    assert masters(log) != old

    at_rest = ends(log)
    weigh_again(log)
    resolve(log, state, weighed=after)
    assert ends(log) == at_rest, "a second time nothing is said"
    log.close()
