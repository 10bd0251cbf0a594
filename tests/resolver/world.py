"""A small world of statements whose masters are known without running anything, and the process that resolves it.

As a program (`python -m tests.resolver.world ADAPTER ADDRESS NAMESPACE STATE [STEP...]`) it is one worker: it runs the steps until nothing
is left. Here a master is simply what is said, by whom: the rules of survivorship are tested by themselves.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any, NamedTuple

from bus.cli import resolving
from bus.cli.say import guarded
from bus.contracts import catalog
from bus.contracts.codec import Codec
from bus.event import Output, Record
from bus.eventlog import topics
from bus.eventlog.port import EventLog
from bus.eventlog.sqlite import SqliteLog
from bus.keys import KeyRing
from bus.resolver.alias import Alias
from bus.resolver.identify import Identify
from bus.resolver.join import Join
from bus.resolver.master import by_themselves, held_apart, opened, sent_on
from bus.resolver.match import Match
from bus.resolver.merge import Merge
from bus.resolver.routing import Routes
from bus.resolver.rulings import settled
from bus.resolver.subject import Arrived, Due
from bus.resolver.weights import Weights, load
from bus.step import Options, Step, run, run_in_turn
from tests.conformance.adapters import Place

PARTITIONS = 3
BATCH = 50
MANY = 8
"""Records of a partition that are a long line here, so that subjects are decided on at once, in their turn, and in any mixture of both."""
ORDER = ("identify", "alias", "match", "join", "merge")
KEYS = KeyRing("t000000", b"t" * 32, b"r" * 32, b"n" * 32, {}, "", {})
TIME = 1_790_000_000_000


class Said(NamedTuple):
    """One version of a statement. `names`: the identities it knows, strongest first. `knows`: what else it says; `meant`: the identity
    that the evidence of all leads to, where it knows none, or only in words."""

    entity: str
    key: bytes
    at: int
    names: tuple[str, ...]
    text: str
    knows: Mapping[str, Any] = {}
    meant: str | None = None


def small_world(seed: int = 1, size: int = 60) -> list[Said]:
    """People and homes that several departments speak of; numbers that were mended, homes known by one name or by several."""
    chance = random.Random(seed)
    found: list[Said] = []

    def say(entity: str, key: str, *versions: tuple[str, ...]) -> None:
        for number, names in enumerate(versions):
            found.append(Said(entity, key.encode().ljust(16, b"."), TIME + len(found), names, f"{key} {number}"))

    for person in range(size):
        for row in range(chance.randint(1, 4)):
            right, wrong = (f"token:{person}",), (f"token:{person + 1}",)
            say("resident", f"r{person}-{row}", *chance.choice([(right,), (right, right), (wrong, right), ((), right), (right, ())]))
    for home in range(size // 2):
        unit, house, place = f"unit:{home}", f"house:{home}", f"place:{home}"
        say("dwelling", f"u{home}", (unit, house, place))
        for row in range(chance.randint(0, 3)):
            say(
                "dwelling",
                f"d{home}-{row}",
                *chance.choice([((house, place),), ((place,),), ((house,),), ((place,), (house, place)), ((),)]),
            )
    for home in range(size // 6):  # nobody knows its number, and a place that two numbers claim
        say("dwelling", f"h{home}", (f"house:x{home}", f"place:x{home}"))
        say("dwelling", f"p{home}", (f"place:x{home}",))
        say("dwelling", f"a{home}", (f"unit:y{home}", f"place:y{home}"))
        say("dwelling", f"b{home}", (f"unit:z{home}", f"place:y{home}"))
        say("dwelling", f"c{home}", (f"place:y{home}",))
    return found + without_numbers(size // 6)


def without_numbers(size: int) -> list[Said]:
    """People of whom only some rows know the number: evidence says who the others are, or leaves it open."""
    found: list[Said] = []

    def say(key: str, names: tuple[str, ...], meant: str | None, **knows: Any) -> None:
        key_ = key.encode().ljust(16, b".")
        found.append(Said("resident", key_, TIME + 10_000 + len(found), names, f"{key} {len(found)}", {"row": key, **knows}, meant))

    for n in range(size):
        father, son, wife = f"token:f{n}", f"token:s{n}", f"token:w{n}"
        name, her, home = f"张{n}", f"李{n}", {"compound_code": "X", "road": "R", "building": "1", "entrance": "1", "room": str(n)}
        say(f"fa{n}", (father,), None, name=name, sex="1", birth_date="1950-01-01", phones=_phone(n), residence_address=home)
        say(f"so{n}", (son,), None, name=name, sex="1", birth_date="1980-01-01", phones=_phone(n))
        say(f"wi{n}", (wife,), None, name=her, sex="2", residence_address=home)
        say(f"open{n}", (), None, name=name, phones=_phone(n))  # father or son?
        say(f"born{n}", (), son, name=name, phones=_phone(n), birth_date="1980")
        say(f"home{n}", (), father, name=name, phones=_phone(n), residence_address=home)
        say(f"hu{n}", (), father, name=name, sex="1", row=f"marriage{n}")  # an old row: two names and no more
        say(f"wf{n}", (), wife, name=her, sex="2", row=f"marriage{n}")
        say(f"moved{n}", (), wife, name=her, phones=_phone(n), residence_address=home)
        say(f"moved{n}", (), None, name=her, phones=_phone(n))  # corrected: it never said that home
        say(f"late{n}", (), son, name=name, phones=_phone(n), birth_date="1980")
        say(f"late{n}", (father,), None, name=name, phones=_phone(n))  # its number came later
        say(f"ca{n}", (), f"caller {n}", name=f"赵{n}", phones=_phone(1000 + n))  # who called twice, whoever he is
        say(f"cb{n}", (), f"caller {n}", name=f"赵{n}", phones=_phone(1000 + n))
        say(f"cc{n}", (), wife, name=her, phones=_phone(2000 + n), residence_address=home)  # who called twice, and once from home
        say(f"cd{n}", (), wife, name=her, phones=_phone(2000 + n))
        say(f"ms{n}", (), wife, form_of_address="李女士", phones=_phone(6000 + n))  # about her home, from a phone where she gave her name
        say(f"mr{n}", (), wife, name=her, phones=_phone(6000 + n))
        about = f"about{n}".encode().ljust(16, b".")
        found.append(Said("dwelling", about, TIME + 20_000 + n, (f"place:about{n}",), f"about{n}", {"row": f"ms{n}", "address": home}))
        uncle, number = f"token:u{n}", {"said_id_token": f"u{n}"}
        say(f"un{n}", (uncle,), None, name=f"王{n}", sex="1", id_token=f"u{n}")
        say(f"sir{n}", (uncle,), None, form_of_address="王先生", **number)  # he left his number in what he wrote
        say(f"her{n}", (uncle,), f"her {n}", name=f"周{n}", phones=_phone(5000 + n), **number)  # she left his: it leads nobody to him
        say(f"hers{n}", (), f"hers {n}", name=f"周{n}", phones=_phone(5000 + n))
        say(f"then{n}", (uncle,), None, name=f"周{n}", **number)
        say(f"then{n}", (uncle,), None, name=f"王{n}", **number)  # the name was corrected
        say(f"gone{n}", (uncle,), None, name=f"王{n}", phones=_phone(3000 + n), **number)
        say(f"gone{n}", (), None, name=f"王{n}")  # he never wrote it
        say(f"came{n}", (), None, name=f"王{n}", phones=_phone(4000 + n))
        say(f"came{n}", (uncle,), None, name=f"王{n}", phones=_phone(4000 + n), **number)
        say(f"no{n}", (f"token:n{n}",), None, name=f"吴{n}", said_id_token=f"n{n}")  # nobody stands under it
    return found + in_a_community(size)


def in_a_community(size: int) -> list[Said]:
    """People without a number in rows that name a community and no dwelling: who bears a name there alone is meant."""
    found: list[Said] = []

    def say(entity: str, key: str, names: tuple[str, ...], meant: str | None, **knows: Any) -> None:
        told = {"row": f"{entity} {key}", **knows}
        found.append(Said(entity, key.encode().ljust(16, b"."), TIME + 20_000 + len(found), names, f"{key} {len(found)}", told, meant))

    for n in range(size):
        here, there = ({"division_code": f"37990{street}001{n + 1:03d}"} for street in (1, 2))
        known, moved, row = f"token:k{n}", f"token:m{n}", f"team{n}"
        say("dwelling", f"team{n}", (), None, row=row, address=here)
        say("resident", f"kn{n}", (known,), None, name=f"郑小{n}", residence_address=here)
        say("resident", f"kv{n}", (), known, name=f"郑小{n}", row=row)
        say("resident", f"m{n}", (moved,), None, name=f"冯小{n}", residence_address=here)
        say("resident", f"mv{n}", (), None, name=f"冯小{n}", row=row)
        say("resident", f"m{n}", (moved,), None, name=f"冯小{n}", residence_address=there)  # corrected: it is not there that he lives
        for one in "ab":
            say("resident", f"t{one}{n}", (f"token:t{one}{n}",), None, name=f"陈小{n}", residence_address=here)
        say("resident", f"tv{n}", (), None, name=f"陈小{n}", row=row)  # which of the two?
    return found


def _phone(n: int) -> list[dict[str, Any]]:
    return [{"token": f"t{n}", "masked": "*", "sealed": b"", "kind": None}]


def expected(said: Sequence[Said]) -> dict[str, set[frozenset[str]]]:
    """Entity → which texts come together, told from the whole at once."""
    latest: dict[tuple[str, bytes], Said] = {}
    for each in said:
        if (other := latest.get((each.entity, each.key))) is None or other.at < each.at:
            latest[each.entity, each.key] = each
    claims: dict[str, set[str]] = {}
    whom: dict[str, str] = {}
    ranks = ("unit", "house", "place")
    homes = [each for each in latest.values() if each.entity == "dwelling" and each.names]
    for rank in ranks:
        for name in {each.names[0] for each in homes if each.names[0].startswith(rank)}:
            named = claims.get(name, set())
            whom[name] = next(iter(named)) if len(named) == 1 else name
        for each in homes:
            if each.names[0].startswith(rank):
                for weaker in each.names[1:]:
                    claims.setdefault(weaker, set()).add(whom[each.names[0]])
    together: dict[tuple[str, str], set[str]] = {}
    for each in latest.values():
        name = each.meant or (each.names[0] if each.names else each.text)
        together.setdefault((each.entity, whom.get(name, name)), set()).add(each.text)
    return {entity: {frozenset(texts) for (of, _), texts in together.items() if of == entity} for entity in topics.MASTERS}


@cache
def codec() -> Codec:
    """The released schemas."""
    return Codec(catalog.load().registry)


@cache
def weights() -> Weights:
    """The released weights."""
    return load(catalog.packaged(), "resident")


@cache
def blank(entity: str) -> dict[str, Any]:
    """A statement that says nothing."""
    schema = catalog.load().entities[entity].schema
    said: dict[str, Any] = {field.name: [] if field.type.kind == "array" else None for field in schema.root.fields}
    source = {"department": "civil", "dataset": "civil.test", "delivery": "d", "file": None, "sheet": None, "row": None}
    said |= {"event_id": "e", "operation": "created", "mapping": "m", "source": {**source, "key": {}, "role": "self", "ordinal": 0}}
    return said | ({"kind": "unit"} if entity == "dwelling" else {})


def record(said: Said) -> Output:
    """The canonical record of a statement; its names stand in `remarks`."""
    empty = blank(said.entity)
    knows = {name: value for name, value in said.knows.items() if name not in ("row", "role", "department")}
    of = {name: said.knows[name] for name in ("role", "department") if name in said.knows}
    source = {**empty["source"], "key": {"row": said.knows.get("row", said.key.hex())}, **of}
    value = {**empty, **knows, "source": source, "remarks": json.dumps([said.names, said.text])}
    encoded = codec().encode(f"{topics.canonical(said.entity)}-value", value)
    return Output(topics.canonical(said.entity), Record(said.key, encoded, said.at))


def publish(log: EventLog, said: Sequence[Said]) -> None:
    """Append statements in this order."""
    names = [topics.canonical(entity) for entity in topics.MASTERS] + topics.of_resolver()
    log.create(topics.spec(name, PARTITIONS) for name in names)
    with log.writer("normalizer") as writer:
        writer.append([record(each) for each in said])


def steps(weighed: Weights | None = None) -> dict[str, Step]:
    """The steps of the resolver, on the names and texts of this world. `weighed`: other weights than the released ones."""
    decode, routes = codec().decoder(), Routes()

    def names(_entity: str, value: Mapping[str, Any]) -> tuple[str, ...]:
        found: tuple[str, ...] = tuple(json.loads(value["remarks"])[0])
        return found

    def follows(entity: str, subject: bytes, come: Arrived) -> Due:
        aside = by_themselves(opened(come.statements, decode), KEYS) | held_apart(come, KEYS)
        stay, gone = settled(subject, come, aside)
        texts = sorted(json.loads(decode(each.value)[1]["remarks"])[1] for each in stay)
        at = max((each.known_from for each in come.statements), default=0)
        errands = sent_on(entity, subject, come, gone, aside)
        return Due(json.dumps([subject.hex(), texts]).encode() if stay else None, at, errands)

    identify = Identify(decode, names, KEYS, routes).memory()
    alias = Alias(routes).memory()
    merge = Merge({entity: partial(follows, entity) for entity in topics.MASTERS}, routes, many=MANY).memory()
    canonical = tuple(topics.canonical(entity) for entity in topics.MASTERS)
    internal = tuple(topics.internal(entity) for entity in topics.MASTERS)
    return {
        "identify": Step("identify", canonical, identify, resolving.refuse),
        "alias": Step("alias", (topics.ALIAS,), alias, resolving.refuse),
        "match": Step("match", (topics.EVIDENCE,), Match(KEYS, routes, many=MANY).memory(), resolving.refuse),
        "join": Step("join", (topics.PENDING,), Join(KEYS, routes, weighed or weights()).memory(), resolving.refuse),
        "merge": Step("merge", internal, merge, resolving.refuse),
    }


def blank_log(folder: Path) -> SqliteLog:
    """A log with the resolver's topics and nothing in them."""
    log = SqliteLog(folder / "log.db")
    log.create(topics.spec(name, PARTITIONS) for name in topics.of_resolver())
    return log


