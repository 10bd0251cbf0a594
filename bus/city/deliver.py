"""One street into all the files of all deliveries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from random import Random

from bus.city import civil, hotline, housing, reference, social
from bus.city.entry import Entry
from bus.city.places import Plan
from bus.city.quirks import Damager
from bus.city.state import StreetLife
from bus.city.tables import (
    APPEAL,
    COMMITTEE,
    COMPOUND,
    DWELLING,
    FAMILY,
    GRID,
    LEASE,
    MARRIAGE,
    MEMBER,
    RESIDENCY_SURVEY,
    RESIDENT_SURVEY,
    ROSTER,
    SERVICE,
    SOCIAL_ORGANIZATION,
    STEP,
    TABLES,
    TREATMENT,
    VOLUNTEER,
)
from bus.city.truth import Truth
from bus.city.whole_rows import repeated, spoil
from bus.city.workbooks import CommitteeBook, CompoundBook, RosterBook
from bus.city.write import Delimited

Rows = dict[str, list[Entry]]
FILE_SHAPES = {SOCIAL_ORGANIZATION.file: "extra_column", VOLUNTEER.file: "nul_tail"}  # at damage 2 and more
BOOKS: dict[str, type[RosterBook | CompoundBook | CommitteeBook]] = {
    COMPOUND.file: CompoundBook,
    ROSTER.file: RosterBook,
    COMMITTEE.file: CommitteeBook,
}


@dataclass(frozen=True, slots=True)
class Delivery:
    """A month's hand-over, as of its last day."""

    name: str
    on: date


