"""The table of quality codes."""

import re

import pytest

from bus.quality import CODES, finding


@pytest.mark.parametrize("code", CODES.values(), ids=lambda c: c.code)
def test_every_code_says_what_is_wrong_and_its_cure_in_both_languages(code) -> None:  # type: ignore[no-untyped-def]
    assert code.severity in ("info", "warn", "error")
    assert code.effect in ("repair", "withhold", "refuse", "note")
    assert re.search("[\u4e00-\u9fff]", code.zh) and re.search("[\u4e00-\u9fff]", code.cure_zh)
    assert code.en.isprintable() and code.cure_en


def test_what_refuses_is_an_error_and_what_is_repaired_concerns_nobody() -> None:
    for code in CODES.values():
        assert (code.effect == "refuse") == (code.severity == "error")
        assert code.effect != "repair" or code.severity == "info"


def test_a_finding_takes_the_severity_of_its_code_unless_told() -> None:
    assert finding("ID_LOWER_X", "SFZH") == ("ID_LOWER_X", "SFZH", "info")
    assert finding("MASKED_INPUT", "SFZH", "error").severity == "error"


def test_a_code_that_does_not_exist_is_an_error_of_ours() -> None:
    with pytest.raises(KeyError):
        finding("NO_SUCH")
