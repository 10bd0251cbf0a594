"""Who receives over the web: where it is, how it is reached, and by what it knows that it is the bus who sends."""

from __future__ import annotations

import base64
import hmac
import http.client
import ipaddress
import ssl
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from bus.errors import ConfigRefused, WrongUse

ANSWER_S = 30.0
"""How long an answer is waited for."""
_LEAST_SECRET = 16  # bytes


class Address(NamedTuple):
    """Where to, read from a URL. `place`: to be shown, without what may be secret in it."""

    secure: bool
    host: str
    port: int
    target: str
    place: str


def read_address(url: str) -> Address:
    """Where to. Raises `WrongUse` for an address without TLS, unless it is of this machine, and for one with credentials in it."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        parts, host, port = urlsplit(""), "", None
    place = f"{parts.scheme}://{host}{parts.path}"
    if parts.scheme not in ("http", "https") or not host or parts.username is not None or parts.fragment or not url.isascii():
        raise WrongUse(
            "This is no address of a receiver.",
            "接收方地址不正确。",
            place=place,
            hint="https://HOST[:PORT]/PATH, without user or password.",
            hint_zh="格式为 https://主机[:端口]/路径，不含用户名和密码。",
        )
    if parts.scheme == "http" and not _is_here(host):
        raise WrongUse(
            "What is shared goes out over TLS only.",
            "共享内容只能通过 TLS 发送。",
            place=place,
            hint="https://… (http:// for this machine alone).",
            hint_zh="请使用 https://…（http:// 仅限本机）。",
        )
    secure = parts.scheme == "https"
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Address(secure, host, port or (443 if secure else 80), target, place)


def read_secret(file: Path) -> bytes:
    """The secret that both sides know: the text of the file, or what "whsec_…" stands for in base64. Raises `ConfigRefused` for one that
    others can read, or that can be guessed."""
    try:
        text = file.read_text(encoding="ascii").strip()
        open_to_others = file.stat().st_mode & 0o077
        secret = base64.b64decode(text.removeprefix("whsec_"), validate=True) if text.startswith("whsec_") else text.encode()
    except (OSError, ValueError):
        raise ConfigRefused("The secret cannot be read.", "无法读取密钥文件。", place=str(file)) from None
    if open_to_others:
        raise ConfigRefused(
            "Others can read the secret.",
            "其他用户可读取该密钥文件。",
            place=str(file),
            hint=f"chmod 600 {file}",
            hint_zh=f"chmod 600 {file}",
        )
    if len(secret) < _LEAST_SECRET:
        raise ConfigRefused(
            f"The secret is shorter than {_LEAST_SECRET} bytes.",
            f"密钥短于 {_LEAST_SECRET} 字节。",
            place=str(file),
            hint="openssl rand -base64 32",
            hint_zh="openssl rand -base64 32",
        )
    return secret


def signed(secret: bytes, id: str, at: int, body: bytes) -> dict[str, str]:
    """The headers that show who sent this, and when (s since 1970)."""
    mac = hmac.digest(secret, f"{id}.{at}.".encode() + body, "sha256")
    return {"webhook-id": id, "webhook-timestamp": str(at), "webhook-signature": f"v1,{base64.b64encode(mac).decode()}"}


def connect(to: Address) -> http.client.HTTPConnection:
    """A connection, opened with the first request: certificates are verified, and no redirect or proxy is followed."""
    if to.secure:
        return http.client.HTTPSConnection(to.host, to.port, timeout=ANSWER_S, context=ssl.create_default_context())
    return http.client.HTTPConnection(to.host, to.port, timeout=ANSWER_S)


def _is_here(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
