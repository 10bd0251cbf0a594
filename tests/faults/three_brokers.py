"""A real Apache Kafka of three brokers, from the released jars: what is said of copies can only be seen where there are copies.

Node 1 is the controller as well: with it alone there is still a cluster, but no second copy of anything.
"""

from __future__ import annotations

import subprocess
import time
from pathlib import Path
from typing import Self

from deploy.kafka.dev import HERE, LIB, answers, die_with_parent, free_ports

_CLUSTER = "Y2l2aWNidXMtdGhyZWUtYg"  # 22 characters of base64, as Kafka wants its cluster ids
_COPIES = """
offsets.topic.replication.factor=3
transaction.state.log.replication.factor=3
transaction.state.log.min.isr=1
"""


class ThreeBrokers:
    """Three broker processes. Use it as a context; `bootstrap` lists all three."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._controller, *self._plain = free_ports(4)
        self._running: dict[int, subprocess.Popen[bytes]] = {}

    @property
    def bootstrap(self) -> str:
        return ",".join(f"127.0.0.1:{port}" for port in self._plain)

    def __enter__(self) -> Self:
        for node in (1, 2, 3):
            self._format(node)
        self.start(1, 2, 3)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop(*list(self._running))

    def start(self, *nodes: int, within_s: float = 90) -> None:
        """Start these and wait until each answers."""
        for node in nodes:
            with (self._home(node) / "output.txt").open("ab") as output:
                command = [*_JAVA, "kafka.Kafka", str(self._properties(node))]
                self._running[node] = subprocess.Popen(command, stdout=output, stderr=output, preexec_fn=die_with_parent)
        deadline = time.monotonic() + within_s
        for node in nodes:
            while not answers("127.0.0.1", self._plain[node - 1]):
                assert self._running[node].poll() is None, (self._home(node) / "output.txt").read_text()[-2000:]
                assert time.monotonic() < deadline, f"broker {node} does not answer"
                time.sleep(0.1)

    def stop(self, *nodes: int) -> None:
        """kill -9."""
        for node in nodes:
            process = self._running.pop(node)
            process.kill()
            process.wait()

    def _home(self, node: int) -> Path:
        return self._data / str(node)

    def _properties(self, node: int) -> Path:
        return self._home(node) / "server.properties"

    def _format(self, node: int) -> None:
        self._home(node).mkdir(parents=True)
        ports = {"plain": self._plain[node - 1], "controller": self._controller, "proxied": 0, "proxy": 0, "secured": 0}
        single = (HERE / "server.properties").read_text().format(data=self._home(node), **ports)
        self._properties(node).write_text(single + _COPIES + self._own(node))
        how = "--standalone" if node == 1 else "--no-initial-controllers"
        command = ["kafka.tools.StorageTool", "format", how, "-t", _CLUSTER, "-c", str(self._properties(node))]
        subprocess.run([*_JAVA, *command], check=True, capture_output=True)

    def _own(self, node: int) -> str:
        """What of the single node's settings is otherwise here; in a properties file the last word counts."""
        plain = f"PLAIN://127.0.0.1:{self._plain[node - 1]}"
        listeners = f"{plain},CONTROLLER://127.0.0.1:{self._controller}" if node == 1 else plain
        roles = "broker,controller" if node == 1 else "broker"
        return f"node.id={node}\nprocess.roles={roles}\nlisteners={listeners}\nadvertised.listeners={plain}\n"


_JAVA = ["java", "-Xmx256m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp", f"{LIB}/*"]
