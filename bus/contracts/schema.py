"""An Avro schema, parsed once into plain frozen values. Source: Apache Avro specification 1.12, "Schema Declaration".

Parsing checks that the text *is* Avro; whether the bus is willing to work with it is `bus.contracts.screening`.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from bus.errors import SchemaRefused

PRIMITIVES = frozenset({"null", "boolean", "int", "long", "float", "double", "bytes", "string"})
NAMED = frozenset({"record", "enum", "fixed"})
MAX_TEXT = 262_144  # characters; the largest contract here has 12 000
MAX_NESTING = 200  # of the JSON; the depth of the type itself is `screening.MAX_DEPTH`
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a record. `has_default` tells a default of null from none; `annotations` is the JSON as written."""

    name: str
    type: Type
    aliases: tuple[str, ...]
    has_default: bool
    default: Any
    annotations: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Type:
    """One node: `kind` is a primitive, record, enum, fixed, array, map, union, or ref (to `Schema.named[name]`)."""

    kind: str
    name: str = ""
    aliases: tuple[str, ...] = ()
    fields: tuple[Field, ...] = ()
    symbols: tuple[str, ...] = ()
    default: str | None = None
    items: Type | None = None
    branches: tuple[Type, ...] = ()
    size: int = 0
    logical: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Schema:
    """A whole schema: its root, its named types by full name, the JSON as written, and the SHA-256 of that JSON."""

    root: Type
    named: Mapping[str, Type]
    raw: Any
    fingerprint: str

    def resolve(self, node: Type) -> Type:
        """The type itself where `node` only names one."""
        return self.named[node.name] if node.kind == "ref" else node


def parse(text: str | bytes, place: str = "") -> Schema:
    """Read a schema from its JSON text. Raises SchemaRefused, naming the path inside, when it is not Avro."""
    raw = _load_json(text, place)
    parser = _Parser(place)
    root = parser.type_of(raw, "", "$", 0)
    return Schema(root, MappingProxyType(parser.named), raw, fingerprint(raw))


