"""A small world of links in the departments' own words: people and homes, who owns, rents and lives where, who is married, who is paid; and
the process that resolves it with the rules as released.

As a program (`python -m tests.resolver.link_world ADAPTER ADDRESS NAMESPACE STATE [STEP...]`) it is one worker.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from bus.cli import resolving
from bus.cli.say import guarded
from bus.contracts import catalog
from bus.event import Output, Record
from bus.eventlog import topics
from bus.eventlog.port import EventLog
from bus.resolver.alias import Alias
from bus.resolver.disputes import Clock
from bus.resolver.identify import Identify, subject_of
from bus.resolver.identity import identities
from bus.resolver.join import Join
from bus.resolver.linking import Linking
from bus.resolver.master import masters
from bus.resolver.match import Match
from bus.resolver.merge import Merge
from bus.resolver.routing import Routes
from bus.sealing import row_hash
from bus.standards.working_days import WorkingDays
from bus.step import Memory, Options, Step, run_in_turn
from tests.conformance.adapters import Place
from tests.resolver.world import BATCH, KEYS, MANY, PARTITIONS, TIME, codec, weights

DEPARTMENTS = ("housing", "civil", "social")
ORDER = ("identify", "alias", "match", "join", "link", "merge")


class Said(NamedTuple):
    """One version of a statement: `values` beside those that every one has."""

    entity: str
    dataset: str
    role: str
    row: str
    at: int
    operation: str
    values: Mapping[str, Any]

    @property
    def key(self) -> bytes:
        """The statement's key."""
        return key(self.dataset, self.role, self.row)


def key(dataset: str, role: str, row: str) -> bytes:
    """The key of a row's statement."""
    return row_hash(KEYS, dataset, role, row)


def say(entity: str, dataset: str, role: str, row: str, at: int = 0, operation: str = "created", **values: Any) -> Said:
    """A statement `at` seconds after the first."""
    return Said(entity, dataset, role, row, TIME + at * 1000, operation, values)


def party(dataset: str, role: str, row: str) -> dict[str, Any]:
    """A person of a row, as links name him."""
    return {"entity": "resident", "key": key(dataset, role, row).hex(), "name": None, "id_token": None, "uscc": None}


def person(name: str) -> bytes:
    """The subject of somebody whose token is his name."""
    return subject_of(KEYS, "resident", f"token:{name}")


def house(unit: str) -> bytes:
    """The subject of a dwelling by its unit number."""
    return subject_of(KEYS, "dwelling", f"unit:{unit}")


def owned(row: str, unit: str, owner: str, at: int = 0, **house_: Any) -> list[Said]:
    """A row of the housing department: a dwelling and its owner."""
    of = "housing.dwelling"
    link = {"kind": "owner", "party": party(of, "owner", row), "dwelling_key": key(of, "dwelling", row).hex()}
    return [
        say("dwelling", of, "dwelling", row, at, kind="unit", real_estate_unit_no=unit, source_code=unit, **house_),
        say("resident", of, "owner", row, at, name=owner, id_token=owner),
        say("residency_link", of, "owner", row, at, **link),
    ]


def lives(
    row: str, unit: str | None, who: str | None, at: int = 0, seen: str | None = None, tenure: str | None = None, **person_: Any
) -> list[Said]:
    """A row of the survey: a person and the home; None: not known."""
    of = "social.resident_survey"
    code = {"real_estate_unit_no": unit} if unit else {}
    link = {"kind": "resident", "party": party(of, "self", row), "dwelling_key": key(of, "home", row).hex(), "recorded_at": seen}
    link |= {"tenure": tenure}
    return [
        say("resident", of, "self", row, at, name=who or row, id_token=who, **person_),
        say("dwelling", of, "home", row, at, kind="unit", **code),
        say("residency_link", of, "self", row, at, **link),
    ]


def married(row: str, man: str, woman: str, at: int = 0, act: str = "marriage", on: str = "2001-01-01", **more: Any) -> list[Said]:
    """A row of the register of marriages."""
    of = "civil.marriage"
    return [
        say("resident", of, "husband", row, at, name=man, id_token=man, sex="1"),
        say("resident", of, "wife", row, at, name=woman, id_token=woman, sex="2"),
        say("marriage", of, "registration", row, at, kind=act, registered_on=on, husband=party(of, "husband", row),
            wife=party(of, "wife", row), **more),
    ]  # fmt: skip


def rented(row: str, unit: str, owner: str, tenants: Sequence[str], at: int = 0, operation: str = "created", **more: Any) -> list[Said]:
    """A row of the lease register."""
    of = "housing.lease"
    names = [f"{row}-{n}" for n, _ in enumerate(tenants)]
    return [
        say("dwelling", of, "dwelling", row, at, kind="unit", real_estate_unit_no=unit),
        say("resident", of, "lessor", row, at, name=owner, id_token=owner),
        *(say("resident", of, "lessee", n, at, name=who, id_token=who) for n, who in zip(names, tenants, strict=True)),
        say("lease", of, "lease", row, at, operation, lessors=[party(of, "lessor", row)], lessees=[party(of, "lessee", n) for n in names],
            dwelling_key=key(of, "dwelling", row).hex(), **{"status": "filed", "from_on": "2026-01-01", **more}),
    ]  # fmt: skip


