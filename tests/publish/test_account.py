"""Does everything add up?"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from publishing import Office, member, members

from bus import account

COUNT = st.integers(0, 1000)


def test_a_log_to_which_nothing_was_published_is_balanced(office: Office) -> None:
    assert account.as_dict(account.read_all(office.log)) == {"balanced": True, "datasets": [], "agreements": []}


def test_the_account_of_a_published_file_has_all_the_names_others_rely_on(office: Office) -> None:
    office.publish("civil.assistance_member", members([member(1), member(1), "broken"]))
    (line,) = account.as_dict(account.read_all(office.log))["datasets"]  # type: ignore[misc]
    assert line == {
        "dataset": "civil.assistance_member", "read": 4, "not_data": 1, "published": 1, "unchanged": 1, "refused_at_publish": 1,
        "clean": 0, "flagged": 0, "partial": 0, "refused": 0, "pending": 1, "reasons": {"ROW_MALFORMED": 1},
    }  # fmt: skip


@given(st.lists(st.tuples(COUNT, COUNT, COUNT, COUNT), max_size=20))
def test_deltas_add_up_exactly(counts: list[tuple[int, int, int, int]]) -> None:
    names = ("not_data", "published", "unchanged", "refused_at_publish")
    records = [account.delta("publish", "civil.x", {"read": sum(c), **dict(zip(names, c, strict=True))}, {}) for c in counts]
    balances = account.fold(records)
    assert all(balance.balanced for balance in balances.values())
    if counts:
        assert balances["civil.x"].pending == sum(c[1] for c in counts)


def test_a_lost_or_doubled_row_shows() -> None:
    lost = [account.delta("publish", "civil.x", {"read": 3, "published": 2}, {})]
    doubled = [
        account.delta("publish", "civil.x", {"read": 2, "published": 2}, {}),
        account.delta("normalize", "civil.x", {"clean": 2, "flagged": 1}, {"PHONE_INVALID": 1}),
    ]
    assert not account.as_dict(account.Account(account.fold(lost), {}))["balanced"]
    assert not account.as_dict(account.Account(account.fold(doubled), {}))["balanced"]


def test_a_replay_may_take_back_an_outcome() -> None:
    records = [
        account.delta("publish", "civil.x", {"read": 1, "published": 1}, {}),
        account.delta("normalize", "civil.x", {"refused": 1}, {"ID_FORMAT": 1}),
        account.delta("normalize", "civil.x", {"refused": -1, "clean": 1}, {"ID_FORMAT": -1}),
    ]
    balance = account.fold(records)["civil.x"]
    assert balance.balanced
    assert (balance.counts["refused"], balance.counts["clean"], balance.pending) == (0, 1, 0)
