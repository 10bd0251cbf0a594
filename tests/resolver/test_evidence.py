"""People without a number: what is evidence, what it leads to, and that its order does not matter."""

from __future__ import annotations

from functools import partial
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bus.resolver.evidence import (
    GATHERING,
    HERE,
    MOST_SUBJECTS,
    PLACE,
    ROW,
    UNPLACED,
    Claim,
    candidates,
    claims_of,
    community_key,
    kind_of,
    looks,
    place_claims,
    place_of,
    whereabouts,
)
from bus.resolver.identify import subject_of
from bus.resolver.join import ALONE, DOUBTFUL, JOINED, Decision, decide
from bus.resolver.likeness import Likeness, births, likeness, packed, united, unpacked
from bus.resolver.store import Store
from bus.resolver.weights import KINDS
from bus.sealing import hidden_name
from tests.conformance.adapters import MAKERS
from tests.resolver.world import KEYS, codec, publish, resolve, weights, without_numbers

IN_COMMUNITY = partial(community_key, KEYS)
HOME = "379901001002"
FLAT = {"compound_code": "XQ1", "division_code": HOME, "road": "人民路", "building": "3", "entrance": "2", "room": "401"}


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


def claim(name: str = "张三", subject: str = "", sex: str = "", born: str = "", kind: str = "phone", called: str = "") -> Claim:
    return Claim(kind, ident(subject) if subject else b"", name, sex, born, called)


def test_nobody_is_found_by_a_name_alone() -> None:
    assert shared(said("1", name="张三"), said("2", name="张三")) == set()


def test_who_share_a_phone_meet_whatever_their_names_and_names_are_compared() -> None:
    assert shared(said("1", name="张三", phones=phone("p")), said("2", name="李四", phones=phone("p"))) == {"phone"}
    assert candidates({ident("s"): claim("张三"), ident("t"): claim("李四", "A")}, KEYS) == {}


def test_a_form_of_address_is_surname_and_sex() -> None:
    caller = next(iter(claims_of(said("1", form_of_address="欧阳女士", phones=phone("p")), b"", KEYS).values()))
    assert (caller.name, caller.called, caller.sex) == ("", "欧阳", "2")
    assert likeness(caller, claim("欧阳娜", sex="2")) == ("f", "s", "-")
    assert likeness(caller, claim("欧阳锋", sex="1")) == ("f", "x", "-")
    assert likeness(caller, claim("欧娜", sex="2")).name == "x"


def test_who_gives_no_name_is_looked_for_by_nothing() -> None:
    assert kinds(said(phones=phone("p"), residence_address=FLAT, household_key="h")) == set()


def in_confidence(name: str, sex: str = "") -> dict[str, Any]:
    return said(
        name_token=hidden_name(KEYS, name, sex), phones=phone("p"), residence_address=FLAT, household_key="h", source_person_code="V1"
    )


def test_who_gave_his_name_in_confidence_is_looked_for_under_the_phone_that_he_left_alone() -> None:
    assert kinds(in_confidence("张三")) == {"phone"}


@pytest.mark.parametrize(
    ("hidden", "other", "level"),
    [
        (("张三",), claim("张三", "A", "1"), "e"),
        (("张", "1"), claim("张三", "A", "1"), "f"),
        (("欧阳", "2"), claim("欧阳娜", "A", "2"), "f"),
        (("张", "1"), claim("张兰", "A", "2"), None),
        (("张三",), claim("张三丰", "A", "1"), None),
    ],
)
def test_a_hidden_name_is_held_against_those_that_are_known_there(hidden: tuple[str, ...], other: Claim, level: str | None) -> None:
    looking = next(iter(claims_of(in_confidence(*hidden), b"", KEYS).values()))
    found = candidates({ident("s"): looking, ident("t"): other}, KEYS)
    assert [like.name for each in found.values() for like in each.values()] == ([level] if level else [])
    assert Claim.decoded(looking.encoded()) == looking


def test_who_is_known_by_number_and_whose_name_is_lost_is_found_by_the_departments_own_number_alone() -> None:
    lost = said("1", "social.volunteer", phones=phone("p"), residence_address=FLAT, source_person_code="V1")
    assert kinds(lost, subject=ident("A")) == {"code"}
    assert kinds(lost) == set()
    assert candidates({ident("s"): claim(), ident("t"): claim("", "A")}, KEYS) == {ident("s"): {ident("A"): Likeness("-", "-", "-")}}


def test_a_departments_own_number_counts_within_the_department() -> None:
    volunteer = said("1", "social.volunteer", name="张三", source_person_code="V1")
    assert shared(volunteer, said("2", "social.volunteer_service", name="张三", source_person_code="V1")) == {"code"}
    assert shared(volunteer, said("2", "civil.test", name="张三", source_person_code="V1")) == set()


def test_who_lives_in_one_dwelling_meets() -> None:
    assert "place" in shared(said("1", name="张三", residence_address=FLAT), said("2", name="张三", residence_address=FLAT))


@pytest.mark.parametrize("missing", ["building", "room"])
def test_an_address_coarser_than_a_dwelling_is_no_place(missing: str) -> None:
    assert place_of({**FLAT, missing: None}) is None


