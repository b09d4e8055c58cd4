"""The notifier's channels in the hands of the check: asked how they stand, and used while the notifier is away."""

import asyncio
import dataclasses
import json
import logging
import uuid
from collections.abc import Iterable
from functools import partial
from typing import Final

from standfast.check.aside import aside
from standfast.clock import monotonic_s
from standfast.notifier.body import webhook_body
from standfast.notifier.channel_config import Channels
from standfast.notifier.channels import Answer, Outcome, Standing, build
from standfast.notifier.channels.channel import Body
from standfast.notifier.config import NotifierConfig
from standfast.notifier.model import Draft
from standfast.notifier.render import render
from standfast.notifier.worker.bounded import Bounded

log = logging.getLogger(__name__)

# How long one channel may take for one thing.
LIMIT_S: Final = 12.0
# After this nothing more is begun: a run has two minutes, of which it has used some.
ALL_S: Final = 40.0
# A channel ends by itself within its limit; one that does not is left behind.
HUNG_S: Final = 2 * LIMIT_S
_UNKNOWN: Final = Standing(None, "the channel hangs")
_LOST: Final = Answer(Outcome.RETRY, "the channel hangs")
_TAKEN: Final = (Outcome.DELIVERED, Outcome.PARTLY)


class Outlet:
    """Each channel is built when it is first used; all of them are used at the same time, each by one thread."""

    def __init__(self, config: NotifierConfig, remind_after_s: float, limit_s: float = LIMIT_S) -> None:
        """Set up.

        Args:
            remind_after_s: when a message is repeated at the earliest.
        """
        self._config = config
        self._deadline_s = 0.0
        channels = _lasting(config.channels, remind_after_s)
        self._channels = {name: Bounded(name, partial(build, name, channels), limit_s) for name in config.channel_names}

    async def aclose(self) -> None:
        """Give the connections back, on threads as all that the channels do: Telegram's has a loop of its own."""
        await asyncio.gather(*(aside(channel.close, HUNG_S, None) for channel in self._channels.values()))

    async def standings(self, names: Iterable[str]) -> dict[str, Standing]:
        """What the other sides of these channels say of us."""
        asked = tuple(names)
        found = await asyncio.gather(*(aside(self._channels[name].standing, HUNG_S, _UNKNOWN) for name in asked))
        return dict(zip(asked, found, strict=True))

    async def send(self, drafts: Iterable[Draft]) -> list[Draft]:
        """Send messages in their order, each by its channels; where one of those fails, by the next of its fallback.

        Returns:
            Those that at least one channel has taken.
        """
        return [draft for draft in drafts if await self._send(draft)]

    async def _send(self, draft: Draft) -> bool:
        if self._is_late():
            return False
        message = render(draft, uuid.uuid4().hex, self._config.host, self._config.zone)
        body = json.loads(json.dumps(webhook_body(message)))  # as the outbox would hand it over
        taken = await asyncio.gather(*(self._deliver(name, body) for name in draft.to.channels))
        if all(taken):
            return True
        for name in draft.to.fallback:
            if self._is_late():
                break
            if await self._deliver(name, body):
                return True
        return any(taken)

    def _is_late(self) -> bool:
        """Whether the time for all messages of this run is over; it begins with the first."""
        self._deadline_s = self._deadline_s or monotonic_s() + ALL_S
        return monotonic_s() >= self._deadline_s

    async def _deliver(self, name: str, body: Body) -> bool:
        answer = await aside(partial(self._channels[name].deliver, body), HUNG_S, _LOST)
        if answer.outcome not in _TAKEN:
            log.error("[NOTIFICATION] Not delivered by %s (%s): %s", name, body["id"], answer.detail)
            return False
        log.info("[NOTIFICATION] Delivered by %s (%s): %s", name, body["id"], body["title"])
        return True


def _lasting(channels: Channels, remind_after_s: float) -> Channels:
    """An Alertmanager forgets an alert that is not repeated, and the check repeats itself seldom."""
    known = channels.alertmanager
    if known is None:
        return channels
    lasting = dataclasses.replace(known, resend_s=max(known.resend_s, remind_after_s))
    return dataclasses.replace(channels, alertmanager=lasting)
