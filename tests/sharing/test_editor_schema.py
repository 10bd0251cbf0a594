"""The JSON Schema that editors use says what the model says."""

from __future__ import annotations

import json

from bus.contracts.catalog import packaged
from bus.sharing import agreement

FILE = packaged() / "agreements" / "agreement.schema.json"


def test_the_published_schema_is_that_of_the_model() -> None:
    assert json.loads(FILE.read_text("utf-8")) == agreement.json_schema(), (
        "civicbus agreement schema > schemas/agreements/agreement.schema.json"
    )


def test_every_word_is_explained_in_both_languages() -> None:
    for name, each in agreement.json_schema()["properties"].items():
        assert any("\u4e00" <= letter <= "\u9fff" for letter in each["description"]), name
        assert any(letter.isascii() and letter.isalpha() for letter in each["description"]), name