def test_a_house_of_a_village_needs_no_room() -> None:
    assert place_of({"compound_code": "XQ2", "building": "21"}) == ("XQ2", "21", "", "")


def test_the_dwelling_that_a_row_names_is_the_place_of_who_stands_in_it_and_says_no_other() -> None:
    home = {**said("1"), "address": FLAT}
    (row, here), *_ = place_claims(home, KEYS).items()
    owner, placed = claim("张三", kind=UNPLACED), claim("李四", kind=ROW)
    found = whereabouts({ident("d"): here, ident("o"): owner, ident("p"): placed}, IN_COMMUNITY)

    assert row in claims_of(said("1", name="张三"), b"", KEYS)
    assert [(statement, each.name) for (_, statement), each in found.items() if each.kind == PLACE] == [(ident("o"), "张三")]
    assert {key for (key, _), each in found.items() if each.kind == PLACE} <= claims_of(
        said("2", name="张三", residence_address=FLAT), b"", KEYS
    ).keys()


def test_a_row_that_names_two_dwellings_says_of_nobody_where_he_is() -> None:
    claims = {ident("d"): claim("aa" * 16, kind=HERE), ident("e"): claim("bb" * 16, kind=HERE), ident("o"): claim(kind=UNPLACED)}
    assert whereabouts(claims, IN_COMMUNITY) == {}


def test_only_a_statement_without_a_number_has_candidates() -> None:
    assert candidates({ident("s"): claim(), ident("t"): claim(subject="A")}, KEYS) == {ident("s"): {ident("A"): Likeness("e", "-", "-")}}


def test_parent_and_child_of_one_name_are_both_candidates_and_a_birth_date_tells_them_apart() -> None:
    known = {ident("t"): claim(subject="A", born="1950-01-01"), ident("u"): claim(subject="B", born="1980-01-01")}
    found = candidates({ident("s"): claim(born="1980"), **known}, KEYS)[ident("s")]
    assert {subject: level.born for subject, level in found.items()} == {ident("A"): "x", ident("B"): "y"}


def test_the_phone_of_a_village_doctor_is_no_evidence() -> None:
    crowd = {ident(f"s{n}"): claim(subject=f"A{n}") for n in range(MOST_SUBJECTS + 1)}
    assert candidates({**crowd, ident("s"): claim()}, KEYS) == {}


@pytest.mark.parametrize(
    ("one", "other", "level"),
    [
        ("1951-03-02", "1951-03-02", "d"),
        ("1951-03", "1951-03-02", "m"),
        ("1951", "1951-03-02", "y"),
        ("1951-04", "1951-03-02", "x"),
        ("", "1951-03-02", "-"),
    ],
)
def test_a_birth_date_agrees_as_far_as_both_know_it(one: str, other: str, level: str) -> None:
    assert births(one, other) == level == births(other, one)


@pytest.mark.parametrize(
    ("latest", "born", "level"),
    [
        ("<1940-06-25", "1940-06-26", "x"),
        ("<1940-06-25", "1940-06-25", "-"),
        ("<1940-06-25", "1940", "-"),
        ("<1940", "1940-12-31", "-"),
        ("<1940", "1941-01", "x"),
        ("<1940", "<1960-01-01", "-"),
        ("<1940", "", "-"),
    ],
)
def test_who_was_born_later_than_one_can_have_been_is_another(latest: str, born: str, level: str) -> None:
    assert births(latest, born) == level == births(born, latest)


@pytest.mark.parametrize(
    ("one", "other", "level"),
    [("张三丰", "张三丰", "e"), ("张三丰", "张三峰", "v"), ("张三丰", "张三立", "c"), ("张三", "张五", "x"), ("张三", "张三丰", "x")],
)
def test_one_character_of_three_may_be_another(one: str, other: str, level: str) -> None:
    assert likeness(claim(one), claim(other)).name == level


texts = st.text("张王李三四丰", max_size=4)
claims = st.builds(
    claim, texts, sex=st.sampled_from(["", "1", "2"]), born=st.sampled_from(["", "1951", "1951-03", "1951-03-02", "1952"]), called=texts
)


@given(claims, claims)
def test_likeness_is_symmetric(one: Claim, other: Claim) -> None:
    assert likeness(one, other) == likeness(other, one)


@given(
    st.lists(st.builds(likeness, claims, claims), min_size=1, max_size=4).flatmap(lambda ls: st.tuples(st.just(ls), st.permutations(ls)))
)
def test_likenesses_are_taken_together_in_any_order(both: tuple[list[Likeness], list[Likeness]]) -> None:
    assert united(both[0]) == united(both[1])


def test_what_another_name_says_does_not_count_beside_a_name_that_fits_whichever_comes_first() -> None:
    said = [Likeness("x", "x", "x"), Likeness("f", "-", "-"), Likeness("-", "-", "y")]
    assert {united(order) for order in permutations(said)} == {Likeness("f", "-", "y")}


