"""May data written with one schema be read with another? Every finding, each with its path, kind, and words in two languages.

Source: Apache Avro specification 1.12, "Schema Resolution". Kinds are those of Java's `SchemaCompatibility`, which operators know
from the Confluent registry. The level of this bus is FULL_TRANSITIVE: every version reads every other, in both directions.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from bus.contracts.schema import Field, Schema, Type

_PROMOTES = {
    "int": frozenset({"long", "float", "double"}),
    "long": frozenset({"float", "double"}),
    "float": frozenset({"double"}),
    "string": frozenset({"bytes"}),
    "bytes": frozenset({"string"}),
}


class Incompatibility(NamedTuple):
    """One reason why a reader cannot take what a writer wrote. `path` is that of the reader, from `$`."""

    path: str
    kind: str
    message_en: str
    message_zh: str


class Clash(NamedTuple):
    """An incompatibility between two versions of a subject: `reader` cannot read what `writer` wrote."""

    subject: str
    reader: int
    writer: int
    finding: Incompatibility
    message_en: str
    message_zh: str
    cure_en: str
    cure_zh: str


def check(reader: Schema, writer: Schema) -> list[Incompatibility]:
    """All reasons why `reader` cannot resolve data of `writer`; empty when it can."""
    return list(dict.fromkeys(_Check(reader, writer).compare(reader.root, writer.root, "$")))


def clashes(versions: Sequence[tuple[int, Schema]], subject: str = "") -> list[Clash]:
    """Every pair of versions in both directions. A newer version that cannot read an older one breaks replay; the other way round, it
    breaks subscribers who still read with the older."""
    found = []
    for i, (older, old) in enumerate(versions):
        for newer, new in versions[i + 1 :]:
            found += [_clash(subject, newer, older, f) for f in check(new, old)]
            found += [_clash(subject, older, newer, f) for f in check(old, new)]
    return found


def _clash(subject: str, reader: int, writer: int, finding: Incompatibility) -> Clash:
    if reader > writer:
        who_en = f"version {reader} cannot read what was written with version {writer}: replay and rebuilding break"
        who_zh = f"第 {reader} 版无法读取第 {writer} 版写入的数据：重放与重建将失败"
    else:
        who_en = f"version {reader} cannot read what version {writer} would write: subscribers who still read with {reader} break"
        who_zh = f"第 {reader} 版无法读取第 {writer} 版将写入的数据：仍使用第 {reader} 版的订阅方将失败"
    cure_en, cure_zh = _CURES[finding.kind]
    en = f"{subject} {finding.path}: {finding.message_en}; {who_en}."
    return Clash(subject, reader, writer, finding, en, f"{subject} {finding.path}：{finding.message_zh}；{who_zh}。", cure_en, cure_zh)


_CURES = {
    "TYPE_MISMATCH": ("Keep the type; add a new field beside it.", "保留原类型，另加新字段。"),
    "NAME_MISMATCH": (
        "Keep the name, or give the new one an alias and keep the old version readable by a new dataset.",
        "保留原名称；确需更名请使用别名并另建数据集。",
    ),
    "FIXED_SIZE_MISMATCH": ("Keep the size; add a new field beside it.", "保留原长度，另加新字段。"),
    "DECIMAL_MISMATCH": ("Keep precision and scale; add a new field beside it.", "保留精度与小数位，另加新字段。"),
    "MISSING_ENUM_SYMBOLS": (
        "Keep the symbols as they are, or use a string with a code list; only an enum with a default can grow.",
        "保持枚举不变，或改用字符串加代码表；仅有默认值的枚举可以扩充。",
    ),
    "READER_FIELD_MISSING_DEFAULT_VALUE": (
        'Give the field a default, such as "type": ["null", …], "default": null; keep a field without one for good.',
        '为字段给出默认值，如 "type": ["null", …], "default": null；没有默认值的字段须一直保留。',
    ),
    "MISSING_UNION_BRANCH": (
        "Keep the branches of the union as they are; add a new field beside it.",
        "保持联合类型的分支不变，另加新字段。",
    ),
}


class _Check:
    """Walks both schemas together. A pair of named types being compared further up is taken as compatible: recursion ends there."""

    def __init__(self, reader: Schema, writer: Schema) -> None:
        self.reader = reader
        self.writer = writer
        self._known: dict[tuple[str, str], list[Incompatibility]] = {}

    def compare(self, r: Type, w: Type, path: str) -> list[Incompatibility]:
        r, w = self.reader.resolve(r), self.writer.resolve(w)
        if not (r.name and w.name):
            return self._compare(r, w, path)
        pair = (r.name, w.name)
        if pair not in self._known:
            self._known[pair] = []
            self._known[pair] = list(dict.fromkeys(self._compare(r, w, path)))
        return self._known[pair]

    def _compare(self, r: Type, w: Type, path: str) -> list[Incompatibility]:
        if w.kind == "union":
            return [f for b in w.branches for f in self._branch(r, b, path)]
        if r.kind == "union":
            return self._into_union(r, w, path)
        if r.kind != w.kind:
            return [] if r.kind in _PROMOTES.get(w.kind, ()) else [_type_mismatch(r, w, path)]
        if r.kind in ("record", "enum", "fixed") and not _same_name(r, w):
            return [
                Incompatibility(
                    path, "NAME_MISMATCH", f"reader says {r.name}, writer says {w.name}", f"读方名称为 {r.name}，写方为 {w.name}"
                )
            ]
        if r.kind == "record":
            return [f for field in r.fields for f in self._field(field, w, f"{path}.{field.name}")]
        if r.items and w.items:
            return self.compare(r.items, w.items, f"{path}[]" if r.kind == "array" else f"{path}{{}}")
        return _enum(r, w, path) if r.kind == "enum" else _sizes(r, w, path)

    def _branch(self, r: Type, branch: Type, path: str) -> list[Incompatibility]:
        """A branch of the writer's union against the whole of the reader."""
        found = self.compare(r, branch, path)
        if not found or self.reader.resolve(r).kind == "union":
            return found
        kind = self.writer.resolve(branch)
        inner = f"the writer may write {kind.name or kind.kind}, which the reader does not take"
        if any(f.kind == "TYPE_MISMATCH" and f.path == path for f in found):
            return [Incompatibility(path, "TYPE_MISMATCH", inner, f"写方可能写入 {kind.name or kind.kind}，读方不接受")]
        return found

    def _into_union(self, r: Type, w: Type, path: str) -> list[Incompatibility]:
        """Any branch that takes it will do. Where only one comes near (same kind, same name), what is wrong inside is told too."""
        near: list[Incompatibility] = []
        for branch in map(self.reader.resolve, r.branches):
            found = self.compare(branch, w, path)
            if not found:
                return []
            if branch.kind == w.kind and not any(f.kind == "NAME_MISMATCH" and f.path == path for f in found):
                near = near or found
        what = w.name or w.kind
        return near or [
            Incompatibility(
                path, "MISSING_UNION_BRANCH", f"no branch of the reader's union takes {what}", f"读方联合类型没有可接受 {what} 的分支"
            )
        ]

    def _field(self, field: Field, w: Type, path: str) -> list[Incompatibility]:
        written = {f.name: f for f in w.fields}
        match = next((written[n] for n in (field.name, *field.aliases) if n in written), None)
        if match:
            return self.compare(field.type, match.type, path)
        if field.has_default:
            return []
        en = f"the writer has no field {field.name}, and the reader no default for it"
        return [Incompatibility(path, "READER_FIELD_MISSING_DEFAULT_VALUE", en, f"写方没有字段 {field.name}，读方也没有默认值")]


