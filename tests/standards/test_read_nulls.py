import pytest

from bus.standards.nulls import is_filler, is_null_token


@pytest.mark.parametrize(
    "text",
    [
        " ",
        "\u3000",
        "无",
        "不详",
        "/",
        "//",
        "\\",
        "-",
        "--",
        "—",
        "NULL",
        "null",
        "暂无",
        "待补充",
        "N/A",
        "没有",
        "未知",
        " 无 ",
        "\u200b",
    ],
)
def test_words_and_signs_for_nothing_are_nothing(text: str) -> None:
    assert is_null_token(text)


@pytest.mark.parametrize("text", ["0", "1", "无为路", "张三", "00", "-1", "/a", "12", "无物业"])
def test_what_may_mean_something_is_not_nothing(text: str) -> None:
    assert not is_null_token(text)


def test_one_digit_typed_to_the_end_is_filler() -> None:
    assert is_filler("111111") and is_filler("00000000") and is_filler("0")
    assert not is_filler("111112") and not is_filler("11111")
