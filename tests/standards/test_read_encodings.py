import pytest
from hypothesis import given
from hypothesis import strategies as st

from bus.standards.encodings import decode, decoder, garbled_share, looks_garbled

HAN = st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=1, max_size=12)


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"\xfe\x59", "\u9fb4"),
        (b"\xfe\xa0", "\u9fbb"),
        (b"\xa6\xd9", "\ufe10"),
        (b"\xa8\xbc", "\u1e3f"),
        (b"\xfe\x9f", "䶮"),
        (b"\xa1\xa4", "·"),
    ],
)
def test_gb18030_is_read_as_the_standard_of_2022(raw: bytes, text: str) -> None:
    assert decode(raw, "gb18030") == decode(raw, "GBK") == decode(raw, "gb2312") == text


@given(HAN, st.integers(1, 5))
def test_pieces_of_any_size_give_the_same_text(text: str, size: int) -> None:
    raw = (text + "\u9fb4𬱖").encode("gb18030")
    inner = decoder("gb18030")
    pieces = [inner.decode(raw[i : i + size]) for i in range(0, len(raw), size)]
    assert "".join(pieces) + inner.decode(b"", True) == decode(raw, "gb18030") == text + "\u9fb4𬱖"


def test_a_bom_is_taken_off() -> None:
    assert decode("\ufeff编号".encode(), "utf-8") == "编号"


def test_bytes_of_another_encoding_are_refused() -> None:
    with pytest.raises(UnicodeDecodeError):
        decode("姓名".encode("gb18030"), "utf-8")
    with pytest.raises(UnicodeDecodeError):
        decode(b"\xb0", "gb18030")
    with pytest.raises(LookupError):
        decoder("no-such")


@pytest.mark.parametrize("text", ["阳光花园", "东澜区云溪街道望湖社区", "李四", "阿卜", "张三丰"])
def test_utf_8_read_as_gbk_is_seen(text: str) -> None:
    assert looks_garbled(text.encode().decode("gb18030", "replace"))
    assert looks_garbled(text.encode().decode("latin-1"))
    assert looks_garbled(text.encode("gb18030").decode("utf-8", "replace"))
    assert not looks_garbled(text)


def test_double_damage_and_question_marks_are_seen() -> None:
    assert looks_garbled("锟斤拷锟斤拷")
    assert looks_garbled("????")
    assert not looks_garbled("为什么？")
    assert not looks_garbled("why?")


def test_the_share_of_a_file_is_told() -> None:
    assert garbled_share(["abc", "李四", "锟斤拷"]) == 0.5
    assert garbled_share(["abc"]) == 0.0
