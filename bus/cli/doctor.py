"""`civicbus doctor`: is everything that civicbus leans on in order? Each finding with what to do."""

from __future__ import annotations

import shutil
import ssl
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from typing import Literal, NamedTuple

import typer

from bus import keys
from bus.cli.context import App, of, open_log
from bus.cli.reading import Chosen, for_people
from bus.cli.say import note, out, table
from bus.errors import BusError, CheckFailed, NotAllowed
from bus.eventlog import topics
from bus.eventlog.sqlite.file import SAFE_SQLITE

_LEAST_FREE = 1 << 30  # bytes: below it a first load of a district no longer fits
_BUILT = 1_790_000_000  # 2026-09: a clock before it is wrong
_AHEAD_S = 300  # that a record in the log may lie ahead of our clock
KAFKA_CLIENT = "3.0.12"


class Finding(NamedTuple):
    """One thing looked at. `found` holds no secret."""

    what: str
    zh: str
    verdict: Literal["ok", "warn", "bad"]
    found: str
    cure: str = ""
    cure_zh: str = ""


def mount(app: typer.Typer) -> None:
    """Join the command line."""
    app.command("doctor")(doctor)


def doctor(ctx: typer.Context, how: Chosen = None) -> None:
    """Log, versions, keys, clock, disk, reference tables: what is not in order, and what to do. Exit 5 if anything. 自检。"""
    app = of(ctx)
    findings = [finding for look in LOOKS for finding in look(app)]
    if not for_people(how):
        out({"ok": all(f.verdict != "bad" for f in findings), "findings": [f._asdict() for f in findings]})
    else:
        marks = {"ok": "ok 正常", "warn": "! 注意", "bad": "✗ 异常"}
        table("", ("what", "项目", "verdict 结论", "found 情况"), [(f.what, f.zh, marks[f.verdict], f.found) for f in findings])
        for f in findings:
            if f.cure:
                note(f"→ {f.zh}：{f.cure_zh}")
                note(f"  {f.what}: {f.cure}")
    if bad := [f for f in findings if f.verdict == "bad"]:
        raise CheckFailed(
            f"Not in order: {', '.join(dict.fromkeys(f.what for f in bad))}.",
            f"异常：{'、'.join(dict.fromkeys(f.zh for f in bad))}。",
            hint="What to do stands above.",
            hint_zh="处理办法见上。",
        )


def _log(app: App) -> Iterator[Finding]:
    """Reachable, and who answered. Kafka names its own causes: a wrong password, another TLS, nothing there."""
    try:
        log = open_log(app.settings)
    except BusError as error:
        yield _of_error("log", "日志", error)
        return
    try:
        names = log.topics()
        yield Finding("log", "日志", "ok", f"{log.identity()}, {len(names)} topics")
        yield from _brokers(app)
        counted = [info.name for info in names if topics.is_account(info.name)]
        with suppress(NotAllowed):  # who may not read what is counted cannot tell
            latest = max((batch.records[-1].timestamp for each in counted for batch in log.scan(each)), default=0)
            ahead = latest / 1000 - time.time()
            if ahead > _AHEAD_S:
                cure, zh = "Set the clock of this machine (NTP).", "请校准本机时钟（NTP）。"
                yield Finding("clock", "时钟", "bad", f"records of the log lie {ahead:.0f} s ahead", cure, zh)
    except BusError as error:
        yield _of_error("log", "日志", error)
    finally:
        log.close()


def _brokers(app: App) -> Iterator[Finding]:
    scheme, _, address = app.settings.log.partition("://")
    if scheme != "kafka":
        return
    from bus.eventlog.kafka import probe

    found = probe(address, app.settings.kafka)
    yield Finding("brokers", "Kafka 节点", "ok", f"cluster {found.cluster}: {', '.join(found.brokers)}")
    for each in found.beside:
        if each.error is not None:
            hint, hint_zh = each.error.hint, each.error.hint_zh
            yield Finding("broker", "Kafka 节点", "warn", f"{each.place}: {each.code}", f"{each.error.message} {hint}", hint_zh)
    plain = app.settings.kafka.get("security.protocol", "PLAINTEXT").upper()
    if not plain.endswith("SSL"):
        cure, zh = (
            "Set CIVICBUS_KAFKA_SECURITY_PROTOCOL=SASL_SSL outside of a test.",
            "正式环境请设置 CIVICBUS_KAFKA_SECURITY_PROTOCOL=SASL_SSL。",
        )
        yield Finding("encryption", "传输加密", "warn", plain, cure, zh)
    cure = (
        "Take Kafka 4.4.0 or 4.2.2; 4.1.2, 4.2.1, 4.3.1 and before have known vulnerabilities (kafka-broker-api-versions.sh shows yours)."
    )
    zh = "请使用 Kafka 4.4.0、4.2.2 或更新版本；4.1.2、4.2.1、4.3.1 及更早版本有已知漏洞。"
    yield Finding("broker version", "Kafka 版本", "warn", "a broker does not tell its release; look yourself", cure, zh)


