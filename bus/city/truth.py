"""The truth beside the files: what each row holds, and what is really so. The shapes of truth/ are those the outside scorer reads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from bus.city.appeals import DAYS, HOURS
from bus.city.entry import Entry
from bus.city.homes import Compound, Dwelling
from bus.city.organizations import Organization
from bus.city.people import Person
from bus.city.state import Grid, StreetLife

Place = list[Any]
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class Truth:
    """Writes rows.jsonl as rows are written, the entities as each street is done; remembers only the street's places."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        names = ("rows", "residents", "dwellings", "organizations", "appeals", "changes", "files")
        self._files = {n: (folder / f"{n}.jsonl").open("w", encoding="utf-8", newline="\n", buffering=1 << 18) for n in names}
        self._places: dict[str, list[Place]] = {}
        self.shapes: dict[str, str] = {}  # file -> how it is damaged as a whole
        self._counts: dict[tuple[str, str, str, str | None], list[int]] = {}

    def _put(self, file: str, line: dict[str, Any]) -> None:
        self._files[file].write(_encode(line) + "\n")

    def row(self, delivery: str, entry: Entry, sheet: str | None, row: int) -> None:
        """A row of data and its labels."""
        table = entry.table
        line: dict[str, Any] = {
            "delivery": delivery,
            "department": table.department,
            "file": table.file,
            "sheet": sheet,
            "row": row,
            "pk": entry.key,
            "subjects": [{"role": r, "kind": k, "id": i} for r, k, i in entry.subjects],
            "damage": entry.damage,
            "not_data": None,
        }
        if entry.style:
            line["style"] = entry.style
        self._put("rows", line)
        place = [delivery, table.department, table.file, sheet, row]
        for subject in {s[2] for s in entry.subjects}:
            self._places.setdefault(subject, []).append(place)
        self._count(delivery, table.department, table.file, sheet, data=True, damaged=bool(entry.damage))

    def common(self, delivery: str, file: str, row: int, key: dict[str, str], subject: str = "") -> None:
        """A row of a reference table."""
        who = [{"role": "compound", "kind": "dwelling", "id": subject}] if subject else []
        self._put(
            "rows",
            {
                "delivery": delivery,
                "department": "common",
                "file": file,
                "sheet": None,
                "row": row,
                "pk": key,
                "subjects": who,
                "damage": [],
                "not_data": None,
            },
        )
        if subject:
            self._places.setdefault(subject, []).append([delivery, "common", file, None, row])
        self._count(delivery, "common", file, None, data=True, damaged=False)

    def not_data(self, delivery: str, department: str, file: str, sheet: str | None, row: int, why: str) -> None:
        """A title, a header, a 合计."""
        self._put(
            "rows",
            {
                "delivery": delivery,
                "department": department,
                "file": file,
                "sheet": sheet,
                "row": row,
                "pk": {},
                "subjects": [],
                "damage": [],
                "not_data": why,
            },
        )
        self._count(delivery, department, file, sheet, data=False, damaged=False)

    def _count(self, delivery: str, department: str, file: str, sheet: str | None, *, data: bool, damaged: bool) -> None:
        tally = self._counts.setdefault((delivery, department, file, sheet), [0, 0, 0])
        tally[0] += 1
        tally[1] += data
        tally[2] += damaged

    def change(self, delivery: str, entry: Entry, change: str, *, corrected: bool) -> None:
        """A key that is new, changed or vanished in the second delivery."""
        table = entry.table
        self._put(
            "changes",
            {
                "delivery": delivery,
                "department": table.department,
                "file": table.file,
                "key": entry.identity,
                "change": change,
                "corrected": corrected,
            },
        )

    def street(self, life: StreetLife) -> None:
        """What is really so in a street whose rows are all written."""
        grid_of = {d.serial: f"G{d.grid:07d}" for d in life.dwellings}
        first = life.dwellings[0].serial
        for p in life.people:
            community = life.dwellings[p.home - first].compound.community.code if p.home is not None and p.died is None else None
            self._put("residents", {**_resident(p, community, grid_of), "places": self._of(p.id)})
        for c in life.compounds:
            self._put("dwellings", {**_compound(c), "places": self._of(c.id)})
        for d in life.dwellings:
            self._put("dwellings", {**_dwelling(d), "places": self._of(d.id)})
        for o in life.organizations:
            self._put("organizations", {**_organization(o), "places": self._of(o.id)})
        for g in life.grids:
            self._put("organizations", {**_grid(g), "places": self._of(g.id)})
        self._appeals(life)
        self._places.clear()

    def _appeals(self, life: StreetLife) -> None:
        street = life.street
        for a in life.cases:
            limit = a.at("dispatched", a.steps[-1][1])
            due = a.extended or a.due
            self._put(
                "appeals",
                {
                    "id": a.id,
                    "number": a.number,
                    "community": street.communities[a.community].code,
                    "street": street.code,
                    "county": f"{street.county_code}000000",
                    "grid": f"G{a.grid:07d}",
                    "dwelling": a.home.id if a.home else None,
                    "contact": a.caller.id if a.caller else None,
                    "phone": a.phone or None,
                    "channel": a.channel,
                    "kind": a.kind,
                    "topics": list(a.topic[:3]),
                    "urgency": a.urgency,
                    "confidential": a.confidential,
                    "accepted": str(a.accepted),
                    "due": f"{due} 23:59:59" if due else None,
                    "response_hours": HOURS[a.urgency] if limit else None,
                    "working_days": DAYS[a.urgency] if limit else None,
                    "lead": a.lead,
                    "co": a.co,
                    "resolved": a.resolved or None,
                    "satisfied": a.satisfied or None,
                    "duplicate_of": a.duplicate_of or None,
                    "invalid": False,
                    "steps": [[s[0], str(s[1]), s[2], s[3]] for s in a.steps],
                    "places": self._of(a.id),
                },
            )

    def _shape(self, file: str) -> list[dict[str, Any]]:
        quirk = self.shapes.get(file)
        return [{"column": None, "code": "FILE_SHAPE", "quirk": quirk, "recoverable": True, "refuse": False}] if quirk else []

    def _of(self, subject: str) -> list[Place]:
        return self._places.get(subject, [])

    def close(self) -> dict[tuple[str, str, str, str | None], list[int]]:
        """Write files.jsonl and end."""
        for (delivery, department, file, sheet), (records, data, damaged) in self._counts.items():
            self._put(
                "files",
                {
                    "delivery": delivery,
                    "department": department,
                    "file": file,
                    "sheet": sheet,
                    "records": records,
                    "data_rows": data,
                    "damaged_rows": damaged,
                    "damage": self._shape(file),
                },
            )
        for opened in self._files.values():
            opened.close()
        return self._counts


