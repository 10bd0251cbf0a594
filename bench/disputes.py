"""`python -m bench.disputes HOME CITY`: the disputes of a log against the truth of the city it was fed with.

Which rows that the truth marks as saying otherwise (`AUTHORITY_CONFLICT`) are one side of a dispute about that field, which are not; and of
the disputes, how many have a side that the truth marks so. Prints JSON; names no person, only rows. To be used before a second
delivery: a corrected row ends its dispute.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench.masters import MOST, Row, Truth, latest, row_of
from bus.cli.context import App
from bus.config import read_settings
from bus.eventlog import topics

FIELDS = {
    "name_differs": {"name"},
    "marital_differs": {"marital_status"},
    "tenure_differs": {"tenure", "links.tenure"},
    "home_differs": {"residence_address", "residence_division", "links.resident"},
}
"""What the city's generator did to a cell → the fields on which that is seen."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("home", type=Path)
    parser.add_argument("city", type=Path)
    parser.add_argument("--log")
    options = parser.parse_args()
    app = App(read_settings({"home": str(options.home), "log": options.log}))
    json.dump(measure(app, Truth(options.city / "truth")), sys.stdout, ensure_ascii=False, indent=1)
    app.close()


def measure(app: App, truth: Truth) -> dict[str, Any]:
    """Figures and examples."""
    of_row: dict[Row, set[str]] = {}
    known, unknown = Counter[str](), Counter[str]()
    examples: list[Any] = []
    for dispute in _open(app):
        rows = [row_of(side["source"]) for side in (dispute["holds"], *dispute["others"])]
        for row in rows:
            of_row.setdefault(row, set()).add(dispute["field"])
        what = f"{dispute['entity']}.{dispute['field']} → {dispute['department']}"
        if any(_told(truth.rows.get(row, {})) for row in rows):
            known[what] += 1
        else:
            unknown[what] += 1
            examples.append([what, *rows])
    found, missed = Counter[str](), Counter[str]()
    missing: list[Any] = []
    deliveries = {row[0] for row in of_row}
    for at, true in truth.rows.items():
        if at[0] not in deliveries:
            continue
        for quirk in {each["quirk"] for each in true["damage"] if each.get("quirk") in FIELDS}:
            if FIELDS[quirk] & of_row.get(at, set()):
                found[quirk] += 1
            else:
                missed[quirk] += 1
                missing.append([quirk, at])
    return {
        "open": sum(known.values()) + sum(unknown.values()),
        "conflicts_found": dict(found),
        "conflicts_missed": dict(missed),
        "missed": missing[:MOST],
        "with_a_side_that_the_truth_knows": dict(known),
        "without": dict(unknown),
        "examples_without": examples[:MOST],
    }


def _told(row: Mapping[str, Any]) -> bool:
    return any(each.get("code") == "AUTHORITY_CONFLICT" for each in row.get("damage", ()))


def _open(app: App) -> list[dict[str, Any]]:
    there = {info.name for info in app.log.topics()}
    wanted = [name for name in map(topics.dispute, sorted(app.catalog.departments)) if name in there]
    return [said for name in wanted for _, said in latest(app, name) if said is not None and said["state"] != "closed"]


if __name__ == "__main__":
    main()
