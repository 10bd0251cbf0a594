"""Reading YAML quickly is reading the same: every file that ships says the same to PyYAML's own reader; what is no YAML is told alike."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from bus import yaml_file
from bus.contracts import catalog

FILES = sorted(catalog.packaged().rglob("*.yaml"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_file_says_the_same_to_both_readers(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert yaml_file.parsed(text) == yaml.safe_load(text)


@pytest.mark.parametrize("text", ["a: [", "a: 'b", "a: b: c", "\t- x", "a: 1\n- b", "!!python/object:os.system x", "*nobody"])
def test_what_is_no_yaml_is_an_error_of_the_same_kind(text: str) -> None:
    assert type(told(yaml_file.parsed, text)) is type(told(yaml.safe_load, text))


@pytest.mark.parametrize("text", ["a: b: c", "a: 1\n- b", "a: 1\nb: *nobody", "a: 1\n\nb: !!python/object:os.system x"])
def test_an_error_stands_in_the_same_line(text: str) -> None:
    assert told(yaml_file.parsed, text).problem_mark.line == told(yaml.safe_load, text).problem_mark.line


def told(read: Callable[[str], object], text: str) -> yaml.MarkedYAMLError:
    with pytest.raises(yaml.MarkedYAMLError) as refused:
        read(text)
    return refused.value
