import pytest

from bus.standards.dwellings import compound_name, read_building, read_entrance, read_floor, read_room, read_unit_no


@pytest.mark.parametrize("text", ["3", "3#", "3号楼", "03", "三栋", "3幢", "第3栋", "3#楼", "３号楼"])
def test_a_building_is_its_number(text: str) -> None:
    assert read_building(text) == ("3", ())


@pytest.mark.parametrize("text", ["2", "02", "2单元", "二单元", "乙", "乙单元", "第2单元"])
def test_an_entrance_is_its_number(text: str) -> None:
    assert read_entrance(text) == ("2", ())


@pytest.mark.parametrize(
    ("text", "floor"),
    [("6", "6"), ("跃6", "6"), ("六层", "6"), ("6F", "6"), ("-1", "-1"), ("B1", "-1"), ("地下一层", "-1"), ("5/18", "5"), ("夹层", "夹层")],
)
def test_a_floor_below_ground_has_a_minus(text: str, floor: str) -> None:
    assert read_floor(text) == (floor, ())


@pytest.mark.parametrize(
    ("text", "room"),
    [
        ("401", "401"),
        ("401室", "401"),
        ("0401", "401"),
        ("3-2-401", "401"),
        ("010401", "401"),
        ("021101", "1101"),
        ("１－２－５０１", "501"),
        ("-101", "-101"),
        ("东户", "东户"),
    ],
)
def test_a_room_is_read_out_of_all_that_stands_before_it(text: str, room: str) -> None:
    assert read_room(text) == (room, ())


@pytest.mark.parametrize("text", ["379901001002GB00001F00010013", "379901 001002 GB00001 F00010013", "379901001002gb00001f00010013 "])
def test_blanks_and_lower_case_in_a_unit_number_are_style(text: str) -> None:
    assert read_unit_no(text) == ("379901001002GB00001F00010013", ())


def test_another_shape_is_no_unit_number() -> None:
    assert read_unit_no("379901001002GB00001") == (None, ("NUMBER_INVALID",))
    assert read_unit_no("379901******GB00001F00010013") == (None, ("MASKED_INPUT",))


@pytest.mark.parametrize("text", ["幸福里(一期)", "幸福里二期", "幸福里小区", "幸福里 （1期）"])
def test_phases_of_a_compound_have_one_name(text: str) -> None:
    assert compound_name(text) == "幸福里"
