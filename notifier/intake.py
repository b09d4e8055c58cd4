"""Taking in: a batch of the journal becomes one transaction; if that fails, nothing of it has happened."""

import dataclasses
import logging
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from standfast.clock import from_iso, iso
from standfast.events import Event, Kind, Severity
from standfast.notifier.authorise import Trust, Verdict, authorise
from standfast.notifier.config import NotifierConfig
from standfast.notifier.entries import Entry
from standfast.notifier.follow import Follower
from standfast.notifier.gap import Gap, Position
from standfast.notifier.ledger import Ledger
from standfast.notifier.model import Draft, Message, MessageKind
from standfast.notifier.render import render
from standfast.notifier.route import route
from standfast.notifier.store.store import Store

log = logging.getLogger(__name__)

# A transaction costs one flush to disk: large enough to make that small, small enough to stay quick.
BATCH = 500
# How often the end of the journal is written down while nothing happens.
MARK_EVERY = timedelta(minutes=10)
OWN_UNIT = "standfast-notifier.service"


@dataclass(frozen=True, slots=True)
class Taken:
    """What one round took in.

    Attributes:
        entries: how many entries were read; fewer than `BATCH` means that the journal was read to its end.
        messages: how many messages were put into the outbox.
    """

    entries: int
    messages: int


class Intake:
    """Owns the ledger and keeps it, the database and the position in the journal in step."""

    def __init__(
        self, store: Store, follower: Follower, config: NotifierConfig, trust: Trust, now: Callable[[], datetime]
    ) -> None:
        self._store = store
        self._follower = follower
        self._now = now
        self.config = config
        self.trust = trust
        self.ignored: Counter[Verdict] = Counter()
        self._ledger = store.ledger()
        self._position = _stored_position(store)

    @property
    def unresolved(self) -> int:
        """How many problems are unresolved."""
        return len(self._ledger.problems)

    def next_due(self) -> datetime | None:
        """When a round has something to do although no event came."""
        return self._ledger.next_due(self.config)

    def begin(self, started_at: datetime) -> None:
        """Go to the position in the journal where the last transaction left off, and tell of a gap.

        Raises:
            FollowError: the journal cannot be read.
            StoreError: the first position could not be written down.
        """
        found = self._follower.seek(self._position, started_at)
        now = self._now()
        if found is Gap.FIRST_START:
            self._commit(self._ledger.copy(), [], dataclasses.replace(self._position, read_until=started_at), now)
        elif found is Gap.LOST:
            self._tell_gap(now)
        elif found is Gap.VACUUMED_READ:
            log.info("The last event read is no longer in the journal, but none after it was missed")

    def round(self) -> Taken:
        """Read what is there (up to a batch), decide, and commit all of it together.

        Raises:
            FollowError: the journal cannot be read.
            StoreError: nothing was committed; the next round reads the same entries again.
        """
        entries = self._read()
        now = self._now()
        ledger = self._ledger.copy()
        try:
            for entry in entries:
                self._hear(ledger, entry, now)
            ledger.tick(self.config, now)
            return self._commit_round(ledger, entries, now)
        except BaseException:
            self._follower.seek(self._position, now)
            raise

    def mark(self) -> None:
        """Write down that the journal was read to its end by now."""
        now = self._now()
        self._commit(self._ledger.copy(), [], dataclasses.replace(self._position, read_until=now), now)

    def _read(self) -> list[Entry]:
        entries: list[Entry] = []
        while len(entries) < BATCH and (entry := self._follower.next()) is not None:
            entries.append(entry)
        return entries

    def _hear(self, ledger: Ledger, entry: Entry, now: datetime) -> None:
        event = entry.event()
        if event is None:
            return
        verdict = authorise(event, entry.uid, entry.systemd_unit, self.trust)
        if verdict is not Verdict.ALLOWED:
            if not self.ignored[verdict]:
                log.warning("Ignored a %s event about %s by user id %s: %s", event.kind, event.unit, entry.uid, verdict)
            self.ignored[verdict] += 1
            return
        ledger.hear(entry.heard(event), self.config, now)

    def _commit_round(self, ledger: Ledger, entries: list[Entry], now: datetime) -> Taken:
        problems, drafts = ledger.changed, ledger.drafts
        position = self._position
        if entries:
            position = Position(entries[-1].cursor, max(entries[-1].at, position.read_until or entries[-1].at))
        elif position.read_until and now - position.read_until >= MARK_EVERY:
            position = dataclasses.replace(position, read_until=now)
        messages = len(drafts)
        if problems or drafts or position != self._position or _timers(ledger) != _timers(self._ledger):
            self._commit(ledger, drafts, position, now)
        return Taken(len(entries), messages)

    def _commit(self, ledger: Ledger, drafts: list[Draft], position: Position, now: datetime) -> None:
        problems, _ = ledger.take_changes()
        messages = [self._message(draft) for draft in drafts]
        notes = {"cursor": position.cursor, "read_until": iso(position.read_until) if position.read_until else ""}
        self._store.commit(ledger, problems, messages, notes, now)
        self._ledger, self._position = ledger, position
        for message in messages:
            log.info("[NOTIFICATION] To be sent by %s: %s", ", ".join(message.draft.channels), message.title)

    def _message(self, draft: Draft) -> Message:
        return render(draft, uuid.uuid4().hex, self.config.host, self.config.zone)

    def _tell_gap(self, now: datetime) -> None:
        """Lost entries are told at once: whatever they said, nobody will be told otherwise."""
        event = Event(
            kind=Kind.PROBLEM,
            type="JOURNAL_GAP",
            severity=Severity.WARNING,
            unit=OWN_UNIT,
            message="entries were removed from the journal before they were read: events may have gone untold",
            action="look at standfastctl status; give the journal more room (SystemMaxUse= in journald.conf)",
        )
        _, channels = route(self.config, event.severity, event.type, event.unit)
        log.error("The journal lost entries before they were read; %s", event.action)
        draft = Draft(MessageKind.PROBLEM, event.severity, now, channels, event=event)
        self._commit(self._ledger.copy(), [draft], dataclasses.replace(self._position, read_until=now), now)


def _stored_position(store: Store) -> Position:
    read_until = store.note("read_until")
    return Position(store.note("cursor"), from_iso(read_until) if read_until else None)


def _timers(ledger: Ledger) -> object:
    return ledger.window_closes_at, len(ledger.statuses)
