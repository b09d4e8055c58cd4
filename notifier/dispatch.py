"""What is in the outbox and how it gets to the worker, or to the next channel."""

import logging
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from standfast.clock import monotonic_s, utc_now
from standfast.notifier.backoff import is_due
from standfast.notifier.config import NotifierConfig
from standfast.notifier.courier import Courier
from standfast.notifier.model import Delivery
from standfast.notifier.store.store import Store

log = logging.getLogger(__name__)

# How often it is looked whether a channel's time for a message is over.
HAND_ON_EVERY_S = 2.0
# A delivery ends after 60 s at the latest, and its end is reported: a worker that is silent for longer than that
# while something is due will not come back.
STUCK_S = 90.0


class Dispatch:
    """Keeps sight of the outbox, and the worker busy while something in it is due."""

    def __init__(self, database: Path, on_change: Callable[[], None]) -> None:
        """Set up; `on_change` is called when something in the outbox changed."""
        self._on_change = on_change
        self._courier = Courier(database, self._changed)
        self._is_old = True
        self._hand_on_due_s = 0.0
        self._new_channels = True
        self._silent_since_s = monotonic_s()
        self.delivery = Delivery({}, {})

    def look_again(self) -> None:
        """What is known of the outbox is old."""
        self._is_old = True

    def change_channels(self) -> None:
        """The configuration of the channels is another: the next worker gets it."""
        self._new_channels = True

    async def turn(self, store: Store, config: NotifierConfig, *, new: bool) -> bool:
        """Hand on what is late, and wake the worker when something is due; tells whether something was handed on.

        Args:
            new: whether messages were just put into the outbox.

        Raises:
            StoreError: the outbox could not be read or written.
        """
        if self._new_channels:
            await self._take_over(store, config)
        handed_on = self._hand_on(store, config)
        new = handed_on or new
        if self._is_old:
            self.delivery = store.delivery(config.channel_names)
            self._is_old = False
        if new or (self.has_due and not self._courier.running):
            self._is_old = True
            await self._courier.wake(config)
        self._end_stuck()
        return handed_on

    async def end(self) -> None:
        """Let the worker finish the delivery at hand, and end it."""
        await self._courier.end()

    @property
    def wakes_at(self) -> datetime | None:
        """When `turn` has a delivery to start although nothing changed; None while a worker looks after that."""
        return None if self._courier.running else self.delivery.next_at

    @property
    def has_due(self) -> bool:
        """Whether something may be tried now."""
        now = utc_now()
        return any(is_due(one.not_before, now) for one in self.delivery.waiting.values())

    @property
    def may_deliver(self) -> bool:
        """Whether some channel has something that was not tried in vain, or is being tried just now."""
        return self.has_due or any(not one.detail for one in self.delivery.waiting.values())

    async def _take_over(self, store: Store, config: NotifierConfig) -> None:
        """The next worker gets the channels as they are now, and what waits for others goes to them."""
        await self._courier.end()
        retired = store.retire(config.channel_names, utc_now())
        self._new_channels = False
        for channel, number in retired.items():
            log.warning(
                "[NOTIFICATION] The channel %s is no longer configured; handing on %d messages", channel, number
            )
            self._is_old = True

    def _hand_on(self, store: Store, config: NotifierConfig) -> bool:
        """Give to the next channel what its own does not deliver; tells whether there was something."""
        if not self._is_old and monotonic_s() < self._hand_on_due_s:
            return False
        self._hand_on_due_s = monotonic_s() + HAND_ON_EVERY_S
        handed_on = store.hand_on(config.channel_names, utc_now())
        for channel, following, why in handed_on:
            if following:
                log.warning("[NOTIFICATION] Handed on from %s to %s: %s", channel, following, why)
        return any(following for _, following, _ in handed_on)

    def _end_stuck(self) -> None:
        """Kill a worker that delivers nothing any more; its end leads to another."""
        if not (self._courier.running and self.has_due):
            self._silent_since_s = monotonic_s()
        elif monotonic_s() - self._silent_since_s >= STUCK_S:
            log.error("[NOTIFICATION] The delivery worker does nothing; it is killed, and another one started")
            self._silent_since_s = monotonic_s()
            self._courier.kill()

    def _changed(self) -> None:
        self._is_old = True
        self._silent_since_s = monotonic_s()
        self._on_change()
