"""A TCP proxy before the broker's PROXIED listener that loses the answer to a commit which the broker did get, or swallows everything."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from typing import Literal

END_TXN = 26


class Proxy:
    """Forwards 127.0.0.1:`listen` to 127.0.0.1:`to`. Once armed, it loses the answer to the next commit: `cut` ends the connection,
    `silence` keeps it open and never says anything on it again. While `swallows` is set nothing comes through in either direction and
    no connection ends: a firewall that drops what it should refuse."""

    def __init__(self, listen: int, to: int) -> None:
        self._to = to
        self._armed: Literal["cut", "silence"] | None = None
        self.lost = 0
        self.swallows = False
        self._server = socket.create_server(("127.0.0.1", listen))

    def __enter__(self) -> Proxy:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts, which holds the port otherwise
        self._server.close()

    def arm(self, how: Literal["cut", "silence"]) -> None:
        """Lose the next answer to a commit."""
        self._armed = how

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # closed
            while True:
                client, _ = self._server.accept()
                broker = socket.create_connection(("127.0.0.1", self._to))
                mute = threading.Event()
                threading.Thread(target=self._requests, args=(client, broker, mute), daemon=True).start()
                threading.Thread(target=self._answers, args=(broker, client, mute), daemon=True).start()

    def _requests(self, client: socket.socket, broker: socket.socket, mute: threading.Event) -> None:
        with contextlib.suppress(OSError, struct.error):  # either side is gone
            while True:
                head = _exactly(client, 4)
                frame = _exactly(client, struct.unpack(">i", head)[0])
                if self.swallows:
                    continue
                how = self._armed
                if how and struct.unpack_from(">h", frame)[0] == END_TXN:
                    self._armed = None
                    self.lost += 1
                    mute.set()
                    broker.sendall(head + frame)
                    if how == "cut":
                        threading.Timer(0.3, client.shutdown, (socket.SHUT_RDWR,)).start()
                    continue
                broker.sendall(head + frame)
        broker.close()

    def _answers(self, broker: socket.socket, client: socket.socket, mute: threading.Event) -> None:
        with contextlib.suppress(OSError):  # either side is gone
            while part := broker.recv(65536):
                if not (self.swallows or mute.is_set()):
                    client.sendall(part)
        client.close()


def _exactly(link: socket.socket, size: int) -> bytes:
    parts = bytearray()
    while len(parts) < size:
        part = link.recv(size - len(parts))
        if not part:
            raise ConnectionResetError
        parts += part
    return bytes(parts)