class Writer:
    """All open files. Damage of the first delivery stays in the second unless it was mended."""

    def __init__(self, folder: Path, city: Plan, deliveries: list[Delivery], seed: str, damage: float) -> None:
        self.city, self.deliveries, self.seed, self.damage = city, deliveries, seed, damage
        self.truth = Truth(folder / "truth")
        self.damagers = {t.file: Damager(t.columns, damage) for t in TABLES}
        self.files: dict[tuple[str, str], Delimited] = {}
        self.books: dict[tuple[str, str], RosterBook | CompoundBook | CommitteeBook] = {}
        self.common = [reference.Common(folder / d.name / "common", d.name, city, self.truth) for d in deliveries]
        self.numbers = [0 for _ in deliveries]
        shapes = FILE_SHAPES if damage >= 2 else {}
        self.truth.shapes = shapes
        for d in deliveries:
            reference.ddl(folder / d.name)
            for table in TABLES:
                path = folder / d.name / table.department / table.file
                if table.layout != "workbook":
                    self.files[d.name, table.file] = Delimited(path, table, shapes.get(table.file, ""))
                    self.truth.not_data(d.name, table.department, table.file, None, 1, "header")
                else:
                    kind = BOOKS[table.file]
                    self.books[d.name, table.file] = kind(path, d.name, table, self.truth)

    def street(self, life: StreetLife) -> None:
        """Write everything that happens in one street."""
        rng = Random(f"{self.seed}/rows/{life.street.code}")  # noqa: S311 - a fictional city, not a secret
        for common in self.common:
            common.compounds(life)
        before = self._damaged(self._first(life, rng), rng, life.on)
        for number, d in enumerate(self.deliveries):
            if number == 0:
                rows = before
            else:
                rows = self._damaged(self._second(life, before, rng), rng, life.next_on, known=before)
                self._changes(d.name, before, rows)
            self._put(d, life, rows, rng)
        self.truth.street(life)

    def _first(self, life: StreetLife, rng: Random) -> Rows:
        until = hotline.end_of(life.on)
        families, members, treatments = civil.assistance(life, rng)
        people, links = social.surveys(life, rng)
        return {
            DWELLING.file: housing.dwellings(life, rng),
            LEASE.file: housing.leases(life, life.leases, life.on, rng),
            COMPOUND.file: housing.compounds(life, self.numbers[0], rng),
            FAMILY.file: families,
            MEMBER.file: members,
            TREATMENT.file: treatments,
            MARRIAGE.file: civil.marriages(life, life.registrations),
            ROSTER.file: civil.roster(life, life.on, rng),
            SOCIAL_ORGANIZATION.file: civil.social_organizations(life, rng),
            COMMITTEE.file: civil.committees(life, rng),
            APPEAL.file: hotline.appeals(life, None, until, rng),
            STEP.file: hotline.steps(life, None, until),
            GRID.file: social.grids(life, rng),
            RESIDENT_SURVEY.file: people,
            RESIDENCY_SURVEY.file: links,
            VOLUNTEER.file: social.volunteers(life, rng),
            SERVICE.file: social.services(life, later=False),
        }

    def _second(self, life: StreetLife, before: Rows, rng: Random) -> Rows:
        since, until = hotline.end_of(life.on), hotline.end_of(life.next_on)
        families, members, treatments = civil.next_assistance(life, (before[FAMILY.file], before[MEMBER.file], before[TREATMENT.file]), rng)
        people, links = social.next_surveys(life, (before[RESIDENT_SURVEY.file], before[RESIDENCY_SURVEY.file]), rng)
        return {
            DWELLING.file: housing.next_dwellings(life, before[DWELLING.file], rng),
            LEASE.file: housing.leases(life, life.later_leases, life.next_on, rng) + _cancelled(life, before[LEASE.file], rng),
            COMPOUND.file: housing.next_compounds(life, before[COMPOUND.file], rng),
            FAMILY.file: families,
            MEMBER.file: members,
            TREATMENT.file: treatments,
            MARRIAGE.file: civil.marriages(life, life.later_registrations),
            ROSTER.file: civil.next_roster(life, before[ROSTER.file], rng),
            SOCIAL_ORGANIZATION.file: civil.next_same(before[SOCIAL_ORGANIZATION.file], rng),
            COMMITTEE.file: civil.next_same(before[COMMITTEE.file], rng),
            APPEAL.file: hotline.appeals(life, since, until, rng),
            STEP.file: hotline.steps(life, since, until),
            GRID.file: social.next_grids(life, before[GRID.file], rng),
            RESIDENT_SURVEY.file: people,
            RESIDENCY_SURVEY.file: links,
            VOLUNTEER.file: social.next_volunteers(life, before[VOLUNTEER.file], rng),
            SERVICE.file: social.services(life, later=True),
        }

    def _damaged(self, rows: Rows, rng: Random, on: date, known: Rows | None = None) -> Rows:
        """Chance takes its share, of new rows only."""
        today = on.isoformat()
        for file, entries in rows.items():
            damager = self.damagers[file]
            full = entries and entries[0].table.full
            old = {e.identity for e in known[file]} if known and full else ()
            for e in entries:
                if e.identity not in old:
                    damager.apply(e, rng, today)
                    if self.damage:
                        spoil(e, rng, self.damage)
        return rows

    def _changes(self, delivery: str, before: Rows, after: Rows) -> None:
        for file, entries in after.items():
            earlier = {e.identity: e for e in before[file]}
            for e in entries:
                old = earlier.pop(e.identity, None)
                if old is None:
                    self.truth.change(delivery, e, "new", corrected=False)
                elif old.cells != e.cells or old.whole != e.whole:
                    self.truth.change(delivery, e, "changed", corrected=len(e.damage) < len(old.damage))
            if before[file] and before[file][0].table.full:
                for gone in earlier.values():
                    self.truth.change(delivery, gone, "vanished", corrected=False)

    def _put(self, d: Delivery, life: StreetLife, rows: Rows, rng: Random) -> None:
        for file, entries in rows.items():
            book = self.books.get((d.name, file))
            if book is not None:
                book.street(life, entries, rng, self.damage)
                continue
            out = self.files[d.name, file]
            for e in entries:
                self.truth.row(d.name, e, None, out.write(e))
                again = repeated(e, rng, self.damage)
                if again is not None:
                    self.truth.row(d.name, again, None, out.write(again))
        if d is self.deliveries[0]:
            self.numbers[0] += len(rows[COMPOUND.file])

    def close(self) -> dict[tuple[str, str, str, str | None], list[int]]:
        """End all files; the counts by delivery, department, file and sheet."""
        for out in (*self.files.values(), *self.books.values(), *self.common):
            out.close()
        return self.truth.close()


def _cancelled(life: StreetLife, before: list[Entry], rng: Random) -> list[Entry]:
    """Filings of earlier months that were cancelled in this one: the whole row again."""
    made = []
    for old in before:
        if old.get("BAZT") == "1" and rng.random() < 0.02:
            e = old.copy()
            e.renew("BAZT", "3")
            e.put("ZXRQ", life.next_on.replace(day=12).isoformat())
            e.put("ZXYY", "房屋出售")
            made.append(e)
    return made
