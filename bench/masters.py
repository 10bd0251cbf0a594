"""`python -m bench.masters HOME CITY`: the master records of a log against the truth of the city it was fed with.

Pairs of statements held to be one subject (precision, recall), which pairs are wrong and which are missing, and for each field how often
the surviving value is the true one where the row that it came from said it right. HOME: what CIVICBUS_HOME was; CITY: the folder with
`truth/`. Prints JSON; names no person, only rows.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

from bus.cli.context import App
from bus.config import read_settings
from bus.eventlog import topics

Row = tuple[str, str, str | None, int | None]
Said = tuple[Row, str, int]
MOST = 25
"""Examples shown of each kind."""
OF_TRUTH = {
    "resident": {
        "name": "name", "sex": "sex", "birth_date": "birth_date", "ethnic_group": "ethnic", "marital_status": "marital",
        "residence_division": "residence_division",
    },
    "dwelling": {
        "real_estate_unit_no": "real_estate_unit_no", "area_total": "area", "area_inner": "inner_area", "completed_on": "completed_on",
        "floors_total": "floors_total",
    },
}  # fmt: skip
"""Field of the master → field of the truth."""
PARTS = {"building": "building", "entrance": "unit", "room": "room"}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("home", type=Path)
    parser.add_argument("city", type=Path)
    parser.add_argument("--log")
    options = parser.parse_args()
    app = App(read_settings({"home": str(options.home), "log": options.log}))
    truth = Truth(options.city / "truth")
    json.dump({entity: measure(app, truth, entity) for entity in topics.MASTERS}, sys.stdout, ensure_ascii=False, indent=1)
    app.close()


class Truth:
    """What is so: subjects by id, and of whom each row speaks."""

    def __init__(self, folder: Path) -> None:
        self.rows: dict[Row, dict[str, Any]] = {}
        for row in _lines(folder / "rows.jsonl"):
            self.rows[row["delivery"], Path(row["file"]).name, row["sheet"] or None, row["row"]] = row
        self._changes: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for change in _lines(folder / "changes.jsonl"):
            self._changes[str(change["key"])].append((change["file"], change["delivery"]))
        self.subjects = {each["id"]: each for name in ("residents", "dwellings") for each in _lines(folder / f"{name}.jsonl")}

    def sound(self, source: Mapping[str, Any]) -> bool:
        """Whether the row says what the truth says: not damaged, in no special style, not changed by a later delivery (the truth is told
        as it is after the last)."""
        row = self.rows[row_of(source)]
        key = ",".join(map(str, row["pk"].values()))
        later = any(file == Path(row["file"]).name and when > row["delivery"] for file, when in self._changes.get(key, ()))
        return not row["damage"] and not row.get("style") and not later

    def of(self, source: Mapping[str, Any], kind: str) -> str | None:
        """Of whom a statement truly speaks; None where a row was damaged so that no program can tell (the sides of a lease exchanged)."""
        row = self.rows.get(row_of(source))
        if row is None or any(each.get("quirk") == "sides_swapped" for each in row["damage"]):
            return None
        same = [each for each in row["subjects"] if each["kind"] == kind and each["role"] == source["role"]]
        return same[source["ordinal"]]["id"] if source["ordinal"] < len(same) else None


def measure(app: App, truth: Truth, entity: str) -> dict[str, Any]:
    """Figures and examples of one entity."""
    masters = {key: value for key, value in latest(app, topics.master(entity)) if value is not None}
    true_of: dict[Said, str] = {}
    event_row: dict[str, Mapping[str, Any]] = {}
    of_statement: dict[Said, Mapping[str, Any]] = {}
    for _, said in latest(app, topics.canonical(entity)):
        if said is None:
            continue
        event_row[said["event_id"]] = said["source"]
        if one := truth.of(said["source"], entity):
            true_of[said_at(said["source"])] = one
            of_statement[said_at(said["source"])] = said
    cluster = {at: key for key, value in masters.items() for source in value["sources"] if (at := said_at(source)) in true_of}
    return {
        "statements": len(true_of),
        "in_a_master": len(cluster),
        "masters": len(set(cluster.values())),
        "true": len(set(true_of.values())),
        **_pairs(true_of, cluster, of_statement, truth),
        "values": _values(masters, truth, entity, event_row, true_of),
    }


def _pairs(
    true_of: Mapping[Said, str], cluster: Mapping[Said, str], said: Mapping[Said, Mapping[str, Any]], truth: Truth
) -> dict[str, Any]:
    by_cluster, by_true = defaultdict(list), defaultdict(list)
    for at, one in true_of.items():
        by_true[one].append(at)
        if at in cluster:
            by_cluster[cluster[at]].append(at)
    wrong, missed = [], Counter[str]()
    joined = right = all_true = 0
    for group in by_cluster.values():
        for a, b in combinations(group, 2):
            joined += 1
            right += true_of[a] == true_of[b]
            if true_of[a] != true_of[b]:
                wrong.append([a, b, sorted({d["code"] for at in (a, b) for d in truth.rows[at[0]]["damage"]})])
    for group in by_true.values():
        for a, b in combinations(group, 2):
            all_true += 1
            if cluster.get(a) is None or cluster.get(a) != cluster.get(b):
                missed[" / ".join(sorted(_lacks(said[each]) for each in (a, b)))] += 1
    return {
        "precision": right / max(1, joined),
        "recall": right / max(1, all_true),
        "wrong": len(wrong),
        "wrong_pairs": wrong[:MOST],
        "missed": missed.most_common(MOST),
    }


def _lacks(said: Mapping[str, Any]) -> str:
    """In what kind of row, and what it could have been joined by."""
    source = said["source"]
    if "id_token" in said:
        return f"{source['dataset']} {source['role']} {'number' if said['id_token'] else 'no number'}"
    address = said["address"] or {}
    parts = [part for part in ("compound_code", "building", "entrance", "room") if said.get(part) or address.get(part)]
    return f"{source['dataset']} {source['role']} [{'code ' if said['source_code'] else ''}{' '.join(parts)}]"


def _values(
    masters: Mapping[str, Mapping[str, Any]], truth: Truth, entity: str, event_row: Mapping[str, Any], true_of: Mapping[Said, str]
) -> dict[str, Any]:
    """Per field: how often the surviving value is the true one, of those whose row is undamaged; and of all."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    wrong: dict[str, list[Any]] = defaultdict(list)
    for master in masters.values():
        for name, held in master["fields"].items():
            source = event_row.get(held["event_id"])
            if source is None or (one := true_of.get(said_at(source))) is None:
                continue
            expected = _expected(truth.subjects[one], name, entity)
            if expected is None:
                continue
            ok = _equal(held["value"], expected)
            sound = truth.sound(source)
            counts[name]["right" if ok else "wrong"] += 1
            counts[name]["sound right" if ok else "sound wrong"] += sound
            if sound and not ok and len(wrong[name]) < 5:
                wrong[name].append(said_at(source))
    return {
        name: {
            "held": n["right"] + n["wrong"],
            "right": n["right"] / (n["right"] + n["wrong"]),
            "right_where_said_right": n["sound right"] / max(1, n["sound right"] + n["sound wrong"]),
            "wrong_rows": wrong[name],
        }
        for name, n in sorted(counts.items())
    }


