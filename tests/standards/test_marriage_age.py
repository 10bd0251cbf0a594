"""By when who may marry was born, whatever law held."""

import pytest

from bus.standards.marriage_age import born_by


@pytest.mark.parametrize(
    ("of_age_on", "sex", "latest"),
    [
        ("1958-06-25", "1", "1938-06-25"),
        ("1958-06-25", "2", "1940-06-25"),
        ("1958-06", "", "1940-06"),
        ("1958", "9", "1940"),
        ("2020-02-29", "2", "2002-02-29"),  # in no calendar; it is only held against others
    ],
)
def test_nobody_marries_younger_than_any_law_allowed(of_age_on: str, sex: str, latest: str) -> None:
    assert born_by(of_age_on, sex) == latest
