"""Where several numbers are one person's, the file names them all, but none that may not be shown."""

from __future__ import annotations

from typing import Any

from bus.resolver.numbers import with_all_numbers
from bus.resolver.survivorship import Held, Master, Statement


def master(*said: dict[str, Any], shows: str | None = "t.a") -> Master:
    statements = tuple(Statement(bytes([at]), at, {"operation": "created", **each}) for at, each in enumerate(said))
    fields = {} if shows is None else {"id_token": Held("id_token", shows, statements[0], "only", 1, ())}
    return Master(statements, fields)


def tokens(of: Master) -> list[str] | None:
    held = with_all_numbers(of).fields.get("id_tokens")
    return None if held is None else held.value


def test_all_numbers_are_named_where_there_are_several_and_else_none() -> None:
    assert tokens(master({"id_token": "t.b"}, {"id_token": "t.a"}, {"id_token": "t.b"}, {"id_token": None})) == ["t.a", "t.b"]
    assert tokens(master({"id_token": "t.a"}, {"id_token": "t.a"}, {})) is None


def test_what_is_annulled_or_said_in_confidence_names_no_number() -> None:
    assert tokens(master({"id_token": "t.a"}, {"id_token": "t.b", "operation": "annulled"})) is None
    assert tokens(master({"id_token": "t.a"}, {"id_token": "t.b", "name_token": "n"})) is None
    assert tokens(master({"id_token": "t.a", "name_token": "n"}, {"id_token": "t.b", "name_token": "n"}, shows=None)) is None
