"""From which age one may marry, so by when who married was born at the latest. Pure.

Source: Marriage Law of 1950, art. 4 (men 20, women 18); of 1980, art. 5, and Civil Code, art. 1047 (men 22, women 20), which autonomous
regions lowered by two years (Xinjiang 1980, Tibet 1981). Whatever law held, no man was younger than 20, no woman younger than 18.
"""

from __future__ import annotations

_LEAST = {"1": 20, "2": 18}
"""Sex (GB/T 2261.1) → years."""
_LEAST_OF_ALL = min(_LEAST.values())
_YEAR = 4


def born_by(of_age_on: str, sex: str) -> str:
    """The last day on which somebody can have been born who may marry on this day (an ISO date, as long as it is known), just as long."""
    return f"{int(of_age_on[:_YEAR]) - _LEAST.get(sex, _LEAST_OF_ALL):04}{of_age_on[_YEAR:]}"
