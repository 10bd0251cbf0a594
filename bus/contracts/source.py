"""Python source written out for one schema: the ground under `reader` and `writer`.

Why not fastavro: it takes trailing bytes, negative indexes and over-long numbers for good, and to check for them afterwards means
walking the body a second time. A function written out for one schema checks as it goes and still is faster (`bench/`), because it
looks nothing up. fastavro is the oracle of the tests. Only screened schemas may be compiled (`bus.contracts.screening`):
no recursion, no items without width, bounded size.
"""

from __future__ import annotations

import struct
from abc import ABC, abstractmethod
from typing import Any

from bus.contracts.schema import Schema, Type

PACK = {"float": struct.Struct("<f"), "double": struct.Struct("<d")}


class Source(ABC):
    """Functions under way, and the constants they use.

    The text holds generated names, numbers, field names and paths made of Avro names (ASCII letters, digits, _) only;
    every other value of the schema goes in as a constant of the scope. That is what makes `exec` safe here.
    """

    def __init__(self, schema: Schema, scope: dict[str, Any]) -> None:
        self.schema = schema
        self.lines: list[str] = []
        self._scope = scope
        self._done: list[str] = []
        self._functions: dict[str, str] = {}
        self._names = 0

    def name(self, prefix: str) -> str:
        """A name not used before."""
        self._names += 1
        return f"{prefix}{self._names}"

    def constant(self, value: Any) -> str:
        """The name under which the generated functions find this value."""
        name = self.name("K")
        self._scope[name] = value
        return name

    def function(self, node: Type, path: str) -> str:
        """The name of the function for this type; a record's is written once."""
        known = self._functions.get(node.name) if node.name else None
        if known:
            return known
        name = self.name(f"{node.kind}_")
        if node.name:
            self._functions[node.name] = name
        outer, self.lines = self.lines, []
        self.body(node, name, path)
        self._done += self.lines
        self.lines = outer
        return name

    @abstractmethod
    def body(self, node: Type, name: str, path: str) -> None:
        """Append the whole function `name` for this type to `lines`."""

    def load(self, entry: str) -> Any:
        """Compile what was written; the function called `entry`."""
        exec(compile("\n".join(self._done), "<avro>", "exec"), self._scope)  # noqa: S102 - see the class
        return self._scope[entry]
