"""`/metrics` and `/health` over HTTP, for this machine unless told otherwise. Reads only; no figure names a person."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from bus.errors import WrongUse
from bus.supervisor.measure import Gauge, Health

_LONGEST_REQUEST_S = 10.0


def serve(listen: tuple[str, int], gauge: Callable[[], Gauge]) -> ThreadingHTTPServer:
    """Serve from here on, in threads of its own; `shutdown()` ends it. Raises `WrongUse` when the address is taken.

    `gauge` is called in the thread that then looks at the log, which is always the same one."""
    looker = _Looker(gauge)
    handler = type("Handler", (_Handler,), {"looker": looker, "timeout": _LONGEST_REQUEST_S})
    try:
        server = ThreadingHTTPServer(listen, handler)
    except OSError as wrong:
        raise WrongUse(
            "Nothing can be served at this address: is another `civicbus up` running?",
            "无法监听该地址：是否已有 `civicbus up` 在运行？",
            place=f"{listen[0]}:{listen[1]}",
            hint="Name another with CIVICBUS_LISTEN.",
            hint_zh="请用 CIVICBUS_LISTEN 指定其他地址。",
        ) from wrong
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, name="http", daemon=True).start()
    return server


class _Looker:
    """One thread that owns the gauge and its log; requests wait for its answer."""

    def __init__(self, gauge: Callable[[], Gauge]) -> None:
        self._make, self._gauge = gauge, None
        self._asked, self._done = threading.Condition(), threading.Condition()
        self._turn = 0
        self._answer: tuple[bytes, Health] | None = None
        threading.Thread(target=self._work, name="gauge", daemon=True).start()

    def ask(self) -> tuple[bytes, Health] | None:
        """Metrics and health now; None when no answer comes in time."""
        with self._done:
            turn = self._turn
            with self._asked:
                self._asked.notify()
            self._done.wait_for(lambda: self._turn > turn, timeout=_LONGEST_REQUEST_S)
            return self._answer if self._turn > turn else None

    def _work(self) -> None:
        gauge = self._make()
        while True:
            answer = gauge.metrics(), gauge.health()
            with self._done:
                self._answer = answer
                self._turn += 1
                self._done.notify_all()
            with self._asked:
                self._asked.wait(timeout=5.0)


class _Handler(BaseHTTPRequestHandler):
    looker: _Looker
    server_version = "civicbus"
    sys_version = ""

    def do_GET(self) -> None:
        """`/metrics`, `/health`; anything else is 404."""
        if self.path not in ("/metrics", "/health"):
            self._send(404, "text/plain; charset=utf-8", b"/metrics /health\n")
            return
        found = self.looker.ask()
        if found is None:
            self._send(503, "application/json", b'{"alive": true, "ready": false, "progressing": false, "well": false}\n')
            return
        metrics, health = found
        if self.path == "/metrics":
            self._send(200, "text/plain; version=0.0.4; charset=utf-8", metrics)
        else:
            self._send(200 if health.well else 503, "application/json", json.dumps(health.as_dict()).encode() + b"\n")

    def _send(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Requests are not written down: they are Prometheus asking, every few seconds."""