def work(log: EventLog, step: Step, state: Path, batch: int, turns: int = 0) -> None:
    """Work on one step until all is through, or on so many batches."""
    asked = iter([False] * turns + [True] * 9) if turns else None
    run(log, step, Options(state, batch, 60.0, until_idle=True, stopped=(lambda: next(asked, True)) if asked else lambda: False))


def resolve(log: EventLog, state: Path, names: Sequence[str] = ORDER, weighed: Weights | None = None) -> int:
    """Run the steps until nothing is left."""
    made = steps(weighed)
    return run_in_turn(log, [made[name] for name in names], Options(state, BATCH, 60.0))


def masters(log: EventLog) -> dict[str, dict[bytes, Record]]:
    """Entity → subject → its latest master; without those that were retired."""
    found: dict[str, dict[bytes, Record]] = {}
    for entity in topics.MASTERS:
        kept = found.setdefault(entity, {})
        for batch in log.scan(topics.master(entity)):
            for each in batch.records:
                assert each.key is not None
                kept[each.key] = each
        found[entity] = {key: each for key, each in sorted(kept.items()) if each.value is not None}
    return found


def together(log: EventLog) -> dict[str, set[frozenset[str]]]:
    """Entity → which texts the masters hold together."""
    return {entity: {frozenset(json.loads(each.value or b"")[1]) for each in of.values()} for entity, of in masters(log).items()}


def main() -> None:
    """Be one worker."""
    adapter, address, namespace, state, *names = sys.argv[1:]
    log = Place(adapter, address, namespace).open()
    raise SystemExit(guarded(lambda: resolve(log, Path(state), names or ORDER) and 0))


if __name__ == "__main__":
    main()