def _resident(p: Person, community: str | None, grids: dict[int, str]) -> dict[str, Any]:
    return {
        "id": p.id,
        "name": p.name,
        "name_elsewhere": None,
        "sex": p.sex,
        "birth_date": p.birth.isoformat(),
        "id_type": p.id_type,
        "id_number": p.number,
        "uses_15_digits_in_housing": p.fifteen,
        "ethnic": p.ethnic,
        "marital": p.marital,
        "nationality": p.nationality,
        "hukou_division": p.hukou,
        "residence_division": community,
        "grid": grids.get(p.home) if p.home and not p.died else None,
        "dwelling": f"D{p.home:07d}" if p.home and not p.died else None,
        "household": f"H{p.household:07d}" if p.household else None,
        "relation_to_head": p.relation,
        "phones": [p.phone],
        "in_city": p.in_city,
        "living": p.died is None,
        "death_date": p.died.isoformat() if p.died else None,
        "spouse": f"R{p.spouse:07d}" if p.spouse else None,
        "benefits": p.benefits,
        "notes": p.notes,
    }


def _compound(c: Compound) -> dict[str, Any]:
    return {
        "id": c.id,
        "kind": "compound",
        "code": c.code,
        "name": c.name,
        "aliases": c.aliases,
        "division": c.community.code,
        "road": None if c.village else c.road,
        "road_no": None if c.village else c.road_no,
        "village": c.village,
        "property_company": c.company,
        "owners_committee": c.committee,
        "dwellings": c.dwellings,
        "buildings": c.buildings,
        "completed_year": c.completed.year,
    }


def _dwelling(d: Dwelling) -> dict[str, Any]:
    c = d.compound
    return {
        "id": d.id,
        "kind": "unit",
        "parent": c.id,
        "house_code": None if c.village else d.code,
        "real_estate_unit_no": d.unit_no or None,
        "address": d.parts(),
        "division": c.community.code,
        "grid": f"G{d.grid:07d}",
        "usage": d.usage,
        "structure": d.structure,
        "area": d.area,
        "inner_area": d.inner,
        "completed_on": c.completed.isoformat(),
        "floors_total": d.floors,
        "status": "1",
        "owners": [p.id for p in d.owners] or ([d.company] if d.company else []),
    }


def _organization(o: Organization) -> dict[str, Any]:
    return {
        "id": o.id,
        "kind": o.kind,
        "name": o.name,
        "uscc": o.uscc,
        "org_code9": o.code9,
        "division": o.division,
        "status": "cancelled" if o.cancelled else "active",
        "registered": o.registered.isoformat(),
        "cancelled": o.cancelled.isoformat() if o.cancelled else None,
        "legal_rep": o.head,
    }


def _grid(g: Grid) -> dict[str, Any]:
    return {
        "id": g.id,
        "kind": "grid",
        "code": g.new_code or g.code,
        "old_code": g.code if g.new_code else None,
        "name": g.name,
        "division": g.division,
        "worker": g.worker.id if g.worker else None,
        "party_branch": g.branch,
        "building_party_group": g.group,
        "party_member_hub_household": g.hub,
    }
