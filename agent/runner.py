"""Runs one agent from its start to its end: its life, raced against the stop."""

import asyncio
import logging
from typing import Any, Final

from standfast.agent.belongings import Belongings
from standfast.agent.ending import Ending
from standfast.agent.failures import AgentError
from standfast.agent.flatness import End
from standfast.agent.keeping_up import KeepingUp
from standfast.agent.life import Life
from standfast.agent.states import live
from standfast.agent.voice import Voice
from standfast.clock import monotonic_s
from standfast.config import ConfigError
from standfast.daemon import log_mistakes
from standfast.heartbeat import Pulse

log = logging.getLogger(__name__)

BEAT_INTERVAL_S: Final = 1.0
# The status file is written anew at least as often: who reads it takes an older one for a sign of death.
SHOW_INTERVAL_S: Final = 60.0
# A pulse of this age has missed several beats: the strategy is over its time, or the loop hangs.
PULSE_AGE_S: Final = 5.0
# How long the life may take to notice that it was cancelled, and how often it is told.
CANCEL_S: Final = 0.1
CANCELLATIONS: Final = 3


class Runner:
    """One agent. Its life is a task, and cancelling it is how every wait in it ends at once."""

    def __init__(self, name: str, have: Belongings, voice: Voice, pulse: Pulse) -> None:
        self.life = Life(name, have, voice)
        self._have = have
        self._keeping_up = KeepingUp(self.life, pulse)

    def begin(self) -> None:
        """Read the configuration and open the database; what fails here leads to ERROR, not to an exit."""
        try:
            self._have.read_config()
        except ConfigError as error:
            if len(error.mistakes) > 1:  # a single one is told by the state that it leads to
                log_mistakes(error)
            self._have.fail_config(error)
        try:
            self._have.open_store()
        except AgentError as error:
            log.error("%s", error)
        self.life.begin()

    async def run(self, stop: asyncio.Event) -> End:
        """Live until the stop is set, then end in order.

        Raises:
            Exception: something in the agent is broken, and it is not asked to stop; systemd restarts it.
        """
        life = asyncio.create_task(live(self.life), name="life")
        stopper = asyncio.create_task(stop.wait(), name="stop")
        beat = asyncio.create_task(self._beat(), name="beat")
        try:
            ends: set[asyncio.Future[Any]] = {life, beat, self._have.crashed}
            await asyncio.wait({stopper, *ends}, return_when=asyncio.FIRST_COMPLETED)
            for error in [error for end in ends if end.done() and (error := end.exception())]:
                if not stop.is_set():
                    raise error
                # systemd does not start again what it stops: nobody but this process closes what is open.
                log.error(
                    "[SHUTDOWN] Broken by a bug of Standfast as it was asked to stop; it ends in order all the same",
                    exc_info=error,
                )
            await _cancelled(life)
            return await Ending(self.life).run()
        finally:
            for task in (life, stopper, beat):
                task.cancel()
            self._have.crashed.cancel()

    async def _beat(self) -> None:
        """Show that the loop turns, that the strategy's callback keeps its time, and what the state is."""
        shown_s, shown = monotonic_s(), self._have.own.all
        while True:
            self._keeping_up.look()
            # Orders are news whatever the state: a strategy's start may place some long before it returns.
            if monotonic_s() - shown_s >= SHOW_INTERVAL_S or self._have.own.all != shown:
                self.life.show()
                shown_s, shown = monotonic_s(), self._have.own.all
            await asyncio.sleep(BEAT_INTERVAL_S)


async def _cancelled(task: "asyncio.Task[None]") -> None:
    """Cancel until it takes effect: something in the task may swallow one cancellation."""
    for _ in range(CANCELLATIONS):
        task.cancel()
        await asyncio.wait({task}, timeout=CANCEL_S)
        if task.done():
            return
    log.error("[SHUTDOWN] The agent's life does not let itself be cancelled; ending beside it")
