"""The detector's loop: observations in; events, status and requests out."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

from standfast import statusfile
from standfast.clock import boot_id
from standfast.daemon import Frame
from standfast.detector.agent_ends import unclean_ends
from standfast.detector.agent_status import said_by
from standfast.detector.announce import mode_changed, status_line
from standfast.detector.clockwork import ClockWatch, SteadyClock, latest_due, on_time
from standfast.detector.config import DetectorConfig, paths_in_use
from standfast.detector.counting import BRIEFLY_S
from standfast.detector.decide import Decision
from standfast.detector.disks import Disks
from standfast.detector.follow import FollowError, LedgerEntry, LedgerFollower, Resolved, rebuilt_from
from standfast.detector.keeper import Keeper
from standfast.detector.last_words import with_last_word
from standfast.detector.link import Connect, Link
from standfast.detector.mind import Mind, Turn
from standfast.detector.model import (
    ClockEvent,
    ClockObservation,
    Ending,
    ManagerObservation,
    Observation,
    RestartObservation,
    RunResult,
)
from standfast.detector.origins import is_configured, journal_ending, was_refused
from standfast.detector.prediction.model import Figure
from standfast.detector.prober import Prober
from standfast.detector.recorder import Recorder
from standfast.detector.remembering import Remembered
from standfast.detector.shifting import shifted_observation
from standfast.detector.status import status
from standfast.detector.unwatched import watches_again
from standfast.statusfile import StatusFileError
from standfast.systemd1 import Systemd1Error
from standfast.threads import Unawaited
from standfast.unit_names import MASTER_RESTART

log = logging.getLogger(__name__)

# The loop turns at least this often: the watchdog sees it, and a lost bus is tried again.
TURN_S: Final = 5.0
RECONNECT_S: Final = 1.0
LOOP_MAY_TAKE_S: Final = 30.0
# A history's times are rounded to milliseconds.
RECORD_STEP_S: Final = 0.001
# One event's signals come in a burst; waiting for its end makes one look of five.
BURST_S: Final = 0.002
# The status of a thousand units is not written a hundred times a second.
STATUS_EVERY_S: Final = 0.5
# Whoever reads it takes one that is older than two minutes for a detector that hangs, however seldom it looks.
STATUS_AT_LEAST_EVERY_S: Final = 60.0


class Detector:
    """Wires the pure decisions to systemd, the journal, the disk and the clock."""

    def __init__(
        self,
        frame: Frame,
        config: DetectorConfig,
        read_config: Callable[[], DetectorConfig],
        connect: Connect,
        database: Path,
        status_path: Path,
        installed: Path,
    ) -> None:
        self._frame = frame
        self._config = config
        self._read_config = read_config
        self._status_path = status_path
        self._installed = installed
        self._clock = SteadyClock()
        self._clock_watch = ClockWatch()
        self._mind = Mind(config)
        self._database = database
        self._keeper = Keeper(database)
        self._remembered = Remembered(None, "", 0.0)
        self._recorder = Recorder()
        watching = self._mind.engine.watching
        self._link = Link(
            connect, watching, self._clock, self._origin, is_configured=is_configured, was_refused=was_refused
        )
        self._prober = Prober(self._clock, self._put)
        self._disks = Disks(self._clock, self._put)
        self._follower = LedgerFollower(self._on_ledger_entry)
        self._inbox: list[Observation] = []
        self._entries: list[LedgerEntry] = []
        self._next_config: DetectorConfig | None = None
        self._next_look = self._clock.now()
        self._recorded_at = float("-inf")
        self._status_at = float("-inf")
        self._status_every_s = STATUS_AT_LEAST_EVERY_S
        self._status_trouble = ""
        self._late_s = 0.0
        self._has_said_that_it_watches = False

    async def run(self) -> None:
        """Watch until it is time to stop; probes bound how many threads there are, and nobody waits for them."""
        asyncio.get_running_loop().set_default_executor(Unawaited())
        self._frame.on_reload(self._reload)
        pulse = self._frame.heartbeat.pulse("the watch over units", LOOP_MAY_TAKE_S)
        await self._begin()
        self._frame.heartbeat.ready()
        try:
            while not self._frame.stop.is_set():
                await self._turn()
                pulse.beat()
                await self._wait()
        finally:
            await self._end()

    # Beginning and end

    async def _begin(self) -> None:
        ledger = self._keeper.load()
        self._remembered = self._keeper.remembered(boot_id(), self._clock.now())
        self._link.recall(self._remembered.names)
        self._recorder.recall(self._remembered.crashing, self._remembered.given_up)
        unwatched_since = self._remembered.at
        self._link.recall_ends(unclean_ends(self._journal_from() if unwatched_since is None else unwatched_since))
        connected = await self._link.ensure()
        self._mind.recall(ledger.runs, ledger.released_at, self._remembered)
        if connected and self._link.booted_at is not None:
            self._put(ClockObservation(self._link.booted_at, ClockEvent.BOOT))
        self._follow()
        self._watch_probes()

    def _follow(self) -> None:
        try:
            self._follower.start(self._keeper.cursor, self._journal_from())
        except FollowError as error:
            log.error("%s", error)

    def _journal_from(self) -> float:
        return rebuilt_from(self._clock.now(), self._installed)

    async def _end(self) -> None:
        self._follower.stop()
        await self._prober.stop()
        await self._disks.stop()
        await self._link.close()
        self._recorder.tell_kept()
        self._keeper.keep_counts(self._mind, boot_id(), self._clock.now(), ended=True)
        self._keeper.close()
        self._status_path.unlink(missing_ok=True)

    def _reload(self) -> None:
        # Whether it is refused or not, the status says so soon.
        self._status_every_s = STATUS_EVERY_S
        self._link.wake.set()
        self._next_config = self._read_config()

    async def _reconfigure(self, config: DetectorConfig) -> None:
        if config.mode is not self._config.mode:
            self._frame.journal.emit(mode_changed(config.mode))
        self._config, self._next_config = config, None
        self._mind.reconfigure(config)
        await self._link.rewatch(self._mind.engine.watching)
        await self._prober.stop()
        await self._disks.stop()
        self._watch_probes()
        self._status_at = float("-inf")  # who asked for the reload looks now: the status waits for no more
        # As in a replay the looks go on; what is watched now is looked at anew at once, as a change is.
        self._next_look = min(self._next_look, self._clock.now() + config.check_interval_s)

    def _watch_probes(self) -> None:
        for path in self._config.critical_files:
            self._prober.watch_file(path, self._config.check_interval_s)
        for database in self._config.database:
            self._prober.watch_database(database)
        if self._config.prediction.wants(Figure.DISK):
            self._disks.watch((str(self._database), *paths_in_use(self._config)), self._config.prediction.sample_s)

    # Observing

    def _origin(self, unit: str, invocation_id: str) -> Ending:
        return self._remembered.ending(unit, invocation_id) or journal_ending(unit)

    def _put(self, observation: Observation) -> None:
        self._inbox.append(observation)
        self._link.wake.set()

    def _on_ledger_entry(self, entry: LedgerEntry) -> None:
        self._entries.append(entry)
        self._link.wake.set()

    async def _wait(self) -> None:
        pause_s = TURN_S if self._link.is_up else RECONNECT_S
        pause_s = min(pause_s, min(self._next_look, self._status_at + self._status_every_s) - self._clock.now())
        stopping = asyncio.create_task(self._frame.stop.wait())
        waking = asyncio.create_task(self._link.wake.wait())
        done, pending = await asyncio.wait(
            (stopping, waking), timeout=max(pause_s, 0), return_when=asyncio.FIRST_COMPLETED
        )
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)
        if waking in done:
            await asyncio.sleep(BURST_S)

    async def _turn(self) -> None:
        if self._next_config is not None:
            await self._reconfigure(self._next_config)
        self._link.wake.clear()
        self._follow_clock()
        scheduled = self._clock.now() >= self._next_look
        observations, self._inbox = self._inbox, []
        observations += await self._link.observe(everything=scheduled)
        observations += self._asked_agents()
        self._say_that_it_watches()
        entries, self._entries = self._entries, []
        observations += [entry.news for entry in entries if not isinstance(entry.news, Resolved)]
        now = self._clock.now()
        made_at = self._look_made(now) if scheduled else now
        # Each turn has a time of its own on record: what one of them saw was not judged with what another did.
        self._recorded_at = max(self._recorded_at + RECORD_STEP_S, made_at)
        if observations or entries or scheduled or now - self._status_at >= self._status_every_s:
            turn = self._take(observations, entries, now, scheduled=scheduled)
            seen, assessment = (*observations, *turn.concluded), turn.step.assessment
            self._recorder.record(seen, assessment, self._recorded_at, scheduled=scheduled)
            await self._act(turn, now, made_at, scheduled)

    def _asked_agents(self) -> list[Observation]:
        """What agents say that were down; after a look at their units, whose states precede what they say."""
        asked = self._mind.told.asked_agents
        found = (said_by(unit, self._clock.now(), self._mind.state.agents.get(unit)) for unit in sorted(asked))
        return [one for one in found if one is not None]

    def _say_that_it_watches(self) -> None:
        """Once, from the first look on: without systemd nothing is watched."""
        if self._link.is_up and not self._has_said_that_it_watches:
            self._has_said_that_it_watches = True
            self._frame.journal.emit(watches_again(self._remembered, self._config.mode, boot_id(), self._clock.now()))

    def _take(
        self, observations: list[Observation], entries: list[LedgerEntry], now: float, *, scheduled: bool
    ) -> Turn:
        """Judge with what the journal told; only then is it behind, for a detector that is killed."""
        for entry in entries:
            if isinstance(entry.news, Resolved):
                self._mind.resolved(entry.news.type, entry.news.unit)
        turn = self._mind.take(observations, now, scheduled=scheduled)
        if not entries:
            return turn
        self._keeper.cursor = entries[-1].cursor
        return replace(turn, ledger_changed=True)

    def _look_made(self, now: float) -> float:
        """When the look that was made now was due: a replay makes its looks when they are."""
        self._late_s = max(now - self._next_look, 0.0)
        interval_s = self._config.check_interval_s
        due = self._next_look + (now - self._next_look) // interval_s * interval_s
        self._next_look = due + interval_s
        return due

    def _follow_clock(self) -> None:
        """After a step or a sleep go on in the wall clock's time: the journal and the status are in it."""
        events = self._clock_watch.events()
        if not (events or self._clock.is_apart):
            return
        by_s = self._clock.set_again()
        self._mind.clock_set(by_s, self._clock_watch.slept_s)
        self._link.clock_set(by_s)
        # A replay knows nothing of the step: its looks go on as they were, and so do these.
        self._next_look = latest_due(self._next_look, self._config.check_interval_s, self._clock.now())
        self._recorded_at = float("-inf")
        self._status_at += by_s
        self._inbox = [shifted_observation(one, by_s) for one in self._inbox]
        for event in events:
            self._put(ClockObservation(self._clock.now(), event))

    # Acting

    async def _act(self, turn: Turn, now: float, made_at: float, scheduled: bool) -> None:
        for event in turn.events:
            self._frame.journal.emit(with_last_word(event))
        if turn.ledger_changed:
            self._keeper.keep_ledger(self._mind.state)
        if turn.step.decision is not None and turn.step.decision.allowed:
            # The gap is counted from a look to a look: the one that is due at its very end is not too early.
            await self._ask(turn.step.decision, on_time(made_at, now))
        if scheduled or turn.told_changed:
            self._keeper.keep_counts(self._mind, boot_id(), now)
        self._show(turn, now, must=scheduled or bool(turn.events) or turn.ledger_changed)
        self._prober.keep_units(turn.step.assessment.health.keys())
        for unit in turn.step.assessment.facts.units:
            self._prober.watch_unit(unit.unit, unit.rules.checks)

    async def _ask(self, decision: Decision, at: float) -> None:
        """Ask systemd for the master restart, after making sure that the host is not going down."""
        system_state = await self._link.system_state()
        if system_state == "stopping":
            self._put(ManagerObservation(self._clock.now(), True, system_state))
            return
        # On record before it is asked for: a detector killed in between must not ask again.
        self._mind.ask(decision, at)
        self._keeper.keep_ledger(self._mind.state)
        try:
            await self._link.start_master_restart()
        except Systemd1Error as error:
            log.error("Cannot start %s: %s", MASTER_RESTART, error)
            for event in self._mind.refusal(str(error)):
                self._frame.journal.emit(event)
            self._put(RestartObservation(self._clock.now(), RunResult.REFUSED))

    def _show(self, turn: Turn, now: float, *, must: bool) -> None:
        notes = (*self._keeper.notes, *((self._status_trouble,) if self._status_trouble else ()))
        line = status_line(turn.step, self._mind.told)
        self._frame.heartbeat.status("; ".join((line, *notes)))
        if not must and now - self._status_at < STATUS_EVERY_S:
            self._status_every_s = STATUS_EVERY_S  # it is owed: nothing else may happen for half a minute
            return
        # What has come up may have stayed so for long enough to be told as that, though nothing happens any more.
        every_s = BRIEFLY_S if turn.step.assessment.unproven else STATUS_AT_LEAST_EVERY_S
        self._status_at, self._status_every_s = now, every_s
        try:
            shown = status(
                *(turn.step, self._config, now, notes),
                after=self._link.after,
                late_s=self._late_s,
                next_look=self._next_look,
                told=self._mind.told,
            )
            statusfile.write(self._status_path, {**shown, "reload_refused": self._frame.heartbeat.noted})
            self._status_trouble = ""
        except StatusFileError as error:
            if not self._status_trouble:
                log.error("%s", error)
            self._status_trouble = str(error)
