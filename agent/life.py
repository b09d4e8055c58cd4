"""What all states of the agent's life share: looking, deciding, moving on, and saying so."""

import contextlib
import logging
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

from standfast.agent import remains, retry
from standfast.agent.bell import Ring
from standfast.agent.belongings import Belongings
from standfast.agent.checks import Report
from standfast.agent.config import AgentConfig
from standfast.agent.crashes import Policy as CrashPolicy
from standfast.agent.crashes import Verdict as CrashVerdict
from standfast.agent.crashes import judge
from standfast.agent.failures import (
    CLOSED_BY_HAND,
    OPEN_POSITIONS,
    OUTLASTING,
    TRANSIENT_TYPES,
    AgentError,
    Failure,
    FailureType,
    because_it_hung,
)
from standfast.agent.interruption import Interruption
from standfast.agent.lifecycle import TRANSITIONS, Input, State, step
from standfast.agent.reconciling import reconcile, rule_out_what_never_arrived
from standfast.agent.renewal import waits_for_restart
from standfast.agent.retry import Policy, Series, Verdict
from standfast.agent.situation import Situation, as_status, in_one_line
from standfast.agent.telling import Telling
from standfast.agent.trading import in_words
from standfast.agent.unwinding import cancel_pending
from standfast.agent.voice import Voice
from standfast.clock import monotonic_s, utc_now
from standfast.config import ConfigError
from standfast.moments import iso
from standfast.time_words import clock

log = logging.getLogger(__name__)

# The longest nap while the market is closed: the wall clock may be set, or the host be suspended, meanwhile.
NAP_S: Final = 60.0
# A look that finds the same this soon after another one was made to confirm it.
CONFIRMED_WITHIN_S: Final = 10.0

# Found on the way to ACTIVE, so being ACTIVE does not end it: a person does, or the next start.
_ELSEWHERE: Final = FailureType.POSITIONS_CLOSED_ELSEWHERE
# What an agent in a crash loop does not do any more; that its strategy hung stands in what is told of the loop.
_OVER_IN_A_LOOP: Final = frozenset({FailureType.CRASH_COOL_OFF, FailureType.STRATEGY_HUNG})
_INPUTS: Final = {Verdict.WAIT: Input.TRANSIENT_FAILURE, Verdict.FAIL: Input.PERMANENT_FAILURE}


