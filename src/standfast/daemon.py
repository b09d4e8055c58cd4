"""The frame that every daemon runs in: logging, signals, watchdog, reload, stop, exit codes."""

import asyncio
import contextlib
import logging
import signal
from collections.abc import Awaitable, Callable

from standfast.config import ConfigError
from standfast.errors import StandfastError
from standfast.heartbeat import Heartbeat
from standfast.journal import Journal, configure_logging

log = logging.getLogger(__name__)

# systemd.exec(5) names it CONFIG; the units do not restart on it (RestartPreventExitStatus=78).
EXIT_CONFIG = 78
EXIT_FAILURE = 1

# How often events that journald did not take are offered to it again.
FLUSH_INTERVAL_S = 1.0


class Frame:
    """What the frame gives to the program that runs in it."""

    def __init__(self, heartbeat: Heartbeat, journal: Journal) -> None:
        self.heartbeat = heartbeat
        self.journal = journal
        self.stop = asyncio.Event()
        self._reload: Callable[[], None] | None = None

    def on_reload(self, callback: Callable[[], None]) -> None:
        """What SIGHUP calls; a ConfigError out of it is logged and the old configuration stays."""
        self._reload = callback

    async def sleep(self, seconds: float) -> bool:
        """Wait, but no longer than until the stop; True when it is time to stop."""
        # Not wait_for: in Python 3.11 it can swallow a cancellation.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.stop.wait()
        return self.stop.is_set()

    def reload(self) -> None:
        """Act on SIGHUP between RELOADING=1 and READY=1, as Type=notify expects."""
        if self._reload is None:
            return
        self.heartbeat.reloading()
        try:
            self._reload()
            self.heartbeat.note("")
            log.info("Reloaded the configuration")
        except ConfigError as error:
            log_mistakes(error)
            log.error("Not reloaded, what was in force stays so; correct the line above and reload again")
            self.heartbeat.note(f"not reloaded, what was in force stays so: {error.first_line}")
        finally:
            self.heartbeat.ready()


Program = Callable[[Frame], Awaitable[None]]


def run(identifier: str, program: Program) -> int:
    """Run a daemon until it ends or SIGTERM or SIGINT asks it to; the exit status is for systemd.

    A mistake in the configuration is logged a line each and ends with 78; a StandfastError is
    logged as its one line and ends with 1; anything else is a crash and keeps its traceback.
    """
    configure_logging(identifier)
    heartbeat = Heartbeat()
    journal = Journal(identifier)
    try:
        asyncio.run(_run(Frame(heartbeat, journal), program))
    except ConfigError as error:
        log_mistakes(error)
        heartbeat.status(error.first_line)
        return EXIT_CONFIG
    except StandfastError as error:
        log.error("%s", error)
        heartbeat.status(str(error))
        return EXIT_FAILURE
    except Exception as error:
        # One entry with its trace, where the interpreter would print an entry for each of its lines.
        log.exception("Crashed by a bug of Standfast: %r; systemd starts it again, please report this trace", error)
        return EXIT_FAILURE
    finally:
        journal.flush()
        journal.close()
        heartbeat.close()
    return 0


def log_mistakes(error: ConfigError) -> None:
    """One line in the journal for each mistake in a configuration."""
    for mistake in error.mistakes:
        log.error("%s", mistake)


async def _run(frame: Frame, program: Program) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _request_stop, frame)
    loop.add_signal_handler(signal.SIGHUP, frame.reload)
    keepers = [asyncio.create_task(_feed_watchdog(frame)), asyncio.create_task(_flush_events(frame))]
    try:
        await program(frame)
    finally:
        frame.heartbeat.stopping()
        for keeper in keepers:
            keeper.cancel()
        await asyncio.gather(*keepers, return_exceptions=True)


def _request_stop(frame: Frame) -> None:
    if not frame.stop.is_set():
        frame.heartbeat.stopping()
        frame.stop.set()


async def _feed_watchdog(frame: Frame) -> None:
    interval_s = frame.heartbeat.watchdog_interval_s
    if interval_s is None:
        return
    told = False
    while True:
        fed = frame.heartbeat.feed()
        if not fed and not told:
            log.error("Not feeding the watchdog: no sign of life from %s", ", ".join(frame.heartbeat.stale()))
        told = not fed
        await asyncio.sleep(interval_s)


async def _flush_events(frame: Frame) -> None:
    while True:
        await asyncio.sleep(FLUSH_INTERVAL_S)
        frame.journal.flush()
