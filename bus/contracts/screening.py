"""Which Avro schemas the bus is willing to work with: those under which a short body cannot take a process down.

Sources: fastavro crashes on recursive schemas (SIGSEGV, 5 001 bytes), and items of zero width let five bytes ask for
hundreds of megabytes. Both are shut out here, once, so that the codec needs no guard for them at every record.
"""

from __future__ import annotations

from typing import Any

from bus.contracts.schema import Schema, Type, parse
from bus.errors import SchemaRefused

MAX_DEPTH = 32
MAX_NODES = 10_000  # of the type with all names written out: a short text can name a type that doubles thirty times
MAX_FIXED = 65_536  # bytes
MAX_BRANCHES = 63  # of a union: the index of a branch is then one byte
_INT = {"int": 1 << 31, "long": 1 << 63}


def load(text: str | bytes, place: str = "") -> Schema:
    """Parse and screen. Raises SchemaRefused with the path inside the schema."""
    return screen(parse(text, place), place)


def screen(schema: Schema, place: str = "") -> Schema:
    """The same schema, if a hostile body of it can do no harm; else SchemaRefused."""
    screener = _Screener(schema, place)
    nodes, _ = screener.walk(schema.root, "$", ())
    if nodes > MAX_NODES:
        raise screener.refuse("$", f"more than {MAX_NODES} parts when written out", f"展开后超过 {MAX_NODES} 个部分")
    return schema


class _Screener:
    def __init__(self, schema: Schema, place: str) -> None:
        self.schema = schema
        self.place = place
        self._seen: dict[tuple[str, int], tuple[int, int]] = {}

    def refuse(self, path: str, en: str, zh: str) -> SchemaRefused:
        return SchemaRefused(f"{path}: {en}", f"{path}：{zh}", place=self.place)

    def walk(self, node: Type, path: str, above: tuple[str, ...], depth: int = 1) -> tuple[int, int]:
        """(parts when written out, least bytes of a body) of this node. Raises SchemaRefused."""
        if depth > MAX_DEPTH:
            raise self.refuse(path, f"deeper than {MAX_DEPTH}", f"嵌套超过 {MAX_DEPTH} 层")
        if node.name in above:
            raise self.refuse(path, f"{node.name} contains itself", f"{node.name} 包含自身（递归）")
        if not node.name:
            return self._measure(node, path, above, depth)
        known = (node.name, depth)
        if known not in self._seen:
            self._seen[known] = self._measure(self.schema.resolve(node), path, (*above, node.name), depth)
        return self._seen[known]

    def _measure(self, node: Type, path: str, above: tuple[str, ...], depth: int) -> tuple[int, int]:
        if node.kind == "record":
            return self._record(node, path, above, depth)
        if node.kind in ("array", "map"):
            assert node.items is not None  # noqa: S101 - the parser never leaves it out
            nodes, width = self.walk(node.items, f"{path}[]", above, depth + 1)
            if width == 0:
                raise self.refuse(path, f"an item of this {node.kind} takes no bytes", f"该 {node.kind} 的元素不占字节，可被滥用耗尽内存")
            return nodes + 1, 1
        if node.kind == "union":
            if len(node.branches) > MAX_BRANCHES:
                raise self.refuse(path, f"a union of more than {MAX_BRANCHES}", f"联合类型超过 {MAX_BRANCHES} 个分支")
            parts = [self.walk(b, f"{path}<{b.name or b.kind}>", above, depth + 1) for b in node.branches]
            return 1 + sum(n for n, _ in parts), 1 + min(w for _, w in parts)
        if node.kind == "fixed" and not 0 < node.size <= MAX_FIXED:
            raise self.refuse(path, f"fixed of {node.size} bytes; 1 to {MAX_FIXED} are taken", f"fixed 字节数须为 1 至 {MAX_FIXED}")
        return 1, {"null": 0, "float": 4, "double": 8, "fixed": node.size}.get(node.kind, 1)

    def _record(self, node: Type, path: str, above: tuple[str, ...], depth: int) -> tuple[int, int]:
        nodes = width = 0
        for field in node.fields:
            here = f"{path}.{field.name}"
            more, bytes_ = self.walk(field.type, here, above, depth + 1)
            nodes, width = nodes + more, width + bytes_
            if nodes > MAX_NODES:
                raise self.refuse(here, f"more than {MAX_NODES} parts when written out", f"展开后超过 {MAX_NODES} 个部分")
            if field.has_default and not fits(self.schema, field.type, field.default):
                raise self.refuse(
                    here, "the default is not of the field's type (of a union: its first)", "默认值与字段类型（联合类型为首个分支）不符"
                )
        return nodes + 1, width


def fits(schema: Schema, node: Type, value: Any) -> bool:
    """Whether a JSON default is of this type. Of a union: of its first branch (Avro specification, "Complex Types")."""
    node = schema.resolve(node)
    match node.kind:
        case "null":
            return value is None
        case "boolean":
            return isinstance(value, bool)
        case "int" | "long":
            return type(value) is int and -_INT[node.kind] <= value < _INT[node.kind]
        case "float" | "double":
            return type(value) in (int, float)
        case "string":
            return isinstance(value, str)
        case "bytes" | "fixed":
            return isinstance(value, str) and all(ord(c) < 256 for c in value) and (node.kind == "bytes" or len(value) == node.size)
        case "enum":
            return value in node.symbols
        case "union":
            return fits(schema, node.branches[0], value)
        case "array":
            return isinstance(value, list) and node.items is not None and all(fits(schema, node.items, v) for v in value)
        case "map":
            return isinstance(value, dict) and node.items is not None and all(fits(schema, node.items, v) for v in value.values())
    return isinstance(value, dict) and all(
        f.has_default if f.name not in value else fits(schema, f.type, value[f.name]) for f in node.fields
    )
