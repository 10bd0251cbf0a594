"""One real Apache Kafka on this machine, from the released jars: `make kafka` to play with, and for the tests.

    python -m deploy.kafka.dev [--port 9092] [--data DIR]

Needs Java 17 and the jars that `sh deploy/kafka/fetch.sh` fetches. For development: one node, no TLS (`secured.py` has it).
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import json
import os
import signal
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import time
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).resolve().parent
LIB = HERE.parent.parent / ".tools" / "kafka" / "lib"
ADMIN_PASSWORD = "only-for-development"  # noqa: S105 (the broker listens on this machine only)


class NotStarted(Exception):
    """The broker could not be started; the message says why."""


class DevBroker:
    """A broker process and its data. `start` and `kill` may be repeated on the same data and ports."""

    ports_of = ("plain", "proxied", "proxy", "secured", "controller")
    template = HERE / "server.properties"
    main_port = "plain"

    def __init__(self, data: Path, port: int | None = None, quick: bool = False) -> None:
        """`port`: the one for clients (None: any free one); `quick`: starts faster, runs slower (for tests)."""
        self.data = data
        self.ports = _ports_of(data) or dict(zip(self.ports_of, free_ports(len(self.ports_of)), strict=True))
        if port is not None:
            self.ports[self.main_port] = port
        self._quick = quick
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def bootstrap(self) -> str:
        """Where clients without credentials connect."""
        return f"127.0.0.1:{self.ports['plain']}"

    @property
    def secured(self) -> str:
        """Where clients with a SCRAM user connect; user `admin` exists, with ADMIN_PASSWORD."""
        return f"127.0.0.1:{self.ports['secured']}"

    @property
    def pid(self) -> int:
        if self._process is None:
            raise NotStarted("The broker does not run.")
        return self._process.pid

    def start(self, within_s: float = 60) -> None:
        """Start and wait until it answers. Raises NotStarted with the end of its output."""
        if not any(LIB.glob("kafka_2.13-*.jar")):
            raise NotStarted("The broker's jars are missing: run 'sh deploy/kafka/fetch.sh'.")
        self.data.mkdir(parents=True, exist_ok=True)
        self.prepare()
        properties = self.data / "server.properties"
        properties.write_text(self.template.read_text().format(data=self.data, **self.ports))
        if not (self.data / "ports.json").exists():
            self._format(properties)
            (self.data / "ports.json").write_text(json.dumps(self.ports))
        with (self.data / "output.txt").open("ab") as output:
            self._process = subprocess.Popen(  # noqa: S603 (our own arguments)
                [*self._java(), "kafka.Kafka", str(properties)], stdout=output, stderr=output, preexec_fn=die_with_parent
            )
        deadline = time.monotonic() + within_s
        while not self.answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise NotStarted("The broker did not start:\n" + (self.data / "output.txt").read_text()[-2000:])
            time.sleep(0.1)

    def prepare(self) -> None:
        """What must be there before it starts."""

    def answers(self) -> bool:
        """Does it answer?"""
        return answers("127.0.0.1", self.ports["plain"])

    def kill(self) -> None:
        """kill -9, as a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def stop(self) -> None:
        """A clean stop, a hard one after ten seconds."""
        if self._process is not None:
            self._process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(10)
            self.kill()

    def wait(self) -> int:
        """Until the broker ends."""
        return self._process.wait() if self._process else 0

    def _java(self) -> list[str]:
        quick = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"] if self._quick else []
        return ["java", "-Xmx512m", *quick, "-cp", f"{LIB}/*"]

    def _format(self, properties: Path) -> None:
        while (cluster := urlsafe_b64encode(uuid.uuid4().bytes).rstrip(b"=").decode()).startswith("-"):
            pass  # Kafka's tool takes one that begins with "-" for an option, and would fail once in 64 times
        admin = f"SCRAM-SHA-512=[name=admin,iterations=8192,password={ADMIN_PASSWORD}]"
        command = ["kafka.tools.StorageTool", "format", "--standalone", "-t", cluster, "-c", str(properties), "--add-scram", admin]
        done = subprocess.run([*self._java(), *command], capture_output=True, text=True, check=False)  # noqa: S603
        if done.returncode:
            raise NotStarted("The broker's storage could not be made:\n" + (done.stdout + done.stderr)[-2000:])


def die_with_parent() -> None:
    """On Linux, no broker outlives the process that started it, however that one ends; and ctrl-C reaches it through us."""
    os.setpgrp()
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def _ports_of(data: Path) -> dict[str, int] | None:
    """The ports of the broker that made this data: its controller is known by its port, so that one may not change."""
    kept = data / "ports.json"
    return dict(json.loads(kept.read_text())) if kept.exists() else None


def free_ports(count: int) -> list[int]:
    """Ports of this machine that nobody listens on now."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def answers(host: str, port: int, tls: ssl.SSLContext | None = None) -> bool:
    """Does a Kafka broker answer there? Asked with the smallest request, ApiVersions version 0."""
    request = struct.pack(">hhih", 18, 0, 1, -1)
    try:
        with (
            socket.create_connection((host, port), timeout=1) as plain,
            tls.wrap_socket(plain, server_hostname=host) if tls else plain as link,
        ):
            link.settimeout(2)
            link.sendall(struct.pack(">i", len(request)) + request)
            return len(link.recv(4)) == 4
    except OSError:
        return False


def run(kind: type[DevBroker], port: int, what: str, ready: Callable[[DevBroker], str]) -> int:
    """Run a broker until ctrl-C; `ready` is what to say once it answers."""
    parser = argparse.ArgumentParser(description=what)
    parser.add_argument("--port", type=int, default=port)
    parser.add_argument("--data", type=Path, help="keep the data here (default: a new directory, removed at the end)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="civicbus-kafka-") as temporary:
        broker = kind((options.data or Path(temporary)).resolve(), options.port)
        try:
            broker.start()
            sys.stderr.write(f"{ready(broker)}\n")
            signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
            return broker.wait()
        except NotStarted as error:
            sys.stderr.write(f"{error}\n")
            return 1
        except KeyboardInterrupt:
            return 0
        finally:
            broker.stop()


if __name__ == "__main__":
    ready = "Apache Kafka is ready. Use it with --log kafka://{}; ctrl-C stops it."
    what = "A real Apache Kafka on this machine, to play with. ctrl-C stops it."
    sys.exit(run(DevBroker, 9092, what, lambda broker: ready.format(broker.bootstrap)))
