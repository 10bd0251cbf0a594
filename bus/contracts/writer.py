"""A schema compiled into a function from a value to the parts of its body, which refuses what does not fit."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from bus.contracts.schema import Schema, Type
from bus.contracts.source import PACK, Source
from bus.contracts.varint import write_long

Writer = Callable[[Any, Callable[[bytes], None]], None]

_CLASS = {"string": "str", "bytes": "bytes", "fixed": "bytes", "enum": "str", "map": "dict", "record": "dict"}


_SMALL = 256


@lru_cache
def _small(index: bytes) -> tuple[bytes, ...]:
    """The bytes of each small number, after the index of its branch."""
    return tuple(index + write_long(number) for number in range(_SMALL))


class Unfit(ValueError):
    """A value is not of its schema: the path, never the value itself."""


def compile_writer(schema: Schema, path: str = "") -> Writer:
    """A function (value, append) that hands the parts of the body to `append`. `path`: what the root is called in errors (by default by
    its name).

    A field with a default may be left out. A field the schema does not have is refused, never dropped. It raises Unfit; KeyError
    for a missing field; AttributeError, TypeError, OverflowError or ValueError where a value is of another kind altogether.
    """
    source = _WriterSource(schema, {"long": write_long, "Unfit": Unfit})
    writer: Writer = source.load(source.function(schema.root, path or schema.root.name or "$"))
    return writer


def default_value(schema: Schema, node: Type, default: Any) -> Any:
    """A default as JSON has it, as the value a writer takes: bytes are spelt as characters in JSON."""
    node = schema.resolve(node)
    match node.kind:
        case "bytes" | "fixed":
            return default.encode("latin-1")
        case "union":
            return default_value(schema, node.branches[0], default)
        case "array":
            return [default_value(schema, node.items, v) for v in default] if node.items else []
        case "map":
            return {k: default_value(schema, node.items, v) for k, v in default.items()} if node.items else {}
        case "record":
            given = {f.name: default.get(f.name, f.default) for f in node.fields}
            return {f.name: default_value(schema, f.type, given[f.name]) for f in node.fields}
    return default


class _WriterSource(Source):
    def body(self, node: Type, name: str, path: str) -> None:
        self.lines.append(f"def {name}(d, put):")
        if node.kind == "record":
            self._record(node)
        elif node.kind in ("array", "map"):
            self._blocks(node, path)
        else:
            self.write(node, "d", 1, path)

    def _record(self, node: Type) -> None:
        put = self.lines.append
        known = self.constant(frozenset(f.name for f in node.fields))
        put(f" if not d.keys() <= {known}: raise Unfit({f'{node.name}: a field that the schema does not have'!r})")
        for field in node.fields:
            if not field.has_default:
                put(f" x = d[{field.name!r}]")
            elif field.default is None:
                put(f" x = d.get({field.name!r})")
            else:
                default = self.constant(default_value(self.schema, field.type, field.default))
                put(f" x = d.get({field.name!r}, {default})")
            self.write(field.type, "x", 1, f"{node.name}.{field.name}")

    def write(self, node: Type, what: str, depth: int, path: str) -> None:
        """Lines that hand the bytes of the variable `what` to `put`."""
        node = self.schema.resolve(node)
        pad, put = " " * depth, self.lines.append
        if node.kind in ("record", "array", "map"):
            put(f"{pad}{self.function(node, path)}({what}, put)")
        elif node.kind == "union":
            self._union(node, what, depth, path)
        else:
            put(f"{pad}if not ({self._test(node, what)}): raise Unfit({path!r})")
            self._plain(node, what, pad, b"")

    def _plain(self, node: Type, what: str, pad: str, index: bytes) -> None:
        """The bytes of a value known to be of this type, after the index of its branch when it stands in a union."""
        put = self.lines.append
        before = f"{self.constant(index)} + " if index else ""
        match node.kind:
            case "null":
                put(f"{pad}put({self.constant(index)})")
            case "boolean":
                put(f"{pad}put({before}(b'\\1' if {what} else b'\\0'))")
            case "int" | "long":
                put(f"{pad}put({before}long({what}) if {what} < 0 else {self._length(index, what)})")
            case "float" | "double":
                put(f"{pad}put({before}{self.constant(PACK[node.kind].pack)}({what}))")
            case "string":
                put(f"{pad}s = {what}.encode(); n = len(s)")
                put(f"{pad}put({self._length(index, 'n')}); put(s)")
            case "bytes":
                put(f"{pad}n = len({what}); put({self._length(index, 'n')}); put({what})")
            case "fixed":
                put(f"{pad}put({before}{what})")
            case _:
                put(f"{pad}put({self.constant({s: index + write_long(i) for i, s in enumerate(node.symbols)})}[{what}])")

    def _length(self, index: bytes, what: str) -> str:
        """The bytes of a number from 0 on, after the index of its branch, as an expression; most are small, and looked up."""
        before = f"{self.constant(index)} + " if index else ""
        return f"{self.constant(_small(index))}[{what}] if {what} < {_SMALL} else {before}long({what})"

    def _test(self, node: Type, what: str) -> str:
        """An expression that tells whether the variable is of this type."""
        match node.kind:
            case "null":
                return f"{what} is None"
            case "boolean":
                return f"{what} is True or {what} is False"
            case "int" | "long":
                bits = 31 if node.kind == "int" else 63
                return f"{what}.__class__ is int and {-(1 << bits)} <= {what} < {1 << bits}"
            case "float" | "double":
                return f"{what}.__class__ is float or {what}.__class__ is int"
            case "array":
                return f"{what}.__class__ is list or {what}.__class__ is tuple"
        test = f"{what}.__class__ is {_CLASS[node.kind]}"
        if node.kind == "fixed":
            return f"{test} and len({what}) == {node.size}"
        return f"{test} and {what} in {self.constant(frozenset(node.symbols))}" if node.kind == "enum" else test

    def _union(self, node: Type, what: str, depth: int, path: str) -> None:
        """The first branch whose test holds, strings before all; of several dict-like branches the record with exactly these fields."""
        pad, put = " " * depth, self.lines.append
        branches = [self.schema.resolve(b) for b in node.branches]
        several = sum(b.kind in ("record", "map") for b in branches) > 1
        for rank, (i, branch) in enumerate(sorted(enumerate(branches), key=lambda pair: (pair[1].kind != "string", pair[1].kind == "map"))):
            test = self._test(branch, what)
            if several and branch.kind == "record":
                test += f" and {what}.keys() == {self.constant(frozenset(f.name for f in branch.fields))}"
            put(f"{pad}{'elif' if rank else 'if'} {test}:")
            if branch.kind in ("record", "array", "map"):
                put(f"{pad} put({self.constant(write_long(i))})")
                self.write(branch, what, depth + 1, path)
            else:
                self._plain(branch, what, pad + " ", write_long(i))
        put(f"{pad}else: raise Unfit({path!r})")

    def _blocks(self, node: Type, path: str) -> None:
        """The function of an array or map: one block of all items, and the empty block."""
        assert node.items is not None  # noqa: S101 - the parser never leaves it out
        put = self.lines.append
        put(f" if not ({self._test(node, 'd')}): raise Unfit({path!r})")
        put(" if d:")
        put(f"  n = len(d); put({self._length(b'', 'n')})")
        put("  for i in d:" if node.kind == "array" else "  for k, i in d.items():")
        if node.kind == "map":
            self.write(Type("string"), "k", 3, f"{path} (a key)")
        self.write(node.items, "i", 3, f"{path}[]")
        put(" put(b'\\0')")
