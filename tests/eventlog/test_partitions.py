"""Many keys at once go to the partitions that each goes to alone."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from bus.eventlog.partitioning import partition_of, partitions_of

KEYS = st.integers(0, 40).flatmap(lambda size: st.lists(st.binary(min_size=size, max_size=size), min_size=8, max_size=40))


@given(KEYS, st.lists(st.none() | st.binary(max_size=70), max_size=20), st.integers(1, 1000))
def test_many_keys_go_where_each_goes_alone(alike: Sequence[bytes], others: Sequence[bytes | None], partitions: int) -> None:
    keys = [*others, *alike]
    assert partitions_of(keys, partitions) == [partition_of(key, partitions) for key in keys]
