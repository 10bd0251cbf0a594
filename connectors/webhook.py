"""Shared events to a web address: batches as JSON by POST, signed, each until the receiver has answered 2xx; then the position is kept.

    POST https://…                        {"agreement", "partition", "events": [as a line of JSON lines]}
    webhook-id, Idempotency-Key           of the batch, made of the event_ids in it
    webhook-timestamp                     when it was sent (s since 1970)
    webhook-signature                     v1,<base64 of HMAC-SHA256 over "<id>.<timestamp>.<body>">

The headers are those of the specification Standard Webhooks 1.0.0, for which there are libraries. At least once: a batch whose answer was
lost comes again, perhaps together with later events, so a receiver does each `event_id` once. The events of a subject keep their order.
"""

from __future__ import annotations

import fcntl
import http.client
import json
import os
import ssl
import time
from collections.abc import Callable, Iterator, Sequence
from hashlib import blake2b
from pathlib import Path

from bus.errors import BusError, LogRefused, Unreachable, WrongUse
from bus.sharing.follow import Event
from connectors.receiver import connect, read_address, read_secret, signed
from connectors.sinks import Closing, as_json

MOST_EVENTS = 200
"""In one batch."""
TRIES = 9
LONGEST_PAUSE_S = 60.0
_BUSY = frozenset({408, 425, 429})  # with 5xx: trying again may help


class WebhookSink(Closing):
    """The receiver of one agreement. Raises `Unreachable` when it did not take a batch: what comes next goes on there."""

    def __init__(self, url: str, agreement: str, secret: Path, folder: Path, log: str, wait: Callable[[float], bool]) -> None:
        """`secret`: a file for its owner alone; `folder`: where the position is kept, `log`: of which log it is; `wait`: some seconds,
        whether to stop."""
        self._to, self._agreement, self._secret, self._wait = read_address(url), agreement, read_secret(secret), wait
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        name = blake2b("\n".join((log, agreement, url)).encode(), digest_size=8).hexdigest()
        self._kept = folder / f"{agreement}.{name}.json"
        self._lock = _locked(self._kept.with_suffix(".lock"), self._to.place)
        self._positions: dict[int, int] = _read_positions(self._kept)
        self._connection: http.client.HTTPConnection | None = None

    def positions(self) -> dict[int, int]:
        """Partition → the next offset, as it was kept after the last answer."""
        return dict(self._positions)

    def take(self, partition: int, events: Sequence[Event], next_offset: int) -> None:
        """Send these events; they are with the receiver, and the position is on disk, when this returns."""
        for part, behind in _batches(events, next_offset):
            self._send(_body(self._agreement, partition, part), batch_id(part))
            self._positions[partition] = behind
            _keep(self._kept, self._positions)

    def close(self) -> None:
        """Let go of the connection."""
        self._disconnect()
        os.close(self._lock)

    def _send(self, body: bytes, id: str) -> None:
        for number in range(1, TRIES + 1):
            status, pause = self._try(body, id)
            if 200 <= status < 300:
                return
            if 0 < status < 500 and status not in _BUSY:
                raise self._refused(status)
            if number == TRIES or self._wait(min(max(0.5 * 2**number, pause), LONGEST_PAUSE_S)):
                raise self._away(status, number)

    def _try(self, body: bytes, id: str) -> tuple[int, float]:
        """Send once: the status (0: no answer), and for how long the receiver wants to be left alone (s)."""
        head = {"Content-Type": "application/json", "User-Agent": "civicbus", "Idempotency-Key": id}
        head |= signed(self._secret, id, int(time.time()), body)
        try:
            if self._connection is None:
                self._connection = connect(self._to)
            self._connection.request("POST", self._to.target, body, head)
            answer = self._connection.getresponse()
            answer.read(65536)
            if not answer.isclosed():  # more than anybody has to say: not to be read to its end
                self._disconnect()
            after = answer.headers.get("Retry-After", "")
            return answer.status, float(after) if after.isdigit() else 0.0
        except ssl.SSLCertVerificationError as error:
            raise self._untrusted(error) from None
        except (OSError, http.client.HTTPException):
            self._disconnect()
            return 0, 0.0

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _refused(self, status: int) -> BusError:
        if 300 <= status < 400:
            return Unreachable(
                f"The receiver answers with a redirect ({status}), which is not followed.",
                f"接收方返回重定向（{status}），不予跟随。",
                place=self._to.place,
                hint="Name the address that it leads to, once you know that it is the receiver's.",
                hint_zh="请在确认属于接收方后，直接填写其目标地址。",
            )
        return Unreachable(
            f"The receiver refuses the batch ({status}).",
            f"接收方拒收（{status}）。",
            place=self._to.place,
            hint="Ask it why: address, secret, or something it cannot take. Nothing is passed over: it goes on here.",
            hint_zh="请向接收方核实地址、密钥或内容。未送达的不会跳过，将从此处继续。",
        )

    def _away(self, status: int, tries: int) -> Unreachable:
        said = f"{status}" if status else "no answer"
        return Unreachable(
            f"The receiver did not take the batch ({said}, {tries} tries).",
            f"接收方未接收（{status or '无应答'}，已尝试 {tries} 次）。",
            place=self._to.place,
            hint="Start again when it is there: it goes on where it stopped.",
            hint_zh="恢复后重新运行，将从中断处继续。",
        )

    def _untrusted(self, error: ssl.SSLCertVerificationError) -> Unreachable:
        return Unreachable(
            f"The receiver's certificate is not trusted ({error.verify_message}).",
            "接收方证书不可信。",
            place=self._to.place,
            hint="For a certificate of the city's own authority name its file in SSL_CERT_FILE.",
            hint_zh="如为本市自建证书机构签发，请用 SSL_CERT_FILE 指定其证书文件。",
        )


def batch_id(events: Sequence[Event]) -> str:
    """The same for the same events."""
    return blake2b("".join(event.event_id for event in events).encode(), digest_size=16).hexdigest()


def _batches(events: Sequence[Event], next_offset: int) -> Iterator[tuple[Sequence[Event], int]]:
    """The events in batches, and where to go on behind each."""
    for first in range(0, len(events), MOST_EVENTS):
        part = events[first : first + MOST_EVENTS]
        yield part, part[-1].offset + 1 if first + MOST_EVENTS < len(events) else next_offset


def _body(agreement: str, partition: int, events: Sequence[Event]) -> bytes:
    said = {"agreement": agreement, "partition": partition, "events": list(map(as_json, events))}
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def _locked(file: Path, place: str) -> int:
    """One process at a time sends to a receiver: two would overtake each other. Raises `WrongUse`."""
    handle = os.open(file, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise WrongUse("Another process is sending to this receiver.", "另一进程正在向该接收方发送。", place=place) from None
    return handle


def _read_positions(file: Path) -> dict[int, int]:
    try:
        return {int(partition): int(offset) for partition, offset in json.loads(file.read_text("ascii")).items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, AttributeError):
        raise LogRefused(
            "The position of the receiver cannot be read.",
            "无法读取接收方的读取位置。",
            place=str(file),
            hint="Take the file away: all is sent again, and the receiver does each event_id once.",
            hint_zh="可移走该文件：将全部重发，接收方按 event_id 去重。",
        ) from None


def _keep(file: Path, positions: dict[int, int]) -> None:
    """Whole or not at all."""
    half = file.with_suffix(".new")
    with half.open("w", encoding="ascii") as out:
        json.dump(positions, out)
        out.flush()
        os.fsync(out.fileno())
    half.replace(file)
