"""A schema compiled into a function from bytes to a value, which refuses what is not exactly Avro."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from types import MappingProxyType
from typing import Any

from bus.contracts.schema import Schema, Type
from bus.contracts.source import PACK, Source
from bus.contracts.varint import Malformed, Truncated, read_count, read_int, read_long, read_size

Reader = Callable[[bytes, int], tuple[Any, int]]


_SIZES = tuple(None if byte & 129 else byte >> 1 for byte in range(256))
"""What a first byte says of a length, where it says it alone."""

PassedOver = Mapping[str, Collection[str]]
"""Name of a record type, without its namespace → fields of it that are not wanted."""


def compile_reader(schema: Schema, passed_over: PassedOver = MappingProxyType({})) -> Reader:
    """A function (bytes, position) → (value, next position). Records come without the fields that are `passed_over`; of those only the
    length is read, so text in them that is no UTF-8 is not noticed.

    It raises Malformed, IndexError or UnicodeDecodeError on bad bytes. A string that is cut off is *not* noticed here: the
    position returned is then beyond the bytes, so one comparison by the caller stands for a check at every field.
    Logical types are annotations: a date comes out as its int.
    """
    source = _ReaderSource(
        schema, passed_over, {"read_long": read_long, "read_int": read_int, "read_size": read_size, "read_count": read_count}
    )
    reader: Reader = source.load(source.function(schema.root, "$"))
    return reader


def _refuse(_index: int) -> None:
    raise Malformed("an index beyond the enum, union or boolean", "枚举、联合或布尔取值越界")


class _ReaderSource(Source):
    def __init__(self, schema: Schema, passed_over: PassedOver, scope: dict[str, Any]) -> None:
        super().__init__(schema, {**scope, "refuse": _refuse, "Truncated": Truncated, "sizes": _SIZES})
        self._passed_over = passed_over

    def body(self, node: Type, name: str, path: str) -> None:
        self.lines.append(f"def {name}(b, p):")
        if node.kind == "record":
            self._record(node)
        elif node.kind in ("array", "map"):
            self._blocks(node)
        else:
            self.read(node, "v", 1)
            self.lines.append(" return v, p")

    def _record(self, node: Type) -> None:
        """The function of a record: a copy of one whose fields are all null, most of which stay so, and what it has put in."""
        unwanted = self._passed_over.get(node.name.rpartition(".")[2], ())
        blank = self.constant(dict.fromkeys(field.name for field in node.fields if field.name not in unwanted))
        self.lines.append(f" v = {blank}.copy()")
        for field in node.fields:
            if field.name in unwanted:
                self._pass_over(field.type, 1)
            else:
                self.read(field.type, f"v[{field.name!r}]", 1, is_null=True)
        self.lines.append(" return v, p")

    def read(self, node: Type, to: str, depth: int, is_null: bool = False) -> None:
        """Lines that read one value of this type at `p` into `to` and move `p`. `is_null`: so `to` is already."""
        node = self.schema.resolve(node)
        pad, put = " " * depth, self.lines.append
        match node.kind:
            case "null":
                put(f"{pad}{to} = None")
            case "boolean":
                put(f"{pad}n = b[p]; p += 1")
                put(f"{pad}if n > 1: refuse(n)")
                put(f"{pad}{to} = n == 1")
            case "int" | "long":
                put(f"{pad}n = b[p]")  # of one byte it needs no call
                put(f"{pad}if n < 128: {to} = (n >> 1) ^ -(n & 1); p += 1")
                put(f"{pad}else: {to}, p = read_{node.kind}(b, p)")
            case "float" | "double":
                size = PACK[node.kind].size
                put(f"{pad}if len(b) - p < {size}: raise Truncated")
                put(f"{pad}{to} = {self.constant(PACK[node.kind].unpack_from)}(b, p)[0]; p += {size}")
            case "string" | "bytes":
                self._size(pad)
                put(f"{pad}e = p + n; {to} = b[p:e]{'.decode()' if node.kind == 'string' else ''}; p = e")
            case "fixed":
                put(f"{pad}e = p + {node.size}; {to} = b[p:e]; p = e")
            case "enum":
                self._size(pad)
                put(f"{pad}if n >= {len(node.symbols)}: refuse(n)")
                put(f"{pad}{to} = {self.constant(node.symbols)}[n]")
            case "union":
                self._union(node, to, depth, is_null)
            case _:
                put(f"{pad}{to}, p = {self.function(node, '')}(b, p)")

    def _size(self, pad: str) -> None:
        """A length or index into `n`; of one byte, without the sign bit, it needs no call."""
        self.lines.append(f"{pad}n = sizes[b[p]]")
        self.lines.append(f"{pad}if n is None: n, p = read_size(b, p)")
        self.lines.append(f"{pad}else: p += 1")

    def _pass_over(self, node: Type, depth: int) -> None:
        """Lines that move `p` behind a value."""
        node = self.schema.resolve(node)
        pad = " " * depth
        if node.kind in ("string", "bytes"):
            self._size(pad)
            self.lines.append(f"{pad}p += n")
        elif node.kind == "union":
            self._union(node, "", depth)
        else:
            self.read(node, "_", depth)

    def _union(self, node: Type, to: str, depth: int, is_null: bool = False) -> None:
        """One byte tells the branch (screening allows 63); the likeliest, a value rather than null, is asked for first. `to`: "" for one
        that is passed over; `is_null`: so it is already."""
        pad = " " * depth
        self.lines.append(f"{pad}u = b[p]; p += 1")
        order = sorted(range(len(node.branches)), key=lambda i: node.branches[i].kind == "null")
        for rank, i in enumerate(order):
            self.lines.append(f"{pad}{'elif' if rank else 'if'} u == {i * 2}:")
            if is_null and node.branches[i].kind == "null":
                self.lines.append(f"{pad} pass")
            elif to:
                self.read(node.branches[i], to, depth + 1)
            else:
                self._pass_over(node.branches[i], depth + 1)
        self.lines.append(f"{pad}else: refuse(u)")

    def _blocks(self, node: Type) -> None:
        """The function of an array or map: blocks of items, an empty block ends them."""
        assert node.items is not None  # noqa: S101 - the parser never leaves it out
        put = self.lines.append
        put(f" v = {'[]' if node.kind == 'array' else '{}'}")
        put(" while b[p]:")
        put("  c = sizes[b[p]]")
        put("  if c is None or c >= len(b) - p: c, p = read_count(b, p)")
        put("  else: p += 1")
        put("  for _ in range(c):")
        if node.kind == "map":
            self._size("   ")
            put("   e = p + n; k = b[p:e].decode(); p = e")
        self.read(node.items, "i", 3)
        put(f"   {'v.append(i)' if node.kind == 'array' else 'v[k] = i'}")
        put(" return v, p + 1")
