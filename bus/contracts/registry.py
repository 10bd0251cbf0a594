"""Which schema has which id: subjects, versions, and `schemas/published.lock`, which proves that a released one was never edited.

The words are those of the Confluent Schema Registry (subject, version, compatibility level FULL_TRANSITIVE); the folder in git is the
registry. Ids come from the lock, so they are the same on every machine and in every log.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import NamedTuple

from bus.contracts.compatibility import Clash, clashes
from bus.contracts.schema import Schema
from bus.contracts.screening import load as load_schema
from bus.errors import CheckFailed, ConfigRefused

LOCK = "published.lock"
_FILE = re.compile(r"([a-z][a-z0-9_]*)\.v([1-9][0-9]*)\.avsc", re.ASCII)
_LINE = re.compile(r"([1-9][0-9]*) (\S+) ([1-9][0-9]*) ([0-9a-f]{64})")
_HEAD = """# Every schema ever released: id, subject, version, SHA-256 of its JSON. Written by `civicbus schema release`, never by hand.
# 已发布的全部模式：编号、主题、版本、JSON 的 SHA-256。由 `civicbus schema release` 写入，请勿手工修改。
"""


class Version(NamedTuple):
    """One version of a subject. `id` is 0 while it is not released; `place` is its file inside the schemas folder."""

    subject: str
    version: int
    id: int
    schema: Schema
    place: str


class Registry:
    """All schemas of a folder: released ones by id, all by subject and version. Immutable once loaded."""

    def __init__(self, versions: Mapping[str, tuple[Version, ...]]) -> None:
        self._versions = dict(versions)
        self._by_id = {v.id: v for chain in versions.values() for v in chain if v.id}

    @property
    def subjects(self) -> tuple[str, ...]:
        """All subjects, sorted: `<topic>-value`."""
        return tuple(sorted(self._versions))

    def versions(self, subject: str) -> tuple[Version, ...]:
        """Oldest first; empty for a subject nobody knows."""
        return self._versions.get(subject, ())

    def find(self, number: int) -> Version | None:
        """The released version with this id."""
        return self._by_id.get(number)

    def latest(self, subject: str) -> Version:
        """The newest released version. Raises ConfigRefused where there is none: what is not released is not written."""
        released = [v for v in self.versions(subject) if v.id]
        if not released:
            known = self.versions(subject)
            en = f"{subject} is not released." if known else f"There is no schema for {subject}."
            zh = f"{subject} 尚未发布。" if known else f"没有 {subject} 的模式。"
            raise ConfigRefused(
                en, zh, place=known[-1].place if known else "", hint="civicbus schema release", hint_zh="civicbus schema release"
            )
        return released[-1]

    def drafts(self) -> tuple[Version, ...]:
        """Versions that are not released, sorted by subject."""
        return tuple(v for s in self.subjects for v in self._versions[s] if not v.id)

    def clashes(self) -> tuple[Clash, ...]:
        """Every incompatibility between versions of one subject, in both directions, each against each (FULL_TRANSITIVE)."""
        return tuple(c for s in self.subjects for c in clashes([(v.version, v.schema) for v in self._versions[s]], s))


def load(folder: Traversable) -> Registry:
    """Read all schemas of a folder and hold them against its lock.

    Raises SchemaRefused for a schema that is not acceptable; ConfigRefused when a released schema was edited or removed, when
    versions of a subject are not 1, 2, 3 …, and for a lock that cannot be read. Each names the file.
    """
    lock = _read_lock(folder)
    chains: dict[str, list[Version]] = {}
    for subject, number, place, file in _files(folder):
        schema = load_schema(file.read_bytes(), place)
        entry = lock.pop((subject, number), None)
        if entry and entry[1] != schema.fingerprint:
            raise _edited(place, subject, number)
        chains.setdefault(subject, []).append(Version(subject, number, entry[0] if entry else 0, schema, place))
    for subject, number in lock:
        raise ConfigRefused(
            f"The released version {number} of {subject} is gone.",
            f"已发布的 {subject} 第 {number} 版不见了。",
            place=LOCK,
            hint="Bring its file back.",
            hint_zh="请恢复该文件。",
        )
    return Registry({s: _in_order(chain) for s, chain in chains.items()})


def release(folder: Path) -> tuple[Version, ...]:
    """Give every draft an id and write them to the lock; the versions newly released.

    Raises CheckFailed when a draft is not compatible with all versions before it, and as `load`.
    """
    registry = load(folder)
    found = registry.clashes()
    if found:
        raise CheckFailed(
            f"Not released: {found[0].message_en}",
            f"未发布：{found[0].message_zh}",
            hint="civicbus schema check",
            hint_zh="civicbus schema check",
        )
    taken = [v for s in registry.subjects for v in registry.versions(s) if v.id]
    first = max((v.id for v in taken), default=0) + 1
    fresh = tuple(v._replace(id=first + i) for i, v in enumerate(registry.drafts()))
    if fresh:
        lines = [f"{v.id} {v.subject} {v.version} {v.schema.fingerprint}\n" for v in sorted([*taken, *fresh], key=lambda v: v.id)]
        beside = folder / f"{LOCK}.new"
        beside.write_text(_HEAD + "".join(lines), encoding="utf-8")
        beside.replace(folder / LOCK)
    return fresh


def _files(folder: Traversable) -> Iterator[tuple[str, int, str, Traversable]]:
    """(subject, version, place, file) of every schema file, sorted by place."""
    for kind in ("canonical", "internal", "master", "dispute"):
        yield from _schemas_in(folder / kind, kind, kind)
    departments = folder / "departments"
    for entry in _children(departments):
        if entry.is_dir():
            yield from _schemas_in(entry, f"raw.{entry.name}", f"departments/{entry.name}")


def _schemas_in(folder: Traversable, prefix: str, place: str) -> Iterator[tuple[str, int, str, Traversable]]:
    for file in _children(folder):
        if not file.name.endswith(".avsc"):
            continue
        match = _FILE.fullmatch(file.name)
        if not match:
            raise ConfigRefused(
                "A schema file is called <name>.v<version>.avsc, in small letters.",
                "模式文件须命名为 <名称>.v<版本>.avsc（小写）。",
                place=f"{place}/{file.name}",
            )
        yield f"{prefix}.{match[1]}-value", int(match[2]), f"{place}/{file.name}", file


def _children(folder: Traversable) -> list[Traversable]:
    return sorted(folder.iterdir(), key=lambda f: f.name) if folder.is_dir() else []


def _in_order(chain: list[Version]) -> tuple[Version, ...]:
    ordered = sorted(chain, key=lambda v: v.version)
    if [v.version for v in ordered] != list(range(1, len(ordered) + 1)):
        raise ConfigRefused("Versions of a schema are 1, 2, 3 …, none left out.", "模式版本须从 1 起连续。", place=ordered[-1].place)
    return tuple(ordered)


def _read_lock(folder: Traversable) -> dict[tuple[str, int], tuple[int, str]]:
    """(subject, version) → (id, fingerprint)."""
    file = folder / LOCK
    if not file.is_file():
        return {}
    lock: dict[tuple[str, int], tuple[int, str]] = {}
    ids: set[int] = set()
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        match = _LINE.fullmatch(line)
        if not match or int(match[1]) in ids or (match[2], int(match[3])) in lock:
            raise ConfigRefused(
                "A line of the lock is not right, or stands twice.", "锁文件有一行格式不符或重复。", place=f"{LOCK}:{number}"
            )
        ids.add(int(match[1]))
        lock[match[2], int(match[3])] = int(match[1]), match[4]
    return lock


def _edited(place: str, subject: str, number: int) -> ConfigRefused:
    return ConfigRefused(
        f"{place} is released (version {number} of {subject}) and was edited.",
        f"{place} 已发布（{subject} 第 {number} 版），却被修改。",
        place=place,
        hint=f"Bring the released file back, and say the change in a new file with .v{number + 1}.",
        hint_zh=f"请恢复已发布的文件，把改动写进新文件 .v{number + 1}。",
    )
