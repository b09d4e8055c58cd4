"""HTTP answers: with a version, so that who has it already gets only "not changed". Pure."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response

JSON: Final = "application/json"
NOT_FOUND: Final = 404
UNAVAILABLE: Final = 503
RETRY_AFTER_S: Final = 5
FOR_EVER: Final = "public, max-age=31536000, immutable"


def json_text(content: Mapping[str, Any]) -> str:
    """A document as it is sent."""
    return json.dumps(content, indent=1, allow_nan=False) + "\n"


def version(text: str | bytes) -> str:
    """A short name for exactly this text."""
    raw = text if isinstance(text, bytes) else text.encode(errors="replace")
    return hashlib.sha256(raw).hexdigest()[:20]


def versioned(request: Request, body: str, media_type: str, tag: str = "") -> Response:
    """The body under an ETag of its own or the given one, or 304 when the client has it already."""
    etag = tag or f'"{version(body)}"'
    headers = {"ETag": etag, "Cache-Control": "no-cache"}
    if matches(request.headers, etag):
        return Response(status_code=304, headers=headers)
    return Response(body.encode(errors="replace"), 200, headers, media_type=media_type)


def matches(headers: Headers, etag: str) -> bool:
    """Whether If-None-Match names this version (RFC 9110: the weak comparison)."""
    named = (one.strip().removeprefix("W/") for line in headers.getlist("if-none-match") for one in line.split(","))
    return any(one in ("*", etag.removeprefix("W/")) for one in named)


def trouble(words: str, status: int, headers: Mapping[str, str] | None = None) -> Response:
    """An answer that says why there is no other."""
    return Response(json_text({"error": words}), status, headers, media_type=JSON)


def unavailable(words: str) -> Response:
    """503, and when to come again."""
    return trouble(words, UNAVAILABLE, {"Retry-After": str(RETRY_AFTER_S)})
