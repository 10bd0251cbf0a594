"""WHO MAY READ: the keys of the bus, kept in files for their owner alone.

    <home>/keys/bus.json                    token key, row key, nonce key, data keys
    <home>/keys/department.<name>.public    a department's sealing key: the steps write with it
    <home>/keys/department.<name>.private   only the department needs it; it may be moved away from this machine

The folder is 0700 and the files 0600; both are made on first use. A lost token key means that tokens of old and new
events no longer meet (a rebuild is due); a lost data key that what it sealed cannot be opened any more.
A key's id is derived from the key itself, so a key that was made anew never passes for the old one.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from bus.errors import KeyRefused

DEPARTMENT = re.compile(r"[a-z][a-z0-9_]{0,30}")
_SECRET_BYTES = 32
_SM4_BYTES = 16


@dataclass(frozen=True, slots=True)
class KeyRing:
    """All keys a step needs. `departments` holds public keys only. `repr` shows ids, never a key."""

    token_id: str
    token_key: bytes
    row_key: bytes
    nonce_key: bytes
    data_keys: Mapping[str, bytes]
    current: str
    departments: Mapping[str, bytes]

    def __repr__(self) -> str:
        return f"KeyRing(token {self.token_id}, data {self.current} of {len(self.data_keys)}, departments {sorted(self.departments)})"


def load_or_make(home: Path, departments: Iterable[str] = ()) -> KeyRing:
    """The keys of `home`, made where there are none yet, and a key pair for each of `departments` that has no public key.

    Safe when several processes start at once. Raises `KeyRefused` when a file is damaged or readable by others."""
    folder = home / "keys"
    with _locked(folder):
        if not (folder / "bus.json").exists():
            _refuse_if_orphaned(folder)
            _write(folder / "bus.json", _new_ring())
        for department in departments:
            if not (folder / f"department.{_checked(department)}.public").exists():
                _make_department(folder, department)
        return _load(folder)


def load(home: Path) -> KeyRing:
    """The keys of `home`. Raises `KeyRefused` when there are none, or one is damaged or readable by others."""
    return _load(home / "keys")


def check(home: Path) -> list[str]:
    """What is wrong with the keys of `home`, one English sentence each; [] when nothing is."""
    folder = home / "keys"
    try:
        ring = _load(folder)
    except KeyRefused as refused:
        return [f"{refused.place}: {refused.message}"]
    found = []
    for department in ring.departments:
        private = folder / f"department.{department}.private"
        if not private.exists():
            continue  # held by the department elsewhere: as it should be in earnest
        try:
            if _public_of(department_private(home, department)) != ring.departments[department]:
                found.append(f"{private}: does not belong to the department's public key")
        except KeyRefused as refused:
            found.append(f"{refused.place}: {refused.message}")
    return found


def rotate_data_key(home: Path) -> KeyRing:
    """Seal with a new data key from now on; the old ones stay, to open what they sealed. The token key never rotates here."""
    folder = home / "keys"
    with _locked(folder):
        kept = _read_json(folder / "bus.json")
        key = secrets.token_bytes(_SM4_BYTES)
        kept["data"]["keys"][_id("d", key)] = key.hex()
        kept["data"]["current"] = _id("d", key)
        _write(folder / "bus.json", kept)
        return _load(folder)


def department_private(home: Path, department: str) -> bytes:
    """The private key of a department, to open its dead letters. Raises `KeyRefused` when it is not on this machine."""
    return _read_raw(home / "keys" / f"department.{_checked(department)}.private")


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """One process at a time makes or changes keys."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    handle = os.open(folder / ".lock", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _new_ring() -> dict[str, object]:
    token, data = secrets.token_bytes(_SECRET_BYTES), secrets.token_bytes(_SM4_BYTES)
    return {
        "version": 1,
        "token": {"id": _id("t", token), "key": token.hex()},
        "row": secrets.token_bytes(_SECRET_BYTES).hex(),
        "nonce": secrets.token_bytes(_SECRET_BYTES).hex(),
        "data": {"current": _id("d", data), "keys": {_id("d", data): data.hex()}},
    }


