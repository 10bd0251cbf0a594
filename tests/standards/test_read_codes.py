from pathlib import Path

import pytest

from bus.errors import ConfigRefused
from bus.standards.codes import CodeList

LISTS = Path(__file__).parents[2] / "schemas" / "codes"


def test_a_code_in_force_is_itself() -> None:
    assert CodeList.load(LISTS / "gbt3304_ethnic.csv").read("01") == ("01", ())


@pytest.mark.parametrize("text", ["汉族", "汉", "1", "HA", "０１", "1.0"])
def test_words_and_older_codes_are_translated(text: str) -> None:
    assert CodeList.load(LISTS / "gbt3304_ethnic.csv").read(text) == ("01", ("CODE_MAPPED",))


def test_an_older_list_wins_over_a_missing_zero() -> None:
    assert CodeList.load(LISTS / "gbt4761_family.csv").read("1") == ("10", ("CODE_MAPPED",))


def test_what_is_in_no_list_is_unknown() -> None:
    assert CodeList.load(LISTS / "gbt2261_1_sex.csv").read("X") == (None, ("CODE_UNKNOWN",))


@pytest.mark.parametrize("path", sorted(LISTS.glob("*.csv")), ids=lambda p: p.stem)
def test_every_list_holds_its_own_codes_and_names(path: Path) -> None:
    codes = CodeList.load(path)
    assert codes.codes
    for code, name in codes.codes.items():
        assert codes.read(code) == (code, ())
        assert codes.read(name).value is not None


def test_a_list_in_yaml_is_read(tmp_path: Path) -> None:
    file = tmp_path / "colour.yaml"
    file.write_text("codes: {'1': 红, '2': 蓝}\nolder: {'1': [R, 红色]}\n", encoding="utf-8")
    assert CodeList.load(file).read("R") == ("1", ("CODE_MAPPED",))


@pytest.mark.parametrize("text", ["codes: [1, 2]\n", "older: {}\n", "codes: {'1': a}\nolder: {'9': [x]}\n"])
def test_a_file_that_is_no_list_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "bad.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigRefused):
        CodeList.load(file)
    (tmp_path / "bad.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(ConfigRefused):
        CodeList.load(tmp_path / "bad.csv")
