import pytest
from hypothesis import given
from hypothesis import strategies as st
from standards_city import address_book

BOOK = address_book()


@pytest.mark.parametrize(
    "tail",
    [
        "3号楼2单元401",
        "3#楼2-401",
        "三栋二单元401室",
        "3-2-401",
        "3幢乙单元0401",
        "３－２－４０１",
        "3号楼2单元4层401室",
        "第3栋2门401",
        "3#2-401",
        "3号楼020401",
    ],
)
def test_a_dwelling_is_one_however_it_is_written(tail: str) -> None:
    value, codes = BOOK.read(f"幸福里{tail}")
    assert value is not None
    assert ((value.compound_code, value.building, value.entrance, value.room), codes) == (("XQ3", "3", "2", "401"), ())


@pytest.mark.parametrize(
    "name",
    [
        "幸福里",
        "幸福里小区",
        "幸福里(一期)",
        "幸福里二期",
        "幸福里（二期）",
        "东澜区云溪街道学府路173号幸福里",
        "东海省澜州市东澜区望湖社区幸福里",
        "学府路173号幸福里小区",
    ],
)
def test_a_compound_is_one_by_all_its_names(name: str) -> None:
    value, codes = BOOK.read(f"{name}1-1-101")
    assert value is not None
    assert (value.compound, value.division_code, value.community, value.room, codes) == ("幸福里", "379901001001", "望湖社区", "101", ())


@pytest.mark.parametrize("text", ["幸福里", "幸福里3号楼", "幸福里3号楼2单元", "幸福里3号楼401"])
def test_what_is_missing_makes_it_partial(text: str) -> None:
    value, codes = BOOK.read(text)
    assert (value is not None, codes) == (True, ("ADDR_PARTIAL",))


def test_two_compounds_of_one_name_are_ambiguous() -> None:
    value, codes = BOOK.read("阳光花园1号楼1单元502室")
    assert value is not None
    assert (value.compound_code, value.division_code, value.building, value.entrance, value.room) == (None, None, "1", "1", "502")
    assert (len(value.fits), codes) == (2, ("ADDR_AMBIGUOUS",))


@pytest.mark.parametrize(
    "text", ["西澜区阳光花园1-1-502", "清河街道阳光花园1-1-502", "长安里社区阳光花园1-1-502", "文化路196号阳光花园1-1-502"]
)
def test_what_stands_before_it_tells_them_apart(text: str) -> None:
    value, codes = BOOK.read(text)
    assert (value and value.compound_code, codes) == ("XQ2", ())


def test_what_the_row_says_tells_them_apart() -> None:
    assert BOOK.read("阳光花园1-1-502", "379902002001").value.compound_code == "XQ2"  # type: ignore[union-attr]
    assert BOOK.read("阳光花园1-1-502", "379901000000").value.compound_code == "XQ1"  # type: ignore[union-attr]


def test_a_house_of_a_village_has_only_a_number() -> None:
    for text in ("月河二村21号", "月河二村月河二村21号", "青禾县双井镇月河二村21号"):
        value, codes = BOOK.read(text)
        assert value is not None
        assert (value.compound_code, value.building, value.room, codes) == ("XQ5", "21", None, ())


def test_a_compound_in_no_table_keeps_its_name() -> None:
    value, codes = BOOK.read("东澜区云溪街道和平苑3号楼2单元401")
    assert value is not None
    assert (value.compound, value.compound_code, value.building, value.room, codes) == ("和平苑", None, "3", "401", ())


def test_a_compound_that_begins_like_a_former_name_is_not_cut() -> None:
    assert BOOK.read("云溪里东方名都1号楼1单元502室").value.compound_code == "XQ4"  # type: ignore[union-attr]


def test_divisions_alone_are_a_part() -> None:
    value, codes = BOOK.read("东澜区云溪街道望湖社区")
    assert (value and value.division_code, codes) == ("379901001001", ("ADDR_PARTIAL",))
    assert BOOK.read("外市平山区").value.county == "外市平山区"  # type: ignore[union-attr]


def test_a_road_and_a_number_are_an_address() -> None:
    value, codes = BOOK.read("东澜区云溪街道青年路31号")
    assert value is not None
    assert (value.road, value.road_no, codes) == ("青年路", "31", ())


@given(st.text(max_size=40))
def test_any_text_is_read(text: str) -> None:
    value, codes = BOOK.read(text)
    assert value is not None
    assert (len(value.fits) > 1) == ("ADDR_AMBIGUOUS" in codes)
