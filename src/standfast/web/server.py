"""uvicorn, made to live under systemd: an inherited socket, no signal handlers of its own, an end when idle."""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Callable

import uvicorn
from starlette.types import ASGIApp

from standfast.clock import monotonic_s
from standfast.web.idle import Idleness

log = logging.getLogger(__name__)

IDLE_LIMIT_S = 60.0
LOOK_INTERVAL_S = 1.0
# Whoever comes beyond is answered 503; each takes some 20 kB.
CONNECTIONS = 1500


async def serve(
    app: ASGIApp,
    listener: socket.socket,
    stop: asyncio.Event,
    ready: Callable[[], None],
    idle_limit_s: float = IDLE_LIMIT_S,
    stopping: Callable[[], None] = lambda: None,
) -> None:
    """Answer on `listener` until `stop`, or until nobody has been connected for `idle_limit_s` seconds.

    Args:
        ready: called once connections are accepted.
        stopping: called at the stop, to end answers that would never end by themselves.
    """
    idleness = Idleness(idle_limit_s, monotonic_s())

    async def look() -> None:
        ready()
        state = server.server_state
        if idleness.over(len(state.connections), state.total_requests, monotonic_s()):
            log.info("Nobody has looked for %g s: ending until the next connection", idle_limit_s)
            server.should_exit = True

    server = uvicorn.Server(
        uvicorn.Config(
            app,
            callback_notify=look,  # called at once after the start, then every timeout_notify seconds
            timeout_notify=LOOK_INTERVAL_S,
            log_config=None,  # the daemon frame has set logging up
            access_log=False,
            lifespan="off",
            ws="none",
            server_header=False,
            limit_concurrency=CONNECTIONS,
        )
    )
    # The daemon frame listens to signals; uvicorn would take them over, by the one way before 0.29, by the other since.
    server.install_signal_handlers = lambda: None
    server.capture_signals = contextlib.nullcontext
    stopper = asyncio.create_task(_stop_with(server, stop, stopping))
    try:
        await server.serve(sockets=[listener])
    finally:
        stopper.cancel()


async def _stop_with(server: uvicorn.Server, stop: asyncio.Event, stopping: Callable[[], None]) -> None:
    await stop.wait()
    stopping()
    server.should_exit = True
