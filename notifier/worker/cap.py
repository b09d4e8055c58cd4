"""The daily cap of a channel that costs money: so many in 24 hours, and a problem when there are more to send."""

from datetime import datetime, timedelta
from typing import Final

from standfast.events import Event, Kind, Severity
from standfast.journal import Emitter
from standfast.notifier.route import SMS_CAP_REACHED
from standfast.notifier.store.outbox import Outbox
from standfast.unit_names import NOTIFIER

PERIOD: Final = timedelta(hours=24)


class Cap:
    """Counts what a channel has delivered; the count is in the database, so a restart begins no new day.

    A message that was begun under the cap is sent whole, with all of its parts.
    """

    def __init__(self, limit: int, emitter: Emitter) -> None:
        self.limit = limit
        self._emitter = emitter

    def allows(self, outbox: Outbox, now: datetime) -> bool:
        """Whether one more may be sent now; says by a problem that it may not."""
        if outbox.sent_since(now - PERIOD) < self.limit:
            return True
        self._emitter.emit(self._reached())
        return False

    def lift(self, outbox: Outbox, now: datetime) -> None:
        """Say that messages may be sent again, when the cap was reached and enough of them are old by now."""
        if outbox.is_unresolved(SMS_CAP_REACHED, NOTIFIER) and outbox.sent_since(now - PERIOD) < self.limit:
            message = f"Fewer than {self.limit} text messages were sent within 24 hours; they are sent again"
            self._emitter.emit(Event(Kind.RESOLVED, message, SMS_CAP_REACHED, Severity.WARNING, NOTIFIER))

    def _reached(self) -> Event:
        return Event(
            Kind.PROBLEM,
            f"{self.limit} text messages were sent within 24 hours; no more until some of them are older",
            SMS_CAP_REACHED,
            Severity.WARNING,
            NOTIFIER,
            action="Why so many: standfastctl errors; to have more: daily_cap of [channels.sms] in notifier.toml, then "
            "systemctl reload standfast-notifier",
        )
