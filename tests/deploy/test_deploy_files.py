"""What lies in deploy/ can be loaded, and names only commands, settings, files and metrics that exist."""

from __future__ import annotations

import configparser
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.main import get_command

from bus.cli import commands as command_line
from bus.cli.steps import STEPS
from bus.config import FIELDS, KAFKA_FILE, read_settings
from bus.eventlog.kafka.settings import read_settings as read_kafka
from tests.deploy.test_prometheus import DEPLOY, NAME, known_series

ROOT = DEPLOY.parent
UNITS = sorted((DEPLOY / "systemd").glob("*"))
SETTINGS = {twin for twin, _ in FIELDS.values()} | {KAFKA_FILE}


def commands() -> set[str]:
    return set(get_command(command_line()).commands)  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text())


def test_the_services_of_the_compose_file_refer_only_to_each_other_and_to_declared_volumes(compose: dict[str, Any]) -> None:
    for service in compose["services"].values():
        assert set(service.get("depends_on", [])) <= set(compose["services"])
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert source in compose["volumes"] or source == "./reference" or (DEPLOY / source).exists()


def test_the_compose_file_starts_a_command_that_exists_with_settings_that_exist(compose: dict[str, Any]) -> None:
    service = compose["services"]["civicbus"]

    assert service["command"][0] in commands()
    assert set(service["environment"]) <= SETTINGS
    assert read_settings({}, service["environment"]).listen == ("0.0.0.0", 9464)


def test_the_broker_of_the_compose_file_is_none_with_known_vulnerabilities(compose: dict[str, Any]) -> None:
    release = tuple(map(int, compose["services"]["kafka"]["image"].split(":")[1].split(".")))

    assert release >= (4, 4, 0) or (4, 2, 2) <= release < (4, 3)


def test_only_this_machine_can_reach_what_the_compose_file_opens(compose: dict[str, Any]) -> None:
    ports = [port for service in compose["services"].values() for port in service.get("ports", [])]

    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_the_container_is_built_from_files_that_exist_and_runs_as_nobody_in_particular() -> None:
    lines = (DEPLOY / "Dockerfile").read_text().splitlines()
    copied = [part for line in lines if line.startswith("COPY ") and "--from" not in line for part in line.split()[1:-1]]

    assert all((ROOT / name).exists() for name in copied if name != "README.md"), copied
    assert "USER civicbus" in lines
    assert json.loads(lines[-1].removeprefix("CMD "))[0] in commands()


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_a_unit_starts_a_command_that_exists(unit: Path) -> None:
    read = configparser.ConfigParser(strict=False, interpolation=None)
    read.optionxform = str  # type: ignore[assignment,method-assign]
    read.read_string(unit.read_text())
    if unit.suffix == ".timer":
        assert unit.with_suffix(".service") in UNITS
        return
    words = read["Service"]["ExecStart"].replace("--verbose ", "").split()
    at = next(i for i, word in enumerate(words) if word.endswith("bin/civicbus"))

    assert words[at + 1] in commands()
    assert {"UMask": "0077", "NoNewPrivileges": "yes", "ProtectSystem": "strict"}.items() <= dict(read["Service"]).items()


def test_systemd_accepts_the_units(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:  # a container without systemd; the test above has read the units all the same
        return
    for unit in UNITS:  # where civicbus, its user and its settings are is for the machine that runs it
        text = re.sub(r"^(User|Group|EnvironmentFile|Documentation)=.*\n", "", unit.read_text(), flags=re.M)
        (tmp_path / unit.name).write_text(text.replace("/opt/civicbus/.venv/bin/civicbus", "/bin/true"))

    done = subprocess.run(
        ["systemd-analyze", "verify", *map(str, sorted(tmp_path.glob("civicbus*")))],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert [line for line in done.stderr.splitlines() if "civicbus" in line] == []


def test_the_unit_of_a_step_names_one_that_exists() -> None:
    assert f"civicbus-step@{next(iter(STEPS))}" in (DEPLOY / "systemd/civicbus-step@.service").read_text()


def test_the_example_of_settings_names_every_setting_and_is_accepted() -> None:
    text = (DEPLOY / "civicbus.env.example").read_text()
    named = dict(re.findall(r"^#?(CIVICBUS_[A-Z_]+)=(.*)$", text, flags=re.M))

    assert set(named) == SETTINGS
    read_settings({}, {name: value for name, value in named.items() if name != KAFKA_FILE})


def test_the_example_of_kafka_settings_is_accepted(tmp_path: Path) -> None:
    text = (DEPLOY / "kafka.properties.example").read_text()
    file = tmp_path / "kafka.properties"
    file.write_text(re.sub(r"^ssl.ca.location=.*$", "", text, flags=re.M))
    settings = read_settings({}, {KAFKA_FILE: str(file)})

    assert read_kafka("kafka.example:9093", "", settings.kafka).protocol == "SASL_SSL"


def test_the_board_asks_only_for_metrics_that_exist() -> None:
    board = json.loads((DEPLOY / "grafana/civicbus.json").read_text())
    asked = {name for panel in board["panels"] for target in panel["targets"] for name in NAME.findall(target["expr"])}
    asked |= {name for each in board["templating"]["list"] for name in NAME.findall(each["query"]["query"])}

    assert len(asked) > 8
    assert asked <= known_series()


def test_the_panels_of_the_board_have_titles_explain_themselves_and_do_not_overlap() -> None:
    panels = json.loads((DEPLOY / "grafana/civicbus.json").read_text())["panels"]
    cells = [(x, y) for p in panels for g in [p["gridPos"]] for x in range(g["x"], g["x"] + g["w"]) for y in range(g["y"], g["y"] + g["h"])]

    assert all(panel["title"] and panel["description"] for panel in panels)
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert len(set(cells)) == len(cells)
    assert max(x for x, _ in cells) < 24


def test_what_grafana_is_provisioned_with_exists() -> None:
    source = yaml.safe_load((DEPLOY / "grafana/provisioning/datasources/prometheus.yaml").read_text())["datasources"][0]
    board = json.loads((DEPLOY / "grafana/civicbus.json").read_text())

    assert {panel["datasource"]["uid"] for panel in board["panels"]} == {source["uid"]}
