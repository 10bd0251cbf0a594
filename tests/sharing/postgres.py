"""A real PostgreSQL for the tests: a cluster of its own in a temporary folder, reached over a socket in that folder."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def _binaries() -> Path:
    """The newest PostgreSQL on this machine."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb")) or [Path(path) for path in [shutil.which("initdb")] if path]
    assert found, "PostgreSQL is missing: `make tools` installs it on Debian, else install the package postgresql"
    return found[-1].parent


def _as_nobody_special() -> list[str]:
    """The server refuses to run as root; Debian's package makes a user for it."""
    return ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []


@contextmanager
def running_postgres() -> Iterator[str]:
    """A running server; its address as a URL."""
    binaries, before = _binaries(), _as_nobody_special()
    folder = Path(tempfile.mkdtemp(prefix="civicbus-pg-"))
    try:
        if before:
            shutil.chown(folder, "postgres")
        data = folder / "data"
        _run(
            [*before, str(binaries / "initdb"), "-D", str(data), "-U", "civicbus", "-A", "trust", "--no-sync", "-E", "UTF8", "--no-locale"]
        )
        options = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off"
        control = [*before, str(binaries / "pg_ctl"), "-D", str(data), "-w", "-l", str(folder / "log")]
        _run([*control, "-o", options, "start"])
        try:
            yield f"postgresql://civicbus@/postgres?host={folder}"
        finally:
            _run([*control, "-m", "immediate", "stop"])
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, cwd="/", timeout=120)
    assert done.returncode == 0, done.stderr or done.stdout
