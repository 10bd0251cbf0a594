"""Child processes that are kept running."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bus.diary import diary

FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0
WELL_S = 60.0  # a child that lived so long is started at once again
GRACE_S = 20.0  # from the request to stop until the kill: a batch and its commit


@dataclass(slots=True)
class Child:
    """One process to be kept running. `restarts` counts how often it had to be started again."""

    name: str
    command: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    start_again_at: float = 0.0
    pause_s: float = FIRST_PAUSE_S
    restarts: int = 0


class Children:
    """All of them."""

    def __init__(self, commands: Mapping[str, Sequence[str]], env: Mapping[str, str]) -> None:
        """`commands`: name → arguments of the process."""
        self.all: list[Child] = []
        self._leaving: list[subprocess.Popen[bytes]] = []
        self._env = dict(env)
        self._diary = diary("up")
        self.want(commands)

    def want(self, commands: Mapping[str, Sequence[str]]) -> None:
        """From now on keep these: others are asked to finish their batch, and not started again."""
        there = {child.name for child in self.all}
        for child in self.all:
            if child.name not in commands and child.process is not None:
                child.process.terminate()
                self._diary.info("no longer wanted", child=child.name)
        self._leaving += [child.process for child in self.all if child.name not in commands and child.process is not None]
        self.all = [child for child in self.all if child.name in commands]
        self.all += [Child(name, command) for name, command in commands.items() if name not in there]

    def look_after(self) -> None:
        """Start what is not running and due. To be called about once a second."""
        now = time.monotonic()
        self._leaving = [process for process in self._leaving if process.poll() is None]
        for child in self.all:
            if child.process is not None and (status := child.process.poll()) is not None:
                self._ended(child, status, now)
            if child.process is None and now >= child.start_again_at:
                child.process = subprocess.Popen(child.command, env=self._env, stdin=subprocess.DEVNULL)  # noqa: S603 (our own command)
                child.started_at = now
                self._diary.info("started", child=child.name, process=child.process.pid)

    def _ended(self, child: Child, status: int, now: float) -> None:
        if now - child.started_at >= WELL_S:
            child.pause_s = FIRST_PAUSE_S
        self._diary.error("ended", child=child.name, status=status, starts_again_in=child.pause_s)
        child.process = None
        child.restarts += 1
        child.start_again_at = now + child.pause_s
        child.pause_s = min(2 * child.pause_s, LONGEST_PAUSE_S)

    def stop(self) -> None:
        """Ask all to finish their batch; end those that do not within `GRACE_S`. Each goes on next time where the log says."""
        running = [*self._leaving, *(child.process for child in self.all if child.process is not None)]
        for process in running:
            process.terminate()
        until = time.monotonic() + GRACE_S
        for process in running:
            try:
                process.wait(max(0.0, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._diary.info("stopped", children=len(running))
