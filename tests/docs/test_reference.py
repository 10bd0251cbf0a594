"""What can be read off the code stands in the documents, and the code says enough to be read off."""

from __future__ import annotations

import dataclasses
import re

import pytest

from bus.config import FIELDS, Settings
from bus.errors import BusError
from bus.metrics import METRICS
from bus.quality import CODES
from tests.docs import generate

REFERENCE = (generate.ROOT / "REFERENCE.md").read_text(encoding="utf-8")
CHINESE = re.compile("[\u4e00-\u9fff]")


def test_the_file_map_is_current() -> None:
    text = (generate.ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    assert generate.architecture(text) == text, "run `make docs`"


def test_the_reference_is_current() -> None:
    assert generate.reference() == REFERENCE, "run `make docs`"


def test_every_error_has_a_code_of_its_own() -> None:
    codes = [kind.code for kind in generate.error_kinds()]
    assert len(codes) > 10
    assert len(set(codes)) == len(codes)


@pytest.mark.parametrize("kind", generate.error_kinds(), ids=lambda kind: kind.code)
def test_an_error_says_what_happened_and_what_to_do_in_both_languages(kind: type[BusError]) -> None:
    assert vars(kind).get("__doc__")
    assert CHINESE.search(kind.zh)
    assert CHINESE.search(kind.hint_zh)
    assert kind.hint
    assert f"`{kind.code}`" in REFERENCE


def test_every_setting_is_documented_with_its_twin_in_the_environment() -> None:
    assert {field.name for field in dataclasses.fields(Settings)} - {"kafka"} == set(FIELDS)
    for twin, meaning in FIELDS.values():
        assert f"| `{twin}` | {generate.cell(meaning)}" in REFERENCE


def test_every_metric_is_documented() -> None:
    for name, meaning in METRICS.items():
        assert f"`{name}`" in REFERENCE
        assert meaning.help.endswith(".")


def test_every_quality_code_is_documented_with_reason_and_cure_in_both_languages() -> None:
    for code in CODES.values():
        assert f"`{code.code}`" in REFERENCE
        assert all(CHINESE.search(said) for said in (code.zh, code.cure_zh))
        assert code.en
        assert code.cure_en


def test_no_setting_is_read_anywhere_but_where_settings_are_read() -> None:
    """Not for users: `CIVICBUS_TEST` and `_CRASH_AT` arm the crash points, `_DEBUG` shows a fault of our own."""
    known = {twin for twin, _ in FIELDS.values()} | {"CIVICBUS_KAFKA_FILE", "CIVICBUS_TEST", "CIVICBUS_CRASH_AT", "CIVICBUS_DEBUG"}
    for path in (generate.ROOT / "bus").rglob("*.py"):
        for name in re.findall(r"""["'](CIVICBUS_[A-Z_]+[A-Z])["']""", path.read_text(encoding="utf-8")):
            assert name in known, f"{path.name}: {name}"
