"""The weights of evidence: the file that ships, and how they are estimated."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path
from random import Random

import pytest
import yaml

from bus.contracts import catalog
from bus.errors import ConfigRefused
from bus.resolver.estimate import Estimate, Pattern, estimate
from bus.resolver.estimating import as_file, patterns, start
from bus.resolver.evidence import Claim
from bus.resolver.likeness import Likeness
from bus.resolver.weights import KINDS, load


def drawn(seed: int, size: int = 4000) -> Counter[Pattern]:
    """Pairs of two classes: three in ten are one person, who has the same name 95 times in 100, another has it twice in 100."""
    chance = Random(seed)
    found: Counter[Pattern] = Counter()
    for _ in range(size):
        one = chance.random() < 0.3
        name = "e" if chance.random() < (0.95 if one else 0.02) else "x"
        born = "d" if chance.random() < (0.9 if one else 0.01) else "x"
        sex = "s" if chance.random() < (0.99 if one else 0.5) else "x"
        found[("name", name), ("sex", sex), ("born", born)] += 1
    return found


def begin() -> Estimate:
    known = start()
    return Estimate(0.5, {k: v for k, v in known.m.items() if k[0] not in KINDS}, {k: v for k, v in known.u.items() if k[0] not in KINDS})


def test_the_estimate_finds_the_frequencies_that_pairs_were_drawn_with() -> None:
    found = estimate(drawn(1), begin())
    assert found.prior == pytest.approx(0.3, abs=0.03)
    assert found.m["name", "e"] == pytest.approx(0.95, abs=0.03)
    assert found.u["name", "e"] == pytest.approx(0.02, abs=0.02)
    assert found.u["sex", "s"] == pytest.approx(0.5, abs=0.04)


def test_the_order_in_which_pairs_were_counted_does_not_matter() -> None:
    pairs = drawn(2)
    backwards = Counter(dict(reversed(pairs.items())))
    assert estimate(pairs, begin()) == estimate(backwards, begin())


def test_a_level_that_was_never_met_is_not_held_to_be_impossible() -> None:
    assert estimate(drawn(3), begin()).m["name", "c"] > 0


def test_to_share_a_key_never_speaks_against() -> None:
    far: Pattern = (("name", "x"), ("place", "1"))
    near: Pattern = (("name", "e"), ("place", "0"))
    found = estimate({far: 90, near: 100}, start())
    assert found.m["place", "1"] == found.u["place", "1"]


def test_pairs_are_counted_once_however_many_keys_they_share_and_other_names_too() -> None:
    mine, his = Claim("phone", b"", "张三", "", ""), Claim("phone", b"A" * 16, "李四", "", "")
    at_home = {b"s": mine._replace(kind="place"), b"t": his._replace(kind="place")}
    told = (("name", "x"), ("code", "0"), ("phone", "1"), ("place", "1"), ("household", "0"), ("with", "0"), ("community", "0"))
    assert patterns([{b"s": mine, b"t": his}, at_home]) == {told: 1}


def test_an_estimate_is_written_as_a_file_that_is_read_again(tmp_path: Path) -> None:
    shipped = yaml.safe_load((catalog.packaged() / "identity" / "resident.yaml").read_text(encoding="utf-8"))
    (tmp_path / "identity").mkdir()
    (tmp_path / "identity" / "resident.yaml").write_text(yaml.safe_dump(as_file(start(), shipped)), encoding="utf-8")
    read = load(tmp_path, "resident")
    assert read.levels["name", "e"] == 3.17
    assert read.score(Likeness("e", "-", "-"), ["phone"]) == pytest.approx(3.17 + 0.737)


@pytest.mark.parametrize("spoil", ["prior: 2", "levels: {}", "entity: dwelling"])
def test_a_file_that_is_not_right_is_refused(tmp_path: Path, spoil: str) -> None:
    shutil.copytree(catalog.packaged() / "identity", tmp_path / "identity")
    file = tmp_path / "identity" / "resident.yaml"
    file.write_text(yaml.safe_dump(yaml.safe_load(file.read_text(encoding="utf-8")) | yaml.safe_load(spoil)), encoding="utf-8")
    with pytest.raises(ConfigRefused):
        load(tmp_path, "resident")
