"""Sharing on the embedded log: the master records of all residents, under one agreement and under ten at once, in one process.

one      names masked, ages in bands, the community of the home, of everybody
alike    ten such agreements
ten      ten as a city has them: of everybody, of a county, of a street, of the consumer's own caseload; this way and that
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from bench.measure import Figure, in_turn, measured, run_child
from bench.setting import Choice, city, masters, open_bus
from bench.table import Line, line, speed_line
from bus.cli.context import App
from bus.cli.hosting import Host
from bus.cli.steps import state_of_log
from bus.eventlog import topics
from bus.sharing import history
from bus.sharing.lifecycle import Event, Step
from bus.step import Options, run_together

COMMAND = "python -m bench sharing"
LEAST, MOST = 12_000, 4.0

_EVERYBODY: Mapping[str, Any] = {
    "fields": {
        "name": "masked",
        "birth_date": {"band": [18, 60, 80]},
        "residence_address": {"level": "community"},
        "residence_division": "clear",
        "deceased": "clear",
    },
    "links": {"resident": "count"},
}
_COUNTY, _STREET = {"counties": ["379901000000"]}, {"streets": ["379901001000"]}
_OWN: Mapping[str, Any] = {"rows": {"caseload": "own"}, "subject": "own_key"}
_TEN: Sequence[Mapping[str, Any]] = (
    _EVERYBODY,
    {"fields": {"deceased": "clear", "marital_status": "clear"}, "links": {"spouse": "exists"}, **_OWN},
    {"fields": {"birth_date": {"band": [60, 70, 80]}, "deceased": "clear"}, "links": {"member": "pseudonym"}, **_OWN},
    {"fields": {"name": "clear", "phones": "masked", "residence_address": "clear"}, "rows": _STREET},
    {"fields": {"id_token": "pseudonym", "phones": "pseudonym"}, "rows": _COUNTY},
    {"fields": {"birth_date": "year", "residence_status": "clear", "tenure": "clear"}},
    {"fields": {"name": "masked", "id_masked": "masked", "residence_address": "masked"}, "rows": _COUNTY},
    {"fields": {"grid_code": "clear", "deceased": "clear"}, "links": {"owner": "count"}, **_OWN},
    {"fields": {"name": "clear", "birth_date": "clear"}, "rows": _STREET},
    {"fields": {"residence_division": {"level": "street"}, "birth_date": {"band": [18, 60]}}},
)
KINDS: Mapping[str, Sequence[Mapping[str, Any]]] = {"one": [_EVERYBODY], "alike": [_EVERYBODY] * 10, "ten": _TEN}


def take(choice: Choice) -> list[Line]:
    """The figures."""
    where, home = city(choice.residents), masters(choice.residents)
    with tempfile.TemporaryDirectory(prefix="civicbus-bench-") as temporary:
        found = in_turn(choice.rounds, {kind: partial(_on_a_copy, kind, home, where, Path(temporary)) for kind in KINDS})
    one = found["one"]
    return [
        speed_line(f"one agreement, {one[0].records:,} master records read", one, COMMAND, least=LEAST),
        _times("— ten agreements as a city has them ÷ one, CPU", found["ten"], one),
        _times("— ten agreements, each all that the one is ÷ one, CPU", found["alike"], one),
        line("— ten alike: peak", [each.peak_mb for each in found["alike"]], "MB", COMMAND),
    ]


def _times(what: str, many: Sequence[Figure], one: Sequence[Figure]) -> Line:
    return line(what, [a.cpu_s / b.cpu_s for a, b in zip(many, one, strict=True)], "×", COMMAND, most=MOST, digits=1)


def _on_a_copy(kind: str, home: Path, where: Path, temporary: Path) -> Figure:
    copy = temporary / "home"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(home, copy)
    return run_child("bench.sharing", kind, copy, where)


def shared(kind: str, home: Path, where: Path) -> None:
    """All agreements of a kind, until each is through."""
    app = open_bus(home, where)
    app.create_topics()
    for number, what in enumerate(KINDS[kind]):
        _agree(app, f"bench-{number:02}", what)
    options = Options(state_of_log(app.settings, app.log), app.settings.batch_records, app.settings.stall_s, until_idle=True)
    Host(app, topics.master("resident"), alone=True)()  # imports, and the schemas
    with measured() as clock:
        clock.records = run_together(app.log, Host(app, topics.master("resident"), alone=True), options)
    app.close()


def _agree(app: App, id: str, what: Mapping[str, Any]) -> None:
    said = {
        "title": {"zh": "示例", "en": "Example"},
        "provider": ["social", "civil"],
        "consumer": "housing",
        "subscribers": ["svc-housing"],
    }
    why = dict.fromkeys(("purpose", "basis", "scene", "scope"), "示例")
    agreement = {"agreement": id, **said, "entity": "resident", **what, **why, "way": "topic", "impact_assessment": "PIA-1"}
    text = yaml.safe_dump(agreement, allow_unicode=True) + "until: 2099-12-31\n"
    app.log.create([topics.share_spec(id, 30, app.settings.partitions)])
    steps: Sequence[tuple[Step, str]] = (("submit", "li"), ("review", "wang"), ("approve", "zhao"), ("approve", "qian"), ("apply", "li"))
    for step, by in steps:
        more: dict[str, Any] = {"text": text, "share_class": "conditional", "approvals": 2} if step == "submit" else {}
        history.write(app.log, Event(id, 1, step, by, time.time_ns() // 1_000_000, **more), named=False)


if __name__ == "__main__":
    variant, home, where = sys.argv[1:]
    shared(variant, Path(home), Path(where))
