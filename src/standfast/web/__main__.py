"""standfast-status.service: started by its socket, ends when nobody looks."""

import functools
import logging
import os
import socket
from dataclasses import dataclass

from systemd.daemon import listen_fds

from standfast import daemon
from standfast.config import ConfigError, Seconds, load_text
from standfast.errors import StandfastError
from standfast.notifier.authorise import Trust
from standfast.overview.trust import trusted
from standfast.web.app import Site
from standfast.web.journal import Journal
from standfast.web.look import Look
from standfast.web.server import IDLE_LIMIT_S, serve

IDENTIFIER = "standfast-status"


@dataclass(frozen=True, slots=True)
class StatusConfig:
    """What the environment may say; there is no file for it.

    Attributes:
        status_idle_s: after how long without a connection the service ends.
        status_lines: whether the last lines of watched units are shown; whoever reaches the page can read them.
    """

    status_idle_s: Seconds = IDLE_LIMIT_S
    status_lines: bool = True


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

    config = _config()
    look = Look(Journal(_trust), socket.gethostname(), show_lines=config.status_lines)
    site = Site(look)
    await serve(site.application(), listener, frame.stop, ready, config.status_idle_s, site.changes.close)


def _config() -> StatusConfig:
    try:
        return load_text(StatusConfig, "", "environment", os.environ)
    except ConfigError as error:
        daemon.log_mistakes(error)
        return StatusConfig()  # it serves on: a service that keeps failing takes its socket along


@functools.cache
def _trust() -> Trust:
    """Found out once: another configuration counts from the next start on, a minute after the last page is closed."""
    return trusted(os.environ)


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
