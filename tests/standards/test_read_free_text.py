import pytest
from hypothesis import given
from hypothesis import strategies as st

from bus.standards.free_text import redact
from bus.standards.ids import check_character


@pytest.mark.parametrize(
    "number",
    [
        "11010519491231002X",
        "11010519491231002x",
        "110105 19491231 002X",
        "１１０１０５１９４９１２３１００２Ｘ",
        "110105-19491231-002X",
        "110105491231002",
        "379901199301150554",
    ],
)
def test_a_citizen_number_is_replaced_however_it_is_written(number: str) -> None:
    assert redact(f"我的号码是{number}，请核实") == "我的号码是【证件号】，请核实"


@pytest.mark.parametrize(
    "phone", ["19900000001", "199-0000-0001", "199 0000 0001", "１９９０００００００１", "0543-5550100", "+8619900000001"]
)
def test_a_phone_is_replaced_however_it_is_written(phone: str) -> None:
    assert redact(f"请打{phone}找我") == "请打【电话】找我"


def test_a_work_order_number_stays() -> None:
    assert redact("工单250912101108115409一直没有处理") == "工单250912101108115409一直没有处理"
    assert redact("见250912101108115409") == "见250912101108115409"


def test_a_mistyped_number_that_words_call_one_is_replaced() -> None:
    assert redact("身份证号：110105194912310021") == "身份证号：【证件号】"


@pytest.mark.parametrize("text", ["2024-01-05 10:00 到 2024-02-05", "欠费12345678元", "3号楼2单元401", "没有数字", "共 1200 户"])
def test_other_numbers_stay(text: str) -> None:
    assert redact(text) == text


def test_several_in_one_text_are_all_replaced() -> None:
    assert redact("19900000001、19900000002") == "【电话】、【电话】"
    assert redact("电话5550100") == "电话【电话】"


@given(st.dates().filter(lambda d: 1950 <= d.year <= 2020), st.integers(0, 999), st.text("请问我家电话是 ，。", max_size=8))
def test_no_whole_citizen_number_ever_stays(born, sequence, before) -> None:  # type: ignore[no-untyped-def]
    first = f"379901{born:%Y%m%d}{sequence:03}"
    number = first + check_character(first)
    assert number not in redact(f"{before}{number}。")


@given(st.text(max_size=60))
def test_any_text_can_be_redacted_twice(text: str) -> None:
    assert redact(redact(text)) == redact(text)
