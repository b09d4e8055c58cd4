"""Another program's words without a secret that it was given and may repeat, in whatever form it saw it. Pure."""

import base64
import json
import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import quote, quote_plus

HIDDEN: Final = "***"
# The coded form of a shorter secret would be a few letters that stand in many a word.
_SHORTEST_CODED: Final = 6
_CODED: Final = re.compile(r"[A-Za-z0-9+/_-]{8,}={0,2}")


def scrubbed(text: str, *secrets: str) -> str:
    """The text without the secrets: as they are, as in URLs and JSON, and within base64 as in logins."""
    for secret in filter(None, secrets):
        for form in (secret, quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1]):
            text = text.replace(form, HIDDEN)
        if len(secret) >= _SHORTEST_CODED:
            text = _without_coded(text, tuple(_cores(secret.encode())))
    return text


def _without_coded(text: str, cores: tuple[str, ...]) -> str:
    """Whole runs of base64 go: what stands around the secret in them may be half of it."""
    if not any(core in text for core in cores):
        return text

    def hidden(run: re.Match[str]) -> str:
        return HIDDEN if any(core in run[0] for core in cores) else run[0]

    return _CODED.sub(hidden, text)


def _cores(secret: bytes) -> Iterator[str]:
    """What base64 makes of a secret, whatever stands before and behind it: one for each of its three offsets."""
    for offset in range(3):
        coded = base64.b64encode(b"\0" * offset + secret).decode()
        core = coded[(0, 2, 3)[offset] : (len(secret) + offset) // 3 * 4]
        yield core
        yield core.replace("+", "-").replace("/", "_")
