import pytest
from hypothesis import given
from hypothesis import strategies as st

from bus.standards.free_text import Left, left_in, redact
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


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("我要投诉。身份证号：11010519491231002X", "11010519491231002X"),
        ("本人身份证号码为11010519491231002X，请核实", "11010519491231002X"),
        ("我的身份证是１１０１０５１９４９１２３１００２Ｘ", "１１０１０５１９４９１２３１００２Ｘ"),
        ("反映停水；身份证号110105491231002", "110105491231002"),
        ("身份证号11010519491231002X，再说一次，身份证号11010519491231002X", "11010519491231002X"),
    ],
)
def test_a_number_that_somebody_says_is_his_own_is_what_he_left(text: str, number: str) -> None:
    assert left_in(text) == Left(number, "")


@pytest.mark.parametrize(
    "text",
    [
        "对方身份证号11010519491231002X",
        "我母亲身份证号11010519491231002X",
        "我母亲的身份证号：11010519491231002X",
        "母亲李兰 身份证号11010519491231002X",
        "租客张三11010519491231002X",
        "楼上 住户身份证号11010519491231002X",
        "身份证号11010519491231002X，租客的是110101199003074514",
        "身份证号11010519491231002X，身份证号110101199003074514",
        "工单250912101108115409一直没有处理",
        "停水三天",
        "",
    ],
)
def test_a_number_of_somebody_else_or_one_of_several_is_not(text: str) -> None:
    assert left_in(text).number == ""


@pytest.mark.parametrize(
    ("text", "phone"),
    [
        ("请尽快处理，联系电话19900000001", "19900000001"),
        ("我的手机号是19900000001。", "19900000001"),
        ("电话：0543-5550100", "0543-5550100"),
        ("物业电话19900000001", ""),
        ("对方手机19900000001", ""),
        ("联系电话19900000001，物业电话19900000002", ""),
    ],
)
def test_a_phone_that_somebody_says_is_his_own_is_what_he_left(text: str, phone: str) -> None:
    assert left_in(text) == Left("", phone)


@given(st.text())
def test_what_is_left_in_any_text_stands_in_it(text: str) -> None:
    assert all(each in text for each in left_in(text))
