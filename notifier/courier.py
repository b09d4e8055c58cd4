"""The notifier's side of the worker: starts it when there is something to deliver, and wakes it."""

import asyncio
import contextlib
import json
import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path

import standfast
from standfast.notifier.channel_config import CANARY, Channels, channels_to_table
from standfast.notifier.config import NotifierConfig

log = logging.getLogger(__name__)

# How long an idle worker stays warm for the next message.
IDLE_S = 60.0
# A worker that fails is started again after growing delays.
FIRST_RESTART_S = 1.0
LONGEST_RESTART_S = 60.0
# How long a worker that was told to end may take (it finishes the delivery at hand) before it is killed.
END_S = 4.0

_NOT_FOR_CHILDREN = ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID")


class Courier:
    """Owns the worker process."""

    def __init__(self, database: Path, on_change: Callable[[], None], idle_s: float = IDLE_S) -> None:
        """Set up; nothing is started yet.

        Args:
            on_change: called when something in the outbox changed, and when a worker ended.
        """
        self._database = database
        self._on_change = on_change
        self._idle_s = idle_s
        self._process: asyncio.subprocess.Process | None = None
        self._watcher: asyncio.Task[None] | None = None
        self._failures = 0
        self._not_before_s = 0.0

    @property
    def running(self) -> bool:
        """Whether a worker is there to be woken."""
        return self._process is not None

    @property
    def pid(self) -> int | None:
        """The worker's process id."""
        return self._process.pid if self._process else None

    async def wake(self, config: NotifierConfig) -> None:
        """Have the outbox looked at: by the worker that is there, or by a new one."""
        if self._process is None:
            await self._start(config)
        elif self._process.stdin is not None:
            # A worker that is just ending does not hear it; its end is a change, and leads here again.
            with contextlib.suppress(OSError, RuntimeError):
                self._process.stdin.write(b".\n")

    async def end(self, within_s: float = END_S) -> None:
        """Let the worker finish the delivery at hand and end; it is killed when that takes too long."""
        if self._process is None or self._watcher is None:
            return
        process, watcher = self._process, self._watcher
        if process.stdin is not None:
            process.stdin.close()
        try:
            async with asyncio.timeout(within_s):  # not wait_for: in Python 3.11 it can swallow a cancellation
                await asyncio.shield(watcher)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await watcher

    def kill(self) -> None:
        """End the worker at once; what it was delivering is delivered again under its id."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()

    async def _start(self, config: NotifierConfig) -> None:
        loop = asyncio.get_running_loop()
        if loop.time() < self._not_before_s:
            return
        try:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-P",  # the working directory is nobody's library
                "-m",
                "standfast.notifier.worker",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                env=_environment(),
            )
        except OSError as error:
            log.error("Cannot start the delivery worker: %s; trying again", error.strerror)
            self._failed()
            return
        if self._process.stdin is not None:
            self._process.stdin.write(_order(self._database, config.channels, self._idle_s))
        self._watcher = asyncio.create_task(self._watch(self._process))

    async def _watch(self, process: asyncio.subprocess.Process) -> None:
        """Pass on what the worker reports, and its end."""
        while process.stdout is not None and await process.stdout.read(4096):
            self._failures = 0
            self._on_change()
        status = await process.wait()
        self._process = self._watcher = None
        if status != 0:
            log.warning("The delivery worker ended with status %d; what it had not delivered is still queued", status)
            self._failed()
        self._on_change()

    def _failed(self) -> None:
        delay_s = min(FIRST_RESTART_S * 2.0**self._failures, LONGEST_RESTART_S) if self._failures else 0.0
        self._failures += 1
        loop = asyncio.get_running_loop()
        self._not_before_s = loop.time() + delay_s
        loop.call_later(delay_s, self._on_change)


def _order(database: Path, channels: Channels, idle_s: float) -> bytes:
    order = {
        "database": str(database),
        "idle_s": idle_s,
        "names": [*channels.names, CANARY],
        "channels": channels_to_table(channels),
    }
    return json.dumps(order).encode() + b"\n"


def _environment() -> dict[str, str]:
    """The environment of the worker: it imports this very installation, and does not speak to systemd."""
    own = {name: value for name, value in os.environ.items() if name not in _NOT_FOR_CHILDREN}
    return {**own, "PYTHONPATH": str(Path(standfast.__file__).parents[1])}
