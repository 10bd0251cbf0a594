import pytest
from hypothesis import given
from hypothesis import strategies as st

from bus.standards.names import Name, read_name, split_names


@pytest.mark.parametrize("text", ["张三", "欧阳修文", "吐尔逊·阿不都", "JOHN SMITH", "张先生", "罗䶮", "苏𬱖"])
def test_a_good_name_goes_out_as_it_is(text: str) -> None:
    assert read_name(text) == (Name(text), ())


@pytest.mark.parametrize("text", ["张 三", "张\u3000三", " 张三", "张三 ", "张\u200b三", "张  三"])
def test_alignment_blanks_are_taken_off(text: str) -> None:
    assert read_name(text) == (Name("张三"), ("NAME_SPACES",))


@pytest.mark.parametrize("dot", "•‧・．⋅･.")
def test_every_dot_becomes_the_one_dot(dot: str) -> None:
    assert read_name(f"吐尔逊{dot}阿不都") == (Name("吐尔逊·阿不都"), ("NAME_DOT_VARIANT",))


@pytest.mark.parametrize(("text", "note"), [("张三(身故)", "身故"), ("张三 (代)", "代"), ("张三（已迁出）", "已迁出")])
def test_a_note_in_brackets_is_no_part_of_the_name(text: str, note: str) -> None:
    assert read_name(text) == (Name("张三", note), ())


@pytest.mark.parametrize("text", ["田*", "史**", "张某", "张某某", "王XX", "李＊"])
def test_a_masked_name_is_no_data(text: str) -> None:
    assert read_name(text) == (None, ("MASKED_INPUT",))


@pytest.mark.parametrize("text", ["苏?", "李□", "王？", "赵\ufffd"])
def test_a_lost_character_withholds_the_name(text: str) -> None:
    value, codes = read_name(text)
    assert value is None
    assert "MOJIBAKE" in codes


@pytest.mark.parametrize("text", ["锟斤拷", "闃垮崪", "鏉庡洓", "å¼ ä¸‰"])
def test_wrongly_decoded_names_are_withheld(text: str) -> None:
    assert read_name(text) == (None, ("MOJIBAKE",))


@pytest.mark.parametrize("text", ["王YAN", "陈", "王 YAN"])
def test_pinyin_for_a_character_and_a_cut_name_are_noted(text: str) -> None:
    assert "NAME_RARE_CHAR" in read_name(text).codes
    assert read_name(text).value is not None


def test_a_private_use_character_is_noted_and_the_name_goes_out() -> None:
    assert read_name("王\ue812") == (Name("王\ue812"), ("PUA_CHAR",))


def test_a_number_beside_a_name_does_not_go_out_with_it() -> None:
    assert read_name("张三19900000001").value == Name("张三")
    assert read_name("11010519491231002X").value is None


def test_several_names_are_parted_outside_brackets_only() -> None:
    assert [n.strip() for n in split_names("张三(身故、未过户)、李四; 王五")] == ["张三(身故、未过户)", "李四", "王五"]
    assert split_names("张 三") == ["张 三"]


@given(st.text(min_size=1, max_size=20))
def test_any_text_gives_a_name_or_a_code(text: str) -> None:
    value, codes = read_name(text)
    assert (value is not None and value.name) or codes
