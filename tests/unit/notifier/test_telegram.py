"""Telegram through the real library against a local Bot API."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.unit.notifier.provider_servers import TOKEN, Reply, TelegramServer

from standfast.notifier.channel_config import TelegramConfig
from standfast.notifier.channels.channel import Answer, Outcome
from standfast.notifier.channels.telegram import TelegramChannel
from standfast.notifier.secret import SecretError

pytestmark = [
    # Debian 12's python-telegram-bot uses modules of the standard library that are on their way out.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]
TEXT = "box1: <b>DOWN</b> & *not* _bold_ [x](y)\n₹ 😀"
error = TelegramServer.error


@pytest.fixture
def server() -> Iterator[TelegramServer]:
    pytest.importorskip("telegram", reason="python3-python-telegram-bot is not installed")
    with TelegramServer() as found:
        yield found


def channel(server: TelegramServer, tmp_path: Path, token: str = TOKEN) -> TelegramChannel:
    (tmp_path / "token").write_text(f"{token}\n")
    return TelegramChannel(
        TelegramConfig(chat_id="42", bot_token_file=str(tmp_path / "token"), api_url=server.url, timeout_s=0.5)
    )


def deliver(server: TelegramServer, tmp_path: Path, text: str = TEXT, done: int = 0, token: str = TOKEN) -> Answer:
    found = channel(server, tmp_path, token)
    try:
        return found.deliver({"text": text}, done)
    finally:
        found.close()


def test_every_character_arrives_as_written(server: TelegramServer, tmp_path: Path) -> None:
    assert deliver(server, tmp_path) == Answer(Outcome.DELIVERED, parts_done=1)
    assert [(message["chat_id"], message["text"]) for message in server.took] == [("42", TEXT)]


def test_a_long_text_is_split_and_a_retry_goes_on_with_the_part_that_failed(
    server: TelegramServer, tmp_path: Path
) -> None:
    text = "\n".join(f"line {number} 😀" for number in range(1000))
    found = channel(server, tmp_path)
    parts = len(text) // 4096 + 1
    assert found.deliver({"text": text}).outcome is Outcome.DELIVERED
    assert "\n".join(message["text"] for message in server.took) == text
    assert len(server.took) >= parts
    server.took.clear()
    server.replies.append(error(500, "Internal Server Error"))
    first = found.deliver({"text": text}, 1)
    assert (first.outcome, first.parts_done) == (Outcome.RETRY, 1)
    assert found.deliver({"text": text}, first.parts_done).outcome is Outcome.DELIVERED
    assert "line 0 " not in "".join(message["text"] for message in server.took)
    found.close()


@pytest.mark.parametrize(
    ("reply", "outcome", "retry_after_s"),
    [
        (error(429, "Too Many Requests: retry after 7", retry_after=7), Outcome.RETRY, 7.0),
        (error(500, "Internal Server Error"), Outcome.RETRY, None),
        (Reply(502, "<html>Bad Gateway</html>"), Outcome.RETRY, None),
        (error(400, "Bad Request: chat not found"), Outcome.REFUSED, None),
        (error(401, "Unauthorized"), Outcome.REFUSED, None),
        (error(403, "Forbidden: bot was blocked by the user"), Outcome.REFUSED, None),
        (error(404, "Not Found"), Outcome.REFUSED, None),
        (error(400, "Bad Request: group upgraded", migrate_to_chat_id=-1005), Outcome.REFUSED, None),
        (Reply(hang=True), Outcome.RETRY, None),
        (Reply(reset=True), Outcome.RETRY, None),
        (Reply(cut=True), Outcome.RETRY, None),
        (Reply(200, "no JSON"), Outcome.RETRY, None),
    ],
)
def test_faults(
    server: TelegramServer, tmp_path: Path, reply: Reply, outcome: Outcome, retry_after_s: float | None
) -> None:
    # A reset of a kept connection is tried again by the older library itself, up to three times.
    server.replies.extend([reply] * (6 if reply.reset or reply.cut else 1))
    answer = deliver(server, tmp_path)
    assert (answer.outcome, answer.retry_after_s) == (outcome, retry_after_s)
    assert answer.detail
    assert TOKEN not in answer.detail


@pytest.mark.parametrize(
    ("reply", "good"),
    [
        (None, True),
        (error(401, "Unauthorized"), False),
        (error(404, "Not Found"), False),
        (error(429, "Too Many Requests: retry after 7", retry_after=7), None),
        (error(500, "Internal Server Error"), None),
        (Reply(200, "no JSON"), None),
        (Reply(hang=True), None),
    ],
)
def test_it_can_be_asked_without_a_message(
    server: TelegramServer, tmp_path: Path, reply: Reply | None, good: bool | None
) -> None:
    server.replies.extend([reply] if reply else [])
    found = channel(server, tmp_path)
    standing = found.standing()
    found.close()
    assert standing.good is good
    assert bool(standing.detail) is (good is not True)
    assert TOKEN not in standing.detail
    assert server.took == []


def test_asked_with_a_wrong_token(server: TelegramServer, tmp_path: Path) -> None:
    found = channel(server, tmp_path, token="999999:wrong")
    standing = found.standing()
    found.close()
    assert (standing.good, "wrong" in standing.detail) == (False, False)


def test_a_wrong_token_is_refused_and_not_shown(server: TelegramServer, tmp_path: Path) -> None:
    answer = deliver(server, tmp_path, token="999999:wrong")
    assert answer.outcome is Outcome.REFUSED
    assert "wrong" not in answer.detail


def test_what_is_no_token_at_all_is_said(server: TelegramServer, tmp_path: Path) -> None:
    with pytest.raises(SecretError, match="it is no token of a bot") as caught:
        channel(server, tmp_path, token="hunter2")
    assert "hunter2" not in str(caught.value)


def test_nobody_listens(tmp_path: Path) -> None:
    pytest.importorskip("telegram", reason="python3-python-telegram-bot is not installed")
    with TelegramServer() as gone:
        pass
    asked = channel(gone, tmp_path)
    assert asked.standing().good is None
    asked.close()
    answer = deliver(gone, tmp_path)
    assert answer.outcome is Outcome.RETRY
    assert TOKEN not in answer.detail
