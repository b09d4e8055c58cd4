"""Text messages through the real library against a local Twilio."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.unit.notifier.provider_servers import SID, TOKEN, Reply, TwilioServer

from standfast.notifier.channel_config import SmsConfig
from standfast.notifier.channels.channel import Answer, Outcome
from standfast.notifier.channels.sms import SmsChannel

error = TwilioServer.error


@pytest.fixture
def server() -> Iterator[TwilioServer]:
    pytest.importorskip("twilio", reason="python3-twilio is not installed")
    with TwilioServer() as found:
        yield found


@pytest.fixture
def channel(server: TwilioServer, tmp_path: Path) -> Iterator[SmsChannel]:
    (tmp_path / "token").write_text(TOKEN)
    config = SmsConfig(
        account_sid=SID,
        sender="+15005550006",
        to=("+491234567", "+497654321"),
        auth_token_file=str(tmp_path / "token"),
        api_url=server.url,
        timeout_s=0.5,
    )
    found = SmsChannel(config)
    yield found
    found.close()


def test_a_short_text_is_one_message_to_each_number(server: TwilioServer, channel: SmsChannel) -> None:
    assert channel.deliver({"text": "box1: ₹ down & out"}) == Answer(Outcome.DELIVERED, parts_done=2)
    assert [(one["To"], one["From"], one["Body"]) for one in server.took] == [
        ("+491234567", "+15005550006", "box1: Rs down & out"),
        ("+497654321", "+15005550006", "box1: Rs down & out"),
    ]


def test_a_long_text_is_split_and_a_retry_repeats_nothing(server: TwilioServer, channel: SmsChannel) -> None:
    text = "\n".join(f"LINE_{number}: 1 occurrence" for number in range(12))
    server.replies.append(error(503, "Service Unavailable"))
    assert channel.deliver({"text": text}) == Answer(
        Outcome.RETRY, "HTTP 503: Unable to create record: Service Unavailable"
    )
    assert channel.deliver({"text": text}).parts_done == 4
    server.replies.append(error(503, "Service Unavailable"))
    answer = channel.deliver({"text": text}, 3)
    assert (answer.outcome, answer.parts_done) == (Outcome.RETRY, 3)
    assert channel.deliver({"text": text}, 3).outcome is Outcome.DELIVERED
    bodies = [one["Body"] for one in server.took if one["To"] == "+497654321"]
    assert all(len(body) <= 160 for body in bodies)
    assert bodies[0].startswith("(1/2) LINE_0")
    assert len(bodies) == 3, "the last part once more, the first not"


@pytest.mark.parametrize(
    ("reply", "outcome", "retry_after_s"),
    [
        (error(429, "Too Many Requests", 20429), Outcome.RETRY, None),
        (Reply(429, "{}", {"Retry-After": "9"}), Outcome.RETRY, 9.0),
        (error(500, "oops"), Outcome.RETRY, None),
        (error(401, "Authenticate", 20003), Outcome.REFUSED, None),
        (error(400, "The 'To' number is not a valid phone number.", 21211), Outcome.REFUSED, None),
        (error(403, "Forbidden"), Outcome.REFUSED, None),
        (error(404, "not found", 20404), Outcome.REFUSED, None),
        (Reply(502, "<html>"), Outcome.RETRY, None),
        (Reply(hang=True), Outcome.RETRY, None),
        (Reply(reset=True), Outcome.RETRY, None),
    ],
)
def test_faults(
    server: TwilioServer, channel: SmsChannel, reply: Reply, outcome: Outcome, retry_after_s: float | None
) -> None:
    server.replies.append(reply)
    answer = channel.deliver({"text": "x"})
    assert (answer.outcome, answer.retry_after_s) == (outcome, retry_after_s)
    assert TOKEN not in answer.detail
    assert channel.deliver({"text": "x"}).outcome is Outcome.DELIVERED