def _versions(app: App) -> Iterator[Finding]:
    """Versions with known faults."""
    import apsw

    yield Finding("Python", "Python", "ok" if sys.version_info >= (3, 11) else "bad", sys.version.split()[0])
    yield Finding("OpenSSL", "OpenSSL", "ok", ssl.OPENSSL_VERSION)
    sqlite = apsw.sqlite_lib_version()
    safe = tuple(map(int, sqlite.split("."))) >= SAFE_SQLITE
    cure = ("", "") if safe else ("Install apsw from the pinned requirements.", "请按锁定依赖安装 apsw。")
    yield Finding("SQLite", "SQLite", "ok" if safe else "bad", f"{sqlite} (apsw)", *cure)
    client = _version("kafka-python")
    right = client == KAFKA_CLIENT
    cure = (
        ("", "")
        if right
        else (f"Install kafka-python=={KAFKA_CLIENT}: its faults are known and guarded.", f"请安装 kafka-python=={KAFKA_CLIENT}。")
    )
    yield Finding("kafka-python", "Kafka 客户端", "ok" if right else "bad", client or "missing", *cure)
    for package in ("crc32c", "lz4", "fastavro", "cryptography"):
        found = _version(package)
        cure = ("", "") if found else (f"pip install {package}", f"pip install {package}")
        yield Finding(package, package, "ok" if found else "bad", found or "missing", *cure)


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _keys(app: App) -> Iterator[Finding]:
    folder = app.settings.home / "keys"
    if not folder.exists():
        yield Finding(
            "keys",
            "密钥",
            "warn",
            "none yet",
            "They are made on first use, or by `civicbus keys make`.",
            "首次使用时生成，或运行 `civicbus keys make`。",
        )
        return
    wrong = keys.check(app.settings.home)
    for sentence in wrong:
        yield Finding(
            "keys", "密钥", "bad", sentence, "chmod 600 the file, or restore it from the backup.", "请 chmod 600 该文件，或从备份恢复。"
        )
    if not wrong:
        ring = keys.load(app.settings.home)
        yield Finding("keys", "密钥", "ok", repr(ring))
    for place in (app.settings.home, folder):
        if place.stat().st_mode & 0o077:
            yield Finding("permissions", "权限", "bad", f"{place} can be read by others", f"chmod 700 {place}", f"chmod 700 {place}")


def _machine(app: App) -> Iterator[Finding]:
    if time.time() < _BUILT:
        yield Finding("clock", "时钟", "bad", time.strftime("%Y-%m-%d"), "Set the clock of this machine (NTP).", "请校准本机时钟（NTP）。")
    else:
        yield Finding("clock", "时钟", "ok", time.strftime("%Y-%m-%dT%H:%M:%S%z"))
    place = app.settings.home
    while not place.exists():
        place = place.resolve().parent
    free = shutil.disk_usage(place).free
    cure = ("Free some space.", "请清理磁盘。") if free < _LEAST_FREE else ("", "")
    yield Finding("disk", "磁盘", "bad" if free < _LEAST_FREE else "ok", f"{free / (1 << 30):.1f} GiB free at {place}", *cure)


def _tables(app: App) -> Iterator[Finding]:
    from connectors.reference import read_compounds, read_divisions

    readers: tuple[Callable[..., list[dict[str, str]]], ...] = (read_divisions, read_compounds)
    for name, read in zip(("divisions.csv", "compounds.csv"), readers, strict=True):
        try:
            yield Finding(name, "参照表", "ok", f"{len(read(app.reference)):,} rows")
        except BusError as error:
            yield _of_error(name, "参照表", error)
    try:
        yield Finding("schemas", "模式", "ok", f"{len(app.catalog.datasets)} datasets, {len(app.catalog.entities)} entities")
    except BusError as error:
        yield _of_error("schemas", "模式", error)


def _of_error(what: str, zh: str, error: BusError) -> Finding:
    return Finding(what, zh, "bad", f"{error.code} · {error.place} · {error.message} {error.message_zh}", error.hint, error.hint_zh)


def _access(app: App) -> Iterator[Finding]:
    """Rules, users and topics against departments and agreements, a finding for each difference. Who may not look is told so."""
    if not app.settings.log.startswith("kafka://"):
        return
    from bus.cli.access.keeping import Keeper

    cure, zh = "civicbus access apply", "civicbus access apply"
    try:
        keeper = Keeper(app)
        keeper.refuse_unconfigured()
        different = keeper.plan()
    except NotAllowed:
        yield Finding("access", "访问权限", "ok", "this principal may not look at rules; the keeper's doctor does")
        return
    except BusError as error:
        yield _of_error("access", "访问权限", error)._replace(verdict="warn" if error.exit_status == 3 else "bad")
        return
    for each in different:
        yield Finding("access", "访问权限", "bad", f"{each.kind} · {each.zh}: {each.what}", cure, zh)
    if not different:
        yield Finding("access", "访问权限", "ok", "as departments and agreements say")


LOOKS: tuple[Callable[[App], Iterator[Finding]], ...] = (_log, _access, _versions, _keys, _machine, _tables)
