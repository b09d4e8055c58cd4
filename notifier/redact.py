"""Secrets that other programs put into their texts are not passed on. Pure."""

import re
from typing import Final

HIDDEN: Final = "***"

# What is kept of a match is its first group: the name of the secret, so that the text stays readable.
_PATTERNS: Final = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(\b(?:api[_-]?key|(?:access[_-]?|auth[_-]?)?token|secret|password|passwd|pwd)[\"']?\s*[=:]\s*[\"']?)"
        r"[^\s\"',;&}]+",
        r"(\b(?:bearer|basic)\s+)[A-Za-z0-9._~+/=-]{8,}",
        r"(://)[^/\s:@]+:[^/\s@]+(?=@)",
        r"((?:\bbot)?)(?<!\d)\d{6,12}:[A-Za-z0-9_-]{30,}",
        r"(\bAC)[0-9a-f]{32}\b",
    )
)


def redacted(text: str) -> str:
    """The text without what looks like an API key, a token, a password or the user of an address."""
    for pattern in _PATTERNS:
        text = pattern.sub(rf"\g<1>{HIDDEN}", text)
    return text
