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


INVALID = error(400, "The 'To' number is not a valid phone number.", 21211)
LONG = "\n".join(f"LINE_{number}: 1 occurrence" for number in range(12))


def test_a_number_that_is_refused_holds_up_no_other(server: TwilioServer, channel: SmsChannel) -> None:
    server.replies.append(INVALID)
    answer = channel.deliver({"text": LONG})
    assert (answer.outcome, answer.parts_done) == (Outcome.PARTLY, 2)
    assert answer.detail.startswith("refused for +491234567: HTTP 400: ")
    assert [one["To"] for one in server.took] == ["+497654321"] * 2, "the other part is not tried on a refused number"


def test_a_text_that_all_numbers_refuse_is_refused(server: TwilioServer, channel: SmsChannel) -> None:
    server.replies.extend([INVALID, error(503, "busy")])
    answer = channel.deliver({"text": "x"})
    assert (answer.outcome, answer.parts_done) == (Outcome.RETRY, 0)
    server.replies.extend([INVALID, INVALID])
    answer = channel.deliver({"text": "x"}, answer.parts_done)
    assert (answer.outcome, answer.parts_done, server.took) == (Outcome.REFUSED, 0, [])
    assert answer.detail.count("refused for") == 2


def test_a_retry_does_not_come_back_to_what_was_refused_before(server: TwilioServer, channel: SmsChannel) -> None:
    taken = Reply(201, "{}", {"Content-Type": "application/json"})
    server.replies.extend([taken, INVALID, error(503, "busy")])
    answer = channel.deliver({"text": LONG})
    assert (answer.outcome, answer.parts_done) == (Outcome.RETRY, 2)
    assert "refused for +491234567: HTTP 400" in answer.detail
    assert channel.deliver({"text": LONG}, answer.parts_done) == Answer(Outcome.DELIVERED, parts_done=4)
    assert [one["To"] for one in server.took] == ["+497654321"] * 2


@pytest.mark.parametrize(
    ("reply", "outcome", "retry_after_s"),
    [
        (error(429, "Too Many Requests", 20429), Outcome.RETRY, None),
        (Reply(429, "{}", {"Retry-After": "9"}), Outcome.RETRY, 9.0),
        (error(500, "oops"), Outcome.RETRY, None),
        (error(401, "Authenticate", 20003), Outcome.REFUSED, None),
        (INVALID, Outcome.REFUSED, None),
        (error(403, "Forbidden"), Outcome.REFUSED, None),
        (error(404, "not found", 20404), Outcome.REFUSED, None),
        (Reply(502, "<html>"), Outcome.RETRY, None),
        (Reply(hang=True), Outcome.RETRY, None),
        (Reply(reset=True), Outcome.RETRY, None),
        (Reply(cut=True), Outcome.RETRY, None),
    ],
)
def test_faults(
    server: TwilioServer, channel: SmsChannel, reply: Reply, outcome: Outcome, retry_after_s: float | None
) -> None:
    server.replies.extend([reply] * (2 if outcome is Outcome.REFUSED else 1))
    answer = channel.deliver({"text": "x"})
    assert (answer.outcome, answer.retry_after_s) == (outcome, retry_after_s)
    assert TOKEN not in answer.detail
    assert channel.deliver({"text": "x"}).outcome is Outcome.DELIVERED


@pytest.mark.parametrize(
    ("reply", "account", "good"),
    [
        (None, "active", True),
        (None, "suspended", False),
        (error(401, "Authenticate", 20003), "active", False),
        (error(404, "not found", 20404), "active", False),
        (error(429, "Too Many Requests", 20429), "active", None),
        (error(500, "oops"), "active", None),
        (Reply(hang=True), "active", None),
    ],
)
def test_it_can_be_asked_without_a_message(
    server: TwilioServer, channel: SmsChannel, reply: Reply | None, account: str, good: bool | None
) -> None:
    server.replies.extend([reply] if reply else [])
    server.account = account
    standing = channel.standing()
    assert standing.good is good
    assert standing.detail
    assert TOKEN not in standing.detail
    assert server.took == []
