"""Who calls from a phone of several, by a form of address (张先生)."""

from __future__ import annotations

from bus.resolver.evidence import COMMUNITY, PLACE, Claim, candidates, claims_of, place_claims, row_key, whereabouts
from bus.resolver.peers import called_by_name
from tests.resolver.test_evidence import FLAT, HOME, IN_COMMUNITY, ident, phone, said
from tests.resolver.world import KEYS


def at_phone(**claims: Claim) -> set[bytes]:
    """Whom 张先生 may be, who calls from a phone under which these stand."""
    caller = {ident("call"): Claim("phone", b"", "", "1", "", "张")}
    return set(candidates(caller | {ident(key): claim for key, claim in claims.items()}, KEYS).get(ident("call"), {}))


def left(name: str, subject: str = "") -> Claim:
    return Claim("phone", ident(subject) if subject else b"", name, "1" if subject else "", "")


FATHER, SON = left("张三", "F"), left("张小三", "S")


def test_a_phone_that_is_left_for_a_family_is_his_beside_whose_name_it_stands_most_often() -> None:
    assert at_phone(survey=FATHER, marriage=FATHER, survey2=SON) == {ident("F")}
    assert at_phone(survey=FATHER, call=left("张三"), survey2=SON) == {ident("F")}
    assert at_phone(survey=FATHER, survey2=SON) == {ident("F"), ident("S")}


def test_who_gives_his_name_is_looked_for_by_it_whosever_the_phone_is() -> None:
    named = candidates({ident("call"): left("张小三"), ident("a"): FATHER, ident("b"): FATHER, ident("c"): SON}, KEYS)
    assert set(named[ident("call")]) == {ident("S")}


def call(row: str = "c", **name: str) -> tuple[bytes, Claim]:
    """A call from one phone: its statement, and what it claims there."""
    (claim,) = (each for each in claims_of(said(row, phones=phone("p"), **name), b"", KEYS).values() if each.kind == "phone")
    return ident(row), claim


MISTER, BY_NAME = call(form_of_address="张先生"), call("d", name="张三丰")
ROW_OF_MISTER = row_key(said("c")["source"], KEYS)


def where_he_is(**place: object) -> dict[str, str]:
    """Kinds of keys under which 张先生 is looked for, whose row names a place, once another has called by name from his phone → as whom."""
    row = {ident("h"): each for each in place_claims({**said("c"), **place}, KEYS).values()}
    for (key, statement), claim in called_by_name(dict([MISTER, BY_NAME])).items():
        assert key == ROW_OF_MISTER
        row[statement] = claim
    return {claim.kind: claim.name for claim in whereabouts(row, IN_COMMUNITY).values()}


def test_who_calls_himself_by_name_at_a_phone_names_who_leaves_a_form_of_address_there() -> None:
    assert {claim.name for claim in called_by_name(dict([MISTER, BY_NAME])).values()} == {"张三丰"}
    assert where_he_is(address=FLAT) == {PLACE: "张三丰"}
    assert where_he_is(address={"division_code": HOME}) == {COMMUNITY: "张三丰"}


def test_nobody_is_named_where_two_names_fit_or_none_or_one_who_has_a_number() -> None:
    other = call("e", name="张四")
    assert called_by_name(dict([MISTER, BY_NAME, other])) == {}
    assert (
        called_by_name(dict([MISTER, call("e", name="李四")])) == called_by_name(dict([MISTER, call("e", form_of_address="张先生")])) == {}
    )
    assert called_by_name(dict([MISTER, (ident("k"), left("张三丰", "A"))])) == {}


def test_only_a_form_of_address_at_a_phone_knows_its_row() -> None:
    assert MISTER[1].row == ROW_OF_MISTER.hex()
    assert BY_NAME[1].row == ""
    assert {each.row for each in claims_of(said("c", form_of_address="张先生", residence_address=FLAT), b"", KEYS).values()} == {""}
    assert Claim.decoded(MISTER[1].encoded()) == MISTER[1]
