from datetime import date

import pytest
from standards_city import divisions

from bus.errors import ConfigRefused
from bus.standards.divisions import Divisions

ON = date(2026, 9, 30)
CITY = divisions()


def test_a_code_in_force_is_itself() -> None:
    assert CITY.read_code("379901001001", ON) == ("379901001001", ())


@pytest.mark.parametrize("text", ["379901", "379901000", " 379901000000", "３７９９０１００００００", "379901000000.0"])
def test_shorter_codes_and_other_forms_are_filled_up(text: str) -> None:
    assert CITY.read_code(text, ON) == ("379901000000", ())


def test_an_abolished_code_becomes_its_only_successor() -> None:
    assert CITY.read_code("379901003101", ON) == ("379901005001", ("DIV_OBSOLETE",))
    assert CITY.read_code("379911", ON) == ("379902000000", ("DIV_OBSOLETE",))


def test_an_abolished_code_was_in_force_on_its_day() -> None:
    assert CITY.read_code("379901003101", date(2025, 6, 30)) == ("379901003101", ())


def test_several_successors_leave_nothing_certain() -> None:
    assert CITY.read_code("379901003102", ON) == (None, ("DIV_UNKNOWN",))


@pytest.mark.parametrize("text", ["379901088001", "abc", "3.79901E+11", "110105"])
def test_a_code_in_no_table_is_unknown(text: str) -> None:
    assert CITY.read_code(text, ON) == (None, ("DIV_UNKNOWN",))


def test_a_name_of_one_place_is_its_code() -> None:
    assert CITY.read_name("望湖社区") == CITY.read_name("望湖") == CITY.read_name("望湖社区居委会") == ("379901001001", ())
    assert CITY.read_name("东澜区云溪街道望湖社区") == ("379901001001", ())


def test_a_name_of_two_places_needs_to_be_told_where() -> None:
    assert CITY.read_name("长安社区") == (None, ("DIV_UNKNOWN",))
    assert CITY.read_name("长安社区", "379902002000") == ("379902002002", ())


def test_a_former_name_is_obsolete() -> None:
    assert CITY.read_name("红旗社区") == ("379902001001", ("DIV_OBSOLETE",))


def test_a_name_that_moved_to_another_street_is_still_that_name() -> None:
    assert CITY.read_name("梧桐社区", "379901003000") == ("379901005001", ())


def test_an_old_grid_code_follows_its_community() -> None:
    assert CITY.read_grid("379901001001002", ON) == ("379901001001002", ())
    assert CITY.read_grid("379901003101002", ON) == ("379901005001002", ("DIV_OBSOLETE",))
    assert CITY.read_grid("379901001001002", ON, known={"379901001001052"}) == (None, ("DIV_OBSOLETE",))
    assert CITY.read_grid("12", ON) == (None, ("DIV_UNKNOWN",))


def test_a_table_with_a_bad_row_is_refused() -> None:
    with pytest.raises(ConfigRefused) as refused:
        Divisions([{"code12": "3799", "name": "x"}])
    assert "row 2" in refused.value.place


def test_successors_that_lead_in_a_circle_end() -> None:
    rows = [
        {"code12": "379901001001", "name": "甲社区", "valid_to": "2020-01-01", "successor": "379901001002"},
        {"code12": "379901001002", "name": "乙社区", "valid_to": "2020-01-01", "successor": "379901001001"},
    ]
    assert Divisions(rows).read_code("379901001001", ON) == (None, ("DIV_UNKNOWN",))
