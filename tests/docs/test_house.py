"""The house rules that no linter knows, and that what is built from the tree works elsewhere."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OURS = ("bus", "connectors", "schemas", "tests", "bench", "deploy", "examples", ".ci")
MOST_LINES = 400
_HOSTS = (
    "pypi" + ".org",
    "pythonhosted" + ".org",
    "repo1" + ".maven",
    "maven" + ".org/maven2",
    "registry" + ".npmjs",
    "tuna.tsinghua" + ".edu",
    "mirrors" + ".",
)
_MACHINE = re.compile(
    "|".join(("/wor" + "k/", "/hom" + "e/", "/roo" + "t/", "/User" + "s/", r"\bextra-index-ur" + "l", r"\bindex-ur" + "l *="))
)


def files(*suffixes: str) -> Iterator[Path]:
    """All files of ours with one of these endings; all text files for none."""
    for folder in OURS:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts and (not suffixes or path.suffix in suffixes):
                yield path


def test_no_file_has_more_than_400_lines() -> None:
    long = {
        str(path.relative_to(ROOT)): lines for path in files(".py") if (lines := len(path.read_text("utf-8").splitlines())) > MOST_LINES
    }
    assert not long


def test_nothing_is_named_for_being_useful() -> None:
    named = [
        str(path.relative_to(ROOT))
        for path in files()
        if {"utils", "helpers", "common", "misc"} & {path.stem, *path.parts[len(ROOT.parts) :]}
    ]
    assert not named


def test_the_front_of_the_package_is_small() -> None:
    front = (ROOT / "bus" / "__init__.py").read_text("utf-8")
    assert len(front.splitlines()) <= 20
    assert not [node for node in ast.walk(ast.parse(front)) if isinstance(node, ast.FunctionDef | ast.ClassDef)]


@pytest.mark.parametrize("package", ["bus", "connectors"])
def test_every_module_says_what_it_is(package: str) -> None:
    silent = [
        str(path.relative_to(ROOT))
        for path in (ROOT / package).rglob("*.py")
        if path.stat().st_size and not ast.get_docstring(ast.parse(path.read_text("utf-8")))
    ]
    assert not silent


def test_no_test_is_skipped_or_expected_to_fail() -> None:
    marked = [
        str(p.relative_to(ROOT))
        for p in files(".py")
        if re.search(r"mark\.(skip|xfail)|pytest\.(skip|xfail|importorskip)\(", p.read_text("utf-8"))
    ]
    assert not [name for name in marked if not name.endswith("test_house.py")]


def test_the_tree_names_no_machine_and_no_index_of_packages() -> None:
    """A city's own mirror works, and nothing points to where this was written."""
    found = []
    for path in [*files(), *ROOT.glob("*.md"), ROOT / "Makefile", ROOT / "pyproject.toml"]:
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue
        found += [f"{path.relative_to(ROOT)}: {match[0]}" for match in _MACHINE.finditer(text)]
        found += [f"{path.relative_to(ROOT)}: {host}" for host in _HOSTS if host in text]
    assert not found


def test_no_document_points_at_a_line_of_code() -> None:
    assert not [p.name for p in ROOT.glob("*.md") if re.search(r"\.py:\d+", p.read_text("utf-8"))]


def test_an_installed_wheel_works_from_elsewhere(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    for name in ("bus", "connectors", "schemas"):
        shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tree / name)
    target = tmp_path / "installed"
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    _run([*pip, "wheel", "--no-deps", "--no-build-isolation", "--no-index", "-w", str(tmp_path), str(tree)], tmp_path)
    (wheel,) = tmp_path.glob("civicbus-*.whl")
    _run([*pip, "install", "--no-deps", "--no-index", "--target", str(target), str(wheel)], tmp_path)
    shutil.rmtree(tree)

    where = _run([sys.executable, "-P", "-c", "import bus; print(bus.__file__)"], tmp_path, PYTHONPATH=str(target))
    assert where.stdout.startswith(str(target))
    listed = _run([sys.executable, "-P", "-m", "bus", "schema", "list", "--format", "json"], tmp_path, PYTHONPATH=str(target))
    assert len(listed.stdout.splitlines()) >= 30
    _run([sys.executable, "-P", "-m", "bus", "schema", "check"], tmp_path, PYTHONPATH=str(target))


def _run(command: list[str], folder: Path, **env: str) -> subprocess.CompletedProcess[str]:
    ours = {name: value for name, value in os.environ.items() if not name.startswith("CIVICBUS")}
    done = subprocess.run(command, cwd=folder, env={**ours, **env}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return done
