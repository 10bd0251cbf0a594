import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import uscc as oracle

from bus.standards.credit_codes import org_check, read_org_code, read_uscc, uscc_check

GOOD = "91110000600037341L"


def test_a_good_code_is_read() -> None:
    assert read_uscc(GOOD) == (GOOD, ())


@pytest.mark.parametrize("written", [GOOD.lower(), f" {GOOD} ", "9111 0000 6000 3734 1L", "９１１１００００６０００３７３４１Ｌ"])
def test_lower_case_and_blanks_are_style(written: str) -> None:
    assert read_uscc(written) == (GOOD, ())


def test_a_letter_may_come_first() -> None:
    first = "N2379901" + "D2143569X"
    assert read_uscc(first + uscc_check(first)) == (first + uscc_check(first), ())


def test_a_wrong_check_character_withholds() -> None:
    assert "USCC_CHECKSUM" in read_uscc("91379902012367212R").codes
    assert read_uscc("91379902012367212R").value is None


def test_a_wrong_inner_organization_code_withholds() -> None:
    assert read_uscc("91379902012347210K") == (None, ("USCC_INNER_CODE",))


@pytest.mark.parametrize("text", ["91379902012347", "91379902O12347212R", "370000000012345"])
def test_another_length_or_alphabet_is_no_credit_code(text: str) -> None:
    assert read_uscc(text) == (None, ("USCC_CHECKSUM",))


def test_scientific_notation_has_lost_the_code() -> None:
    assert read_uscc("9.13799E+17") == (None, ("ID_EXCEL_PRECISION_LOSS",))


def test_masked_and_filler_codes_say_nothing() -> None:
    assert read_uscc("9137****012347212R") == (None, ("MASKED_INPUT",))
    assert read_uscc("000000000000000000") == (None, ("NULL_TOKEN",))


def test_an_organization_code_is_read_with_and_without_its_hyphen() -> None:
    assert read_org_code("D2143569-X") == read_org_code("d2143569x") == ("D2143569X", ())


def test_a_wrong_organization_code_withholds() -> None:
    assert read_org_code("D2143569-1") == (None, ("USCC_INNER_CODE",))
    assert org_check("D2143569") == "X"


@given(st.text(alphabet="0123456789ABCDEFGHJKLMNPQRTUWXY", min_size=17, max_size=17))
def test_the_check_character_is_that_of_an_independent_library(first: str) -> None:
    assert uscc_check(first) == oracle.calc_check_digit(first)


@given(st.text(max_size=24))
def test_any_text_is_read_or_withheld(text: str) -> None:
    value, codes = read_uscc(text)
    assert (value is None) == bool(codes)
