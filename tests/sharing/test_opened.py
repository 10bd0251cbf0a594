"""A record is decoded once for all agreements that look at it one soon after another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from bus.contracts import catalog
from bus.contracts.codec import Codec
from bus.eventlog import topics
from bus.sharing.opened import UNSEEN, of_master, of_statement, opening
from bus.sharing.rows import place_of
from tests.sharing.office import master, subject

DAY = 86_400_000


def test_what_one_decoded_the_next_has_at_hand_and_not_for_ever() -> None:
    decoded: list[bytes] = []

    def decode(data: bytes) -> tuple[int, dict[str, Any]]:
        decoded.append(data)
        return 1, {"name": data, "source": {"department": "social"}}

    open_ = opening(decode, of_statement, 2)
    for data in (b"a", b"b", b"a", b"b", b"c", b"a"):
        assert open_(data, 0).value["name"] == data

    assert decoded == [b"a", b"b", b"c", b"a"]


def test_the_same_said_on_another_day_is_of_that_day() -> None:
    open_ = opening(lambda data: (1, {"source": {"department": "social"}}), of_statement, 2)

    assert [open_(b"a", at).on for at in (0, DAY, 0)] == ["1970-01-01", "1970-01-02", "1970-01-01"]


@pytest.mark.parametrize("entity", sorted(topics.MASTERS))
def test_what_no_agreement_grants_bears_that_name_in_a_master(entity: str) -> None:
    records = dict(_records(catalog.load().registry.latest(f"{topics.master(entity)}-value").schema.raw))

    assert all(records[name].issuperset(unseen) for name, unseen in UNSEEN.items())


def _records(node: Any) -> Iterator[tuple[str, set[str]]]:
    """Name of each record type in a schema → its fields."""
    if isinstance(node, dict) and node.get("type") == "record":
        yield node["name"], {field["name"] for field in node["fields"]}
    for inner in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _records(inner)


def test_of_a_master_that_is_not_decoded_whole_the_view_sees_the_same() -> None:
    codec = Codec(catalog.load().registry)
    said = master(subject(1), phones=[{"token": "t", "masked": "199****0001", "sealed": b"", "kind": None}])
    said["links"] = [
        {"kind": "spouse", "entity": "resident", "other": subject(2), "department": "civil", "dataset": "civil.marriage", "event_id": "e",
         "known_from": "2026-09-30T00:00:00.000Z", "from_on": None, "until_on": "2026-09-01", "current": False, "ended_by": "death",
         "agree": 1, "disputed": False, "share": None, "relation": "妻"}
    ]  # fmt: skip
    data = codec.encode("master.resident-value", said)
    whole, part = opening(codec.decoder(), of_master)(data, 0), opening(codec.decoder(UNSEEN), of_master)(data, 0)

    for name in said["fields"]:
        for of in ("value", "department", "disputed"):
            assert (part.said(name) or {})[of] == (whole.said(name) or {})[of]
    assert [(each["kind"], each["department"], each["other"], each["current"]) for each in part.links] == [
        ("spouse", "civil", subject(2), False)
    ]
    assert part.sources == [{"department": "social", "dataset": "social.resident_survey", "key": {"RKBH": subject(1)}}]
    assert place_of(part.value) == place_of(whole.value)
    assert {"rule", "event_id"}.isdisjoint(part.said("name") or {})
