"""Who was told what about a person, and whether what was wrong has been put right with everybody who had it."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from bus.event import Output, Record
from bus.sharing.audit import Action, Correction, Entry, Grant, Span, Told, act, delivery, mark
from bus.sharing.disclosures import Closure, closures, disclosures
from tests.resolver.world import KEYS, TIME

ANNE, BERT = mark(KEYS, b"anne"), mark(KEYS, b"bert")
MASTER = "master.resident"


def grant(agreement: str, version: int = 1) -> Grant:
    return Grant(agreement, version, f"{agreement}-office", "查核", "第十条", {"name": "masked", "birth_date": "year"})


def event(name: str) -> bytes:
    return name.encode().ljust(16, b".")


def batch(
    agreement: str, *told: tuple[int, bytes, str], at: int = 0, right: Sequence[Correction] = (), withheld: int = 0, version: int = 1
) -> list[Record]:
    offsets = [offset for offset, _, _ in told] + [each.offset for each in right]
    span = Span(MASTER, 0, min(offsets), max(offsets) + 1)
    records = [Told(offset, whose, event(name)) for offset, whose, name in told]
    counted = {"nothing_new": withheld} if withheld else {}
    return _records(delivery(grant(agreement, version), span, records, counted, TIME + at, right))


def _records(outputs: Sequence[Output]) -> list[Record]:
    return [output.record for output in outputs]


def standings(audit: list[Record]) -> list[dict[str, Closure]]:
    return [{each.agreement: each.standing for each in one.receivers} for one in closures(audit, audit)]


def test_each_delivery_of_a_person_is_told_with_its_agreement_and_nobody_elses() -> None:
    audit = batch("a", (0, ANNE, "e0"), (1, BERT, "e1")) + batch("b", (0, BERT, "e1")) + batch("b", (5, ANNE, "e5"), version=2)
    found = list(disclosures(audit, {ANNE}))

    assert [(each.seq, each.grant and each.grant.agreement, each.offset) for each in found] == [(0, "a", 0), (2, "b", 5)]
    assert found[1].grant == grant("b", 2)


def test_acts_about_a_person_are_told_too() -> None:
    audit = _records([act(Action.unmasked, TIME, "clerk", marks=[ANNE]), act(Action.approved, TIME, "chief", "a")])

    assert [(each.action, each.actor) for each in disclosures(audit, {ANNE})] == [(Action.unmasked, "clerk")]


def test_who_had_the_wrong_value_waits_until_a_later_record_comes() -> None:
    right = Correction(7, ANNE, event("e7"))
    audit = (
        batch("a", (0, ANNE, "e0")) + batch("b", (0, ANNE, "e0")) + batch("c", (1, BERT, "e1")) + batch("a", (7, ANNE, "e7"), right=[right])
    )
    assert standings(audit) == [{"a": Closure.reached, "b": Closure.waiting}]

    audit += batch("b", (9, ANNE, "e9"), at=5)
    assert standings(audit) == [{"a": Closure.reached, "b": Closure.reached}]


def test_who_read_the_correction_and_has_nothing_new_of_it_is_not_affected() -> None:
    right = Correction(7, ANNE, event("e7"))
    audit = batch("a", (0, ANNE, "e0")) + batch("a", right=[right], withheld=1)

    assert standings(audit) == [{"a": Closure.unaffected}]


def test_an_agreement_that_ended_before_is_said_to_have_ended() -> None:
    right = Correction(7, ANNE, event("e7"))
    audit = batch("a", (0, ANNE, "e0")) + batch("b", (7, ANNE, "e7"), right=[right])

    assert [one.standing for one in closures(audit, audit, ended={"a"})[0].receivers] == [Closure.ended]


def test_a_ruling_puts_right_what_it_names_also_of_another_subject() -> None:
    right = Correction(7, ANNE, event("e7"), (event("e0"), event("f0")))
    audit = batch("a", (0, ANNE, "e0"), (1, BERT, "f0"))
    audit += batch("b", (1, BERT, "f0"))
    audit += batch("a", (7, ANNE, "e7"), (8, BERT, "end"), right=[right])

    assert [[(each.agreement, each.standing) for each in one.receivers] for one in closures(audit, audit)] == [
        [("a", Closure.reached), ("a", Closure.reached), ("b", Closure.waiting)]
    ]


def test_corrections_of_others_are_left_out_when_one_person_asks() -> None:
    audit = batch("a", (0, ANNE, "e0"), (1, BERT, "e1")) + batch("a", (7, BERT, "e7"), right=[Correction(7, BERT, event("e7"))])

    assert closures(audit, audit, {ANNE}) == []


@given(st.lists(st.tuples(st.integers(0, 2**31), st.binary(min_size=16, max_size=16), st.binary(min_size=16, max_size=16)), max_size=20))
def test_an_entry_reads_as_it_was_written(rows: list[tuple[int, bytes, bytes]]) -> None:
    span = Span(MASTER, 3, 5, 2**33)
    told = [Told(5 + offset, whose, name) for offset, whose, name in rows]
    right = [Correction(6, ANNE, event("e"), (event("w"),))]
    entry = Entry(TIME, "sharing", Action.delivered, grant("甲"), "甲", span, told, {"SCOPE": 2}, right, "R1")

    assert Entry.read(entry.record()) == entry


def test_a_batch_larger_than_a_topic_takes_stands_in_several_entries() -> None:
    told = [Told(at, ANNE, event("e")) for at in range(25_000)]
    outputs = delivery(grant("a"), Span(MASTER, 0, 0, 25_000), told, {"SCOPE": 1}, TIME)

    assert [len(Entry.read(each.record).told) for each in outputs] == [10_000, 10_000, 5_000]
    assert sum(sum(Entry.read(each.record).withheld.values()) for each in outputs) == 1
    assert max(len(each.record.value or b"") for each in outputs) < 1_000_000


def test_nothing_of_a_person_stands_in_an_entry() -> None:
    (record,) = batch("a", (0, mark(KEYS, b"37990019800101001X"), "e0"))

    assert b"3799" not in (record.value or b"")
