from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standards_city import divisions
from stdnum.cn import ric

from bus.standards.ids import check_character, read_citizen_number, read_document

ON = date(2026, 9, 30)
GOOD = "11010519491231002X"


def codes(text: str, number_cell: bool = False) -> tuple[str, ...]:
    return read_citizen_number(text, ON, number_cell).codes


def number(text: str) -> str | None:
    value = read_citizen_number(text, ON).value
    return value.number if value else None


def test_the_standards_own_example_is_read_whole() -> None:
    value, found = read_citizen_number(GOOD, ON)
    assert value is not None
    assert (value.number, value.region, value.birth_date, value.sex, found) == (GOOD, "110105", "1949-12-31", "2", ())


@pytest.mark.parametrize(
    ("old", "new"), [("110105491231002", GOOD), ("610104620927690", "610104196209276908"), ("379921530829065", "379921195308290653")]
)
def test_fifteen_digits_are_upgraded(old: str, new: str) -> None:
    assert (number(old), codes(old)) == (new, ("ID_15_UPGRADED",))


@pytest.mark.parametrize("last", ["x", "×", "Χ", "χ", "Х", "х", "*"])
def test_a_look_alike_of_the_check_character_is_repaired(last: str) -> None:
    assert number(GOOD[:17] + last) == GOOD
    assert "ID_LOWER_X" in codes(GOOD[:17] + last)


@pytest.mark.parametrize(
    "written",
    [
        "１１０１０５１９４９１２３１００２Ｘ",
        "110105 19491231 002X",
        "110105-19491231-002X",
        " 11010519491231002X",
        "'11010519491231002X",
        "110105\u200b19491231002X",
    ],
)
def test_full_width_digits_blanks_and_hyphens_are_repaired(written: str) -> None:
    assert (number(written), codes(written)) == (GOOD, ("ID_FULLWIDTH",))


def test_a_wrong_check_character_refuses() -> None:
    assert read_citizen_number("110105194912310021", ON) == (None, ("ID_CHECKSUM",))


def test_an_impossible_birth_date_refuses_and_all_codes_are_told_at_once() -> None:
    assert set(codes("11010519490231002X")) == {"ID_BIRTHDATE", "ID_CHECKSUM"}


@pytest.mark.parametrize("born", ["20261001", "18800101", "20230229", "19000229"])
def test_a_birth_date_in_the_future_too_long_ago_or_not_in_the_calendar_refuses(born: str) -> None:
    first = f"379901{born}001"
    assert codes(first + check_character(first)) == ("ID_BIRTHDATE",)


def test_a_person_of_120_years_is_still_believed() -> None:
    first = "37990119060930001"
    assert number(first + check_character(first)) is not None


@pytest.mark.parametrize(
    "lost", ["3.79902199411150E+17", "3.79901E+17", "1.1010519491231e+17", "379902201806220000", "379902201806220000.0"]
)
def test_what_a_spreadsheet_made_a_number_is_lost(lost: str) -> None:
    assert read_citizen_number(lost, ON) == (None, ("ID_EXCEL_PRECISION_LOSS",))


def test_a_number_cell_is_lost_whatever_the_check_says() -> None:
    first = next(f for f in (f"3799011990010{d}000" for d in range(1, 10)) if check_character(f[:17]).isdigit())
    good = first[:17] + check_character(first[:17])
    assert number(good) is not None
    assert codes(good, number_cell=True) == ("ID_EXCEL_PRECISION_LOSS",)


def test_a_number_cell_of_15_digits_is_lost_too() -> None:
    assert codes("379901580314123", number_cell=True) == ("ID_EXCEL_PRECISION_LOSS",)


def test_text_that_merely_ends_in_three_zeros_may_be_good() -> None:
    good = next(
        f + "0"
        for f in (f"379901199{y}0{m}1{d}100" for y in range(10) for m in range(1, 10) for d in range(10))
        if check_character(f) == "0"
    )
    assert good.endswith("000")
    assert (number(good), codes(good)) == (good, ())


