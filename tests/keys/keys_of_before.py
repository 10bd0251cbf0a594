"""The key file of a bus that was made before single keys could be destroyed: one data key, in clear, for all that is sealed."""

from __future__ import annotations

import json
from pathlib import Path

from bus.keys import KeyRing, load

_FILE = {
    "version": 1,
    "token": {"id": "tce4c9d", "key": bytes(range(32)).hex()},
    "row": (b"r" * 32).hex(),
    "nonce": (b"n" * 32).hex(),
    "data": {"current": "d11ac0a", "keys": {"d11ac0a": bytes(range(16)).hex()}},
}


def keys_of_before(home: Path) -> KeyRing:
    """The keys of `home`, put there as an earlier version wrote them."""
    folder = home / "keys"
    folder.mkdir(mode=0o700, parents=True)
    (folder / "bus.json").write_text(json.dumps(_FILE, indent=1), encoding="ascii")
    (folder / "bus.json").chmod(0o600)
    return load(home)
