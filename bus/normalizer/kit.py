"""What converters are built with: reference tables, code lists, keys. Chosen once, when mappings are compiled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.resources.abc import Traversable
from typing import Any

from bus.errors import ConfigRefused
from bus.keys import KeyRing
from bus.sealing import Sealer
from bus.standards.addresses import AddressBook
from bus.standards.codes import CodeList
from bus.standards.divisions import Divisions
from bus.standards.reading import Reading

MEMO = 65_536
"""Entries kept of one memo of short words (code cells, names): some 10 MB at most, and never one a row."""
RECENT = 4_096
"""Entries kept of a memo whose entries are large (an address with its parts: 2 KB) or whose texts repeat only near one another."""


@dataclass(frozen=True, slots=True)
class Kit:
    """Everything a converter may lean on."""

    keys: KeyRing
    divisions: Divisions
    addresses: AddressBook
    code_list: Callable[[str], CodeList]
    sealer: Sealer
    area_code: str | None = None
    """The city's telephone area code, for numbers written without one."""
    said_in: Callable[[str], Callable[[str, int], bool | None]] = lambda dataset: lambda key, at: None
    """(dataset) → (key, time in ms) → whether that dataset had such a row then; None where it says nothing of the whole of that key."""


Convert = Callable[[str, Any], Reading[Any]]
"""(text of a cell, the row) → value and codes."""


def code_lists(folder: Traversable) -> Callable[[str], CodeList]:
    """Code lists of `schemas/codes` by name, each read once. What it gives raises `ConfigRefused` for a list that is not there."""

    @cache
    def load(name: str) -> CodeList:
        for file in (folder / f"{name}.csv", folder / f"{name}.yaml"):
            if file.is_file():
                return CodeList.load(file)
        raise ConfigRefused(f"there is no code list {name}", f"没有代码表 {name}", place=f"schemas/codes/{name}")

    return load