def fingerprint(raw: Any) -> str:
    """SHA-256 (hex) of the JSON with sorted keys: annotations count, layout and the order of attributes do not.

    Not Avro's parsing canonical form: a released contract whose sensitivity or meaning was edited must be noticed too.
    """
    text = json.dumps(raw, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _load_json(text: str | bytes, place: str) -> Any:
    if len(text) > MAX_TEXT:
        raise SchemaRefused(f"The schema is larger than {MAX_TEXT} characters.", f"模式超过 {MAX_TEXT} 个字符。", place=place)
    try:
        decoded = text.decode("utf-8-sig") if isinstance(text, bytes) else text
        return json.loads(decoded, object_pairs_hook=_no_repeats, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        what = str(error) if isinstance(error, ValueError) else "nested too deeply"
        raise SchemaRefused(f"The schema is not JSON: {what}.", f"模式不是合法的 JSON：{what}。", place=place) from None


def _no_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    seen = dict(pairs)
    if len(seen) != len(pairs):
        raise ValueError("an attribute stands twice in one object")
    return seen


def _no_constant(text: str) -> Any:
    raise ValueError(f"{text} is not JSON")


class _Parser:
    """Walks the JSON once; keeps the named types it met, a name being known from where its definition begins."""

    def __init__(self, place: str) -> None:
        self.place = place
        self.named: dict[str, Type] = {}
        self._open: set[str] = set()

    def refuse(self, path: str, en: str, zh: str) -> SchemaRefused:
        return SchemaRefused(f"{path}: {en}", f"{path}：{zh}", place=self.place)

    def type_of(self, raw: Any, namespace: str, path: str, depth: int) -> Type:
        if depth > MAX_NESTING:
            raise self.refuse(path, "nested too deeply", "嵌套过深")
        if isinstance(raw, str):
            return self._by_name(raw, namespace, path)
        if isinstance(raw, list):
            return self._union(raw, namespace, path, depth)
        if not isinstance(raw, dict) or "type" not in raw:
            raise self.refuse(path, "a type is a name, a list, or an object with a type", "类型须为名称、列表或含 type 的对象")
        kind = raw["type"]
        if not isinstance(kind, str):
            return self.type_of(kind, namespace, path, depth + 1)
        build = self._builders().get(kind)
        if build:
            return build(raw, namespace, path, depth)
        if kind in PRIMITIVES:
            return Type(kind, logical=_logical(raw))
        return self._by_name(kind, namespace, path)

    def _builders(self) -> Mapping[str, Callable[[dict[str, Any], str, str, int], Type]]:
        return {
            "record": self._record,
            "error": self._record,
            "enum": self._enum,
            "fixed": self._fixed,
            "array": lambda raw, ns, path, depth: self._holder("array", "items", raw, ns, path, depth),
            "map": lambda raw, ns, path, depth: self._holder("map", "values", raw, ns, path, depth),
        }

    def _by_name(self, name: str, namespace: str, path: str) -> Type:
        if name in PRIMITIVES:
            return Type(name)
        for full in (name,) if "." in name or not namespace else (f"{namespace}.{name}", name):
            if full in self.named or full in self._open:
                return Type("ref", full)
        raise self.refuse(path, f"type {name!r} is not defined", f"类型 {name!r} 未定义")

    def _union(self, raw: list[Any], namespace: str, path: str, depth: int) -> Type:
        branches = tuple(self.type_of(b, namespace, f"{path}[{i}]", depth + 1) for i, b in enumerate(raw))
        keys = [b.name or b.kind for b in branches]
        if not branches or len(set(keys)) != len(keys) or "union" in keys:
            raise self.refuse(path, "a union holds one or more different types, and no union", "联合类型须含互不相同的类型，且不得嵌套联合")
        return Type("union", branches=branches)

    def _holder(self, kind: str, attribute: str, raw: dict[str, Any], namespace: str, path: str, depth: int) -> Type:
        if attribute not in raw:
            raise self.refuse(path, f"{kind} without {attribute}", f"{kind} 缺少 {attribute}")
        return Type(kind, items=self.type_of(raw[attribute], namespace, f"{path}.{attribute}", depth + 1))

    def _record(self, raw: dict[str, Any], namespace: str, path: str, depth: int) -> Type:
        full, space = self._declare(raw, namespace, path)
        fields = raw.get("fields")
        if not isinstance(fields, list):
            raise self.refuse(path, "a record has a list of fields", "record 须有 fields 列表")
        parsed = tuple(self._field(f, space, path, i, depth) for i, f in enumerate(fields))
        names = [n for f in parsed for n in (f.name, *f.aliases)]
        if len(set(names)) != len(names):
            raise self.refuse(path, "a field name or alias stands twice", "字段名或别名重复")
        return self._define(Type("record", full, self._aliases(raw, space, path), fields=parsed))

    def _field(self, raw: Any, namespace: str, path: str, number: int, depth: int) -> Field:
        if not isinstance(raw, dict) or "type" not in raw:
            raise self.refuse(f"{path}.fields[{number}]", "a field is an object with name and type", "字段须为含 name 和 type 的对象")
        name = self._simple_name(raw.get("name"), f"{path}.fields[{number}]")
        here = f"{path}.{name}"
        aliases = tuple(self._simple_name(a, here) for a in _list_of(raw.get("aliases", [])))
        kind = self.type_of(raw["type"], namespace, here, depth + 1)
        return Field(name, kind, aliases, "default" in raw, raw.get("default"), MappingProxyType(raw))

    def _enum(self, raw: dict[str, Any], namespace: str, path: str, _depth: int) -> Type:
        full, space = self._declare(raw, namespace, path)
        symbols = tuple(self._simple_name(s, path) for s in _list_of(raw.get("symbols")))
        default = raw.get("default")
        if not symbols or len(set(symbols)) != len(symbols) or (default is not None and default not in symbols):
            raise self.refuse(path, "an enum has different symbols, its default among them", "enum 的符号须非空且不重复，默认值须在其中")
        return self._define(Type("enum", full, self._aliases(raw, space, path), symbols=symbols, default=default))

    def _fixed(self, raw: dict[str, Any], namespace: str, path: str, _depth: int) -> Type:
        full, space = self._declare(raw, namespace, path)
        size = raw.get("size")
        if type(size) is not int or size < 0:
            raise self.refuse(path, "fixed has a size in bytes", "fixed 须有字节数 size")
        return self._define(Type("fixed", full, self._aliases(raw, space, path), size=size, logical=_logical(raw)))

    def _declare(self, raw: dict[str, Any], namespace: str, path: str) -> tuple[str, str]:
        name = raw.get("name")
        space = raw.get("namespace", namespace)
        if not isinstance(name, str) or not isinstance(space, str):
            raise self.refuse(path, "a named type has a name", "命名类型须有 name")
        full = name if "." in name or not space else f"{space}.{name}"
        for part in full.split("."):
            self._simple_name(part, path)
        if full in self.named or full in self._open or full in PRIMITIVES:
            raise self.refuse(path, f"{full} is defined twice", f"{full} 重复定义")
        self._open.add(full)
        return full, full.rpartition(".")[0]

    def _define(self, node: Type) -> Type:
        self._open.discard(node.name)
        self.named[node.name] = node
        return node

    def _aliases(self, raw: dict[str, Any], namespace: str, path: str) -> tuple[str, ...]:
        names = _list_of(raw.get("aliases", []))
        for part in (p for n in names for p in str(n).split(".")):
            self._simple_name(part, path)
        return tuple(n if "." in n or not namespace else f"{namespace}.{n}" for n in names)

    def _simple_name(self, name: Any, path: str) -> str:
        if not isinstance(name, str) or len(name) > 255 or not _NAME.fullmatch(name):
            raise self.refuse(
                path, "a name is of ASCII letters, digits and _, not digit first", "名称只能由 ASCII 字母、数字和下划线组成，且不以数字开头"
            )
        return name


def _list_of(raw: Any) -> list[Any]:
    return raw if isinstance(raw, list) else [None]


def _logical(raw: dict[str, Any]) -> Mapping[str, Any]:
    keys = ("logicalType", "precision", "scale")
    return {k: raw[k] for k in keys if k in raw} if "logicalType" in raw else {}