def _same_name(r: Type, w: Type) -> bool:
    """Unqualified names count (specification, "Schema Resolution"); of the reader's aliases, the full ones."""
    return r.name.rpartition(".")[2] == w.name.rpartition(".")[2] or w.name in r.aliases


def _type_mismatch(r: Type, w: Type, path: str) -> Incompatibility:
    return Incompatibility(path, "TYPE_MISMATCH", f"reader takes {r.kind}, writer writes {w.kind}", f"读方类型为 {r.kind}，写方为 {w.kind}")


def _enum(r: Type, w: Type, path: str) -> list[Incompatibility]:
    missing = [s for s in w.symbols if s not in r.symbols]
    if not missing or r.default is not None:
        return []
    names = ", ".join(missing)
    return [
        Incompatibility(
            path, "MISSING_ENUM_SYMBOLS", f"the reader's enum lacks {names} and has no default", f"读方枚举缺少 {names}，且没有默认值"
        )
    ]


def _sizes(r: Type, w: Type, path: str) -> list[Incompatibility]:
    found = []
    if r.size != w.size:
        found.append(
            Incompatibility(
                path,
                "FIXED_SIZE_MISMATCH",
                f"reader takes {r.size} bytes, writer writes {w.size}",
                f"读方为 {r.size} 字节，写方为 {w.size} 字节",
            )
        )
    decimals = [(t.logical.get("precision"), t.logical.get("scale", 0)) for t in (r, w) if t.logical.get("logicalType") == "decimal"]
    if len(decimals) == 2 and decimals[0] != decimals[1]:
        found.append(Incompatibility(path, "DECIMAL_MISMATCH", "precision or scale of the decimal differs", "小数的精度或小数位不同"))
    return found
