"""YAML as an agreement may be written: plain values, and the line of each. Pure; refuses what YAML can do to a reader.

Aliases (a few hundred bytes become gigabytes), a key given twice (the last would win unseen), nesting over 32, more than 1 MB, and tags.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import yaml

from bus.sharing.problem import AgreementRefused, Problem

MAX_BYTES = 1_000_000
MAX_DEPTH = 32
Path = tuple[str | int, ...]
_CURE = ("Write it out.", "请直接写出。")


class Read(NamedTuple):
    """A YAML text: its values, and path → line (from 1)."""

    values: Any
    lines: Mapping[Path, int]

    def line(self, path: Path) -> int:
        """The line of the value, or of the nearest one that holds it."""
        while path not in self.lines and path:
            path = path[:-1]
        return self.lines.get(path, 1)


class _Loader(yaml.SafeLoader):
    """The safe loader, but a date that no calendar has (2027-02-31) stays the text it is: it is refused later, by its line."""


def _timestamp(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> Any:
    try:
        return loader.construct_yaml_timestamp(node)
    except ValueError:
        return loader.construct_scalar(node)


_Loader.add_constructor("tag:yaml.org,2002:timestamp", _timestamp)


def read(text: str, place: str) -> Read:
    """Raises `AgreementRefused` with every place that is not right; `place`: the file, for the message."""
    if len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise AgreementRefused([Problem(1, "", "The file is larger than 1 MB.", "文件超过 1 MB。", *_CURE)], place)
    try:
        if problems := _of_events(text):
            raise AgreementRefused(problems, place)
        loader = _Loader(text)
        node = loader.get_single_node()
        lines: dict[Path, int] = {}
        problems = [] if node is None else _walk(node, (), lines)
        values = None if node is None or problems else loader.construct_document(node)
    except (yaml.YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        en, zh = "This is not YAML.", "不是合法的 YAML。"
        cure = ("Check indentation, quotes and colons here.", "请检查此处的缩进、引号和冒号。")
        raise AgreementRefused([Problem(mark.line + 1 if mark else 1, "", en, zh, *cure)], place) from None
    if problems:
        raise AgreementRefused(problems, place)
    return Read(values, lines)


def _of_events(text: str) -> list[Problem]:
    """What must not even be composed: aliases, tags, depth. One pass without recursion."""
    found, depth = [], 0
    for event in yaml.parse(text, Loader=_Loader):
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.AliasEvent):
            found.append(Problem(line, f"*{event.anchor}", "Aliases are not read.", "不支持别名。", *_CURE))
        elif getattr(event, "tag", None):
            found.append(Problem(line, "!", "Tags are not read.", "不支持标签。", *_CURE))
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                return [*found, Problem(line, "", f"Nested deeper than {MAX_DEPTH}.", f"嵌套超过 {MAX_DEPTH} 层。", *_CURE)]
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
    return found


def _walk(node: yaml.Node, path: Path, lines: dict[Path, int]) -> list[Problem]:
    """Notes the line of each value; what is not right about keys."""
    lines[path] = node.start_mark.line + 1
    found: list[Problem] = []
    if isinstance(node, yaml.SequenceNode):
        for at, item in enumerate(node.value):
            found += _walk(item, (*path, at), lines)
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            line, name = key.start_mark.line + 1, key.value if isinstance(key, yaml.ScalarNode) else "?"
            if not isinstance(key, yaml.ScalarNode) or key.tag != "tag:yaml.org,2002:str":
                en, zh = "A key is a word.", "键须为单词。"
                found.append(Problem(line, ".".join(map(str, (*path, name))), en, zh, "Put it in quotes.", "请加引号。"))
            elif (*path, name) in lines:
                en, zh = "This key stands twice.", "键重复。"
                found.append(Problem(line, ".".join(map(str, (*path, name))), en, zh, "Keep one of them.", "请只保留一个。"))
            found += _walk(value, (*path, name), lines)
            lines[(*path, name)] = line
    return found