def _expected(true: Mapping[str, Any], name: str, entity: str) -> Sequence[Any] | None:
    """The values that count as true; None where the truth does not know the field."""
    if name == "name":
        return [each for each in (true.get("name"), true.get("name_elsewhere")) if each]
    if entity == "dwelling" and name in PARTS:
        value = (true.get("address") or {}).get(PARTS[name])
    else:
        value = true.get(OF_TRUTH[entity].get(name, ""))
    return None if value in (None, "", []) else [value]


def _equal(value: Any, expected: Sequence[Any]) -> bool:
    if isinstance(value, float | int):
        return any(abs(float(value) - float(each)) < 0.005 for each in expected)
    return any(str(each) == value or str(each).startswith(str(value)) for each in expected)


def latest(app: App, topic: str) -> Iterator[tuple[str, dict[str, Any] | None]]:
    decode = app.codec.decoder()
    found: dict[bytes, bytes | None] = {}
    for batch in app.log.scan(topic):
        for record in batch.records:
            found[record.key or b""] = record.value
    for key, value in found.items():
        yield key.decode("latin-1"), decode(value)[1] if value is not None else None


def row_of(source: Mapping[str, Any]) -> Row:
    return source["delivery"], Path(source["file"] or "").name, source["sheet"] or None, source["row"]


def said_at(source: Mapping[str, Any]) -> Said:
    return row_of(source), source["role"], source["ordinal"]


def _lines(file: Path) -> Iterator[dict[str, Any]]:
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


if __name__ == "__main__":
    main()
