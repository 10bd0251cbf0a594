"""The READMEs: their commands run, what they show is what is said, and both say the same."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import typer.main

from bus.cli import commands as command_line
from bus.config import FIELDS, KAFKA_FILE, KAFKA_PREFIX
from tests.docs.markdown import READMES, ROOT, blocks, console


def environment() -> dict[str, str]:
    """Ours without any setting of civicbus; `civicbus` and `python` are those of this environment."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CIVICBUS")}
    return {**kept, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{kept['PATH']}", "COLUMNS": "400"}


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Everything that the commands of README.md say, run one after another in one shell, in an empty folder beside a copy of schemas/."""
    folder = tmp_path_factory.mktemp("readme")
    shutil.copytree(ROOT / "schemas", folder / "schemas")
    lines = ["set -eu"]
    for block in console("README.md"):
        if block.covered is None:
            lines += [f"printf '%s\\n' {quoted(line)} >&2\n{line}" for line in block.commands]
    done = subprocess.run(["sh", "-c", "\n".join(lines)], cwd=folder, env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stderr + done.stdout


def quoted(line: str) -> str:
    """The line as a shell's word, to say what is being run."""
    return "'$ " + line.replace("'", "'\\''") + "'"


def test_every_command_of_the_readme_runs(said: str) -> None:
    assert "$ civicbus account" in said


def test_what_the_readme_shows_is_what_is_said(said: str) -> None:
    shown = [line for block in blocks("README.md") if block.kind == "text" for line in block.text.splitlines()]
    assert shown
    missing = [line for line in shown if line not in said]
    assert not missing


@pytest.mark.parametrize("document", READMES)
def test_a_block_that_is_not_run_names_the_test_that_covers_it(document: str) -> None:
    for block in blocks(document):
        if block.covered is not None:
            named = re.findall(r"[\w./]+\.py|\.ci/run", block.covered)
            assert named, block.covered
            assert all((ROOT / name).exists() for name in named), block.covered


def test_only_a_program_that_a_test_runs_is_shown() -> None:
    assert [block.covered for document in READMES for block in blocks(document) if block.kind == "python" and not block.covered] == []


def test_both_readmes_have_the_same_commands_programs_and_pictures_of_output() -> None:
    def of(document: str) -> list[object]:
        return [
            (block.kind, block.commands if block.kind == "console" else block.text, block.covered is None)
            for block in blocks(document)
            if block.kind in ("console", "text", "properties")
        ]

    assert of("README.md") == of("README.zh-CN.md")


@pytest.mark.parametrize("document", [*READMES, "ARCHITECTURE.md", "CHANGELOG.md"])
def test_every_file_that_is_linked_to_exists(document: str) -> None:
    text = (ROOT / document).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text):
        assert target.startswith("https://") or (ROOT / target).exists(), target


@pytest.mark.parametrize("document", READMES)
def test_every_part_that_is_linked_to_exists(document: str) -> None:
    text = (ROOT / document).read_text(encoding="utf-8")
    for target, part in re.findall(r"\]\(([^)#]*)#([^)]+)\)", text):
        heads = re.findall(r"^#+ (.*)$", (ROOT / (target or document)).read_text(encoding="utf-8"), re.MULTILINE)
        assert part in [head.lower().replace(" ", "-").replace("`", "") for head in heads], f"{target}#{part}"


@pytest.mark.parametrize("document", [*READMES, "ARCHITECTURE.md", "CHANGELOG.md", "deploy/prometheus/alerts.yml"])
def test_every_command_and_setting_that_is_named_exists(document: str) -> None:
    text = (ROOT / document).read_text(encoding="utf-8")
    commands = set(typer.main.get_command(command_line()).commands)  # type: ignore[attr-defined]
    named = re.findall(r"(?:[`(]|^)civicbus ([a-z]+)", text, re.MULTILINE)
    assert set(named) <= commands
    known = {twin for twin, _ in FIELDS.values()} | {KAFKA_FILE, KAFKA_PREFIX, "CIVICBUS_TEST"}
    assert set(re.findall(r"CIVICBUS_[A-Z_]+", text)) <= known
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"(?:`|^)make ([a-z]+)", text, re.MULTILINE)) <= targets
