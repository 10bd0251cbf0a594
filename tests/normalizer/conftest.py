"""The small city of the normalizer's tests, made once."""

import pytest
from normalizer_kit import kit_of, released

from bus import keys as key_files
from bus.normalizer.mapping import compile_mappings, load_mappings


@pytest.fixture(scope="session")
def keys(tmp_path_factory):
    return key_files.load_or_make(tmp_path_factory.mktemp("home"), ["housing", "civil", "social", "water"])


@pytest.fixture(scope="session")
def catalog(tmp_path_factory):
    return released(tmp_path_factory.mktemp("schemas"))


@pytest.fixture(scope="session")
def plans(catalog, keys):
    return compile_mappings(load_mappings(catalog), catalog, kit_of(keys, catalog))
