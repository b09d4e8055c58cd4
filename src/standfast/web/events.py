"""Server-sent events: a short word to whoever watches, each time that something is different."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass, replace
from typing import Final

from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from standfast.clock import monotonic_s
from standfast.overview import snapshot as shots
from standfast.overview.problems import headline, problems
from standfast.overview.snapshot import Snapshot
from standfast.web.answers import unavailable
from standfast.web.changes import Changes
from standfast.web.look import Look
from standfast.web.sameness import seen

MEDIA_TYPE: Final = "text/event-stream"
# How long a browser waits before it connects again.
RETRY_MS: Final = 2000
FOUND_OUT_EVERY_S: Final = 1.0
# Then the reader comes again by itself; one that is stuck does not, and no longer keeps the service running.
GOES_ON_FOR_S: Final = 900.0

_HEADERS: Final = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


@dataclass(frozen=True, slots=True)
class Change:
    """What is so now: enough to say whether to look at the rest; `version` differs whenever more does than moments."""

    level: str
    headline: str
    version: str


class News:
    """What is so now, found out anew when a file has changed, and once a second for what time alone changes."""

    def __init__(self, look: Look) -> None:
        self._look = look
        self._stamps: tuple[object, ...] = ()
        self._until_s = 0.0
        self._last: Change | None = None
        self._is_behind = False
        self._fell_behind = 0

    def __call__(self) -> Change:
        """What is so now; a page that is older than what the detector says, and can be had anew, is a change too."""
        stamps, now_s = self._look.stamps(), monotonic_s()
        if self._last is None or stamps != self._stamps or now_s >= self._until_s:
            self._last = change(self._look.snapshot())
            self._stamps, self._until_s = stamps, now_s + FOUND_OUT_EVERY_S
        is_behind = self._look.is_behind()
        self._fell_behind += is_behind and not self._is_behind
        self._is_behind = is_behind
        return replace(self._last, version=f"{self._last.version}-{self._fell_behind}")


def change(snapshot: Snapshot) -> Change:
    """What is so now; that a daemon says nothing any more is a change too."""
    _, words = headline(snapshot, problems(snapshot))
    return Change(shots.level(snapshot), words, seen(snapshot))


class Stream(StreamingResponse):
    """An answer that goes on until its reader is gone.

    As Debian 13 has them, Starlette waits for uvicorn to say so and uvicorn for Starlette to ask: such an
    answer would never end, and nor would the service.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send, and meanwhile ask whether there still is a reader."""
        sending = asyncio.create_task(self.stream_response(send))
        leaving = asyncio.create_task(self.listen_for_disconnect(receive))
        try:
            await asyncio.wait((sending, leaving), return_when=asyncio.FIRST_COMPLETED)
        finally:
            sending.cancel()
            leaving.cancel()
            ended = await asyncio.gather(sending, leaving, return_exceptions=True)
        for trouble in ended:
            if isinstance(trouble, Exception):
                raise trouble


def stream(changes: Changes[Change], method: str = "GET") -> Response:
    """The answer that goes on; 503 when so many listen already that there is no more room."""
    if changes.full:
        return unavailable("as many as may are listening already; ask /api/status from time to time instead")
    if method == "HEAD":
        return Response(headers={**_HEADERS, "Content-Type": MEDIA_TYPE})
    return Stream(_lines(changes), headers=_HEADERS, media_type=MEDIA_TYPE)


async def _lines(changes: Changes[Change]) -> AsyncIterator[str]:
    yield f"retry: {RETRY_MS}\n\n"
    until_s = monotonic_s() + GOES_ON_FOR_S
    async for one in changes.listen():
        yield ": still here\n\n" if one is None else f"event: status\ndata: {json.dumps(asdict(one))}\n\n"
        if monotonic_s() >= until_s:
            return
