"""The hash tree is that of RFC 6962: the vectors of its reference code, and what holds for trees of any size."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bus.sharing.tree import HASH, Frontier, consistency, continues, inclusion, is_included, leaf_hash, root

# the inputs and hashes of the reference implementation (google/certificate-transparency, merkletree tests)
INPUTS = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
INCLUSION = {
    (0, 1): [],
    (0, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (5, 8): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
}
CONSISTENCY = {
    (1, 1): [],
    (1, 8): INCLUSION[0, 8],
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 5): [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}


def tree(size: int) -> bytes:
    return b"".join(leaf_hash(bytes.fromhex(each)) for each in INPUTS[:size])


def numbered(size: int) -> bytes:
    return b"".join(leaf_hash(str(at).encode()) for at in range(size))


@pytest.mark.parametrize("size", range(9))
def test_roots_are_those_of_the_reference(size: int) -> None:
    assert root(tree(size)).hex() == ROOTS[size]


@pytest.mark.parametrize(("index", "size"), INCLUSION)
def test_paths_are_those_of_the_reference(index: int, size: int) -> None:
    assert [each.hex() for each in inclusion(tree(size), index)] == INCLUSION[index, size]


@pytest.mark.parametrize(("earlier", "size"), CONSISTENCY)
def test_proofs_of_growth_are_those_of_the_reference(earlier: int, size: int) -> None:
    assert [each.hex() for each in consistency(tree(size), earlier)] == CONSISTENCY[earlier, size]


@given(st.integers(1, 70), st.data())
def test_every_leaf_is_shown_to_be_in_the_tree_and_at_no_other_place(size: int, data: st.DataObject) -> None:
    leaves, index = numbered(size), data.draw(st.integers(0, size - 1))
    leaf, path = leaves[index * HASH : (index + 1) * HASH], inclusion(leaves, index)

    assert is_included(leaf, index, size, path, root(leaves))
    assert not any(is_included(leaf, other, size, path, root(leaves)) for other in range(size) if other != index)
    assert not is_included(leaf_hash(b"another"), index, size, path, root(leaves))


@given(st.integers(1, 70), st.data())
def test_every_tree_is_shown_to_begin_with_each_smaller_one_and_no_other(size: int, data: st.DataObject) -> None:
    leaves, earlier = numbered(size), data.draw(st.integers(1, size))
    before, proof = root(leaves[: earlier * HASH]), consistency(leaves, earlier)

    assert continues(earlier, before, size, root(leaves), proof)
    assert not continues(earlier, root(leaf_hash(b"another") + leaves[HASH : earlier * HASH]), size, root(leaves), proof)
    assert not continues(earlier, before, size, leaf_hash(b"another root"), proof)


@given(st.integers(0, 70))
def test_a_tree_that_grows_has_the_root_of_the_whole(size: int) -> None:
    leaves, growing = numbered(size), Frontier()
    for at in range(size):
        growing.add(leaves[at * HASH : (at + 1) * HASH])
    assert growing.root() == root(leaves)
    assert growing.size == size


def test_a_leaf_that_is_not_there_has_no_path() -> None:
    with pytest.raises(IndexError):
        inclusion(tree(3), 3)
    with pytest.raises(IndexError):
        consistency(tree(3), 4)
