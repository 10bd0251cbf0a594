"""People without a number: what is evidence, what it leads to, and that its order does not matter."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bus.resolver.evidence import MOST_NAMES, MOST_SUBJECTS, Claim, agree, beside, candidates, claims_of, place_of
from bus.resolver.identify import subject_of
from bus.resolver.join import ALONE, DOUBTFUL, JOINED, decide
from bus.resolver.store import Store
from tests.conformance.adapters import MAKERS
from tests.resolver.world import KEYS, codec, publish, resolve, without_numbers

FLAT = {"compound_code": "XQ1", "road": "人民路", "building": "3", "entrance": "2", "room": "401"}


def said(row: str = "1", dataset: str = "civil.test", **fields: Any) -> dict[str, Any]:
    """A statement about a resident."""
    return {"source": {"department": dataset.partition(".")[0], "dataset": dataset, "key": {"ID": row}}, "phones": [], **fields}


def phone(token: str) -> list[dict[str, Any]]:
    return [{"token": token}]


def kinds(statement: dict[str, Any], subject: bytes = b"") -> set[str]:
    return {claim.kind for claim in claims_of(statement, subject, KEYS).values()}


def shared(one: dict[str, Any], other: dict[str, Any]) -> set[str]:
    """The kinds of the keys that two statements have in common."""
    first, second = claims_of(one, b"", KEYS), claims_of(other, b"", KEYS)
    return {first[key].kind for key in first.keys() & second.keys()}


def ident(text: str) -> bytes:
    return text.encode().ljust(16, b".")


def claim(name: str = "张三", subject: str = "", sex: str = "", born: str = "", kind: str = "phone") -> Claim:
    return Claim(kind, ident(subject) if subject else b"", name, sex, born)


def test_a_name_alone_is_no_evidence() -> None:
    assert shared(said("1", name="张三"), said("2", name="张三")) == set()


def test_a_phone_alone_is_no_evidence() -> None:
    assert shared(said("1", name="张三", phones=phone("p")), said("2", name="李四", phones=phone("p"))) == set()


def test_phone_and_name_are_evidence() -> None:
    assert shared(said("1", name="张三", phones=phone("p")), said("2", name="张三", phones=phone("p"))) == {"phone"}


def test_a_form_of_address_is_surname_and_sex() -> None:
    caller = said("1", form_of_address="张先生", phones=phone("p"))
    assert shared(caller, said("2", name="张三", sex="1", phones=phone("p"))) == {"called"}
    assert shared(caller, said("2", name="张三", sex="2", phones=phone("p"))) == set()


def test_who_gives_no_name_is_looked_for_by_nothing() -> None:
    assert kinds(said(phones=phone("p"), residence_address=FLAT, household_key="h")) == set()


def test_a_departments_own_number_counts_with_the_name_and_within_the_department() -> None:
    volunteer = said("1", "social.volunteer", name="张三", source_person_code="V1")
    assert "code" in shared(volunteer, said("2", "social.volunteer_service", name="张三", source_person_code="V1"))
    assert shared(volunteer, said("2", "social.volunteer_service", name="李四", source_person_code="V1")) == set()
    assert shared(volunteer, said("2", "civil.test", name="张三", source_person_code="V1")) == set()


def test_one_dwelling_and_name_are_evidence() -> None:
    assert "place" in shared(said("1", name="张三", residence_address=FLAT), said("2", name="张三", residence_address=FLAT))


@pytest.mark.parametrize("missing", ["building", "room"])
def test_an_address_coarser_than_a_dwelling_is_no_place(missing: str) -> None:
    assert place_of({**FLAT, missing: None}) is None


def test_a_house_of_a_village_needs_no_room() -> None:
    assert place_of({"compound_code": "XQ2", "building": "21"}) == ("XQ2", "21", "", "")


def test_persons_of_one_row_are_with_each_other() -> None:
    row = {ident("h"): claim("张三", kind="gathered"), ident("w"): claim("李四", kind="gathered")}
    elsewhere = {ident("a"): claim("李四", "L", kind="gathered"), ident("b"): claim("张三", "Z", kind="gathered")}
    here, there = beside(row, KEYS), beside(elsewhere, KEYS)

    assert {key for key, statement in here if statement == ident("h")} == {key for key, statement in there if statement == ident("b")}
    assert {key for key, statement in here if statement == ident("h")} != {key for key, statement in here if statement == ident("w")}


def test_a_dormitory_is_no_family() -> None:
    crowd = {ident(f"s{n}"): claim(f"张{n}", kind="gathered") for n in range(MOST_NAMES + 1)}
    assert beside(crowd, KEYS) == {}


def test_only_a_statement_without_a_number_has_candidates() -> None:
    assert candidates({ident("s"): claim(), ident("t"): claim(subject="A")}) == {ident("s"): (ident("A"),)}


def test_parent_and_child_of_one_name_are_both_candidates() -> None:
    found = candidates(
        {ident("s"): claim(), ident("t"): claim(subject="A", born="1950-01-01"), ident("u"): claim(subject="B", born="1980-01-01")}
    )
    assert found == {ident("s"): (ident("A"), ident("B"))}


def test_a_birth_date_tells_them_apart() -> None:
    found = candidates(
        {
            ident("s"): claim(born="1980"),
            ident("t"): claim(subject="A", born="1950-01-01"),
            ident("u"): claim(subject="B", born="1980-01-01"),
        }
    )
    assert found == {ident("s"): (ident("B"),)}


def test_the_phone_of_a_village_doctor_is_no_evidence() -> None:
    crowd = {ident(f"s{n}"): claim(subject=f"A{n}") for n in range(MOST_SUBJECTS + 1)}
    assert candidates({**crowd, ident("s"): claim()}) == {}


@pytest.mark.parametrize(
    ("one", "other", "holds"),
    [
        (claim(sex="1"), claim(sex="2"), False),
        (claim(sex="1"), claim(), True),
        (claim(born="1951"), claim(born="1951-03-02"), True),
        (claim(born="1951-04"), claim(born="1951-03-02"), False),
    ],
)
def test_sex_and_birth_date_speak_against(one: Claim, other: Claim, holds: bool) -> None:
    assert agree(one, other) is holds is agree(other, one)


def test_a_claim_is_read_as_it_was_written() -> None:
    full = claim("欧阳·娜", "A", "2", "1990-01-01")
    assert Claim.decoded(full.encoded()) == full


def found(**keys: str) -> dict[bytes, bytes]:
    """kind="AB": under a key of that kind, A and B are candidates."""
    return {ident(kind): kind.encode() + b":" + b"".join(ident(s) for s in subjects) for kind, subjects in keys.items()}


def test_one_person_who_fits_is_meant() -> None:
    decision = decide(found(phone="A", place="A"))
    assert (decision.verdict, decision.subject) == (JOINED, ident("A"))
    assert decision.evidence == {ident("A").hex(): ["phone", "place"]}


def test_what_two_share_is_decided_by_what_they_do_not_share() -> None:
    assert decide(found(phone="AB", household="B")).subject == ident("B")


@pytest.mark.parametrize("keys", [{"phone": "AB"}, {"phone": "A", "place": "B"}])
def test_two_who_fit_are_for_a_person_to_decide(keys: dict[str, str]) -> None:
    decision = decide(found(**keys))
    assert (decision.verdict, decision.subject) == (DOUBTFUL, None)


def test_nobody_who_fits_leaves_the_statement_alone() -> None:
    assert decide({}).verdict == ALONE


@given(st.permutations([("phone", "AB"), ("place", "A"), ("with", "AC"), ("household", "A")]))
@settings(max_examples=24)
def test_the_order_of_evidence_does_not_matter(order: list[tuple[str, str]]) -> None:
    assert decide(found(**dict(order))) == decide(found(phone="AB", place="A", household="A", **{"with": "AC"}))


def test_who_asks_why_is_told_the_evidence(tmp_path: Path) -> None:
    log = MAKERS["sqlite"](tmp_path).open()
    publish(log, without_numbers(1))
    resolve(log, tmp_path / "state")
    store = Store(log, "resident", codec().decoder(), KEYS, tmp_path / "state")
    wife = subject_of(KEYS, "resident", "token:w0")

    told = store.evidence(wife, store.statements(wife))

    assert {key.rstrip(b"."): kinds for key, kinds in told.items()} == {b"wf0": ("with",)}
    log.close()
