"""`python -m bench.splink HOME CITY`: Splink 4 on the statements about residents that the resolver was given, and both against the truth.

    python -m venv .tools/splink && .tools/splink/bin/pip install splink==4.0.17
    python -m bench.splink HOME CITY

HOME and CITY as for `bench.masters`, published and run. Splink is no dependency of the bus: it works in a virtual environment of its own
(`--python`), on a file of what the statements say (`bench/splink_job.py`). Prints JSON: precision, recall, wrong pairs and seconds; of
all pairs, and of those in which one at least has no number, which is the part where evidence decides.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Collection, Mapping
from itertools import combinations
from pathlib import Path
from typing import Any

from bench.masters import Said, Truth, latest, row_of, said_at
from bench.measure import ROOT
from bus.cli.context import App
from bus.config import read_settings
from bus.eventlog import topics
from bus.resolver.evidence import place_of

JOB = ROOT / "bench" / "splink_job.py"


def main() -> None:
    """Compare and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("home", type=Path)
    parser.add_argument("city", type=Path)
    parser.add_argument("--log")
    parser.add_argument("--python", type=Path, default=ROOT / ".tools" / "splink" / "bin" / "python")
    options = parser.parse_args()
    app = App(read_settings({"home": str(options.home), "log": options.log}))
    truth = Truth(options.city / "truth")
    said = [each for _, each in latest(app, topics.canonical("resident")) if each is not None]
    files = [file for _, file in latest(app, topics.master("resident")) if file is not None]
    homes = _homes(app)
    app.close()
    true_of = {said_at(each["source"]): one for each in said if (one := truth.of(each["source"], "resident"))}
    numbered = {said_at(each["source"]) for each in said if each["id_token"]}
    ours = {said_at(source): file["subject"] for file in files for source in file["sources"]}
    theirs, seconds = _splink(options.python, said, homes)
    print(
        json.dumps(
            {
                "statements": len(true_of),
                "civicbus": _figures(true_of, ours, numbered),
                "splink": {**_figures(true_of, theirs, numbered), "seconds": seconds},
            },
            indent=1,
        )
    )


def _homes(app: App) -> dict[Any, str]:
    """Row → the dwelling that it names, where it names one: Splink is told of it too."""
    named: dict[Any, set[str]] = defaultdict(set)
    for _, said in latest(app, topics.canonical("dwelling")):
        if said is None:
            continue
        parts = {part: said[part] for part in ("compound_code", "building", "entrance", "room") if said[part]}
        if place := place_of({**(said["address"] or {}), **parts}):
            named[row_of(said["source"])].add("|".join(place))
    return {row: next(iter(places)) for row, places in named.items() if len(places) == 1}


def _splink(python: Path, said: list[dict[str, Any]], homes: Mapping[Any, str]) -> tuple[dict[Said, str], float]:
    """Statement → its cluster, and how long Splink took from the table to the clusters."""
    with tempfile.TemporaryDirectory() as folder:
        table, found = Path(folder) / "said.jsonl", Path(folder) / "found.json"
        with table.open("w", encoding="utf-8") as lines:
            for number, each in enumerate(said):
                lines.write(json.dumps({"unique_id": number, **_columns(each, homes)}, ensure_ascii=False) + "\n")
        subprocess.run([str(python), "-I", str(JOB), str(table), str(found)], check=True, stdout=sys.stderr)
        result = json.loads(found.read_text(encoding="utf-8"))
    return {said_at(said[int(number)]["source"]): str(cluster) for number, cluster in result["clusters"].items()}, result["seconds"]


def _columns(said: Mapping[str, Any], homes: Mapping[Any, str]) -> dict[str, Any]:
    lives = place_of(said["residence_address"])
    day = said["birth_date"] if said["birth_date_precision"] == "day" else None
    return {
        "token": said["id_token"],
        "name": said["name"],
        "sex": said["sex"],
        "born": day,
        "phone": said["phones"][0]["token"] if said["phones"] else None,
        "home": "|".join(lives) if lives else homes.get(row_of(said["source"])),
        "code": f"{said['source']['department']}/{said['source_person_code']}" if said["source_person_code"] else None,
        "household": said["household_key"],
    }


def _figures(true_of: Mapping[Said, str], cluster: Mapping[Said, str], numbered: Collection[Said]) -> dict[str, Any]:
    return {
        "all pairs": _pairs(true_of, cluster, ()),
        "one without a number": _pairs(true_of, cluster, numbered),
    }


def _pairs(true_of: Mapping[Said, str], cluster: Mapping[Said, str], without: Collection[Said]) -> dict[str, Any]:
    """Of pairs that are not both of `without`."""
    right = _count(((one, cluster.get(at)) for at, one in true_of.items()), true_of, without)
    joined = _count(((cluster.get(at),) for at in true_of), true_of, without)
    true = _count(((one,) for one in true_of.values()), true_of, without)
    return {"found": right, "wrong": joined - right, "precision": right / max(1, joined), "recall": right / max(1, true)}


def _count(groups: Any, statements: Collection[Said], without: Collection[Said]) -> int:
    members: dict[Any, list[Said]] = defaultdict(list)
    for at, group in zip(statements, groups, strict=True):
        if None not in group:
            members[group].append(at)
    return sum(1 for each in members.values() for a, b in combinations(each, 2) if not (a in without and b in without))


if __name__ == "__main__":
    main()
