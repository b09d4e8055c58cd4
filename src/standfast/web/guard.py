"""What every answer carries and every request must: security headers, a loopback Host, a method that only reads."""

from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from standfast.web.assets import CONTENT_SECURITY_POLICY
from standfast.web.hosts import is_loopback

MISDIRECTED: Final = 421

HEADERS: Final = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}


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
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        hosts = Headers(scope=scope).getlist("host")
        if len(hosts) == 1 and is_loopback(hosts[0]):
            await self._app(scope, receive, send_guarded)
        else:
            error = "this service answers only to 127.0.0.1, localhost and [::1]; from elsewhere use an ssh tunnel"
            await JSONResponse({"error": error}, MISDIRECTED)(scope, receive, send_guarded)
