"""The weights of evidence, estimated from pairs of whom nobody says whether they are one person: expectation and maximization for a mixture
of two classes with independent fields (Winkler 1988, on Fellegi and Sunter 1969). Pure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from math import exp, log
from typing import NamedTuple

Pattern = tuple[tuple[str, str], ...]
"""What a pair says: (field, level). A field that says nothing is left out: it is missing, not different."""
SHARED, NOT_SHARED = "1", "0"
"""The levels of a field that is a kind of key. To share one never speaks against: where the pairs seem to say so (who shares a dwelling is
mostly the rest of the family) it is held to say nothing."""
_ROUNDS = 200
_LEAST = 1e-4  # no level is held to be impossible because it was not met


class Estimate(NamedTuple):
    """`prior`: share of pairs that are one person. `m`, `u`: (field, level) → how often it is met in pairs that are, that are not."""

    prior: float
    m: Mapping[tuple[str, str], float]
    u: Mapping[tuple[str, str], float]


def estimate(pairs: Mapping[Pattern, int], start: Estimate) -> Estimate:
    """From counted patterns. `start` says which class is which and which levels there are; the same pairs give the same estimate."""
    now = start
    for _ in range(_ROUNDS):
        now = _maximized(pairs, {pattern: likely(pattern, now) for pattern in pairs}, start)
    return now


def likely(pattern: Pattern, known: Estimate) -> float:
    """How likely the pair is one person."""
    odds = log(known.prior / (1 - known.prior)) + sum(log(known.m[each] / known.u[each]) for each in pattern)
    return 1 / (1 + exp(-max(-500.0, min(500.0, odds))))


def _maximized(pairs: Mapping[Pattern, int], one: Mapping[Pattern, float], start: Estimate) -> Estimate:
    hits: tuple[Counter[tuple[str, str]], Counter[tuple[str, str]]] = Counter(), Counter()
    all_: tuple[Counter[str], Counter[str]] = Counter(), Counter()
    for pattern, count in sorted(pairs.items()):
        for side, share in enumerate((one[pattern], 1 - one[pattern])):
            for field, level in pattern:
                hits[side][field, level] += count * share  # type: ignore[assignment]
                all_[side][field] += count * share  # type: ignore[assignment]
    m, u = ({each: _kept(hits[side][each], all_[side][each[0]]) for each in start.m} for side in (0, 1))
    for field in all_[0]:
        if (field, SHARED) in m and m[field, SHARED] < u[field, SHARED]:
            for level in (SHARED, NOT_SHARED):
                pooled = (hits[0][field, level] + hits[1][field, level], all_[0][field] + all_[1][field])
                m[field, level] = u[field, level] = _kept(*pooled)
    prior = _kept(sum(count * one[pattern] for pattern, count in sorted(pairs.items())), sum(pairs.values()))
    return Estimate(prior, m, u)


def _kept(part: float, whole: float) -> float:
    return min(max(part / whole if whole else 0.5, _LEAST), 1 - _LEAST)
