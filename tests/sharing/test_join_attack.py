"""Two subscribers lay side by side what they got of the same people: nothing matches but what the plan had named."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bus.contracts import catalog
from bus.contracts.codec import bind_encoder
from bus.contracts.reader import compile_reader
from bus.event import Batch, Output, Record
from bus.eventlog import topics
from bus.eventlog.partitioning import partition_of
from bus.sharing.agreement import Agreement
from bus.sharing.beside import Beside, beside
from bus.sharing.grant import granted
from bus.sharing.items import WAYS, offers
from bus.sharing.opened import of_master, opening
from bus.sharing.pseudonym import pseudonyms
from bus.sharing.schema import schema_of
from bus.sharing.view import compile_view
from bus.sharing.worker import Share
from tests.resolver.world import KEYS
from tests.sharing.office import MASTER, TIME, master, subject
from tests.sharing.paper import made

OFFERS = offers(catalog.load())
RESIDENT = catalog.load().entities["resident"].schema
PEOPLE, PARTITIONS = 60, 4
FIELDS = ("name", "birth_date", "id_masked", "id_token", "phones", "occupation", "residence_address", "grid_code", "deceased")
HEAD = ("subject", "event_id", "corrects")


def people(rng: Random) -> list[dict[str, Any]]:
    """Masters of people who differ in everything."""
    return [master(subject(rng.getrandbits(120)), **_values(rng)) for _ in range(PEOPLE)]


def _values(rng: Random) -> dict[str, Any]:
    number = f"{rng.getrandbits(128):032x}"
    phone = {"token": f"k.{number}", "masked": f"1{rng.randrange(10, 99)}****{rng.randrange(9999):04}", "sealed": b"", "kind": None}
    parts = {
        "county": "东澜区",
        "town": "柳塘街道",
        "community": "北苑社区",
        "room": str(rng.randrange(9999)),
        "division_code": "379901001003",
    }
    return {
        "name": "".join(chr(rng.randrange(0x4E00, 0x9000)) for _ in range(rng.randrange(2, 5))),
        "birth_date": f"{rng.randrange(1930, 2020)}-{rng.randrange(1, 13):02}-{rng.randrange(1, 29):02}",
        "id_masked": f"3799**********{rng.randrange(9999):04}",
        "id_token": f"k.{number[::-1]}",
        "phones": [phone] * rng.randrange(1, 4),
        "occupation": str(rng.randrange(99)),
        "residence_address": parts,
        "grid": f"37990100100{rng.randrange(9999):04}",
        "deceased": rng.random() < 0.5,
    }


class Got(NamedTuple):
    """What a subscriber got of a person, and where it stood."""

    value: dict[str, Any]
    key: bytes
    partition: int
    place: int


class _Kept:
    """A view that remembers nothing."""

    def get(self, _group: bytes, _item: bytes = b"") -> None:
        return None

    def put(self, *_: bytes) -> None:
        pass


def delivered(agreement: Agreement, records: list[dict[str, Any]]) -> dict[str, Got]:
    """Person → what came, as a subscriber reads it."""
    grant = granted(agreement)
    schema, pseudonym = schema_of(grant, RESIDENT), pseudonyms(KEYS, grant.agreement, grant.epoch)
    values = [Record(each["subject"].encode(), str(at).encode(), TIME) for at, each in enumerate(records)]
    heard: list[Any] = []

    def witness(delivery: Any) -> list[Output]:
        heard.extend(delivery.delivered)
        return []

    share = Share(
        grant,
        compile_view(grant, RESIDENT, pseudonym),
        pseudonym,
        opening(lambda value: (0, records[int(value)]), of_master),
        bind_encoder(schema, 99),
        witness,
        lambda: None,
    )
    outputs = share.decide(Batch(MASTER, 0, range(len(values)), values), _Kept())  # type: ignore[arg-type]
    read = compile_reader(schema)
    sent = [output for output in outputs if output.topic != topics.ACCOUNT]
    names = {pseudonym("subject", each.subject.decode()): each.subject.decode() for each in heard}
    return {
        names[(output.record.key or b"").decode()]: Got(
            read(output.record.value or b"", 5)[0], output.record.key or b"", partition_of(output.record.key, PARTITIONS), place
        )
        for place, output in enumerate(sent)
    }


@st.composite
def agreements(draw: st.DrawFn, id: str, consumer: str) -> Agreement:
    """An agreement about residents, of any fields in any way that they may go out."""
    ways = {name: draw(st.sampled_from([*sorted(WAYS[OFFERS["resident"].items[name].kind]), None])) for name in FIELDS}
    fields = {name: _said(how) for name, how in ways.items() if how} or {"name": "exists"}
    links = draw(st.dictionaries(st.sampled_from(["member", "spouse"]), st.sampled_from(["pseudonym", "count"]), max_size=1))
    return made(agreement=id, entity="resident", provider=["social"], consumer=consumer, fields=fields, links=links, rows=None)


def _said(how: str) -> Any:
    return {"band": [18, 60]} if how == "band" else {"level": "street"} if how == "level" else how


PAIRS = st.tuples(agreements("one-of-two", "civil"), agreements("two-of-two", "housing"), st.randoms(use_true_random=False))


def scalars(value: Any) -> set[str]:
    """All texts and numbers within a value that could tell one person from another."""
    if isinstance(value, Mapping):
        return {each for part in value.values() for each in scalars(part)}
    if isinstance(value, list):
        return {each for part in value for each in scalars(part)}
    return {str(value)} if value not in (None, "", True, False) else set()


@settings(max_examples=25, deadline=None)
@given(PAIRS)
def test_two_subscribers_match_people_by_nothing_that_the_plan_did_not_name(pair: tuple[Agreement, Agreement, Random]) -> None:
    one, two, rng = pair
    records = people(rng)
    mine, theirs = delivered(one, records), delivered(two, records)
    named = {name for each in beside(one, OFFERS, [two]) for name in each.fields}

    for who in mine.keys() & theirs.keys():
        other = scalars(theirs[who].value)
        for name, value in mine[who].value.items():
            if scalars(value) & other:
                assert name in named or name == "operation", name


@settings(max_examples=10, deadline=None)
@given(PAIRS)
def test_stand_ins_ids_and_keys_of_a_person_are_never_equal_and_of_one_length(pair: tuple[Agreement, Agreement, Random]) -> None:
    one, two, rng = pair
    records = people(rng)
    mine, theirs = delivered(one, records), delivered(two, records)
    every = [{text for got in of.values() for name in HEAD for text in scalars(got.value[name])} for of in (mine, theirs)]

    assert not every[0] & every[1]
    assert not {got.key for got in mine.values()} & {got.key for got in theirs.values()}
    assert {len(text) for texts in every for text in texts} <= {32, 34}


def test_the_stand_ins_of_numbers_and_phones_are_others_too() -> None:
    records = people(Random(1))
    fields = {"id_token": "pseudonym", "phones": "pseudonym"}
    both = [_all(delivered(_about(id, consumer, fields), records)) for id, consumer in (("one-of-two", "civil"), ("two-of-two", "housing"))]

    assert both[0] and not both[0] & both[1]


def test_order_and_partition_tell_nothing() -> None:
    """Where a person stands for one subscriber, early or late, in this partition or that, says nothing of where for the other."""
    records = [each for seed in range(10) for each in people(Random(seed))]
    fields = {"deceased": "clear"}
    mine, theirs = (delivered(_about(id, "civil", fields), records) for id in ("one-of-two", "two-of-two"))
    half = len(records) / 2
    together = sum((mine[who].place < half) == (theirs[who].place < half) for who in mine)
    same = sum(mine[who].partition == theirs[who].partition for who in mine)

    assert [got.key for got in mine.values()] == sorted(got.key for got in mine.values())
    assert len(records) * 0.4 < together < len(records) * 0.6
    assert len(records) * 0.17 < same < len(records) * 0.33


@pytest.mark.parametrize(
    "fields", [{"name": "exists", "id_token": "pseudonym"}, {"residence_address": {"level": "street"}}, {"phones": "exists"}]
)
def test_the_length_of_a_record_tells_nothing_of_what_is_hidden(fields: dict[str, Any]) -> None:
    agreement = _about("one-of-two", "civil", fields)
    encode = bind_encoder(schema_of(granted(agreement), RESIDENT), 99)

    assert len({len(encode(got.value)) for got in delivered(agreement, people(Random(1))).values()}) == 1


def test_the_plan_names_with_whom_and_by_what_the_same_person_could_be_found() -> None:
    wanted = _about("one-of-two", "civil", {"name": "clear", "birth_date": "year", "occupation": "clear", "id_token": "pseudonym"})
    other = _about("two-of-two", "housing", {"name": "masked", "birth_date": "clear", "deceased": "clear"})
    marriages = made(
        agreement="marriages", entity="marriage", provider=["civil"], consumer="housing", fields={"husband": "clear"}, rows=None
    )

    assert beside(wanted, OFFERS, [wanted, other, marriages]) == [
        Beside("two-of-two", "housing", ["birth_date", "name"], ["name"]),
        Beside("marriages", "housing", ["name"], ["name"]),
    ]


def test_the_consumers_own_key_matches_only_what_the_same_consumer_gets() -> None:
    own = {"rows": {"caseload": "own"}, "subject": "own_key", "entity": "resident", "provider": ["social"]}
    wanted = made(agreement="one-of-two", fields={"deceased": "clear"}, **own)
    same = made(agreement="two-of-two", fields={"occupation": "clear"}, **own)
    another = made(agreement="three", fields={"occupation": "clear"}, **{**own, "consumer": "housing"})

    assert beside(wanted, OFFERS, [same, another]) == [Beside("two-of-two", "civil", ["subject"], ["subject"])]


def _about(id: str, consumer: str, fields: Mapping[str, Any]) -> Agreement:
    return made(agreement=id, entity="resident", provider=["social"], consumer=consumer, fields=fields, rows=None)


def _all(got: Mapping[str, Got]) -> set[str]:
    return {text for each in got.values() for name in ("id_token", "phones") for text in scalars(each.value[name])}
