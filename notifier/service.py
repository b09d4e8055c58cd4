"""The notifier's loop: read, decide and commit; wake the worker; say how things stand."""

import asyncio
import contextlib
import dataclasses
import logging
import os
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from standfast.clock import monotonic_s, utc_now
from standfast.config import ConfigError, Mistake, secrets_in
from standfast.config import load as config_load
from standfast.daemon import Frame
from standfast.errors import StandfastError
from standfast.notifier import secret
from standfast.notifier.authorise import Trust
from standfast.notifier.channel_config import secrets
from standfast.notifier.config import NotifierConfig
from standfast.notifier.dispatch import Dispatch
from standfast.notifier.doorbell import Doorbell, DoorbellError
from standfast.notifier.follow import Follower
from standfast.notifier.intake import BATCH, Intake, Taken
from standfast.notifier.store.database import CorruptError
from standfast.notifier.store.outbox import Outbox
from standfast.notifier.store.store import Store
from standfast.notifier.teller import Teller
from standfast.notifier.wake import Waker, Woken
from standfast.notifier.worker.cap import Cap
from standfast.notifier.workplace import Workplace

log = logging.getLogger(__name__)

# The loop turns at least this often: it reads what neither the doorbell nor the journal told of.
POLL_S = 5.0
# Without a turn for so long the watchdog is not fed.
PULSE_S = 20.0
# After a ring the entry is in the journal's files within milliseconds (measured: 1.6 ms in the median).
AFTER_RING_S = (0.0, 0.001, 0.003, 0.01, 0.03, 0.1)
# A database or journal that cannot be used is tried again after this.
TROUBLE_RETRY_S = 5.0
PRUNE_EVERY_S = 3600.0
# How often it is looked whether text messages may be sent again after their cap was reached.
CAP_EVERY_S = 60.0
# What a stop may take for delivering what was read; with the end of the worker it stays under TimeoutStopSec=10.
DRAIN_S = 4.0


@dataclass(frozen=True, slots=True)
class Places:
    """Where the notifier finds and leaves its files."""

    config: Path
    database: Path
    status: Path
    doorbell: Path


