from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bus.standards.dates import read_date, read_datetime, read_month


@pytest.mark.parametrize(
    "text",
    [
        "20240105",
        "2024-1-5",
        "2024/01/05",
        "2024.1.5",
        "2024年1月5日",
        "45296",
        "05-1月 -24",
        "05-JAN-24",
        "二〇二四年一月五日",
        "２０２４年１月５日",
        "2024-01-05 00:00:00",
        "2024年1月5号",
        "24年1月5日",
    ],
)
def test_a_day_is_read_however_it_is_written(text: str) -> None:
    assert read_date(text) == (("2024-01-05", "day"), ())


@pytest.mark.parametrize("text", ["2024-01", "2024.1", "2024年1月", "202401", "2024/1"])
def test_a_month_keeps_its_precision(text: str) -> None:
    assert read_date(text) == (("2024-01", "month"), ("DATE_PRECISION",))


@pytest.mark.parametrize("text", ["1998", "1998年", "1998年前后", "约1998年", "1998年左右", "98年", "1998年底"])
def test_a_year_keeps_its_precision(text: str) -> None:
    assert read_date(text) == (("1998", "year"), ("DATE_PRECISION",))


@pytest.mark.parametrize(
    "text", ["0000-00-00", "00000000", "1900-01-01", "1899-12-30", "19000101", "9999-12-31", "99991231", "0000-00-00 00:00:00"]
)
def test_a_placeholder_is_empty(text: str) -> None:
    assert read_date(text) == (None, ("DATE_PLACEHOLDER",))


@pytest.mark.parametrize(
    "text",
    ["2024-02-30", "20230229", "20111305", "2025-00-12", "19870012", "1900-02-29", "九十年代", "1985-1992", "面议", "123", "2024-13"],
)
def test_what_does_not_exist_is_withheld(text: str) -> None:
    assert read_date(text) == (None, ("DATE_INVALID",))


def test_29_february_is_a_day_of_leap_years() -> None:
    assert read_date("2024-02-29").codes == read_date("20000229").codes == ()


def test_a_column_of_months_finds_nothing_wrong_with_a_month() -> None:
    assert read_month("2012-05") == read_month("2012.5") == read_month("2012-05-01") == (("2012-05", "month"), ())
    assert read_month("2012") == (("2012", "year"), ("DATE_PRECISION",))


@pytest.mark.parametrize(
    ("text", "iso", "precision"),
    [
        ("2026-09-01 08:30:15", "2026-09-01T08:30:15+08:00", "second"),
        ("2026-09-01 08:30", "2026-09-01T08:30:00+08:00", "minute"),
        ("2026/9/1 8:30:15", "2026-09-01T08:30:15+08:00", "second"),
        ("20260901083015", "2026-09-01T08:30:15+08:00", "second"),
        ("2026年9月1日 8时30分", "2026-09-01T08:30:00+08:00", "minute"),
        ("2026/9/1 下午 3:05:00", "2026-09-01T15:05:00+08:00", "second"),
        ("2026-09-01T00:30:15Z", "2026-09-01T08:30:15+08:00", "second"),
        ("46266.5", "2026-09-01T12:00:00+08:00", "second"),
        ("01-9月 -26 03.05.00.000000 下午", "2026-09-01T15:05:00+08:00", "second"),
        ("2026-09-01", "2026-09-01", "day"),
    ],
)
def test_a_moment_is_told_in_beijing_time(text: str, iso: str, precision: str) -> None:
    assert read_datetime(text) == ((iso, precision), ())


def test_a_zero_time_is_a_placeholder_and_an_impossible_one_invalid() -> None:
    assert read_datetime("0000-00-00 00:00:00") == (None, ("DATE_PLACEHOLDER",))
    assert read_datetime("2026-09-01 25:00:00") == (None, ("DATE_INVALID",))


@given(st.dates(date(1901, 1, 1), date(2098, 12, 31)), st.sampled_from(["%Y%m%d", "%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y年%m月%d日"]))
def test_every_day_survives_every_way_of_writing(day: date, form: str) -> None:
    assert read_date(day.strftime(form)) == ((day.isoformat(), "day"), ())


@given(st.text(max_size=30))
def test_any_text_is_read_or_coded(text: str) -> None:
    for read in (read_date, read_month, read_datetime):
        value, codes = read(text)
        assert value is not None or codes
