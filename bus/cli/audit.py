"""`civicbus audit keygen | export | checkpoint | verify | prove`: the audit shown to hold, also against the operator of the bus."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from bus.cli.context import App, of
from bus.cli.say import note, out
from bus.errors import CheckFailed, ConfigRefused, KeyRefused, WrongUse
from bus.event import Record
from bus.eventlog import topics
from bus.eventlog.port import EventLog
from bus.sharing import tree
from bus.sharing.chain import Link, with_hashes
from bus.sharing.checkpoint import Checkpoint, make
from bus.sharing.verify import WORDS, Verdict, verify

_group = typer.Typer(no_args_is_help=True, help="The audit: export, checkpoints, does it hold? 审计：导出、检查点、核验。")

_File = Annotated[Path | None, typer.Option("--checkpoint", metavar="FILE", help="checkpoints, one a line 检查点文件")]
_From = Annotated[Path | None, typer.Option("--from", metavar="FILE", help="an export instead of the log 用导出文件代替日志")]


def mount(app: typer.Typer) -> None:
    """Join the command line."""
    app.add_typer(_group, name="audit")


@_group.command("keygen")
def keygen(file: Annotated[Path, typer.Argument(metavar="FILE", help="for the private key; FILE.pub for the public 私钥文件")]) -> None:
    """A key for checkpoints, made on the auditor's machine: the operator of the bus must not have it. 生成审计签名密钥。"""
    public = file.with_name(file.name + ".pub")
    key = Ed25519PrivateKey.generate()
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    _write_new(file, private, 0o600)
    _write_new(public, key.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo), 0o644)
    note(f"{file} · {public}. Keep the first where the operator of the bus cannot read it. 请将私钥存放在总线运维人员无法读取之处。")


@_group.command("export")
def export(ctx: typer.Context) -> None:
    """All entries with their numbers and chain hashes, as JSON lines. 导出审计条目。"""
    for seq, record, before, after in with_hashes(_entries(of(ctx).log)):
        value = None if record.value is None else record.value.decode("utf-8", "surrogateescape")
        line: dict[str, Any] = {"seq": seq, "time": record.timestamp, "entry": value}
        if record.key is not None or record.headers:
            line["entry"] = None  # not kept as entries are: `verify` says so
        out({**line, "prev_hash": before.hex(), "hash": after.hex()})


