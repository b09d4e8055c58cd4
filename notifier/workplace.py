"""What the notifier works with: database, journal and intake, opened together and given up together."""

import logging
from collections.abc import Callable
from pathlib import Path

from standfast.clock import utc_now
from standfast.events import Severity
from standfast.notifier.authorise import Trust
from standfast.notifier.config import NotifierConfig
from standfast.notifier.follow import Follower
from standfast.notifier.intake import Intake
from standfast.notifier.store.database import StoreError, set_aside
from standfast.notifier.store.store import Store
from standfast.notifier.users import Trusted
from standfast.notifier.wake import Waker

log = logging.getLogger(__name__)

DAMAGED = "NOTIFIER_DATABASE_DAMAGED"
_GONE = (
    "A new error log was begun, so the silences, acknowledgements and open problems of the old one are gone: what is "
    "still wrong is told when it is raised again, and nobody is told of the end of what is not; the old one is {}"
)
_NEXT_STEP = (
    "See standfastctl status for what is wrong now, set silences anew, look at the disk; "
    "sqlite3 .recover may read what the old file still holds"
)


class Workplace:
    """After any trouble all of it is closed and opened anew: nothing that failed is trusted."""

    def __init__(self, database: Path, waker: Waker, trust: Callable[[NotifierConfig], Trust]) -> None:
        self._database = database
        self._waker = waker
        self._trust = trust
        self._started_at = utc_now()
        self._aside = ""
        self._follower: Follower | None = None
        self._store: Store | None = None
        self.intake: Intake | None = None

    def opened(self, config: NotifierConfig) -> tuple[Intake, Store, Follower]:
        """All of it, ready to work.

        Raises:
            StoreError: the database cannot be used.
            FollowError: the journal cannot be read.
        """
        if self.intake is not None and self._store is not None and self._follower is not None:
            return self.intake, self._store, self._follower
        self._store = Store(self._database)
        self._follower = Follower()
        intake = Intake(self._store, self._follower, config, self._trusted(config), utc_now)
        intake.begin(self._started_at)
        if self._aside:
            intake.tell(DAMAGED, _GONE.format(self._aside), _NEXT_STEP, severity=Severity.CRITICAL)
            self._aside = ""
        self._waker.watch_journal(self._follower.fileno())
        self.intake = intake
        return intake, self._store, self._follower

    def _trusted(self, config: NotifierConfig) -> Trusted:
        return Trusted(lambda: self._trust(config))

    def close(self) -> None:
        """Give it up."""
        if self._follower is not None:
            self._waker.forget(self._follower.fileno())
            self._follower.close()
        if self._store is not None:
            self._store.close()
        self._follower = self._store = self.intake = None

    def change_config(self, config: NotifierConfig) -> None:
        """Work on with another configuration."""
        if self.intake is not None:
            self.intake.config, self.intake.trusted = config, self._trusted(config)

    def begin_anew(self) -> None:
        """Set a damaged database aside; the next one reads on from where this was last written."""
        try:
            aside, self._started_at = set_aside(self._database, utc_now().strftime("%Y%m%dT%H%M%SZ"))
        except StoreError as error:
            log.error("%s", error)
            return
        self._aside = str(aside)
        self._waker.notice()
