"""Writes what can be read off the code into the documents: `make docs`. The tests hold the documents to it.

ARCHITECTURE.md, between its marks: the file map. REFERENCE.md, whole: commands, settings, datasets, codes, errors, metrics.
"""

from __future__ import annotations

import ast
import importlib
import os
import pkgutil
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import click
import typer.main

import bus
import connectors
from bus import errors
from bus.cli import commands as command_line
from bus.config import FIELDS, KAFKA_FILE, KAFKA_PREFIX
from bus.contracts import catalog
from bus.eventlog.kafka.settings import _DEFAULTS as KAFKA_DEFAULTS
from bus.metrics import METRICS
from bus.quality import CODES

ROOT = Path(__file__).parents[2]
BEGIN, END = "<!-- file map: made by `make docs` -->", "<!-- end of file map -->"


def file_map() -> str:
    """Every Python file of `bus/` and `connectors/` that holds something, by folder, with the first sentence of its docstring."""
    lines: list[str] = []
    for folder in sorted({path.parent for path in _sources()}):
        lines += [f"\n**{folder.relative_to(ROOT)}/**\n", "| file | what it is |", "| --- | --- |"]
        lines += [f"| `{path.name}` | {_first_sentence(path)} |" for path in sorted(_sources()) if path.parent == folder]
    return "\n".join(lines) + "\n"


def _sources() -> Iterator[Path]:
    for package in ("bus", "connectors"):
        yield from (path for path in (ROOT / package).rglob("*.py") if path.stat().st_size)


def _first_sentence(path: Path) -> str:
    doc = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    paragraph = " ".join(doc.split("\n\n")[0].split())
    return paragraph.split(". ")[0].rstrip(".").replace("|", "\\|")


def architecture(text: str) -> str:
    """ARCHITECTURE.md with its file map renewed."""
    before, rest = text.split(BEGIN)
    return before + BEGIN + "\n" + file_map() + END + rest.split(END)[1]


def reference() -> str:
    """REFERENCE.md."""
    parts = [
        "# Reference\n\nMade from the code by `make docs`; a test holds it to the code. 由代码生成。\n",
        "## Commands 命令\n",
        *_commands(),
        "## Settings 设置\n",
        _table(("in the environment", "meaning"), [(f"`{twin}`", meaning) for twin, meaning in FIELDS.values()]),
        f"`{KAFKA_PREFIX}<SETTING>` hands a setting to the Kafka client (`{KAFKA_PREFIX}SASL_USERNAME` is `sasl.username`); "
        f"`{KAFKA_FILE}` names a properties file with such settings, for passwords. These are known, with their defaults:\n",
        _table(("Kafka setting", "default"), [(f"`{name}`", default) for name, default in KAFKA_DEFAULTS.items()]),
        "## Datasets 数据集\n",
        _datasets(),
        "## Canonical entities 规范实体\n",
        _entities(),
        "## Quality codes 质量代码\n",
        _table(
            ("code", "severity", "effect", "原因", "处理办法", "what is wrong", "the cure"),
            [(f"`{c.code}`", c.severity, c.effect, c.zh, c.cure_zh, c.en, c.cure_en) for c in CODES.values()],
        ),
        "## Errors 错误\n",
        _table(("code", "exit", "meaning", "含义", "what to do"), sorted(_errors())),
        "## Metrics 指标\n",
        _table(
            ("metric", "kind", "labels", "meaning"),
            [(f"`{name}`", m.kind, ", ".join(m.labels), m.help) for name, m in METRICS.items()],
        ),
    ]
    return "\n".join(parts)


def _commands() -> Iterator[str]:
    os.environ["COLUMNS"] = "100"
    root = typer.main.get_command(command_line())
    for names, command in _walk(root, ("civicbus",)):
        context = click.Context(command, info_name=" ".join(names), help_option_names=["-h", "--help"])
        yield f"### `{' '.join(names)}`\n\n```text\n{command.get_help(context)}\n```\n"


def _walk(command: click.Command, names: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    yield names, command
    for name, child in getattr(command, "commands", {}).items():
        yield from _walk(child, (*names, name))


def _datasets() -> str:
    found = catalog.load()
    rows = [
        (f"`{c.dataset}`", c.doc_zh, c.doc, str(found.layouts[name]["file"]), c.capture, ", ".join(c.key), c.share_class)
        for name, c in sorted(found.datasets.items())
    ]
    return _table(("dataset", "名称", "meaning", "file", "capture", "key", "share class"), rows)


def _entities() -> str:
    rows = [(f"`canonical.{name}`", said.schema.raw.get("doc", ""), str(said.id)) for name, said in sorted(catalog.load().entities.items())]
    return _table(("topic", "meaning", "schema id"), rows)


def _errors() -> Iterator[tuple[str, ...]]:
    for kind in error_kinds():
        doc = " ".join((kind.__doc__ or "").split("\n\n")[0].split())
        yield f"`{kind.code}`", str(kind.exit_status), doc, kind.zh, kind.hint


def error_kinds() -> list[type[errors.BusError]]:
    """Every kind of error with a code of its own, in all modules of the bus."""
    for package in (bus, connectors):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.endswith("__main__"):
                importlib.import_module(module.name)

    def walk(kind: type[errors.BusError]) -> Iterator[type[errors.BusError]]:
        yield kind
        for child in kind.__subclasses__():
            yield from walk(child)

    return [kind for kind in walk(errors.BusError) if "code" in vars(kind)]


def cell(text: str) -> str:
    """`text` inside a table; `<home>` is no tag there."""
    plain = text.replace("|", "\\|").replace("\n", " ")
    return plain if "`" in plain else plain.replace("<", "&lt;")


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    def line(cells: Sequence[str]) -> str:
        return "| " + " | ".join(map(cell, cells)) + " |"

    return "\n".join([line(heads), line(["---"] * len(heads)), *map(line, rows)]) + "\n"


def main() -> None:
    """Renew both documents."""
    page = ROOT / "ARCHITECTURE.md"
    page.write_text(architecture(page.read_text(encoding="utf-8")), encoding="utf-8")
    (ROOT / "REFERENCE.md").write_text(reference(), encoding="utf-8")


if __name__ == "__main__":
    main()
