"""Other services through the real Apprise library, against local servers."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from tests.unit.notifier.provider_servers import ProviderServer, Reply

from standfast.notifier.channel_config import AppriseConfig
from standfast.notifier.channels.apprise import AppriseChannel
from standfast.notifier.channels.channel import Answer, Outcome
from standfast.notifier.secret import SecretError

pytestmark = [
    # Loading a hundred services loads modules that are on their way out.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::SyntaxWarning"),
]
TEXT = "box1: <b>DOWN</b> & *not* _bold_ [x](y) \\n\n₹ 😀"
TOKEN = "very-secret-token"


class JsonService(ProviderServer):
    def answer(self, request: BaseHTTPRequestHandler, raw: str) -> Reply:
        self.took.append(json.loads(raw))
        return Reply()

    def address(self, **more: str) -> str:
        options = "".join(f"&{name}={value}" for name, value in more.items())
        return f"{self.url.replace('http', 'json')}/{TOKEN}/?method=POST{options}"


@pytest.fixture
def server() -> Iterator[JsonService]:
    pytest.importorskip("apprise", reason="apprise is not installed")
    with JsonService() as found:
        yield found


@pytest.fixture
def other() -> Iterator[JsonService]:
    with JsonService() as found:
        yield found


def deliver(*urls: str, text: str = TEXT, done: int = 0, kind: str = "problem") -> Answer:
    channel = AppriseChannel(AppriseConfig(urls, timeout_s=0.5))
    try:
        return channel.deliver({"text": text, "kind": kind, "severity": "critical"}, done)
    finally:
        channel.close()


def test_every_character_arrives_as_written(server: JsonService) -> None:
    assert deliver(server.address()) == Answer(Outcome.DELIVERED, parts_done=1)
    (message,) = server.took
    assert (message["message"], message["type"]) == (TEXT, "failure")


def test_a_recovery_is_a_success(server: JsonService) -> None:
    deliver(server.address(), kind="recovery")
    assert server.took[0]["type"] == "success"


def test_a_long_text_is_split_at_line_ends(server: JsonService) -> None:
    text = "\n".join(f"line {number}" for number in range(5000))
    answer = deliver(server.address(), text=text)
    assert (answer.outcome, answer.parts_done) == (Outcome.DELIVERED, len(server.took))
    assert len(server.took) > 1
    assert "\n".join(message["message"] for message in server.took) == text


def test_a_retry_goes_on_with_the_service_that_failed(server: JsonService, other: JsonService) -> None:
    other.replies.append(Reply(503))
    urls = (server.address(), other.address())
    answer = deliver(*urls)
    assert (answer.outcome, answer.parts_done) == (Outcome.RETRY, 1)
    assert deliver(*urls, done=answer.parts_done).outcome is Outcome.DELIVERED
    assert (len(server.took), len(other.took)) == (1, 1)


def test_a_service_that_refuses_does_not_stop_the_others(server: JsonService, other: JsonService) -> None:
    server.replies.append(Reply(401))
    assert deliver(server.address(), other.address()) == Answer(Outcome.PARTLY, "JSON: HTTP 401", parts_done=2)
    assert len(other.took) == 1


def test_a_retry_begins_anew_when_nothing_was_taken(server: JsonService, other: JsonService) -> None:
    server.replies.append(Reply(401))
    other.replies.append(Reply(503))
    answer = deliver(server.address(), other.address())
    assert (answer.outcome, answer.parts_done) == (Outcome.RETRY, 0), "1 would say that one has taken it"


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        (Reply(429, headers={"Retry-After": "7"}), Outcome.RETRY),
        (Reply(500), Outcome.RETRY),
        (Reply(400), Outcome.REFUSED),
        (Reply(401), Outcome.REFUSED),
        (Reply(403), Outcome.REFUSED),
        (Reply(404), Outcome.REFUSED),
        (Reply(hang=True), Outcome.RETRY),
        (Reply(reset=True), Outcome.RETRY),
        (Reply(cut=True), Outcome.RETRY),
    ],
)
def test_faults(server: JsonService, reply: Reply, outcome: Outcome, caplog: pytest.LogCaptureFixture) -> None:
    server.replies.append(reply)
    answer = deliver(server.address())
    assert answer.outcome is outcome
    assert answer.detail
    assert TOKEN not in answer.detail + caplog.text
    assert server.took == []


def test_nobody_listens(server: JsonService) -> None:
    with JsonService() as gone:
        pass
    assert deliver(gone.address()).outcome is Outcome.RETRY


def test_addresses_with_secrets_are_lines_of_a_file(server: JsonService, tmp_path: Path) -> None:
    (tmp_path / "urls").write_text(f"# mine\n{server.address()}\n\n")
    channel = AppriseChannel(AppriseConfig(urls_file=str(tmp_path / "urls")))
    assert channel.deliver({"text": "x", "kind": "problem", "severity": "info"}).outcome is Outcome.DELIVERED


@pytest.mark.parametrize(
    ("text", "why"), [("# none\n", "cannot find an address"), (f"nosuch://{TOKEN}\n", "cannot use address 1")]
)
def test_what_is_no_address_is_said_without_it(server: JsonService, tmp_path: Path, text: str, why: str) -> None:
    (tmp_path / "urls").write_text(text)
    with pytest.raises(SecretError, match=why) as caught:
        AppriseChannel(AppriseConfig(urls_file=str(tmp_path / "urls")))
    assert TOKEN not in str(caught.value)


def test_it_cannot_be_asked_without_sending_something(server: JsonService) -> None:
    channel = AppriseChannel(AppriseConfig((server.address(),), timeout_s=0.5))
    standing = channel.standing()
    channel.close()
    assert (standing.good, server.took) == (None, [])
    assert "without sending" in standing.detail