@pytest.mark.parametrize("text", ["37990219650805553", "ABC", "37990219650805O553", "3799021965080555312"])
def test_neither_15_nor_18_valid_characters_is_a_wrong_format(text: str) -> None:
    assert read_citizen_number(text, ON) == (None, ("ID_FORMAT",))


@pytest.mark.parametrize(
    "text",
    [
        "379921********0676",
        "3799**********0189",
        "379***********0787",
        "379921＊＊＊＊＊＊＊＊0676",
        "379921XXXXXXXX0676",
        "37990119440911037*",
    ],
)
def test_a_masked_number_is_no_data(text: str) -> None:
    assert read_citizen_number(text, ON) == (None, ("MASKED_INPUT",))


@pytest.mark.parametrize("text", ["111111111111111111", "000000000000000", "0", "888888888888888888"])
def test_filler_says_nothing_and_damages_nothing(text: str) -> None:
    assert read_citizen_number(text, ON) == (None, ("NULL_TOKEN",))


def test_an_unknown_region_is_only_a_note() -> None:
    first = "37992219900101001"
    value, found = read_citizen_number(first + check_character(first), ON, regions=divisions().regions)
    assert (value is not None, found) == (True, ("ID_REGION_UNKNOWN",))


def test_past_regions_of_the_city_and_regions_elsewhere_are_known() -> None:
    for region in ("379911", "110105", "379901"):
        first = f"{region}19900101001"
        assert read_citizen_number(first + check_character(first), ON, regions=divisions().regions).codes == ()


@pytest.mark.parametrize("text", ["810000199408230021", "830000199201300022"])
def test_a_residence_permit_has_a_namespace_of_its_own_whatever_was_declared(text: str) -> None:
    assert read_citizen_number(text, ON).value.kind == "hmt_residence_permit"  # type: ignore[union-attr]
    assert read_document(text, "hmt_residence_permit", ON).value.kind == "hmt_residence_permit"  # type: ignore[union-attr]
    assert codes(text) == ()


def test_the_foreigners_card_of_18_digits_is_read_as_what_it_is() -> None:
    first = "91124219601116275"
    card = first + check_character(first)
    assert read_document(card, "foreign_permanent_resident", ON).value == read_document(card, "citizen_id", ON).value
    assert read_document(card, "citizen_id", ON).value.kind == "foreign_permanent_resident"  # type: ignore[union-attr]


def test_a_passport_stays_a_passport() -> None:
    value, found = read_document("E12345678", "passport", ON)
    assert (value, found) == (("passport", "E12345678", None, None), ())
    assert read_document(" e12345678", "passport", ON).value == value


@pytest.mark.parametrize(
    ("text", "kind", "code"),
    [
        ("E1", "passport", "ID_FORMAT"),
        ("E1234****", "passport", "MASKED_INPUT"),
        ("1.2E+10", "passport", "ID_EXCEL_PRECISION_LOSS"),
        ("USA12345", "foreign_permanent_resident", "ID_FORMAT"),
    ],
)
def test_a_damaged_document_number_is_refused(text: str, kind: str, code: str) -> None:
    assert read_document(text, kind, ON) == (None, (code,))


def test_the_older_cards_are_read_by_their_shape() -> None:
    assert read_document("USA123456789012", "foreign_permanent_resident", ON).codes == ()
    assert read_document("H12345678", "hmt_residence_permit", ON).codes == ()


@given(st.integers(0, 10**17 - 1).map(lambda n: f"{n:017}"))
def test_the_check_character_is_that_of_an_independent_library(first: str) -> None:
    assert check_character(first) == ric.calc_check_digit(first + "0")


@given(st.text(max_size=24))
def test_any_text_is_read_or_refused_never_raised_on(text: str) -> None:
    value, found = read_citizen_number(text, ON)
    assert value is not None or found


@given(st.dates(date(1907, 1, 1), ON), st.integers(0, 999), st.integers(0, 16), st.sampled_from("0123456789"))
def test_one_wrong_digit_is_always_noticed(born: date, sequence: int, place: int, digit: str) -> None:
    first = f"379901{born:%Y%m%d}{sequence:03}"
    whole = first + check_character(first)
    if whole[place] != digit:
        assert read_citizen_number(whole[:place] + digit + whole[place + 1 :], ON).value is None
