"""A data key of which single leaves are destroyed: those are gone for good, all others stay what they were."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from bus.data_key import LEAF, NODE, RECORD, DataKey

ROOT = bytes(range(NODE))
LAST = (1 << 8 * LEAF) - 1
# near one another as well as far apart: neighbours share all of the way down but its end
leaves = st.one_of(st.integers(0, LAST), st.integers(0, 40), st.integers(LAST - 40, LAST), st.integers(LAST // 2, LAST // 2 + 80))
sets = st.sets(leaves, max_size=12)


def nodes_of(key: DataKey) -> list[tuple[int, int, bytes]]:
    records = [key.nodes[at : at + RECORD] for at in range(0, len(key.nodes), RECORD)]
    return [(int.from_bytes(each[:LEAF], "big"), each[LEAF], each[LEAF + 1 :]) for each in records]


@settings(max_examples=60)
@given(gone=sets, others=sets)
def test_destroyed_leaves_are_gone_and_all_others_are_what_they_were(gone, others):
    whole = DataKey.whole(ROOT)
    left = whole.without(gone)

    assert [left.leaf(each) for each in gone] == [None] * len(gone)
    near = {each + step for each in gone for step in (-1, 1) if 0 <= each + step <= LAST}
    assert all(left.leaf(each) == whole.leaf(each) for each in (others | near) - gone)
    assert left.destroyed == len(gone)


@settings(max_examples=60)
@given(gone=st.lists(leaves, max_size=8), data=st.data())
def test_the_order_of_destroying_and_doing_it_twice_make_no_difference(gone, data):
    at_once = DataKey.whole(ROOT).without(gone)
    one_by_one = DataKey.whole(ROOT)
    for each in data.draw(st.permutations(gone + gone)):
        one_by_one = one_by_one.without([each])

    assert one_by_one == at_once
    assert at_once.without(gone) == at_once


@settings(max_examples=60)
@given(gone=sets)
def test_no_node_is_kept_from_which_a_destroyed_leaf_derives_and_none_is_kept_twice(gone):
    kept = nodes_of(DataKey.whole(ROOT).without(gone))
    covered = [(first, first + 4 ** (24 - level)) for first, level, _ in kept]

    assert not any(start <= each < end for each in gone for start, end in covered)
    assert all(end <= start for (_, end), (start, _) in pairwise(covered))
    assert gone == set() or ROOT not in {node for _, _, node in kept}
    assert len(kept) <= max(1, 72 * len(gone))


@given(one=leaves, other=leaves)
def test_leaves_differ_and_another_root_has_others(one, other):
    key = DataKey.whole(ROOT)
    assert (key.leaf(one) == key.leaf(other)) == (one == other)
    assert key.leaf(one) != DataKey.whole(bytes(NODE)).leaf(one)


def test_a_data_key_of_which_all_is_destroyed_has_no_leaf_left():
    key = DataKey(b"")
    assert key.leaf(0) is None and key.leaf(LAST) is None
    assert key.without([3]) == key


def test_a_data_key_never_prints_a_node():
    assert ROOT.hex() not in repr(DataKey.whole(ROOT)) and repr(ROOT) not in repr(DataKey.whole(ROOT))


def test_the_leaves_of_a_root_are_the_same_in_every_version():
    # what was sealed has to open for years: these bytes never change
    assert DataKey.whole(ROOT).leaf(0).hex() == "ca86cc653a5da04be678e7de0648b733"
    assert DataKey.whole(ROOT).leaf(LAST).hex() == "c8411f68743d9c8124e189caa435e1be"
