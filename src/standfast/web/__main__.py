"""standfast-status.service: started by its socket, ends when nobody looks."""

import logging
import os
import socket
from dataclasses import dataclass

from systemd.daemon import listen_fds

from standfast import daemon
from standfast.clock import utc_now
from standfast.config import ConfigError, Seconds, load_text
from standfast.errors import StandfastError
from standfast.web.app import application
from standfast.web.reading import read_snapshot
from standfast.web.server import IDLE_LIMIT_S, serve

IDENTIFIER = "standfast-status"


@dataclass(frozen=True, slots=True)
class StatusConfig:
    """What the environment may say; there is no file for it."""

    status_idle_s: Seconds = IDLE_LIMIT_S


class NoSocketError(StandfastError):
    """The service was started without its socket."""


def main() -> int:
    """Serve the status on the socket that systemd handed over."""
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    return daemon.run(IDENTIFIER, _serve)


async def _serve(frame: daemon.Frame) -> None:
    listener = inherited_socket()
    told = False

    def ready() -> None:
        nonlocal told
        if not told:
            frame.heartbeat.ready()
            frame.heartbeat.status("Answering on {}:{}".format(*listener.getsockname()[:2]))
        told = True

    await serve(application(lambda: read_snapshot(utc_now())), listener, frame.stop, ready, _idle_limit_s())


def _idle_limit_s() -> float:
    try:
        return load_text(StatusConfig, "", "environment", os.environ).status_idle_s
    except ConfigError as error:
        daemon.log_mistakes(error)
        return IDLE_LIMIT_S  # it serves on: a service that keeps failing takes its socket along


def inherited_socket() -> socket.socket:
    """The listening socket of standfast-status.socket, see sd_listen_fds(3).

    Raises:
        NoSocketError: there is none.
    """
    inherited = listen_fds()
    if len(inherited) != 1:
        raise NoSocketError(
            f"cannot serve: expected one socket from systemd, got {len(inherited)}; "
            "start it with: systemctl start standfast-status.socket"
        )
    return socket.socket(fileno=inherited[0])


if __name__ == "__main__":
    raise SystemExit(main())
