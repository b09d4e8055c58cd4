"""The webhook against a real server with real faults."""

import hashlib
import hmac
import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.fakes.webhook_sink import Fault, WebhookSink

from standfast.notifier.channel_config import WebhookConfig
from standfast.notifier.channels.channel import Answer, Outcome
from standfast.notifier.channels.webhook import WebhookChannel
from standfast.notifier.secret import SecretError

BODY = {"id": "x1", "title": "é ₹ <b>", "events": []}


@pytest.fixture
def channel(sink: WebhookSink) -> Iterator[WebhookChannel]:
    found = WebhookChannel(WebhookConfig(sink.url, timeout_s=0.3))
    yield found
    found.close()


def test_the_body_arrives_as_it_is(sink: WebhookSink, channel: WebhookChannel) -> None:
    assert channel.deliver(BODY) == Answer(Outcome.DELIVERED, "HTTP 200 OK")
    assert sink.got == [BODY]


def test_a_signature(sink: WebhookSink, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("hush")
    channel = WebhookChannel(WebhookConfig(sink.url, secret_file=str(tmp_path / "key")))
    channel.deliver(BODY)
    channel.close()
    expected = hmac.new(b"hush", json.dumps(BODY).encode(), hashlib.sha256).hexdigest()
    assert sink.headers[-1]["X-Standfast-Signature-256"] == f"sha256={expected}"


def test_without_a_key_nothing_is_signed(sink: WebhookSink, channel: WebhookChannel) -> None:
    channel.deliver(BODY)
    assert "X-Standfast-Signature-256" not in sink.headers[-1]


def test_a_stored_key_signs_without_being_named(
    sink: WebhookSink, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    (tmp_path / "webhook-secret").write_text("hush")
    channel = WebhookChannel(WebhookConfig(sink.url))
    channel.deliver(BODY)
    channel.close()
    assert "X-Standfast-Signature-256" in sink.headers[-1]


@pytest.mark.parametrize(
    ("credential", "file", "why"),
    [("webhook-secret", "", "secret set webhook-secret"), ("", "/nofile", "/nofile")],
)
def test_a_key_that_is_named_and_not_there_is_refused(
    credential: str, file: str, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    (tmp_path / "webhook-secret").write_text("\n")  # as the unit hands over a secret that was not set
    with pytest.raises(SecretError, match=why):
        WebhookChannel(WebhookConfig("http://127.0.0.1/", secret_credential=credential, secret_file=file))


@pytest.mark.parametrize(
    ("fault", "answer"),
    [
        (Fault.ERROR, Answer(Outcome.RETRY, "HTTP 500 Internal Server Error")),
        (Fault.BUSY, Answer(Outcome.RETRY, "HTTP 429 Too Many Requests", 1.0)),
        (Fault.REFUSE, Answer(Outcome.REFUSED, "HTTP 401 Unauthorized")),
        (Fault.WRONG, Answer(Outcome.REFUSED, "HTTP 400 Bad Request")),
        (Fault.FORBIDDEN, Answer(Outcome.REFUSED, "HTTP 403 Forbidden")),
        (Fault.GONE, Answer(Outcome.REFUSED, "HTTP 404 Not Found")),
        (Fault.MOVED, Answer(Outcome.REFUSED, "HTTP 302 Found")),
        (Fault.HANG, Answer(Outcome.RETRY, "no answer in time")),
        (Fault.RESET, Answer(Outcome.RETRY, "cannot connect, or the connection broke off")),
    ],
)
def test_faults(sink: WebhookSink, channel: WebhookChannel, fault: Fault, answer: Answer) -> None:
    sink.faults.append(fault)
    assert channel.deliver(BODY) == answer
    assert channel.deliver(BODY).outcome is Outcome.DELIVERED, "a fault does not spoil the connection for the next one"


def test_nobody_listens() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        channel = WebhookChannel(WebhookConfig(f"http://127.0.0.1:{unused.getsockname()[1]}/secret-path"))
        answer = channel.deliver(BODY)
        channel.close()
    assert answer.outcome is Outcome.RETRY
    assert "secret-path" not in answer.detail


def test_a_name_that_does_not_resolve_is_tried_again() -> None:
    channel = WebhookChannel(WebhookConfig("http://does-not-exist.invalid/"))
    assert channel.deliver(BODY).outcome is Outcome.RETRY
    channel.close()


def test_it_cannot_be_asked_without_sending_something(sink: WebhookSink, channel: WebhookChannel) -> None:
    standing = channel.standing()
    assert (standing.good, sink.requests) == (None, 0)
    assert "without sending" in standing.detail
