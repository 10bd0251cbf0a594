"""Who belongs where, since when; what ends what; what cannot be so at one time; and that neither order nor repetition matters."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bus.resolver.links import Link, Stated, contradictions, links

NOW = 1_790_000_000_000  # 2026-09-21


def said(kind: str = "resident", other: str | None = "a", department: str = "social", **more: Any) -> Stated:
    entity = "resident" if kind == "spouse" else "dwelling"
    given_ = {"event_id": f"{kind} {other} {department} {sorted(more.items())}", "known_from": NOW, **more}
    return Stated(kind, entity, other, department, f"{department}.test", **given_)


def only(*stated: Stated, dead: bool = False) -> Link:
    found = links(stated, dead)
    assert len(found) == 1
    return found[0]


def now_at(*stated: Stated, dead: bool = False) -> dict[str | None, str | None]:
    """The other ends, and by what the link to each ended."""
    return {each.other: each.ended_by for each in links(stated, dead)}


def test_what_several_departments_say_of_one_link_is_one_link() -> None:
    link = only(said("owner", department="housing", share="1/2"), said("owner", department="civil"))

    assert (link.agree, link.share, link.current, link.ended_by) == (2, "1/2", True, None)


def test_owner_and_resident_of_one_dwelling_are_two_links() -> None:
    assert [each.kind for each in links([said("owner"), said("resident")])] == ["owner", "resident"]


def test_a_day_in_the_future_ends_nothing_yet_and_a_day_that_has_passed_does() -> None:
    assert only(said("lessee", from_on="2026-01-01", until_on="2026-12-31")).current
    assert only(said("lessee", from_on="2025-01-01", until_on="2025-12-31")).ended_by == "stated"


def test_a_month_named_as_the_end_is_over_when_the_month_is() -> None:
    assert only(said("lessee", until_on="2026-09")).current
    assert only(said("lessee", until_on="2026-08")).ended_by == "stated"


def test_a_lease_that_begins_next_month_is_not_in_force_and_has_not_ended() -> None:
    link = only(said("lessee", from_on="2026-10-01", until_on="2027-09-30"))

    assert (link.current, link.ended_by) == (False, None)


def test_leases_that_follow_each_other_are_links_of_their_own() -> None:
    found = links([said("lessee", from_on=f"{year}-01-01", until_on=f"{year}-12-31") for year in (2024, 2025, 2026)])

    assert [(each.from_on, each.current) for each in found] == [("2024-01-01", False), ("2025-01-01", False), ("2026-01-01", True)]


def test_a_later_home_said_by_the_same_department_ends_the_one_that_was_never_closed() -> None:
    found = links([said(other="old", from_on="2019-05-01"), said(other="new", from_on="2026-03-01")])

    assert [(each.other, each.ended_by, each.until_on) for each in found] == [("old", "move", "2026-03-01"), ("new", None, None)]


def test_of_two_homes_dated_alike_the_one_that_a_later_delivery_names_is_where_the_person_went() -> None:
    old, new = said(other="old", seen="2026-01-10", delivery="1"), said(other="new", seen="2026-01-10", delivery="2", known_from=NOW + 1)

    assert now_at(old, new) == {"old": "move", "new": None}
    assert now_at(old, new._replace(delivery="1")) == {"old": None, "new": None}


def test_homes_without_any_date_end_nothing() -> None:
    assert now_at(said(other="a"), said(other="b")) == {"a": None, "b": None}


def test_an_address_that_cannot_be_placed_ends_no_home() -> None:
    assert now_at(said(other="a", from_on="2019"), said(other="b", from_on="2026", vague=True)) == {"a": None, "b": None}


def test_a_home_that_another_department_says_ends_nothing_but_is_disputed() -> None:
    found = links([said(other="a", from_on="2019"), said(other="b", from_on="2026", department="civil")])

    assert [(each.other, each.current, each.disputed) for each in found] == [("a", True, True), ("b", True, True)]
    assert [(each.kind, [link.other for link in each.links]) for each in contradictions(found)] == [("resident", ["a", "b"])]


def test_no_dispute_where_the_home_was_closed_or_the_other_department_knows_both() -> None:
    closed = [said(other="a", state="ended", until_on="2020-01-01"), said(other="b", department="civil")]
    both = [said(other="a"), said(other="b"), said(other="a", department="civil"), said(other="b", department="civil")]

    assert not any(each.disputed for each in links(closed))
    assert not any(each.disputed for each in links(both))


def test_a_home_that_cannot_be_told_from_others_contradicts_nothing() -> None:
    assert not any(each.disputed for each in links([said(other="a"), said(other="b", department="civil", vague=True)]))


def test_death_ends_residence_tenancy_and_marriage_but_not_ownership_nor_letting() -> None:
    found = links(
        [said(kind, act="marriage" if kind == "spouse" else None) for kind in ("resident", "lessee", "spouse", "owner", "lessor")],
        dead=True,
    )

    assert {each.kind: each.ended_by for each in found} == {
        "resident": "death",
        "lessee": "death",
        "spouse": "death",
        "owner": None,
        "lessor": None,
    }


def test_the_death_of_the_other_ends_a_marriage_and_demolition_everything_to_the_dwelling() -> None:
    assert only(said("spouse", act="marriage", gone=True)).ended_by == "death"
    assert only(said("owner", gone=True)).ended_by == "demolition"


def test_a_divorce_ends_the_marriage_on_its_day_and_a_second_marriage_is_another_link() -> None:
    acts = [("marriage", "2001-01-01"), ("divorce", "2010-02-02"), ("marriage", "2015-03-03")]
    found = links([said("spouse", act=act, from_on=on) for act, on in acts])

    assert [(each.from_on, each.until_on, each.ended_by) for each in found] == [
        ("2001-01-01", "2010-02-02", "divorce"),
        ("2015-03-03", None, None),
    ]


def test_certificates_issued_again_are_no_other_marriage_and_no_other_divorce() -> None:
    acts = [("marriage", "2001-01-01"), ("marriage_reissue", "2001-01-01"), ("divorce", "2010-02-02"), ("divorce_reissue", "2010-02-02")]
    link = only(*(said("spouse", act=act, from_on=on) for act, on in acts))

    assert (link.from_on, link.until_on, link.ended_by) == ("2001-01-01", "2010-02-02", "divorce")


def test_a_marriage_that_was_annulled_or_whose_row_is_void_never_was_and_stays_to_be_seen() -> None:
    annulled = only(said("spouse", act="marriage", from_on="2020-01-01"), said("spouse", act="annulment", from_on="2021-01-01"))
    void = only(said("spouse", act="marriage", from_on="2020-01-01", state="annulled"))

    assert (annulled.current, annulled.ended_by) == (void.current, void.ended_by) == (False, "annulment")


def test_a_divorce_whose_row_is_void_ends_nothing() -> None:
    assert only(said("spouse", act="marriage", from_on="2001"), said("spouse", act="divorce", from_on="2010", state="annulled")).current


def test_two_marriages_at_once_cannot_be() -> None:
    found = links([said("spouse", other=other, act="marriage", from_on="2001") for other in "ab"])

    assert all(each.disputed for each in found)


def test_what_a_later_version_no_longer_names_has_ended() -> None:
    assert now_at(said("owner", moved=True), said("resident", other="b", moved=True)) == {"a": "stated", "b": "move"}


dates = st.sampled_from([None, "2019", "2020-05", "2021-06-01", "2027-01-01"])
anything = st.builds(
    said,
    kind=st.sampled_from(["resident", "owner", "lessee", "spouse"]),
    other=st.sampled_from(["a", "b", None]),
    department=st.sampled_from(["social", "civil", "housing"]),
    known_from=st.sampled_from([NOW, NOW + 90_000_000_000]),
    from_on=dates,
    until_on=dates,
    seen=dates,
    state=st.sampled_from(["live", "ended", "annulled"]),
    act=st.sampled_from(["marriage", "divorce", "annulment", "marriage_reissue", "divorce_reissue"]),
    vague=st.booleans(),
    gone=st.booleans(),
    moved=st.booleans(),
    delivery=st.sampled_from(["1", "2"]),
)


@given(st.lists(anything, max_size=8), st.booleans(), st.randoms())
def test_neither_order_nor_repetition_matters(stated: list[Stated], dead: bool, chance: Any) -> None:
    again = stated + stated[:3]
    chance.shuffle(again)

    assert links(again, dead) == links(stated, dead)


@given(st.lists(anything, max_size=8), st.booleans())
def test_every_link_is_kept_and_what_is_over_says_why(stated: list[Stated], dead: bool) -> None:
    found = links(stated, dead)

    assert {(each.kind, each.other) for each in found} == {(each.kind, each.other) for each in stated}
    assert all(not (each.current and each.ended_by) for each in found)
    assert all(each.ended_by or each.current or (each.from_on or "") > "2026" for each in found)