def test_a_claim_is_read_as_it_was_written() -> None:
    for full in (claim("欧阳·娜", "A", "2", "1990-01-01"), claim("", called="张", sex="1", kind=ROW)):
        assert Claim.decoded(full.encoded()) == full
        assert looks(full.encoded()) is (full.subject == b"")
        assert (kind_of(full.encoded()) in GATHERING) is (full.kind == ROW)


@given(st.dictionaries(st.binary(min_size=16, max_size=16), st.builds(likeness, claims, claims)))
def test_what_a_key_says_is_read_as_it_was_written(alike: dict[bytes, Likeness]) -> None:
    assert unpacked(packed("household", alike)) == ("household", alike)


def found(level: str = "e--", **keys: str) -> dict[bytes, bytes]:
    """kind="AB": under a key of that kind, A and B are alike on this level."""
    return {ident(kind): packed(kind, {ident(s): Likeness(*level) for s in subjects}) for kind, subjects in keys.items()}


def decided(evidence: dict[bytes, bytes]) -> Decision:
    return decide(evidence, weights())


@pytest.mark.parametrize("kind", KINDS)
def test_a_name_and_any_one_kind_of_key_lead_to_who_alone_fits(kind: str) -> None:
    assert decided(found(**{kind: "A"})).verdict == JOINED


def test_a_form_of_address_leads_to_somebody_by_a_phone_and_not_by_a_dwelling() -> None:
    assert decided(found("fs-", phone="A")).verdict == JOINED
    assert decided(found("fs-", place="A")).verdict == ALONE


def test_a_lost_name_leads_to_somebody_by_the_departments_own_number_and_not_by_a_phone() -> None:
    assert decided(found("---", code="A")).verdict == JOINED
    assert decided(found("---", phone="A")).verdict == ALONE


def test_a_name_with_another_character_needs_the_departments_own_number() -> None:
    assert decided(found("c--", code="A")).verdict == JOINED
    assert decided(found("c--", phone="A", place="A")).verdict == ALONE


def test_a_name_by_another_spelling_weighs_less_than_the_name_itself_and_more_than_another_character() -> None:
    levels = weights().levels
    assert levels["name", "e"] > levels["name", "v"] > levels["name", "c"]
    assert decided(found("v--", phone="A")).verdict == JOINED
    assert decided(found("v--", place="A")).verdict == DOUBTFUL
    both = {ident("A"): Likeness("v", "-", "-"), ident("B"): Likeness("e", "-", "-")}
    assert decided({ident("phone"): packed("phone", both)}).subject == ident("B")


@pytest.mark.parametrize("level", ["ex-", "e-x"])
def test_who_is_of_another_sex_or_born_at_another_time_is_not_meant(level: str) -> None:
    assert decided(found(level, phone="A", place="A")).verdict == ALONE


def test_what_one_key_says_against_him_counts_under_all() -> None:
    assert decided({**found("e-x", phone="A"), **found("e--", place="A")}).verdict == ALONE


def test_one_person_who_fits_is_meant() -> None:
    decision = decided(found(phone="A", place="A"))
    assert (decision.verdict, decision.subject) == (JOINED, ident("A"))
    assert decision.evidence == {ident("A").hex(): ["phone", "place"]}


def test_what_two_share_is_decided_by_what_they_do_not_share() -> None:
    assert decided(found(phone="AB", household="B")).subject == ident("B")


@pytest.mark.parametrize("keys", [{"phone": "AB"}, {"phone": "A", "place": "B"}])
def test_two_who_fit_are_for_a_person_to_decide(keys: dict[str, str]) -> None:
    decision = decided(found(**keys))
    assert (decision.verdict, decision.subject) == (DOUBTFUL, None)


def test_who_is_called_that_in_the_community_is_no_rival_of_one_who_is_known_from_nearer_by() -> None:
    assert decided(found(phone="A", community="B")).subject == ident("A")
    assert decided(found(community="AB")).verdict == DOUBTFUL


def test_nobody_who_fits_leaves_the_statement_alone() -> None:
    assert decided({}).verdict == ALONE


@given(st.permutations([("phone", "AB"), ("place", "A"), ("with", "AC"), ("household", "A")]))
@settings(max_examples=24)
def test_the_order_of_evidence_does_not_matter(order: list[tuple[str, str]]) -> None:
    assert decided(found(**dict(order))) == decided(found(phone="AB", place="A", household="A", **{"with": "AC"}))


def test_who_asks_why_is_told_the_evidence(tmp_path: Path) -> None:
    log = MAKERS["sqlite"](tmp_path).open()
    publish(log, without_numbers(1))
    resolve(log, tmp_path / "state")
    store = Store(log, "resident", codec().decoder(), KEYS, tmp_path / "state")
    wife = subject_of(KEYS, "resident", "token:w0")

    told = store.evidence(wife, store.statements(wife))

    assert {key.rstrip(b"."): kinds for key, kinds in told.items()} == {
        b"wf0": ("with",),
        b"cc0": ("place", "with"),
        b"cd0": ("phone",),
        b"ms0": ("place", "with"),
        b"mr0": ("phone",),
    }
    log.close()
