"""The agent's end: the five steps of the shutdown over what the agent has."""

import asyncio
import logging
from dataclasses import replace
from functools import partial
from typing import Final

from standfast.agent.config import Scope
from standfast.agent.failures import AgentError
from standfast.agent.flatness import End, EndKind, held
from standfast.agent.life import Life
from standfast.agent.lifecycle import Input, State
from standfast.agent.places import placed_elsewhere
from standfast.agent.shutdown import Step, run_steps
from standfast.agent.steps import Outcome, StepName, StepResult
from standfast.agent.unit import is_being_restarted
from standfast.clock import monotonic_s, utc_now
from standfast.threads import in_thread

log = logging.getLogger(__name__)

PATIENCE_WITH_SYSTEMD_S: Final = 0.3
# Of an agent that never got as far as to ask: what it says is true of what it placed, and of nothing else.
BY_ITS_OWN_BOOKS: Final = "by its own books; the broker was not asked"
_UNREADABLE: Final = End(EndKind.UNVERIFIED, "the agent's database could not be read")
_WHY_HELD: Final = {
    EndKind.HELD: "the market is closed",
    EndKind.HELD_KILLED: "the agent is killed and keeps what it holds",
}


class Ending:
    """Ends one agent, from whatever state it is in."""

    def __init__(self, life: Life) -> None:
        self._life = life
        self._have = life.have
        self._was: State = life.state
        self._begun_s = monotonic_s()
        self._results: list[StepResult] = []
        self._open_store()
        self._open_gateway()
        # The books of another place say nothing of it, and an end that believed them would forget it.
        self._elsewhere = self._have.held_elsewhere
        self._closing = None if self._elsewhere else self._have.closing("[SHUTDOWN]")
        self._held_as = self._holds_on_purpose()
        self._restarting = asyncio.create_task(self._ask_whether_it_restarts())

    async def run(self) -> End:
        """Go through the steps and return the verdict; never raises, never takes longer than `timeout_s`."""
        self._life.move(Input.STOP, f"asked to stop while {self._was}")
        self._have.shut_desk("the agent is stopping")
        # Beside the steps, because it is the user's own code: what it does may take its time, but not theirs.
        stopping = asyncio.create_task(self._stop_strategy())
        config = self._have.config.shutdown
        budget_s = config.budget_s
        steps = (
            Step(StepName.CANCEL_ORDERS, budget_s.cancel_orders, self._cancel_orders, self._trouble),
            Step(StepName.CLOSE_POSITIONS, budget_s.close_positions, self._close_positions, self._trouble),
            Step(StepName.SAVE_STATE, budget_s.save_state, lambda: self._save(stopping)),
            Step(StepName.NOTIFY, budget_s.notify, self._notify),
            Step(StepName.DISCONNECT, budget_s.disconnect, self._disconnect),
        )
        await run_steps(steps, config.timeout_s, self._tell)
        stopping.cancel()
        self._restarting.cancel()
        return self.end

    @property
    def end(self) -> End:
        """The verdict as of now: books say nothing of its own where it cannot tell what that is."""
        end = self._seen
        if end.kind is not EndKind.FLAT or self._is_of_the_account:
            return end
        if not self._have.store.is_durable:
            return _UNREADABLE
        if self._have.forgotten:
            return End(EndKind.UNVERIFIED, "its database was damaged, and what it held is forgotten")
        has_looked = self._closing is not None and self._closing.has_looked
        is_asked = has_looked or not self._have.knows_only_its_own_books
        return end if is_asked else replace(end, detail=BY_ITS_OWN_BOOKS)

    @property
    def _seen(self) -> End:
        if self._elsewhere:
            return End(EndKind.UNVERIFIED, placed_elsewhere(self._elsewhere, self._have.place))
        if self._closing is not None:
            return self._closing.end if self._held_as is None else held(self._closing.end, self._held_as)
        if self._have.own.is_flat and not self._is_of_the_account:
            return End(EndKind.FLAT, "this agent holds nothing")
        if self._have.store.is_durable:
            return End(EndKind.UNVERIFIED, "there was no gateway to ask")
        return _UNREADABLE

    @property
    def _is_of_the_account(self) -> bool:
        """Whether the verdict is about the account, of which only the broker's books tell."""
        return self._have.config.shutdown.scope is Scope.ACCOUNT

    def _holds_on_purpose(self) -> EndKind | None:
        """How this end is called if positions stay open: a killed agent, or one whose market is closed, closes none."""
        if not self._have.flags.killed:
            self._have.read_flags()  # a kill counts from when it was put, also where the agent was not reloaded
        if self._have.flags.killed:
            return EndKind.HELD_KILLED
        return None if self._have.is_open(utc_now()) else EndKind.HELD

    def _open_store(self) -> None:
        """One that could not be opened before may be by now, and names what has to be closed."""
        try:
            self._have.open_store()
        except AgentError as error:
            log.warning("[SHUTDOWN] %s", error)

    def _open_gateway(self) -> None:
        """An agent that has not traded in this run may still hold what an earlier one left, or others its account."""
        if self._have.is_flat and not self._is_of_the_account:
            return
        try:
            self._have.open_gateway()
        except AgentError as error:
            log.warning("[SHUTDOWN] There is no gateway to ask: %s", error)

    def _tell(self, result: StepResult) -> None:
        is_open = result.name is StepName.CLOSE_POSITIONS and result.outcome is not Outcome.DONE
        if is_open and self._held_as is not None:
            why = _WHY_HELD[self._held_as]
            result = replace(result, detail=f"it only looks and closes nothing, since {why}: {result.detail}")
        self._results.append(result)
        log.info("[SHUTDOWN] Step %d of %d: %s", len(self._results), len(StepName), result)

    async def _stop_strategy(self) -> str:
        trade = self._have.trade
        return await trade.pump.stop_strategy() if trade else "there was no strategy"

    def _trouble(self) -> str:
        return self._closing.trouble if self._closing else ""

    async def _cancel_orders(self) -> str:
        return await self._closing.cancel_orders() if self._closing else "there was no gateway"

    async def _close_positions(self) -> str:
        if self._closing is None:
            return "there was no gateway"
        if self._held_as is not None:
            return await self._closing.look_only(_WHY_HELD[self._held_as])
        return await self._closing.close_positions()

    async def _save(self, stopping: "asyncio.Task[str]") -> str:
        try:
            self._record()
        finally:  # a database that cannot be written takes no time from the strategy's own stop
            stopped = await asyncio.shield(stopping)
        return stopped

    def _record(self) -> None:
        self._have.own.write()
        if self._have.runs:
            self._have.store.end_run(utc_now())
        steps = "; ".join(map(str, self._results))
        end = self.end
        self._have.store.ended(end.kind, end.detail, steps, utc_now())

    async def _notify(self) -> str:
        restarts = await self._is_known_to_restart()
        took_s = monotonic_s() - self._begun_s
        self._life.reason = f"stopped: {self.end}"
        self._life.telling.the_end(self._life.state, self._was, self.end, self._results, took_s, restarts=restarts)
        self._life.show()
        return str(self.end)

    async def _ask_whether_it_restarts(self) -> bool:
        if not self._have.is_unit:
            return False
        # Not a thread of the executor, for which the end of the process would wait.
        return await in_thread(partial(is_being_restarted, self._life.voice.messages.unit), False, "restart")

    async def _is_known_to_restart(self) -> bool:
        """What systemd said, asked at the beginning; the last message does not wait long for it."""
        budget_s = self._have.config.shutdown.budget_s.notify
        await asyncio.wait({self._restarting}, timeout=min(PATIENCE_WITH_SYSTEMD_S, budget_s / 2))
        if not self._restarting.done() or self._restarting.exception() is not None:
            return False
        return self._restarting.result()

    async def _disconnect(self) -> str:
        if self._have.trade:
            self._have.trade.callbacks.close()
        await self._have.disconnect()
        self._have.close()
        return "disconnected"
