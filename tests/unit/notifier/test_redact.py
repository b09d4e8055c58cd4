"""No secret appears in a message."""

import pytest

from standfast.notifier.redact import redacted
from standfast.notifier.words import clean

BOT = "1234567890:AAEhBOweik6ad9r_QXMENQjcrGbqCr4K-bc"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("GET /x?apikey=abc123&y=1 failed", "GET /x?apikey=***&y=1 failed"),
        ('{"apikey": "abc123", "a": 1}', '{"apikey": "***", "a": 1}'),
        ("API_KEY=abc password: hunter2, ok", "API_KEY=*** password: ***, ok"),
        ("Authorization: Bearer abcdef.123456-x", "Authorization: Bearer ***"),
        ("postgres://me:hunter2@db/x", "postgres://***@db/x"),
        (f"https://api.telegram.org/bot{BOT}/x", f"https://api.telegram.org/bot{BOT}/x"),
        (f"url /{BOT}/x", "url /***/x"),
        ("account AC" + "0123456789abcdef" * 2, "account AC***"),
        ("token expired; log in to the broker", "token expired; log in to the broker"),
        ("NSE:SBIN 5 at 12:30:00, key missing", "NSE:SBIN 5 at 12:30:00, key missing"),
    ],
)
def test_redacted(text: str, shown: str) -> None:
    assert redacted(text) == shown.replace(BOT, "***")


def test_every_text_of_another_program_passes_through_it() -> None:
    assert clean("apikey=abc\n123") == "apikey=*** 123"
