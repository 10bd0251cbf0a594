"""What a file says without its links is kept, and nobody can tell from the file whether it was."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache

from hypothesis import given
from hypothesis import strategies as st

from bus.contracts import catalog
from bus.eventlog import topics
from bus.resolver.body import Body, is_plain, made_of
from bus.resolver.disputes import Clock
from bus.resolver.ends import encoded
from bus.resolver.linking import Way
from bus.resolver.links import Stated
from bus.resolver.master import masters
from bus.resolver.merge import Follows
from bus.resolver.subject import LINK, MOVE, Arrived, Due, Kept, Told
from bus.standards.working_days import WorkingDays
from tests.resolver.link_world import DEPARTMENTS, Said, assisted, lives, married, owned, person, record
from tests.resolver.world import KEYS, TIME, codec

WHO = person("甲")
OTHERS = [married("m", "甲", "乙")[0], assisted("f", "甲")[1], owned("o", "U", "甲")[1], lives("a", "U", "甲", seen="2026-05-01")[0]]
DIFFERING = lives("b", "U", "甲", sex="2", deceased=True)[0]  # civil says that he is a man
ROW = OTHERS[3].key.hex()
SOURCE = json.dumps(
    {
        "department": "social",
        "dataset": "social.resident_survey",
        "delivery": "d",
        "file": None,
        "sheet": None,
        "row": 1,
        "key": {"ID": "1"},
        "role": "self",
        "ordinal": 0,
    }
)
HOMES = [
    Stated(
        "resident",
        "dwelling",
        "",
        "social",
        "social.resident_survey",
        f"e{n}",
        TIME + n,
        f"202{n}-01-01",
        row=ROW,
        tenure="own",
        source=SOURCE,
    )
    for n in range(3)
]
ELSEWHERE = HOMES[0]._replace(department="civil", row=OTHERS[0].key.hex())
LEASE = HOMES[0]._replace(kind="lessee", department="housing", dataset="housing.lease", tenure="rent", row=OTHERS[2].key.hex())
DWELLINGS = (b"0", b"1", b"2", b"4", b"0")
LINKS = [
    Told(stated.known_from, Way(LINK, (), dwelling * 16 + b"\0", encoded(stated)).packed())
    for dwelling, stated in zip(DWELLINGS, [*HOMES, ELSEWHERE, LEASE], strict=True)
]
SELF, CIVIL, RENTED = 0, 3, 4


@cache
def follows() -> Follows:
    return masters(codec(), catalog.packaged(), topics.MASTERS, KEYS, Clock(WorkingDays({}), 10), DEPARTMENTS)["resident"]


def come(said: Sequence[Said], links: Sequence[int], body: bytes = b"") -> Arrived:
    """These statements about him have come, and these links; a file of him was written before."""
    kept = [Kept(each.key, each.at, record(each).record.value or b"") for each in said]
    return Arrived(kept, {LINK: {bytes((n,)) * 16: LINKS[n] for n in links}}, {}, {}, body, again=True)


def told(due: Due) -> Due:
    """All but the body."""
    return due._replace(body=b"")


STATEMENTS = st.lists(st.sampled_from([*OTHERS, DIFFERING]), min_size=1, unique_by=lambda said: said.key)
NUMBERS = st.lists(st.sampled_from(range(len(LINKS))), unique=True)


@given(STATEMENTS, NUMBERS, NUMBERS)
def test_other_links_make_the_same_file_whether_or_not_its_body_was_kept(said: list[Said], before: list[int], after: list[int]) -> None:
    kept = follows()(WHO, come(said, before)).body

    assert told(follows()(WHO, come(said, after, kept))) == told(follows()(WHO, come(said, after)))


@given(STATEMENTS, STATEMENTS)
def test_of_other_statements_a_body_says_nothing(said: list[Said], other: list[Said]) -> None:
    kept = follows()(WHO, come(said, [])).body

    assert follows()(WHO, come(other, [], kept)) == follows()(WHO, come(other, []))


@given(STATEMENTS, NUMBERS)
def test_a_file_that_was_put_together_is_what_encoding_it_as_a_whole_gives(said: list[Said], links: list[int]) -> None:
    master = follows()(WHO, come(said, links)).master or b""

    assert codec().encode("master.resident-value", codec().decode(master)[1]) == master


def test_a_plain_file_keeps_its_body_and_is_not_decided_on_again() -> None:
    first = follows()(WHO, come(OTHERS, []))
    marked = first.body.replace(b"civil.marriage", b"civil.marriagE")  # so that it can be told where it came from

    again = follows()(WHO, come(OTHERS, [SELF], marked)).master or b""
    assert (b"civil.marriagE" in again, b"civil.marriage" in again) == (True, False)


def test_the_body_of_a_person_is_kept_once_his_file_is_decided_on_again() -> None:
    assert follows()(WHO, come(OTHERS, [])._replace(again=False)).body == b""
    assert follows()(WHO, come(OTHERS, [])).body


def test_where_departments_differ_or_a_person_ruled_all_is_decided_together() -> None:
    assert follows()(WHO, come([*OTHERS, DIFFERING], [])).body == b""
    ruled = come(OTHERS, [])._replace(told={MOVE: {OTHERS[0].key: Told(TIME, WHO)}})
    assert (is_plain(ruled), follows()(WHO, ruled).body) == (False, b"")


def test_links_that_contradict_each_other_are_decided_on_together_with_all_else() -> None:
    kept = follows()(WHO, come(OTHERS, [])).body

    for contradicting, field in (([SELF, CIVIL], "resident"), ([SELF, RENTED], "tenure")):
        assert [place.split(".")[-1] for place in follows()(WHO, come(OTHERS, contradicting, kept)).disputes] == [field]


def test_a_body_of_another_edition_is_none() -> None:
    body = Body(b"head", b"tail", 1, False, 2, [(b"k" * 16, 3)], HOMES)
    one, other = (made_of(come(OTHERS, []), edition) for edition in (b"one", b"other"))

    assert Body.unpacked(body.packed(one), one) == body
    assert Body.unpacked(body.packed(one), other) is None
