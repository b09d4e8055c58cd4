"""The daily cap of a channel that costs money: so many in 24 hours, and a problem when there are more to send."""

from datetime import datetime, timedelta
from typing import Final

from standfast.events import Event, Kind, Severity
from standfast.journal import Emitter
from standfast.notifier.route import SMS_CAP_REACHED
from standfast.notifier.store.outbox import Outbox
from standfast.unit_names import NOTIFIER

PERIOD: Final = timedelta(hours=24)
# The cap is divided by this; so much of it is kept for what is critical, whatever else there was to say.
_CRITICAL_SHARE: Final = 2


class Cap:
    """Counts what a channel has delivered; the count is in the database, so a restart begins no new day.

    A message that was begun under the cap is sent whole, with all of its parts.
    """

    def __init__(self, limit: int, emitter: Emitter) -> None:
        self.limit = limit
        self._emitter = emitter

    @property
    def kept(self) -> int:
        """How many of them only a critical message may take."""
        return self.limit // _CRITICAL_SHARE

    def refuses(self, outbox: Outbox, now: datetime, *, critical: bool) -> str:
        """Why one more may not be sent now, which is said by a problem too; "" when it may."""
        sent = outbox.sent_since(now - PERIOD)
        if sent < (self.limit if critical else self.limit - self.kept):
            return ""
        self._emitter.emit(self._reached(sent))
        if sent >= self.limit:
            return f"the daily cap is reached: {self.limit}"
        return f"the daily cap is reached but for what is critical: {self.kept} of {self.limit} are kept for that"

    def lift(self, outbox: Outbox, now: datetime) -> None:
        """Say that messages may be sent again, when the cap was reached and enough of them are old by now."""
        if outbox.is_unresolved(SMS_CAP_REACHED, NOTIFIER) and outbox.sent_since(now - PERIOD) < (
            self.limit - self.kept
        ):
            message = f"Fewer than {self.limit - self.kept} text messages were sent within 24 hours; all are sent again"
            self._emitter.emit(Event(Kind.RESOLVED, message, SMS_CAP_REACHED, Severity.WARNING, NOTIFIER))

    def _reached(self, sent: int) -> Event:
        kept = self.limit - sent
        but = f", but for {kept} that are kept for what is critical," if kept > 0 else ""
        return Event(
            Kind.PROBLEM,
            f"{sent} text messages were sent within 24 hours; no more{but} until some of them are older",
            SMS_CAP_REACHED,
            Severity.WARNING,
            NOTIFIER,
            action="Why so many: standfastctl errors; to have more: daily_cap of [channels.sms] in notifier.toml, then "
            "systemctl reload standfast-notifier",
        )
