from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bus.standards.chinese_numbers import numeral
from bus.standards.numbers import read_count, read_decimal


@pytest.mark.parametrize("text", ["1200", "约1200", "1,200", "1200元", "１２００", "1200.00", "1200左右", "0.12万", "1.2E+3", "¥1200"])
def test_a_number_is_read_however_it_is_written(text: str) -> None:
    assert read_decimal(text) == (Decimal(1200), ())
    assert read_count(text) == (1200, ())


@pytest.mark.parametrize(("text", "count"), [("3人", 3), ("三人", 3), ("41户", 41), ("0", 0), ("-3", -3)])
def test_a_count_may_have_a_word_beside_it(text: str, count: int) -> None:
    assert read_count(text) == (count, ())


@pytest.mark.parametrize("text", ["面议", "800多户", "1000-1200", "近300", ".", "h", "1.2.3", "12 34x", "➀", "E0"])
def test_what_is_no_exact_number_is_withheld(text: str) -> None:
    assert read_count(text) == (None, ("NUMBER_INVALID",))


def test_half_a_thing_is_no_count() -> None:
    assert read_count("3.5") == (None, ("NUMBER_INVALID",))
    assert read_decimal("3.5") == (Decimal("3.5"), ())


@pytest.mark.parametrize(("text", "value"), [("二十三", 23), ("一百零二", 102), ("二〇一六", 2016), ("十", 10), ("十五", 15)])
def test_chinese_numerals_are_numbers(text: str, value: int) -> None:
    assert numeral(text) == value


@given(st.decimals(-(10**9), 10**9, places=2))
def test_every_number_written_plainly_is_read(number: Decimal) -> None:
    assert read_decimal(str(number)) == (number, ())


@given(st.text(max_size=20))
def test_any_text_is_read_or_coded(text: str) -> None:
    for value, codes in (read_decimal(text), read_count(text)):
        assert (value is None) == bool(codes)