class Life:
    """One agent's life. Every wait in it ends at once when its task is cancelled."""

    def __init__(self, name: str, have: Belongings, voice: Voice) -> None:
        self.name = name
        self.have = have
        self.voice = voice
        self.state = State.STARTING
        self.failure: Failure | None = None
        self.reason = "checking the dependencies"
        self.entered_at = utc_now()
        self.entered_s = monotonic_s()
        self.due_s = monotonic_s()
        self._last_check_at: datetime | None = None
        self._rebuild = False
        self._faced_crashes = False
        # Whether the last reload says that a human has seen to the failure; one that takes up a pause does not.
        self.is_acknowledged = False
        self.telling = Telling(have, voice)
        self.interruption = Interruption()
        self._logged = ("", 0.0)
        self._retried: tuple[FailureType, str] | None = None

    # Moving

    def begin(self) -> None:
        """Remember that this life begins in STARTING."""
        try:
            self.have.store.enter(self.state, "", self.entered_at)
        except AgentError as error:
            log.error("[STATE] The start could not be recorded: %s", error)
        log.info("[STATE] Agent %s: STARTING", self.name)
        self.read_flags()
        self.show()
        if self.have.forgotten is not None and self.have.flags.killed:  # which hides the ERROR that tells it
            self.tell_problem(self.have.forgotten)
        self.telling.lasts_over_a_start(self.state)
        if where := remains.where_blocked(self.have.files.remains):
            detail = f"its strategy blocked the agent's loop until the watchdog ended it (at {where})"
            self.tell_problem(Failure(FailureType.STRATEGY_HUNG, detail))
        self.faces_crashes()

    def faces_crashes(self) -> bool:
        """Cool off, or ask for a human, where this agent ended unclean too often; whether it does.

        Once in a run, as soon as its database tells of the earlier ones.
        """
        if self._faced_crashes or not self.have.runs or self.have.flags.killed:
            return False
        self._faced_crashes = True
        crashes = self.config.crashes
        policy = CrashPolicy(crashes.max_unclean_ends, crashes.within_s, crashes.cool_off_s, crashes.again_within_s)
        judgement = judge(self.have.runs, policy)
        how = f"; its last end: {how}" if (how := remains.noted_end(self.have.files.database)) else ""
        if judgement.until is not None:
            cool_off_s = (judgement.until - utc_now()).total_seconds()
            if cool_off_s <= 0:  # the database told of it late
                return False
            try:
                self.have.store.cool_off(judgement.until)
            except AgentError as error:
                log.error("[STATE] The cool-off could not be recorded: %s", error)
            detail = f"{judgement.reason}{how}; cooling off until {clock(judgement.until)}, or a reload"
            failure = self._with_the_hang(Failure(FailureType.CRASH_COOL_OFF, detail))
            self.move(Input.COOL_OFF, str(failure), failure)
            self.due_s = monotonic_s() + cool_off_s
            self.show()
        elif judgement.verdict is CrashVerdict.GIVE_UP:
            failure = self._with_the_hang(Failure(FailureType.CRASH_LOOP, f"{judgement.reason}{how}"))
            self.move(Input.PERMANENT_FAILURE, str(failure), failure)
            self.resolve(_OVER_IN_A_LOOP, "waits for a human now and calls no callback of its strategy")
        return judgement.verdict is not CrashVerdict.TRADE

    def _with_the_hang(self, failure: Failure) -> Failure:
        with contextlib.suppress(AgentError):
            if hang := self.have.store.problem_detail(FailureType.STRATEGY_HUNG):
                return because_it_hung(failure, hang, self.name)
        return failure

    def move(self, cause: Input, detail: str, failure: Failure | None = None) -> None:
        """Make a transition: record it, say it, show it."""
        transition = step(self.state, cause, detail)
        self.state, self.failure, self.reason = transition.state, failure, detail
        self.entered_at, self.entered_s = utc_now(), monotonic_s()
        self.schedule()
        try:
            self.have.store.record(transition, str(failure) if failure else "", self.entered_at)
        except AgentError as error:
            log.error("[STATE] The transition could not be recorded: %s", error)
        self.voice.say(self.voice.messages.state(transition, failure))
        if failure is not None:
            self.tell_problem(failure)
        self._retried = None
        if self.state is State.ACTIVE:
            self._tell_recovery()
        self.show()

    def tell_problem(self, failure: Failure) -> None:
        """Say a problem, and remember that it was said: its end is told once the agent is ACTIVE again."""
        kind, began = self._retried or (None, "")
        if failure.type is kind and self.is_told(kind):  # while it was tried again
            self.telling.stands_otherwise(self.state, failure)
        else:
            self.telling.begins(self.state, failure, began if failure.type is kind else "")

    def note_retried(self, failure: Failure, *, is_confirmed: bool) -> None:
        """Remember since when this is what keeps it from starting: it is told only when the retries are used up.

        Of an agent that holds something it is told at once: until it is ACTIVE, nobody manages that.
        """
        if self._retried is None or self._retried[0] is not failure.type:
            self._retried = (failure.type, iso(utc_now()))
        if is_confirmed and self.have.own.words and not self.is_told(failure.type):
            self.telling.begins(self.state, failure)

    def is_told(self, kind: str) -> bool:
        """Whether a problem of this kind was said in this life, and not yet that it is over."""
        return self.telling.is_told(kind)

    def resolve(self, kinds: Collection[str], why: str) -> None:
        """Say of those of these problems that were told that they are over, in these words."""
        self.telling.are_over(self.state, kinds, why)

    def _tell_recovery(self) -> None:
        held = in_words(self.have.own.nets)
        manages = f" and its strategy manages what it holds: {held}" if held else ""
        if self.have.is_flat and self.telling.open.keys() & OPEN_POSITIONS:  # whose end is asked for just that
            manages = " and holds nothing"
        lasts = OUTLASTING | ({_ELSEWHERE} if self.is_told(_ELSEWHERE) else set())
        self.resolve(self.telling.open.keys() - lasts, f"is ACTIVE again{manages}")

    # Looking

    async def look(self) -> Report:
        """Look at the dependencies once; what was configured anew is built anew first."""
        is_active = self.state is State.ACTIVE
        if self._rebuild and not is_active:
            self._rebuild = False
            await self.have.discard()
        # An ACTIVE agent knows the age of its last tick and need not wait for one here.
        report = await self._kill() if self.have.flags.killed else await self.have.look(expect_ticks=not is_active)
        if report.is_good:
            report = await (self._ruled_out() if is_active else self._reconciled())
        self._note_the_look()
        self._log(report)
        return report

    def _log(self, report: Report) -> None:
        """Say what a look found; of one that confirms another only that it does."""
        if report.failure is None or not report.check:
            self._logged = ("", 0.0)
            return
        said, at_s = self._logged
        if str(report.failure) == said and monotonic_s() - at_s < CONFIRMED_WITHIN_S:
            log.info("[HEALTH-CHECK] Failed again, %s: as before", report.check)
            return
        log.info("[HEALTH-CHECK] Failed, %s: %s", report.check, report.failure)
        self._logged = (str(report.failure), monotonic_s())

    def _note_the_look(self) -> None:
        self._last_check_at = utc_now()
        if self.have.store.is_durable:
            with contextlib.suppress(AgentError):  # the database check has told, or is about to
                self.have.store.checked(self._last_check_at)

    async def _reconciled(self) -> Report:
        try:
            closed = await reconcile(self.have)
        except AgentError as error:
            return Report(error.failure, "reconciliation")
        if closed and not CLOSED_BY_HAND & self.telling.open.keys():
            detail = f"what it held is no longer in its account, and it did not close it: {in_words(closed)}"
            detail += "; it counts itself as flat now"
            self.tell_problem(Failure(_ELSEWHERE, detail))
        return Report()

    async def _ruled_out(self) -> Report:
        try:
            await rule_out_what_never_arrived(self.have)
        except AgentError as error:
            return Report(error.failure, "order book")
        return Report()

    async def _kill(self) -> Report:
        """What a killed agent does instead of looking: cancel what is pending, and keep what it holds."""
        self.have.shut_desk("the agent is killed")
        done = await cancel_pending(self.have)
        doubt = f"; it holds {self.have.own.words}" if self.have.own.uncertain else ""
        return Report(Failure(FailureType.KILLED, f"killed {self.have.flags.killed}; {done.words}{doubt}", done.step))

    async def look_confirmed(self) -> tuple[Report, Verdict]:
        """Look, and once more where the first look can be wrong."""
        is_active = self.state is State.ACTIVE
        delay_s = self.config.active.confirm_delay_s if is_active else self.config.startup.confirm_delay_s
        policy = Policy(delays_s=(delay_s,) if is_active else (), confirm_delay_s=delay_s)
        series = Series()
        while True:
            report = await self.look()
            series = series.after(report.failure)
            decision = retry.decide(series, report.failure, policy)
            if decision.verdict not in (Verdict.RETRY, Verdict.CONFIRM):
                self.schedule()
                return report, decision.verdict
            await self.pause(decision.delay_s)

    def conclude(self, report: Report, verdict: Verdict) -> None:
        """Make the transition that a look leads to which found something, if it leads to one."""
        if report.closed:
            self._rest()
        elif report.failure is not None:
            self._fail(report.failure, _INPUTS[verdict])

    def _fail(self, failure: Failure, cause: Input) -> None:
        cause = Input.KILLED if failure.type is FailureType.KILLED else cause
        following = TRANSITIONS.get((self.state, cause))
        if following is None:
            return  # in ERROR, a gateway that is away says nothing about what the human has to do
        if following is self.state and self.failure is not None and self.failure.type is failure.type:
            if failure.type is FailureType.KILLED and failure != self.failure:  # what became of its orders
                self.telling.stands_otherwise(self.state, failure)
            self.reason, self.failure = str(failure), failure
            self.show()
            return
        self.move(cause, str(failure), failure)

    def _rest(self) -> None:
        """Wait for the market to open; no failure, nothing to tell."""
        hours, now = self.have.hours, utc_now()
        if hours is None or self.state is State.ERROR:
            return
        opens_at = hours.next_change(now)
        detail = f"market closed until {opens_at.astimezone(hours.zone):%a %d %b %H:%M %Z}"
        if self.reason != detail:
            self.move(Input.MARKET_CLOSED, detail)
            held = f", holding {self.have.own.words}" if self.have.own.words else ""
            self.resolve(TRANSIENT_TYPES - OUTLASTING, f"rests, {detail}{held}, and looks again then")
        self.due_s = monotonic_s() + min(NAP_S, (opens_at - now).total_seconds())

    # Waiting

    @property
    def is_due(self) -> bool:
        """Whether it is time for the next look."""
        return monotonic_s() >= self.due_s

    def schedule(self) -> None:
        """Set the time of the next look."""
        is_active = self.state is State.ACTIVE
        interval_s = self.config.active.check_interval_s if is_active else self.config.waiting.check_interval_s
        self.due_s = monotonic_s() + interval_s

    async def pause(self, seconds: float | None) -> bool:
        """Wait, None meaning without end; True at once when a human asked for a reload meanwhile."""
        until_s = None if seconds is None else monotonic_s() + seconds
        while until_s is None or monotonic_s() < until_s:
            if Ring.RELOAD in await self.have.bell.wait(None if until_s is None else until_s - monotonic_s()):
                return True
        return False

    # The configuration

    @property
    def config(self) -> AgentConfig:
        """The configuration in force."""
        return self.have.config

    def reload(self) -> None:
        """Act on SIGHUP: read the configuration anew and look at the dependencies at once.

        Raises:
            ConfigError: it cannot be used; the old one stays in force, if there was one.
        """
        old, had_one, flags = self.config, self.have.config_failure is None, self.have.flags
        self.read_flags()
        self.is_acknowledged = False  # nor is a reload such a word whose configuration cannot be used
        self.have.bell.ring(Ring.RELOAD)
        try:
            self.have.read_config()
        except ConfigError as error:
            if had_one:
                raise
            self.have.fail_config(error)
        self.is_acknowledged = self.have.flags == flags
        if had_one and waits_for_restart(old, self.config):
            self._rebuild = True
        if self.state is State.ACTIVE and (keys := self.have.waits_for_restart):
            log.warning("Not taken up while it trades: %s; restart it to take that up", ", ".join(keys))
        self.show()

    def read_flags(self) -> None:
        """Take up what a human put beside the configuration, or took away."""
        before = self.have.flags
        self.have.read_flags()
        now = self.have.flags
        if now.killed and not before.killed:
            self.interruption.interrupt()
        if now.paused != before.paused:
            log.warning("[STATE] Agent %s: %s", self.name, f"paused {now.paused}" if now.paused else "no longer paused")
            self.show()

    def rebuild(self) -> None:
        """Build the strategy anew before the next look."""
        self._rebuild = True

    # Showing

    def show(self) -> None:
        """Bring STATUS= and the status file up to date."""
        situation = self.situation()
        self.voice.status(in_one_line(situation))
        self.voice.show(as_status(situation))

    def situation(self) -> Situation:
        """All that is known now."""
        have = self.have
        pump = have.trade.pump if have.trade else None
        waits = self.state in (State.WAITING, State.ACTIVE)
        return Situation(
            name=self.name,
            now=utc_now(),
            state=self.state,
            entered_at=self.entered_at,
            reason=self.reason,
            failure=self.failure,
            paused=have.flags.paused,
            flat=have.is_flat,
            gateway=have.gateway_name,
            setting=have.setting,
            asked_at=have.asked_at,
            live=have.built.live,
            strategy=have.built.strategy,
            symbols=have.built.symbols,
            waits_for_restart=have.waits_for_restart if self.state is State.ACTIVE else (),
            nets=have.own.nets,
            positions=have.positions,
            orders=have.own.all,
            last_tick_at=pump.last_tick_at if pump else None,
            ticks_dropped=pump.dropped if pump else 0,
            last_check_at=self._last_check_at,
            next_check_at=utc_now() + timedelta(seconds=self.due_s - monotonic_s()) if waits else None,
        )
