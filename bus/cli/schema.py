"""`civicbus schema …`: compare, check, release, list, show and hand out schemas."""

from __future__ import annotations

import json
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from bus.cli.context import of
from bus.cli.say import note, out, table
from bus.contracts import registry as registries
from bus.contracts.compatibility import check as compare
from bus.contracts.registry import Registry, Version
from bus.contracts.schema import Schema, parse
from bus.errors import CheckFailed, WrongUse

_group = typer.Typer(no_args_is_help=True, help="Schemas: compare, check, release, list, show, export. 模式（数据契约）管理。")
_Reader = Annotated[Path, typer.Argument(metavar="READER", exists=True, dir_okay=False, help="an Avro schema, JSON 读方模式文件")]
_Writer = Annotated[Path, typer.Argument(metavar="WRITER", exists=True, dir_okay=False, help="an Avro schema, JSON 写方模式文件")]


class Format(StrEnum):
    """How a result is written."""

    json = "json"
    table = "table"


_Format = Annotated[Format, typer.Option("--format", help="json on standard output, or a table for people 输出格式")]


@_group.command("compat")
def compat(reader: _Reader, writer: _Writer, how: _Format = Format.table) -> None:
    """Can data written with WRITER be read with READER? Exit 0 if so, 5 if not. 检查读写模式是否兼容。"""
    findings = compare(_parse(reader), _parse(writer))
    if how is Format.json:
        found = [{"path": f.path, "kind": f.kind, "message": f.message_en, "message_zh": f.message_zh} for f in findings]
        out({"compatible": not findings, "findings": found})
    elif findings:
        table("", ["path 路径", "kind 类型", "message", "说明"], findings)
    else:
        note("Compatible. 兼容。")
    if findings:
        raise typer.Exit(CheckFailed.exit_status)


@_group.command("check")
def check(ctx: typer.Context) -> None:
    """Hold every schema against all versions of it, both ways. Exit 5 when one would break somebody. 检查全部模式的兼容性。"""
    catalog = of(ctx).catalog
    registry = catalog.registry
    clashes = registry.clashes()
    for clash in clashes:
        note(f"{clash.message_zh}\n{clash.message_en}\n  → {clash.cure_zh} {clash.cure_en}")
        name = clash.subject.removeprefix("raw.").removesuffix("-value")
        if name in catalog.mappings:
            note(f"  → mappings/{name}.yaml")
    for draft in registry.drafts():
        note(f"{draft.place}: not released yet 尚未发布 → civicbus schema release")
    if clashes:
        raise CheckFailed(f"{len(clashes)} incompatibilities.", f"共 {len(clashes)} 处不兼容。", hint="See above.", hint_zh="见上。")
    note(f"{sum(len(registry.versions(s)) for s in registry.subjects)} schemas, each reads all others of its subject. 全部模式互相兼容。")


@_group.command("release")
def release(ctx: typer.Context) -> None:
    """Give new schemas their ids and write them to published.lock; from then on they are never edited. 发布新模式。"""
    fresh = registries.release(of(ctx).schemas)
    _tell(fresh)
    note(f"{len(fresh)} released. 已发布 {len(fresh)} 个。")


@_group.command("list")
def list_(ctx: typer.Context, how: _Format = Format.table) -> None:
    """All subjects with their versions and ids. 列出全部主题、版本与编号。"""
    registry = of(ctx).registry
    versions = [v for s in registry.subjects for v in registry.versions(s)]
    if how is Format.json:
        for version in versions:
            out(_described(version))
    else:
        _tell(versions)


@_group.command("show")
def show(
    ctx: typer.Context, which: Annotated[str, typer.Argument(metavar="SUBJECT|ID", help="raw.civil.marriage-value, or an id")]
) -> None:
    """The JSON of a schema on standard output: of an id, or the newest of a subject. 显示模式内容。"""
    registry = of(ctx).registry
    version = registry.find(int(which)) if which.isdecimal() else next(iter(registry.versions(which)[::-1]), None)
    if version is None:
        raise WrongUse("There is no such schema.", "没有该模式。", place=which, hint="civicbus schema list", hint_zh="civicbus schema list")
    typer.echo(json.dumps(version.schema.raw, ensure_ascii=False, indent=2))


@_group.command("export")
def export(
    ctx: typer.Context, folder: Annotated[Path, typer.Argument(metavar="DIR", file_okay=False, help="made if it is not there 输出目录")]
) -> None:
    """Write every schema as ID.avsc, and subjects.json, for clients without a registry: released ones, and those made from agreements.
    导出模式供外部客户端使用。"""
    written = export_to(of(ctx).shared_codec.registry, folder)
    note(f"{written} schemas → {folder} 已导出 {written} 个模式。")


def export_to(registry: Registry, folder: Path) -> int:
    """`<id>.avsc` for each released schema, and `subjects.json`: subject → [{version, id}]; how many there are."""
    folder.mkdir(parents=True, exist_ok=True)
    subjects: dict[str, list[dict[str, int]]] = {}
    for version in (v for s in registry.subjects for v in registry.versions(s) if v.id):
        subjects.setdefault(version.subject, []).append({"version": version.version, "id": version.id})
        _write(folder / f"{version.id}.avsc", version.schema.raw)
    _write(folder / "subjects.json", subjects)
    return sum(map(len, subjects.values()))


def mount(app: typer.Typer) -> None:
    """Join `civicbus schema`."""
    app.add_typer(_group, name="schema")


def _parse(path: Path) -> Schema:
    """Not screened: any Avro schema may be asked about, also one the bus would not work with."""
    return parse(path.read_bytes(), str(path))


def _described(version: Version) -> dict[str, Any]:
    return {
        "subject": version.subject,
        "version": version.version,
        "id": version.id or None,
        "fingerprint": version.schema.fingerprint,
        "file": version.place,
    }


def _tell(versions: Iterable[Version]) -> None:
    rows = [[v.subject, v.version, str(v.id) if v.id else "–", v.place] for v in versions]
    table("", ["subject 主题", "version 版本", "id 编号", "file 文件"], rows)


def _write(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
