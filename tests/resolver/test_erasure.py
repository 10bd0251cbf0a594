"""Which rows go with a person, and which stay because they are about others or something else too."""

from __future__ import annotations

from typing import Any

from bus.event import Record
from bus.resolver.erasure import Extent, Row, concerns, extent, statement_of

ABOUT = "canonical.resident"
ME, OTHER, HOME, LEASE = (bytes([number]) * 16 for number in range(1, 5))


def said(row: str, role: str, **more: Any) -> dict[str, Any]:
    return {"source": {"dataset": "civil.roster", "key": {"id": row}, "role": role}, **more}


def statement(key: bytes, row: str, role: str = "self", topic: str = ABOUT, **more: Any) -> Any:
    return statement_of(topic, Record(key, b"", 7), said(row, role, **more))


def test_a_row_about_the_person_alone_goes_with_all_that_was_made_of_it() -> None:
    mine, home = statement(ME, "1"), statement(HOME, "1", "home", "canonical.dwelling")

    assert extent({ME}, ABOUT, [mine, home]) == Extent([mine, home], [Row("civil.roster", "1")], [], [])


def test_a_row_that_speaks_of_another_stays_but_for_what_it_says_of_the_person() -> None:
    mine, other = statement(ME, "1", "wife"), statement(OTHER, "1", "husband")
    marriage = statement(LEASE, "1", "registration", "canonical.marriage", wife={"entity": "resident", "key": ME.hex()})

    assert extent({ME}, ABOUT, [mine, other, marriage]) == Extent([mine], [], [Row("civil.roster", "1")], [marriage])


def test_the_home_of_one_owner_is_no_row_about_him() -> None:
    owner, home = statement(ME, "1", "owner"), statement(HOME, "1", "dwelling", "canonical.dwelling")

    assert extent({ME}, ABOUT, [owner, home]) == Extent([owner], [], [Row("civil.roster", "1")], [])


def test_what_names_the_person_in_other_rows_is_said_to_stay() -> None:
    mine, lease = statement(ME, "1"), statement(LEASE, "2", "lease", "canonical.lease", lessees=[{"entity": "resident", "key": ME.hex()}])
    found = extent({ME}, ABOUT, [mine, lease])

    assert (found.statements, found.naming, found.left()) == ([mine], [lease], {"civil.roster": 1})


def test_what_concerns_a_person_stands_in_her_rows_or_names_her() -> None:
    rows = {Row("civil.roster", "1")}
    lives = statement(LEASE, "2", "self", "canonical.residency_link", person_key=ME.hex(), party=None)

    assert concerns(statement(HOME, "1", "home"), {ME}, rows)
    assert concerns(lives, {ME}, rows)
    assert not concerns(statement(HOME, "2", "home"), {ME}, rows)
