"""Which transactional id a reader works under.

The id is the same after a restart, so that the new process ends what the dead one left open at once, instead of
after the transaction's time-out. It must then be sure that no two live processes use one id: on one host a lock file
says so (the kernel releases it with the process, however that ends); between hosts the host's name keeps them apart;
and if two meet all the same, Kafka fences the earlier.
"""

from __future__ import annotations

import fcntl
import os
import re
import socket
from hashlib import sha256
from pathlib import Path

from bus.errors import LogRefused, WrongUse

_MOST = 1000  # readers of one group on one host


class Instance:
    """A transactional id, held against other processes of this host until `close`."""

    def __init__(self, transactional_id: str, lock: int) -> None:
        self.transactional_id = transactional_id
        self._lock = lock

    def close(self) -> None:
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1


def take_instance(base: str, chosen: str, lock_dir: Path) -> Instance:
    """The first free id `<base>.<host>.<n>`, or `<base>.<chosen>` where the operator chose one.

    Raises WrongUse if the chosen one is held by another process of this host, LogRefused if locks cannot be kept.
    """
    host = re.sub(r"[^A-Za-z0-9_-]", "-", socket.gethostname())
    names = [f"{base}.{chosen}"] if chosen else (f"{base}.{host}.{n}" for n in range(_MOST))
    for name in names:
        lock = _lock(lock_dir, name)
        if lock is not None:
            return Instance(name, lock)
    raise WrongUse(
        "Another process of this host runs under the same instance name.",
        "本机另一进程正使用同一实例名。",
        place=chosen or base,
    )


def _lock(lock_dir: Path, name: str) -> int | None:
    folder = lock_dir / f"civicbus-{os.getuid()}"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if folder.stat().st_uid != os.getuid():
            raise PermissionError(folder)
        handle = os.open(folder / f"{sha256(name.encode()).hexdigest()[:32]}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise LogRefused(
            f"The lock of this reader cannot be kept ({type(error).__name__}).", "无法保存读取者的锁文件。", place=str(folder)
        ) from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return None
    return handle
