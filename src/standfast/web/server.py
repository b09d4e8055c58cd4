"""uvicorn, made to live under systemd: an inherited socket, no signal handlers of its own, an end when idle."""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Callable
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from standfast.clock import monotonic_s
from standfast.web.idle import Idleness
from standfast.web.patience import Client, Patience

log = logging.getLogger(__name__)

IDLE_LIMIT_S = 60.0
LOOK_INTERVAL_S = 1.0
# Whoever comes beyond is answered 503; each takes some 20 kB.
CONNECTIONS = 1500
# At the end, for answers that are nearly made; then their connections are broken off.
ENDS_WITHIN_S = 3.0


async def serve(
    app: ASGIApp,
    listener: socket.socket,
    stop: asyncio.Event,
    ready: Callable[[], None],
    idle_limit_s: float = IDLE_LIMIT_S,
    stopping: Callable[[], None] = lambda: None,
    patience: Patience | None = None,
) -> None:
    """Answer on `listener` until `stop`, or until nobody has been connected for `idle_limit_s` seconds.

    Args:
        ready: called once connections are accepted.
        stopping: called at the end, to end answers that would never end by themselves.
        patience: with clients that ask for nothing, or do not take what they asked for.
    """
    idleness, patience = Idleness(idle_limit_s, monotonic_s()), patience or Patience()
    server = _server(app)

    async def look() -> None:
        ready()
        state = server.server_state
        _part(state.connections, patience)
        if idleness.over(len(state.connections), state.total_requests, monotonic_s()):
            log.info("Nobody has looked for %g s: ending until the next connection", idle_limit_s)
            _end(server, stopping)

    server.config.callback_notify = look  # called at once after the start, then every timeout_notify seconds
    stopper = asyncio.create_task(_stop_with(server, stop, stopping))
    try:
        await server.serve(sockets=[listener])
    finally:
        stopper.cancel()


def _server(app: ASGIApp) -> uvicorn.Server:
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            timeout_notify=LOOK_INTERVAL_S,
            log_config=None,  # the daemon frame has set logging up
            access_log=False,
            lifespan="off",
            http="h11",
            ws="none",
            server_header=False,
            limit_concurrency=CONNECTIONS,
        )
    )
    # The daemon frame listens to signals; uvicorn would take them over, by the one way before 0.29, by the other since.
    server.install_signal_handlers = lambda: None
    server.capture_signals = contextlib.nullcontext
    return server


async def _stop_with(server: uvicorn.Server, stop: asyncio.Event, stopping: Callable[[], None]) -> None:
    await stop.wait()
    _end(server, stopping)


def _end(server: uvicorn.Server, stopping: Callable[[], None]) -> None:
    """End in good order, and in the end without: a service that hangs would keep its socket from starting another."""
    if not server.should_exit:
        stopping()
        server.should_exit = True
        asyncio.get_running_loop().call_later(ENDS_WITHIN_S, _break_off, server)


def _break_off(server: uvicorn.Server) -> None:
    server.force_exit = True
    for connection in server.server_state.connections:
        connection.transport.abort()


def _part(connections: set[Any], patience: Patience) -> None:
    """Break off the connections of clients that keep them for nothing."""
    clients = {id(one): one for one in connections}
    for key in patience.lost_with((_client(key, one) for key, one in clients.items()), monotonic_s()):
        clients[key].transport.abort()


def _client(key: int, connection: Any) -> Client:
    """A connection of uvicorn's: `cycle` is the request that it answers, or answered last."""
    cycle = connection.cycle
    is_answered = cycle is not None and not cycle.response_complete
    return Client(key, cycle, is_answered, connection.transport.get_write_buffer_size())
