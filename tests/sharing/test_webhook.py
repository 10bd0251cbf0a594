"""A receiver over the web gets each event at least once and in the order of its subject, knows who sends, and is never passed over."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bus.errors import BusError, ConfigRefused, Unreachable, WrongUse
from bus.sharing.follow import Event
from connectors.receiver import read_address
from connectors.webhook import MOST_EVENTS, TRIES, WebhookSink
from tests.cli.test_errors import HAN, closed_port
from tests.sharing.receiver import Receiver, certificate, receiving
from tests.sharing.test_sharing_by_command import ID, Bus, civicbus

SECRET = "not-a-secret-of-anybody"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as server:
        yield server


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    return secret_file(tmp_path / "secret", SECRET)


def secret_file(file: Path, text: str, mode: int = 0o600) -> Path:
    file.write_text(text + "\n")
    file.chmod(mode)
    return file


class Pauses:
    """Waits for nothing, and knows for how long it should have."""

    def __init__(self, stop_after: int = 1000) -> None:
        self.said: list[float] = []
        self._stop_after = stop_after

    def __call__(self, seconds: float) -> bool:
        self.said.append(seconds)
        return len(self.said) >= self._stop_after


def sink(receiver: Receiver | str, secret: Path, folder: Path, wait: Pauses | None = None) -> WebhookSink:
    url = receiver if isinstance(receiver, str) else receiver.url
    return WebhookSink(url, "a-b", secret, folder / "receivers", "this log", wait or Pauses())


def event(number: int, **fields: Any) -> Event:
    return Event("a-b", 0, number, 1_790_000_000_000, f"1.{number % 7:032x}", "changed", f"{number:032x}", (), (), fields)


def sent(server: Receiver) -> list[str]:
    return [each["event_id"] for each in server.events]


def test_a_batch_is_signed_so_that_the_receiver_knows_who_sent_it_and_when(receiver: Receiver, secret: Path, tmp_path: Path) -> None:
    with sink(receiver, secret, tmp_path) as to:
        to.take(0, [event(1, name="张三"), event(2)], 9)
    (got,) = receiver.got
    id, at = got.headers["webhook-id"], got.headers["webhook-timestamp"]
    mac = hmac.new(SECRET.encode(), f"{id}.{at}.".encode() + got.body, hashlib.sha256).digest()

    assert got.headers["webhook-signature"] == f"v1,{base64.b64encode(mac).decode()}"
    assert got.headers["idempotency-key"] == id and got.path == "/hook"
    assert json.loads(got.body)["agreement"] == "a-b" and got.events[0]["fields"] == {"name": "张三"}


def test_the_position_is_kept_once_the_receiver_has_it_and_not_before(receiver: Receiver, secret: Path, tmp_path: Path) -> None:
    with sink(receiver, secret, tmp_path) as to:
        to.take(0, [event(1)], 2)
        receiver.answers = [403]
        with pytest.raises(Unreachable):
            to.take(0, [event(2)], 3)
    with sink(receiver, secret, tmp_path) as again:
        assert again.positions() == {0: 2}
    with WebhookSink(receiver.url, "a-b", secret, tmp_path / "receivers", "another log", Pauses()) as elsewhere:
        assert elsewhere.positions() == {}


def test_a_receiver_that_is_busy_or_breaks_off_is_tried_again_with_the_same_identifier(
    receiver: Receiver, secret: Path, tmp_path: Path
) -> None:
    pauses = Pauses()
    receiver.answers, receiver.drops = [503, 429], [False, False, True]
    with sink(receiver, secret, tmp_path, pauses) as to:
        to.take(0, [event(1)], 2)

    assert len({got.headers["webhook-id"] for got in receiver.got}) == 1
    assert sent(receiver) == [f"{1:032x}"] * 4
    assert pauses.said == sorted(pauses.said) and len(pauses.said) == 3


def test_one_that_stays_away_is_said_to_and_nothing_is_passed_over(secret: Path, tmp_path: Path) -> None:
    pauses = Pauses()
    with sink(f"http://127.0.0.1:{closed_port()}/hook", secret, tmp_path, pauses) as to:
        with pytest.raises(Unreachable) as error:
            to.take(0, [event(1, name="张三")], 2)
        assert to.positions() == {}
    assert len(pauses.said) == TRIES - 1
    assert "张三" not in f"{error.value}{error.value.place}" and HAN.search(error.value.message_zh)


def test_a_redirect_is_not_followed(receiver: Receiver, secret: Path, tmp_path: Path) -> None:
    with receiving() as elsewhere, sink(receiver, secret, tmp_path) as to:
        receiver.answers, receiver.location = [307], elsewhere.url
        with pytest.raises(Unreachable, match="redirect"):
            to.take(0, [event(1)], 2)
        assert elsewhere.got == []


def test_a_stop_while_it_waits_ends_the_waiting(receiver: Receiver, secret: Path, tmp_path: Path) -> None:
    receiver.answers = [503] * 9
    with sink(receiver, secret, tmp_path, Pauses(stop_after=1)) as to, pytest.raises(Unreachable):
        to.take(0, [event(1)], 2)
    assert len(receiver.got) == 1


def test_many_events_come_in_several_batches_each_with_its_own_position(receiver: Receiver, secret: Path, tmp_path: Path) -> None:
    events = [event(number) for number in range(2 * MOST_EVENTS + 1)]
    receiver.answers = [204, 400]
    with sink(receiver, secret, tmp_path) as to, pytest.raises(Unreachable):
        to.take(0, events, 1000)
    with sink(receiver, secret, tmp_path) as to:
        at = to.positions()[0]
        to.take(0, [each for each in events if each.offset >= at], 1000)
        assert to.positions() == {0: 1000}

    assert at == MOST_EVENTS
    assert sent(receiver) == [each.event_id for each in events[: 2 * MOST_EVENTS] + events[MOST_EVENTS:]]


def test_two_processes_never_send_to_one_receiver(receiver: Receiver, secret: Path, tmp_path: Path) -> None:
    with sink(receiver, secret, tmp_path), pytest.raises(WrongUse):
        sink(receiver, secret, tmp_path)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/hook",
        "http://192.0.2.1/",
        "https://me:hush@example.org/",
        "ftp://localhost/",
        "https://",
        "https://localhost:x/",
    ],
)
def test_an_address_without_tls_or_with_credentials_is_refused_and_they_are_not_repeated(url: str) -> None:
    with pytest.raises(WrongUse) as error:
        read_address(url)
    assert "hush" not in f"{error.value}{error.value.place}"


@pytest.mark.parametrize(("text", "mode"), [("hush", 0o600), (SECRET, 0o644), ("whsec_%%%", 0o600)])
def test_a_secret_that_can_be_guessed_or_read_by_others_is_refused(text: str, mode: int, receiver: Receiver, tmp_path: Path) -> None:
    with pytest.raises(ConfigRefused) as error:
        sink(receiver, secret_file(tmp_path / "secret", text, mode), tmp_path)
    assert text not in str(error.value)


def test_over_tls_a_certificate_is_believed_only_when_its_authority_is_known(
    secret: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, key = certificate(tmp_path)
    with receiving((file, key)) as server:
        with sink(server, secret, tmp_path) as to, pytest.raises(BusError, match="not trusted"):
            to.take(0, [event(1)], 2)
        assert server.got == []
        monkeypatch.setenv("SSL_CERT_FILE", str(file))
        with sink(server, secret, tmp_path) as to:
            to.take(0, [event(1)], 2)
        assert sent(server) == [f"{1:032x}"]


def test_a_subscription_goes_on_where_the_receiver_is(receiver: Receiver, secret: Path, tmp_path: Path) -> None:
    bus = Bus(tmp_path / "home", {})
    for names in (("张三", "李四"), ("张三", "李四", "王五")):
        bus.say(*names)
        bus.run()
        assert bus.got("--to", receiver.url, "--secret-file", str(secret)) == []

    assert sorted(each["fields"]["name"] for each in receiver.events) == ["张**", "李**", "王**"]
    assert len(set(sent(receiver))) == 3
    assert civicbus(bus.home, "subscribe", ID, "--to", receiver.url).returncode == 2  # without a secret
