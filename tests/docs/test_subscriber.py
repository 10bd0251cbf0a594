"""The program that the READMEs show to subscribers: it runs on a real Kafka, with nothing of civicbus in it."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from bus.city import make_city
from tests.cli.test_errors import civicbus
from tests.docs.markdown import READMES, blocks


def program(document: str) -> str:
    (text,) = [block.text for block in blocks(document) if block.kind == "python"]
    return text


def meaning(text: str) -> str:
    """The program without its comments and its docstring."""
    tree = ast.parse(text)
    return ast.dump(ast.Module(tree.body[1:], []))


def test_both_readmes_show_the_same_program() -> None:
    assert len({meaning(program(document)) for document in READMES}) == 1


@pytest.mark.kafka
def test_the_program_reads_what_the_departments_published(tmp_path: Path) -> None:
    from tests.broker import running_broker

    bootstrap, namespace = running_broker(), f"t{uuid.uuid4().hex[:12]}"
    make_city(tmp_path / "city", 120, deliveries=1)
    delivery = next((tmp_path / "city").glob("2*"))
    settings = {"CIVICBUS_LOG": f"kafka://{bootstrap}", "CIVICBUS_NAMESPACE": namespace, "CIVICBUS_REFERENCE": str(delivery / "common")}
    for arguments in (
        ("publish", "civil.marriage", str(delivery / "civil" / "HYDJ.csv")),
        ("run", "--until-idle"),
        ("schema", "export", str(tmp_path / "exported")),
    ):
        done = civicbus(tmp_path / "home", *arguments, **settings)
        assert done.returncode == 0, done.stderr
    shown = civicbus(tmp_path / "home", "read", "canonical.resident", **settings).stdout

    file = tmp_path / "subscriber.py"
    file.write_text(program("README.md").replace('"my-service"', f'"{namespace}.my-service"').replace("poll(15)", "poll(8)"))
    command = [sys.executable, str(file), bootstrap, f"{namespace}.canonical.resident", str(tmp_path / "exported")]
    elsewhere = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(command, cwd=tmp_path, env=elsewhere, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout.split()[0]) == len(shown.splitlines()) > 10
