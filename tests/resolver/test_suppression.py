"""No table gives a small count away, neither by itself nor beside a table of another level."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bus.resolver.suppression import FEW, Area, shown

counts = st.dictionaries(
    st.tuples(st.sampled_from("AB"), st.sampled_from("abc"), st.sampled_from("123"), st.sampled_from(["", "x"])),
    st.integers(0, 12),
    max_size=16,
)


def test_counts_of_five_and_more_are_shown() -> None:
    assert shown({("A", "", "", ""): 7, ("B", "", "", ""): 5}, 1) == {(): 12, ("A",): 7, ("B",): 5}


def test_a_single_hidden_cell_takes_the_smallest_of_the_others_with_it() -> None:
    cells = shown({("A", "", "", ""): 3, ("B", "", "", ""): 9, ("C", "", "", ""): 6}, 1)

    assert cells == {(): 18, ("A",): None, ("B",): 9, ("C",): None}


def test_two_hidden_cells_that_are_few_together_take_another_with_them() -> None:
    cells = shown({(name, "", "", ""): n for name, n in zip("ABCD", (1, 2, 8, 30), strict=True)}, 1)

    assert [cells[name,] for name in "ABCD"] == [None, None, None, 30]


def test_what_lies_in_a_hidden_area_is_hidden() -> None:
    cells = shown({("A", "a", "", ""): 3, ("B", "b", "", ""): 6, ("B", "c", "", ""): 5, ("C", "d", "", ""): 50}, 2)

    assert {area for area, n in cells.items() if n is None} == {("A",), ("A", "a"), ("B",), ("B", "b"), ("B", "c")}


@given(counts)
def test_no_count_below_five_is_shown_at_any_level(leaves: dict[Area, int]) -> None:
    assert all(n is None or n >= FEW for n in shown(leaves, 4).values())


@given(counts)
def test_what_is_hidden_in_an_area_that_is_shown_is_several_cells_and_five_at_least(leaves: dict[Area, int]) -> None:
    cells = shown(leaves, 4)
    for area, n in cells.items():
        inner = [each for each in cells if len(each) == len(area) + 1 and each[: len(area)] == area]
        hidden = [each for each in inner if cells[each] is None]
        if n is not None and hidden:
            assert len(hidden) > 1
            assert n - sum(cells[each] or 0 for each in inner) >= FEW
        if n is None:
            assert len(hidden) == len(inner)


@given(counts, st.integers(1, 3))
def test_a_table_of_one_level_hides_what_one_of_a_finer_level_hides(leaves: dict[Area, int], depth: int) -> None:
    finer = shown(leaves, depth + 1)

    assert shown(leaves, depth) == {area: n for area, n in finer.items() if len(area) <= depth}
