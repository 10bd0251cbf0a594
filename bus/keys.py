"""WHO MAY READ: the keys of the bus, kept in files for their owner alone.

    <home>/keys/bus.json                    token key, row key, nonce key; which data keys there are, and which one seals
    <home>/keys/data.<id>.tree              a data key: what is left of it, once keys of erased persons are destroyed
    <home>/keys/department.<name>.public    a department's sealing key: the steps write with it
    <home>/keys/department.<name>.private   only the department needs it; it may be moved away from this machine

The folder is 0700 and the files 0600; both are made on first use. A lost token key means that tokens of old and new
events no longer meet (a rebuild is due); a lost data key that what it sealed cannot be opened any more.
A key's id is derived from the key itself, so a key that was made anew never passes for the old one.

A data key is one secret from which a key for each statement derives, and from which single ones can be taken away for good
(`bus/data_key.py`): so an erasure destroys the keys of what it withdraws, no store of keys grows with the city, and a replay still writes
the same bytes. A data key of before, of which all stand and fall together, goes on in `bus.json` until it is rotated. Machines of one bus
need the same files: one that is not given the file as an erasure left it can still open what that shut.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from bus import key_files
from bus.data_key import NODE, DataKey
from bus.errors import KeyRefused
from bus.key_files import DataKeyFile, damaged, locked

DEPARTMENT = re.compile(r"[a-z][a-z0-9_]{0,30}")
_DATA_KEY = re.compile(r"d[0-9a-f]{6}")
_SECRET_BYTES = 32
_SM4_BYTES = 16


@dataclass(frozen=True, slots=True)
class KeyRing:
    """All keys a step needs. `trees`: the data keys of which single keys can be destroyed, in their files; `data_keys`: those of before.
    `current`: the one that seals. `departments` holds public keys only. `repr` shows ids, never a key."""

    token_id: str
    token_key: bytes
    row_key: bytes
    nonce_key: bytes
    data_keys: Mapping[str, bytes]
    current: str
    departments: Mapping[str, bytes]
    trees: Mapping[str, DataKeyFile] = field(default_factory=dict)

    def __repr__(self) -> str:
        of = len(self.data_keys) + len(self.trees)
        return f"KeyRing(token {self.token_id}, data {self.current} of {of}, departments {sorted(self.departments)})"


def load_or_make(home: Path, departments: Iterable[str] = ()) -> KeyRing:
    """The keys of `home`, made where there are none yet, and a key pair for each of `departments` that has no public key.

    Safe when several processes start at once. Raises `KeyRefused` when a file is damaged or readable by others."""
    folder = home / "keys"
    with locked(folder):
        if not (folder / "bus.json").exists():
            _refuse_if_orphaned(folder)
            _write(folder / "bus.json", _new_ring(_make_data_key(folder)))
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
    with locked(folder):
        kept = _read_json(folder / "bus.json")
        id = _make_data_key(folder)
        kept["data"]["trees"] = [*kept["data"].get("trees", ()), id]
        kept["data"]["current"] = id
        _write(folder / "bus.json", kept)
        return _load(folder)


def destroy(home: Path, chosen: Callable[[DataKey], Iterable[int]]) -> int:
    """Destroy for good, in each data key, the leaves that `chosen` picks of it; how many they are. What is on the disk when this returns
    does not lead to them any more. A data key of before holds no single keys, and stays. Raises `KeyRefused`."""
    folder, count = home / "keys", 0
    with locked(folder):
        for file in _load(folder).trees.values():
            key = file.read()
            if going := {number for number in chosen(key) if key.leaf(number) is not None}:
                file.write(key.without(going))
            count += len(going)
    return count


def destroyed(ring: KeyRing) -> int:
    """How many keys were destroyed so far, in all data keys. Raises `KeyRefused`."""
    return sum(file.read().destroyed for file in ring.trees.values())


def department_private(home: Path, department: str) -> bytes:
    """The private key of a department, to open its dead letters. Raises `KeyRefused` when it is not on this machine."""
    return _read_raw(home / "keys" / f"department.{_checked(department)}.private")


def _new_ring(data: str) -> dict[str, object]:
    token = secrets.token_bytes(_SECRET_BYTES)
    return {
        "version": 1,
        "token": {"id": _id("t", token), "key": token.hex()},
        "row": secrets.token_bytes(_SECRET_BYTES).hex(),
        "nonce": secrets.token_bytes(_SECRET_BYTES).hex(),
        "data": {"current": data, "keys": {}, "trees": [data]},
    }


def _make_data_key(folder: Path) -> str:
    """The id of a new data key, whose file is there before anything names it."""
    root = secrets.token_bytes(NODE)
    file = _data_key_file(folder, _id("d", root))
    file.write(DataKey.whole(root))
    return file.id


def _data_key_file(folder: Path, id: str) -> DataKeyFile:
    return DataKeyFile(id, folder / f"data.{id}.tree")


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
        trees = {id: _data_key_file(folder, _tree_id(id)) for id in kept["data"].get("trees", ())}
        ring = KeyRing(
            token_id=str(kept["token"]["id"]),
            token_key=_sized(kept["token"]["key"], _SECRET_BYTES),
            row_key=_sized(kept["row"], _SECRET_BYTES),
            nonce_key=_sized(kept["nonce"], _SECRET_BYTES),
            data_keys=data,
            current=str(kept["data"]["current"]),
            departments={p.name.split(".")[1]: _read_raw(p) for p in sorted(folder.glob("department.*.public"))},
            trees=trees,
        )
    except (KeyError, TypeError, ValueError, AttributeError) as wrong:
        raise damaged(folder / "bus.json") from wrong
    ids_hold = ring.token_id == _id("t", ring.token_key) and all(name == _id("d", key) for name, key in data.items())
    if not ids_hold or ring.current not in {*data, *trees}:
        raise damaged(folder / "bus.json")
    for file in trees.values():
        file.read()  # that it is there and whole; nobody keeps it who does not seal
    return ring


def _tree_id(id: str) -> str:
    if not _DATA_KEY.fullmatch(id):
        raise ValueError("no id of a data key")
    return id


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
        raise damaged(path) from wrong
    if not isinstance(kept, dict):
        raise damaged(path)
    return kept


def _read_raw(path: Path) -> bytes:
    try:
        return _sized(_read_text(path).strip(), _SECRET_BYTES)
    except ValueError as wrong:
        raise damaged(path) from wrong


def _read_text(path: Path) -> str:
    return key_files.read(path).decode("ascii")


def _write(path: Path, kept: Mapping[str, object]) -> None:
    _write_text(path, json.dumps(kept, indent=1))


def _write_text(path: Path, text: str) -> None:
    key_files.write(path, text.encode("ascii"))