def _refuse_if_orphaned(folder: Path) -> None:
    """Departments' keys without the bus's own: it was lost. Making a new one in silence would split every person in two."""
    if any(folder.glob("department.*.public")):
        raise KeyRefused(
            "the keys of the bus are gone while those of departments are there",
            "总线密钥已丢失，而部门密钥仍在",
            place=str(folder / "bus.json"),
        )


def _make_department(folder: Path, department: str) -> None:
    private = X25519PrivateKey.generate().private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
    _write_text(folder / f"department.{department}.private", private.hex())
    _write_text(folder / f"department.{department}.public", _public_of(private).hex())


def _public_of(private: bytes) -> bytes:
    return X25519PrivateKey.from_private_bytes(private).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def _load(folder: Path) -> KeyRing:
    kept = _read_json(folder / "bus.json")
    try:
        data = {name: _sized(key, _SM4_BYTES) for name, key in kept["data"]["keys"].items()}
        ring = KeyRing(
            token_id=str(kept["token"]["id"]),
            token_key=_sized(kept["token"]["key"], _SECRET_BYTES),
            row_key=_sized(kept["row"], _SECRET_BYTES),
            nonce_key=_sized(kept["nonce"], _SECRET_BYTES),
            data_keys=data,
            current=str(kept["data"]["current"]),
            departments={p.name.split(".")[1]: _read_raw(p) for p in sorted(folder.glob("department.*.public"))},
        )
    except (KeyError, TypeError, ValueError, AttributeError) as wrong:
        raise _damaged(folder / "bus.json") from wrong
    ids_hold = ring.token_id == _id("t", ring.token_key) and all(name == _id("d", key) for name, key in data.items())
    if not ids_hold or ring.current not in data:
        raise _damaged(folder / "bus.json")
    return ring


def _id(kind: str, key: bytes) -> str:
    return kind + blake2b(key, digest_size=3, person=b"civicbus key id").hexdigest()


def _sized(text: str, size: int) -> bytes:
    key = bytes.fromhex(text)
    if len(key) != size:
        raise ValueError("a key of another length")
    return key


def _checked(department: str) -> str:
    if not DEPARTMENT.fullmatch(department):
        raise KeyRefused("not a department's name", "不是有效的部门名称")
    return department


def _read_json(path: Path) -> dict[str, Any]:
    try:
        kept = json.loads(_read_text(path))
    except ValueError as wrong:
        raise _damaged(path) from wrong
    if not isinstance(kept, dict):
        raise _damaged(path)
    return kept


def _read_raw(path: Path) -> bytes:
    try:
        return _sized(_read_text(path).strip(), _SECRET_BYTES)
    except ValueError as wrong:
        raise _damaged(path) from wrong


def _read_text(path: Path) -> str:
    try:
        if path.stat().st_mode & 0o077:
            raise KeyRefused(
                "others can read this key",
                "其他用户可读取该密钥文件",
                place=str(path),
                hint=f"chmod 600 {path}",
            )
        return path.read_text(encoding="ascii")
    except FileNotFoundError as missing:
        raise KeyRefused("there is no such key", "密钥不存在", place=str(path)) from missing
    except OSError as wrong:
        raise KeyRefused("the key cannot be read", "无法读取密钥", place=str(path)) from wrong


def _damaged(path: Path) -> KeyRefused:
    return KeyRefused("the key file is damaged", "密钥文件已损坏", place=str(path))


def _write(path: Path, kept: Mapping[str, object]) -> None:
    _write_text(path, json.dumps(kept, indent=1))


def _write_text(path: Path, text: str) -> None:
    """Whole or not at all, and on the disk before it is used: a token made with a key that a power cut takes is lost for good."""
    half = path.with_name(path.name + ".new")
    try:
        handle = os.open(half, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        half.replace(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as wrong:
        raise KeyRefused("the key cannot be written", "无法写入密钥", place=str(path)) from wrong
