"""What a row still tells of who people are where a number in it is damaged, or where it registers a marriage."""

import pytest
from normalizer_kit import said

from bus.sealing import side_by_side
from bus.standards.spellings import spoken

MARRIAGE, LEASE = "civil.marriage", "housing.lease"
DAMAGED, GOOD = "379901198001010011", "379901198203050029"
COUPLE = {"OP_TYPE": "IA", "CERT_NO": "J379901-2018-000001", "VALID_FLAG": "1", "NAME_MAN": "顾伟", "NAME_WOMAN": "赵艳怡"}


def persons(plans, catalog, dataset, cells):
    return {s.role: s for s in said(plans[dataset], catalog, cells) if s.entity == "resident"}


def beside(keys, name, other):
    return side_by_side(keys, spoken(name), spoken(other)).hex()


def test_who_stands_in_a_row_beside_a_person_who_is_refused_stands_beside_his_name(plans, catalog):
    keys = plans[MARRIAGE].kit.keys
    found = persons(plans, catalog, MARRIAGE, COUPLE | {"CERT_NUM_MAN": DAMAGED, "CERT_NUM_WOMAN": GOOD})
    assert found["husband"].refused
    assert found["wife"].fields["beside_tokens"] == [beside(keys, "赵艳怡", "顾伟")]

    tenants = {"CZRXM": "王五", "CZRXM2": "赵艳怡", "CZRZJH2": GOOD, "GTJZR": f"顾伟 {DAMAGED};顾小 {DAMAGED}"}
    lessee = persons(plans, catalog, LEASE, tenants)["lessee"].fields
    assert lessee["beside_tokens"] == [beside(keys, "赵艳怡", "顾伟"), beside(keys, "赵艳怡", "顾小")]


def test_nothing_is_said_of_who_is_not_refused_and_nothing_of_who_has_no_name(plans, catalog):
    assert "beside_tokens" not in persons(plans, catalog, MARRIAGE, COUPLE | {"CERT_NUM_WOMAN": GOOD})["wife"].fields
    masked = persons(plans, catalog, MARRIAGE, COUPLE | {"NAME_MAN": "顾*", "CERT_NUM_MAN": DAMAGED, "CERT_NUM_WOMAN": GOOD})
    assert "beside_tokens" not in masked["wife"].fields
    nameless = persons(plans, catalog, MARRIAGE, COUPLE | {"NAME_WOMAN": "赵*", "CERT_NUM_MAN": DAMAGED, "CERT_NUM_WOMAN": GOOD})
    assert not nameless["wife"].fields["beside_tokens"]


def test_both_who_are_married_by_a_row_have_the_token_of_its_certificate(plans, catalog):
    one, again = (persons(plans, catalog, MARRIAGE, COUPLE | {"OP_TYPE": kind}) for kind in ("IA", "结婚"))
    other = persons(plans, catalog, MARRIAGE, COUPLE | {"CERT_NO": "J379901-2018-000002"})
    tokens = {one["husband"].fields["marriage_token"], one["wife"].fields["marriage_token"], again["wife"].fields["marriage_token"]}

    assert len(tokens) == 1
    assert other["wife"].fields["marriage_token"] not in tokens
    assert COUPLE["CERT_NO"] not in str(one)


@pytest.mark.parametrize("written", [" j379901-2018-000001", "Ｊ379901－2018－000001", "J379901 2018 000001"])
def test_a_certificate_is_the_same_however_its_number_is_written(plans, catalog, written):
    one, other = (persons(plans, catalog, MARRIAGE, COUPLE | cells)["wife"].fields for cells in ({}, {"CERT_NO": written}))

    assert one["marriage_token"] == other["marriage_token"]


@pytest.mark.parametrize(
    ("written", "known"), [("19580625", "1958-06-25"), ("1958年", "1958"), ("1958-13-45", None), ("", None), ("00000000", None)]
)
def test_who_registers_was_of_age_on_that_day(plans, catalog, written, known):
    both = persons(plans, catalog, MARRIAGE, COUPLE | {"OP_DATE": written})

    assert both["husband"].fields.get("of_age_on") == both["wife"].fields.get("of_age_on") == known
    assert not [each for each in both["husband"].findings if each.code.startswith("DATE")]  # the registration says it


@pytest.mark.parametrize("cells", [{"OP_TYPE": "ID"}, {"VALID_FLAG": "0"}])
def test_a_marriage_may_have_been_annulled_because_somebody_was_not_of_age(plans, catalog, cells):
    assert "of_age_on" not in persons(plans, catalog, MARRIAGE, COUPLE | {"OP_DATE": "19580625"} | cells)["wife"].fields


@pytest.mark.parametrize("cells", [{"OP_TYPE": "ICA"}, {"OP_TYPE": "IB"}, {"OP_TYPE": "ID"}, {"VALID_FLAG": "0"}, {"CERT_NO": "无"}])
def test_a_reissue_a_divorce_and_a_marriage_that_never_was_register_none(plans, catalog, cells):
    assert not persons(plans, catalog, MARRIAGE, COUPLE | cells)["wife"].fields.get("marriage_token")