@_group.command("checkpoint")
def checkpoint(
    ctx: typer.Context,
    key: Annotated[Path, typer.Option(metavar="FILE", help="the auditor's private key 审计私钥")],
    file: _File = None,
    source: _From = None,
) -> None:
    """Sign how many entries there are and the root over them, after FILE was seen to hold. 签署检查点。Without FILE: to standard output."""
    signer = _private(key)
    before = _checkpoints(file) if file is not None and file.exists() else []
    verdict = verify(*_kept(of(ctx), source), before, signer.public_key().public_bytes_raw())
    _raise_for(verdict)
    made = make(verdict.leaves, before, time.time_ns() // 1_000_000, signer)
    if file is None:
        out(json.loads(made.line()))
        return
    with file.open("a", encoding="ascii") as lines:
        lines.write(made.line())
        lines.flush()
        os.fsync(lines.fileno())
    note(f"{file}: {made.size:,} entries, root {made.root.hex()}. 已签署 {made.size:,} 条。")


@_group.command("verify")
def check(
    ctx: typer.Context,
    file: _File = None,
    public_key: Annotated[Path | None, typer.Option(metavar="FILE", help="the auditor's public key 审计公钥")] = None,
    source: _From = None,
) -> None:
    """Does the audit hold? Names the first bad entry; exit 5 if there is one. 核验审计：指出第一条异常。"""
    before = _checkpoints(file) if file is not None else []
    verdict = verify(*_kept(of(ctx), source), before, _public(public_key) if public_key else None)
    findings = [{"seq": each.seq, "code": each.code, "by": each.by} for each in verdict.findings]
    counts = {"entries": verdict.size, "checkpointed": verdict.covered, "chained": verdict.linked}
    out({"holds": not findings, **counts, "root": tree.root(verdict.leaves).hex(), "findings": findings})
    for each in verdict.findings:
        note(f"{each.seq}: {each.code} {each.by}  {' '.join(WORDS[each.code])}")
    if file is None:
        note("Without --checkpoint nothing is proved against who can write everything. 未给出检查点，不能证明运维方未改写。")
    elif public_key is None:
        note("Without --public-key it is not known whose the signatures are. 未给出公钥，无法确认签名者。")
    _raise_for(verdict)


@_group.command("prove")
def prove(
    seq: Annotated[int, typer.Argument(metavar="SEQ", help="the number of the entry 条目序号")],
    file: Annotated[Path, typer.Option("--checkpoint", metavar="FILE", help="checkpoints, one a line 检查点文件")],
) -> None:
    """That an entry stands under the newest checkpoint, for who has neither log nor file (RFC 6962 §2.1.1). 条目的包含证明。"""
    lines = _checkpoints(file)
    leaves = b"".join(each.leaves for each in lines)
    if not 0 <= seq < len(leaves) // tree.HASH:
        raise WrongUse("The checkpoints do not cover this entry.", "检查点未涵盖该条目。", place=str(seq))
    newest = lines[-1]
    leaf = leaves[seq * tree.HASH : (seq + 1) * tree.HASH]
    path = tree.inclusion(leaves, seq)
    if not tree.is_included(leaf, seq, newest.size, path, newest.root):
        raise CheckFailed("The checkpoint contradicts itself.", "检查点自身不一致。", place=str(file))
    head = {"size": newest.size, "root": newest.root.hex(), "at": newest.at, "key": newest.key.hex(), "signature": newest.signature.hex()}
    out({"seq": seq, "leaf": leaf.hex(), "path": [each.hex() for each in path], **head})


def _kept(app: App, source: Path | None) -> tuple[Iterable[Record], Iterable[Link]]:
    """The entries and the links beside them; an export has no links."""
    if source is not None:
        return _exported(source), ()
    links = (Link.read(record) for record in _records(app.log, topics.AUDIT_CHAIN))
    return _entries(app.log), list(links)  # first the links: entries may come meanwhile, links of entries not read may not


def _entries(log: EventLog) -> Iterator[Record]:
    return _records(log, topics.AUDIT)


def _records(log: EventLog, topic: str) -> Iterator[Record]:
    if any(info.name == topic for info in log.topics()):
        for batch in log.scan(topic):
            yield from batch.records


def _exported(file: Path) -> Iterator[Record]:
    with file.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            try:
                said = json.loads(line)
                value = None if said["entry"] is None else said["entry"].encode("utf-8", "surrogateescape")
                yield Record(None, value, int(said["time"]))
            except (ValueError, TypeError, KeyError, AttributeError) as wrong:
                raise ConfigRefused("This is no export of the audit.", "该文件不是审计导出。", place=f"{file}:{number}") from wrong


def _checkpoints(file: Path) -> list[Checkpoint]:
    with file.open(encoding="utf-8") as lines:
        found = [Checkpoint.read(line, f"{file}:{number}") for number, line in enumerate(lines, 1) if line.strip()]
    if not found:
        raise ConfigRefused("There is no checkpoint in this file.", "文件中没有检查点。", place=str(file))
    return found


def _raise_for(verdict: Verdict) -> None:
    if verdict.findings:
        first = verdict.findings[0]
        zh, en = WORDS[first.code]
        raise CheckFailed(f"The audit does not hold: {en}.", f"审计核验未通过：{zh}。", place=f"{topics.AUDIT} {first.seq}")


def _private(file: Path) -> Ed25519PrivateKey:
    try:
        key = serialization.load_pem_private_key(file.read_bytes(), None)
    except (ValueError, TypeError) as wrong:
        raise _no_key(file) from wrong
    if not isinstance(key, Ed25519PrivateKey):
        raise _no_key(file)
    return key


def _public(file: Path) -> bytes:
    try:
        key = serialization.load_pem_public_key(file.read_bytes())
    except ValueError as wrong:
        raise _no_key(file) from wrong
    if not isinstance(key, Ed25519PublicKey):
        raise _no_key(file)
    return key.public_bytes_raw()


def _no_key(file: Path) -> KeyRefused:
    hint = "Make one with `civicbus audit keygen FILE`; the private key signs, FILE.pub verifies."
    return KeyRefused(
        "This is no Ed25519 key.", "该文件不是 Ed25519 密钥。", place=str(file), hint=hint, hint_zh="请用 `civicbus audit keygen` 生成。"
    )


def _write_new(file: Path, content: bytes, mode: int) -> None:
    """Never over a file that exists: a key that is lost verifies nothing any more."""
    try:
        handle = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode)
    except FileExistsError as there:
        raise WrongUse("The file exists already.", "文件已存在。", place=str(file)) from there
    with os.fdopen(handle, "wb") as written:
        written.write(content)
