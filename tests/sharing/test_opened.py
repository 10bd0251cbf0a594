"""A record is decoded once for all agreements that look at it one soon after another."""

from __future__ import annotations

from typing import Any

from bus.sharing.opened import of_statement, opening

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
