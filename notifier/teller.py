"""How the notifier says how things stand: STATUS= for `systemctl status`, and its status file."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from standfast import statusfile
from standfast.clock import monotonic_s, utc_now
from standfast.heartbeat import Heartbeat
from standfast.moments import iso
from standfast.notifier import secret, status
from standfast.notifier.channel_config import secrets
from standfast.notifier.config import NotifierConfig
from standfast.notifier.intake import Intake
from standfast.notifier.model import Delivery
from standfast.notifier.users import tell_unknown
from standfast.statusfile import StatusFileError

log = logging.getLogger(__name__)

# It is told so often while nothing happens, and no more often than this while much does: who looks just after a
# delivery shall see it, and in a storm the status file shall cost next to nothing.
EVERY_S = 10.0
AT_MOST_EVERY_S = 0.25


class Teller:
    """Tells when it is due, and remembers what else has to be said."""

    def __init__(self, heartbeat: Heartbeat, path: Path) -> None:
        self._heartbeat = heartbeat
        self._path = path
        self._told_s = 0.0
        self._last: Mapping[str, Any] = {}
        self._missing: list[str] = []
        self.due_s = 0.0

    def soon(self) -> None:
        """Something changed."""
        self.due_s = min(self.due_s, self._told_s + AT_MOST_EVERY_S)

    def tell(self, intake: Intake, delivery: Delivery, config: NotifierConfig) -> None:
        """Say how things stand, if it is time for that.

        Raises:
            StoreError: the error log could not be read.
        """
        if monotonic_s() < self.due_s:
            return
        self._told_s = monotonic_s()
        self.due_s = self._told_s + EVERY_S
        words = status.words(intake.unresolved, delivery, config.zone)
        self._heartbeat.status(", ".join([words, *self._missing]))
        self._last = status.table(intake.status(), delivery, config.channel_names, utc_now())
        self._write(self._last)

    def tell_trouble(self, trouble: str) -> None:
        """Say that nothing can be read or stored just now; the rest is as it was last."""
        self._heartbeat.status(f"Trying again: {trouble}")
        self._write({**self._last, "trouble": trouble, "checked_at": iso(utc_now())})

    def on_config(self, config: NotifierConfig) -> None:
        """This configuration is in force; what it needs and is not there is said at once."""
        self._missing = []
        tell_unknown(config.listen_to_users)
        for channel, why in secret.missing(secrets(config.channels)):
            log.error("[channels.%s] %s", channel, why)
            self._missing.append(f"{channel} has no secret")
        self.soon()

    def _write(self, table: Mapping[str, Any]) -> None:
        try:
            statusfile.write(self._path, {**table, "reload_refused": self._heartbeat.noted})
        except StatusFileError as error:
            log.error("%s", error)