class Service:
    """The resident part of the notifier."""

    def __init__(
        self, frame: Frame, places: Places, config: NotifierConfig, trust: Callable[[NotifierConfig], Trust]
    ) -> None:
        self._frame = frame
        self._places = places
        self._config = config
        self._waker = Waker()
        self._pulse = frame.heartbeat.pulse("the reading loop", PULSE_S)
        self._workplace = Workplace(places.database, self._waker, trust)
        self._dispatch = Dispatch(places.database, self._outbox_changed)
        self._teller = Teller(frame.heartbeat, places.status)
        self._doorbell: Doorbell | None = None
        self._prune_due_s = 0.0
        self._cap_due_s = 0.0
        self._trouble = ""

    async def run(self) -> None:
        """Until the stop."""
        self._hang_doorbell()
        self._teller.on_config(self._config)
        stopper = asyncio.create_task(self._frame.stop.wait())
        stopper.add_done_callback(lambda _: self._waker.notice())
        self._frame.on_reload(self._reload)
        try:
            await self._turn(Woken.CLOCK)
            self._frame.heartbeat.ready()
            while not self._frame.stop.is_set():
                await self._turn(await self._waker.wait(self._pause_s()))
            await self._drain()
        finally:
            stopper.cancel()
            await self._dispatch.end()
            self._workplace.close()
            self._waker.close()
            if self._doorbell is not None:
                self._doorbell.close()

    # One turn

    async def _turn(self, woken: Woken) -> None:
        self._pulse.beat()
        try:
            intake, store, follower = self._workplace.opened(self._config)
            messages = await self._read(intake, store, follower, woken)
            await self._deliver(intake, store, new=messages > 0)
            self._out_of_trouble()
            self._teller.tell(intake, self._dispatch.delivery, self._config)
            self._prune(intake)
            self._lift_cap()
        except StandfastError as error:
            self._in_trouble(error)

    async def _read(self, intake: Intake, store: Store, follower: Follower, woken: Woken) -> int:
        """Read to the journal's end; after a ring, look again until what was announced is there."""
        messages = 0
        for delay_s in AFTER_RING_S if woken is Woken.DOORBELL else AFTER_RING_S[:1]:
            if delay_s:
                await asyncio.sleep(delay_s)
            taken = await self._read_to_the_end(intake, store, follower)
            messages += taken.messages
            if taken.entries or taken.changed:
                self._teller.soon()
            if taken.entries:
                self._dispatch.look_again()
                break
        return messages

    async def _read_to_the_end(self, intake: Intake, store: Store, follower: Follower) -> Taken:
        entries, messages, changed = 0, 0, False
        while True:
            follower.process()
            taken = intake.round()
            entries, messages = entries + taken.entries, messages + taken.messages
            changed = changed or taken.changed
            if taken.entries < BATCH:
                return Taken(entries, messages, changed)
            # A backlog is read in batches, between which the signals and the worker have their turn.
            self._pulse.beat()
            self._dispatch.look_again()
            await self._deliver(intake, store, new=taken.messages > 0)
            self._teller.tell(intake, self._dispatch.delivery, self._config)
            await asyncio.sleep(0)

    async def _deliver(self, intake: Intake, store: Store, *, new: bool) -> None:
        if await self._dispatch.turn(store, self._config, new=new):
            intake.learn_who_is_told()

    def _outbox_changed(self) -> None:
        self._teller.soon()
        self._waker.notice()

    def _pause_s(self) -> float:
        """How long nothing has to be done unless something wakes the loop."""
        intake = self._workplace.intake
        if self._trouble or intake is None:
            return TROUBLE_RETRY_S
        soonest = min((at for at in (self._dispatch.wakes_at, intake.next_due()) if at is not None), default=None)
        left_s = (soonest - utc_now()).total_seconds() if soonest else POLL_S
        return min(POLL_S, max(0.01, min(left_s, self._teller.due_s - monotonic_s())))

    def _prune(self, intake: Intake) -> None:
        if monotonic_s() >= self._prune_due_s:
            intake.prune()
            self._prune_due_s = monotonic_s() + PRUNE_EVERY_S

    def _lift_cap(self) -> None:
        """The worker sees the cap only when there is something to send; its end comes with time alone."""
        sms = self._config.channels.sms
        if sms is None or monotonic_s() < self._cap_due_s:
            return
        self._cap_due_s = monotonic_s() + CAP_EVERY_S
        with contextlib.closing(Outbox(self._places.database, "sms")) as outbox:
            Cap(sms.daily_cap, self._frame.journal).lift(outbox, utc_now())

    def _in_trouble(self, error: StandfastError) -> None:
        """Close everything and try again later: the cursor has not moved, so nothing is lost."""
        if str(error) != self._trouble:
            log.error("%s; nothing is lost meanwhile, the journal keeps it", error)
        self._trouble = str(error)
        self._workplace.close()
        if isinstance(error, CorruptError):
            self._workplace.begin_anew()
        self._teller.tell_trouble(self._trouble)

    def _out_of_trouble(self) -> None:
        if self._trouble:
            log.info("Reading and storing again; nothing was lost in between")
            self._trouble = ""
            self._dispatch.look_again()
            self._teller.soon()

    # Beginning, reload and end

    def _hang_doorbell(self) -> None:
        try:
            self._doorbell = Doorbell(self._places.doorbell)
        except DoorbellError as error:
            log.error("%s; events are read up to %g s late until a restart", error, POLL_S)
            return
        self._waker.watch_doorbell(self._doorbell)

    def _reload(self) -> None:
        """Take over the configuration as it is now; a ConfigError leaves the old one in force."""
        self._teller.soon()  # whether it is refused or not, the status says so
        self._waker.notice()
        config = load_config(self._places.config)
        _look_for_secrets(config, self._places.config)
        if config.channels != self._config.channels:
            self._dispatch.change_channels()
        self._config = config
        self._workplace.change_config(config)
        self._teller.on_config(config)

    async def _drain(self) -> None:
        """Read what is there, and give everything that can be delivered now its chance."""
        self._frame.heartbeat.status("Stopping: delivering what was read")
        deadline_s = monotonic_s() + DRAIN_S
        await self._turn(Woken.DOORBELL)
        while self._dispatch.may_deliver and monotonic_s() < deadline_s:
            await self._waker.wait(min(0.5, deadline_s - monotonic_s()))
            await self._turn(Woken.NOTICE)
        if self._workplace.intake is not None:
            try:
                self._workplace.intake.stop()
            except StandfastError as error:
                log.error("%s", error)
        left = self._dispatch.delivery.queued
        if left:
            log.info("Stopping with %d messages queued; they are delivered after the next start", left)


def load_config(path: Path) -> NotifierConfig:
    """The notifier's configuration; a file that is not there leaves the defaults.

    Raises:
        ConfigError: with every mistake in it.
    """
    config = config_load(NotifierConfig, path, os.environ)
    for line in secrets_in(NotifierConfig, os.environ):
        log.warning("%s", line)
    return config if config.host else dataclasses.replace(config, host=socket.gethostname())


def _look_for_secrets(config: NotifierConfig, path: Path) -> None:
    """At a start a channel without its secret keeps no other from speaking; a change that brings one in is refused."""
    missing = [
        Mistake(str(path), f"channels.{channel}", "a secret that can be read", hint=str(why))
        for channel, why in secret.missing(secrets(config.channels))
    ]
    if missing:
        raise ConfigError(missing)


async def serve(frame: Frame, places: Places, trust: Callable[[NotifierConfig], Trust]) -> None:
    """Run the notifier in its frame.

    Raises:
        ConfigError: the configuration cannot be used at the start.
    """
    await Service(frame, places, load_config(places.config), trust).run()
