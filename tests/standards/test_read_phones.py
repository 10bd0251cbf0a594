import pytest
from hypothesis import given
from hypothesis import strategies as st

from bus.standards.phones import Phone, read_phones

MOBILE = Phone("19900000001", "mobile")


@pytest.mark.parametrize(
    "text",
    [
        "19900000001",
        "199-0000-0001",
        "199 0000 0001",
        "+8619900000001",
        "+86 19900000001",
        "008619900000001",
        "019900000001",
        "１９９００００００01",
        "手机：19900000001",
        "19900000001(儿子)",
    ],
)
def test_a_mobile_is_read_however_it_is_written(text: str) -> None:
    assert read_phones(text) == ((MOBILE,), ())


@pytest.mark.parametrize("text", ["0543-5550100", "05435550100", "(0543)5550100", "0543 5550100", "+86-543-5550100", "+8605435550100"])
def test_a_fixed_line_is_read_with_its_area(text: str) -> None:
    assert read_phones(text) == ((Phone("0543-5550100", "fixed"),), ())


@pytest.mark.parametrize("text", ["0543-5550100-801", "05435550100转801", "0543-5550100 转 801"])
def test_an_extension_is_kept(text: str) -> None:
    assert read_phones(text) == ((Phone("0543-5550100-801", "fixed"),), ())


def test_a_local_number_takes_the_citys_area() -> None:
    assert read_phones("5550100", "0543").value == (Phone("0543-5550100", "fixed"),)
    assert read_phones("5550100").value == (Phone("5550100", "fixed"),)


@pytest.mark.parametrize(("text", "kind"), [("12345", "short"), ("110", "short"), ("400-123-4567", "service")])
def test_short_codes_and_service_numbers_are_phones(text: str, kind: str) -> None:
    value = read_phones(text).value
    assert value is not None
    assert value[0].kind == kind


@pytest.mark.parametrize("between", ["/", "、", ",", "；", " ", ""])
def test_two_numbers_in_one_cell_both_go_out(between: str) -> None:
    value, codes = read_phones(f"19900000001{between}19907770002")
    assert ([p.number for p in value or ()], codes) == (["19900000001", "19907770002"], ("PHONE_MULTI",))


def test_a_bad_part_does_not_take_the_good_one_with_it() -> None:
    assert read_phones("19900000001/1990000") == ((MOBILE,), ("PHONE_INVALID",))


@pytest.mark.parametrize("text", ["1990000012", "199000030007", "abc", "0000-5550100", "12900000001", "不用"])
def test_what_is_no_phone_is_withheld(text: str) -> None:
    assert read_phones(text) == (None, ("PHONE_INVALID",))


def test_a_masked_number_is_no_data() -> None:
    assert read_phones("199****0012") == (None, ("MASKED_INPUT",))


def test_scientific_notation_has_lost_the_number() -> None:
    assert read_phones("1.99E+10") == (None, ("ID_EXCEL_PRECISION_LOSS",))


@pytest.mark.parametrize("text", ["11111111111", "00000000", "0", "1"])
def test_filler_says_nothing(text: str) -> None:
    assert read_phones(text) == (None, ("NULL_TOKEN",))


def test_a_foreign_number_is_kept_international() -> None:
    assert read_phones("+852 2123 4567").value == (Phone("+85221234567", "foreign"),)


@given(st.integers(0, 10**8 - 1))
def test_every_fictional_mobile_is_valid(n: int) -> None:
    assert read_phones(f"199{n:08}").codes == ()


@given(st.text(max_size=40))
def test_any_text_gives_phones_or_a_code(text: str) -> None:
    value, codes = read_phones(text)
    assert value or codes
