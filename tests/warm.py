"""Commands in processes of their own, forked from one that has imported all of civicbus: as a person runs them, without the second of
processor time that a start from nothing costs. That start is seen wherever a command is started and not waited for."""

from __future__ import annotations

import importlib
import multiprocessing
import os
import pwd
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload(["tests.warmed"])


def run(arguments: Sequence[str], env: Mapping[str, str], timeout: float = 120, person: str = "") -> subprocess.CompletedProcess[str]:
    """What `python -m bus` with these arguments and this environment does and says; as if `person` ran it, where one is named. Raises
    `subprocess.TimeoutExpired`."""
    with tempfile.TemporaryDirectory() as folder:
        said = [Path(folder, "out"), Path(folder, "err")]
        process = _PROCESSES.Process(target=_be, args=(list(arguments), dict(env), person, str(Path.cwd()), *map(str, said)))
        process.start()
        process.join(timeout)
        if (status := process.exitcode) is None:
            process.kill()
            process.join()
            raise subprocess.TimeoutExpired(list(arguments), timeout)
        out, err = (path.read_text(encoding="utf-8") for path in said)
    return subprocess.CompletedProcess(list(arguments), status, out, err)


def _be(arguments: list[str], env: dict[str, str], person: str, folder: str, out: str, err: str) -> None:
    from bus import crash
    from bus.cli import main

    os.environ.clear()
    os.environ.update(env)
    importlib.reload(crash)  # reads the environment once, when it is imported
    if person:
        pwd.getpwuid = lambda uid: pwd.struct_passwd((person, "x", uid, uid, "", "/", "/bin/sh"))
    os.chdir(folder)
    for descriptor, path in ((1, out), (2, err)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND), descriptor)
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False)  # noqa: SIM115
    main(arguments)
