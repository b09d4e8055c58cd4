"""What every answer carries and every request must: security headers, a loopback Host, no other site behind it."""

from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from standfast.web.headers import HEADERS
from standfast.web.hosts import is_loopback

FORBIDDEN: Final = 403
MISDIRECTED: Final = 421


class Guard:
    """ASGI middleware around the application."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer strangers here, pass the rest on, and add the headers to whatever is answered."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(HEADERS)
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        refused = _refusal(Headers(scope=scope))
        await (refused or self._app)(scope, receive, send_guarded)


def _refusal(headers: Headers) -> ASGIApp | None:
    hosts = headers.getlist("host")
    if len(hosts) != 1 or not is_loopback(hosts[0]):
        error = "this service answers only to 127.0.0.1, localhost and [::1]; from elsewhere use an ssh tunnel"
        return JSONResponse({"error": error}, MISDIRECTED)
    # A link on another page may lead here; a script of it may not, not even without seeing the answer.
    if headers.get("sec-fetch-site") == "cross-site" and headers.get("sec-fetch-mode") != "navigate":
        return JSONResponse({"error": "pages of other sites may not ask here"}, FORBIDDEN)
    return None
