"""What the pairs under common keys say, counted for `bus.resolver.estimate`, and the estimate as a weights file. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from bus.resolver.estimate import NOT_SHARED, SHARED, Estimate, Pattern
from bus.resolver.evidence import COMMUNITY, HERE, MOST_SUBJECTS, ROW, UNPLACED, Claim, compared
from bus.resolver.likeness import UNKNOWN, Likeness, united, weighed
from bus.resolver.weights import KINDS, LETTERS

_START = {
    "name": {
        "exact": (0.9, 0.1),
        "spelling": (0.03, 0.03),
        "close": (0.01, 0.03),
        "called": (0.05, 0.02),
        "surname": (0.01, 0.05),
        "other": (0.01, 0.77),
    },
    "sex": {"same": (0.98, 0.5), "other": (0.02, 0.5)},
    "born": {"day": (0.9, 0.05), "month": (0.04, 0.05), "year": (0.05, 0.1), "other": (0.01, 0.8)},
}
_DIGITS = 5
_COUNT_NO_PAIR = (ROW, UNPLACED, HERE, COMMUNITY)  # the last: its key holds the name, so all under it agree on that


def patterns(under: Iterable[Mapping[bytes, Claim]]) -> Counter[Pattern]:
    """The pairs (statement without a number, subject) that share a key, by what they say; other names too, unlike in `candidates`.
    `under`: the claims under each key, by statement."""
    alike: dict[tuple[bytes, bytes], list[Likeness]] = {}
    kinds: dict[tuple[bytes, bytes], set[str]] = {}
    for claims in under:
        known = [claim for claim in claims.values() if claim.subject]
        if len({claim.subject for claim in known}) > MOST_SUBJECTS:
            continue
        for statement, claim in claims.items():
            if claim.subject or claim.hidden or claim.kind in _COUNT_NO_PAIR:
                continue
            for subject, level in compared(claim, known).items():
                pair = statement, subject
                alike.setdefault(pair, []).append(level)
                kinds.setdefault(pair, set()).add(claim.kind)
    return Counter(_pattern(weighed(united(levels), kinds[pair]), kinds[pair]) for pair, levels in alike.items())


def _pattern(alike: Likeness, kinds: set[str]) -> Pattern:
    told = [(field, level) for field, level in zip(Likeness._fields, alike, strict=True) if level != UNKNOWN]
    return (*told, *((kind, SHARED if kind in kinds else NOT_SHARED) for kind in KINDS))


def start() -> Estimate:
    """Where the estimate begins: it only says which of the two classes is which."""
    m, u = {}, {}
    for field, levels in _START.items():
        for name, both in levels.items():
            m[field, LETTERS[field][name]], u[field, LETTERS[field][name]] = both
    for kind in KINDS:
        m |= {(kind, SHARED): 0.5, (kind, NOT_SHARED): 0.5}
        u |= {(kind, SHARED): 0.3, (kind, NOT_SHARED): 0.7}
    return Estimate(0.5, m, u)


def as_file(found: Estimate, before: Mapping[str, Any]) -> dict[str, Any]:
    """The weights file with this estimate; what people wrote in it (words, bounds) stays as it was in `before`."""
    levels = {
        field: {name: _level(found, (field, letter), before["levels"][field][name]) for name, letter in letters.items()}
        for field, letters in LETTERS.items()
    }
    shares = {kind: _level(found, (kind, SHARED), before["shares"][kind]) for kind in KINDS}
    return {**before, "prior": round(found.prior, _DIGITS), "levels": levels, "shares": shares}


def _level(found: Estimate, each: tuple[str, str], before: Mapping[str, Any]) -> dict[str, Any]:
    return {**before, "m": round(found.m[each], _DIGITS), "u": round(found.u[each], _DIGITS)}