def assisted(row: str, head: str, at: int = 0) -> list[Said]:
    """A family under assistance, and what it is paid."""
    of, paid = "civil.assistance_family", "civil.assistance_treatment"
    household = key(of, "household", row).hex()
    return [
        say("household", of, "household", row, at, head=party(of, "head", row)),
        say("resident", of, "head", row, at, name=head, id_token=head, household_key=household, relation_to_head="02"),
        say("benefit", paid, "head", row, at, kind="urban_subsistence_allowance", household_key=household, from_on="2026-01"),
    ]


def small_world() -> list[Said]:
    """Statements of all kinds, with versions that say otherwise; in the order of their times."""
    said: list[Said] = []
    for n in range(12):
        a, b, c, d = (f"{name}{n}" for name in ("甲", "乙", "丙", "丁"))
        said += owned(f"o{n}", f"U{n}", a, 10 * n)
        said += lives(f"a{n}", f"U{n}", a, 10 * n, seen="2026-05-01")
        said += lives(f"b{n}", f"U{n + 1}", b, 10 * n, seen="2024-05-01")
        said += lives(f"c{n}", f"U{n}", b, 10 * n + 1, seen="2026-05-02")  # moved in with him
        said += lives(f"x{n}", None, None, 10 * n)  # nobody knows who, or where
        said += married(f"m{n}", a, b, 10 * n)
        said += rented(f"l{n}", f"U{n}", a, [c, d], 10 * n + 2)
        said += assisted(f"f{n}", c, 10 * n)
        if n % 3 == 0:
            said += owned(f"o{n}", f"U{n}", c, 10 * n + 3)  # sold
            said += rented(f"l{n}", f"U{n}", a, [c], 10 * n + 4, "changed")  # one tenant less
            said += married(f"d{n}", a, b, 10 * n + 5, "divorce", "2020-02-02")
        if n % 4 == 1:
            said += lives(f"b{n}", f"U{n + 1}", b, 10 * n + 6, deceased=True)
            said += owned(f"o{n}", f"U{n}", a, 10 * n + 7, status="demolished")
    return said


@cache
def _blank(entity: str) -> dict[str, Any]:
    fields = catalog.load().entities[entity].schema.root.fields
    blank: dict[str, Any] = {field.name: [] if field.type.kind == "array" else None for field in fields}
    return blank | {"event_id": "", "operation": "created", "mapping": "m"}


def record(said: Said) -> Output:
    """The canonical record of a statement."""
    source = {"department": said.dataset.partition(".")[0], "dataset": said.dataset, "delivery": "d", "file": None, "sheet": None}
    source |= {"row": None, "key": {"row": said.row}, "role": said.role, "ordinal": 0}
    event = row_hash(KEYS, said.key, str(said.at)).hex()
    value = {**_blank(said.entity), **said.values, "source": source, "operation": said.operation, "event_id": event}
    encoded = codec().encode(f"{topics.canonical(said.entity)}-value", value)
    return Output(topics.canonical(said.entity), Record(said.key, encoded, said.at))


def publish(log: EventLog, said: Sequence[Said]) -> None:
    """Append statements in this order."""
    names = [topics.canonical(entity) for entity in (*topics.MASTERS, *topics.OF_LINKS)] + topics.of_resolver()
    names += map(topics.dispute, DEPARTMENTS)
    log.create(topics.spec(name, PARTITIONS) for name in names)
    with log.writer("normalizer") as writer:
        writer.append([record(each) for each in said])


def resolve(log: EventLog, state: Path, names: Sequence[str] = ORDER) -> int:
    """Run the steps until nothing is left."""
    decode, routes = codec().decoder(), Routes()
    follows = masters(codec(), catalog.packaged(), topics.MASTERS, KEYS, Clock(WorkingDays({}), 10), DEPARTMENTS)
    made = {
        "identify": Identify(decode, identities, KEYS, routes).memory(),
        "alias": Memory(Alias(routes).decide),
        "match": Memory(Match(KEYS, routes).decide),
        "join": Memory(Join(KEYS, routes, weights()).decide),
        "link": Linking(decode, KEYS, routes).memory(),
        "merge": Merge(follows, routes, DEPARTMENTS, many=MANY).memory(),
    }
    steps = [Step(name, resolving.READS[name], made[name], resolving.refuse) for name in names]
    return run_in_turn(log, steps, Options(state, BATCH, 60.0))


def main() -> None:
    """Be one worker."""
    adapter, address, namespace, state, *names = sys.argv[1:]
    log = Place(adapter, address, namespace).open()
    raise SystemExit(guarded(lambda: resolve(log, Path(state), names or ORDER) and 0))


if __name__ == "__main__":
    main()
