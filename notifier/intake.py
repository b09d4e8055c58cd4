"""Taking in: a batch of the journal becomes one transaction; if that fails, nothing of it has happened."""

import dataclasses
import logging
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from standfast.clock import boot_id
from standfast.events import Event, Kind, Severity
from standfast.moments import from_iso, iso
from standfast.notifier import dedup, flood, succession
from standfast.notifier.answer import Answer, answer_to
from standfast.notifier.authorise import Speaker, Verdict, authorise
from standfast.notifier.config import NotifierConfig
from standfast.notifier.entries import Entry
from standfast.notifier.flood import Fairness
from standfast.notifier.follow import Follower
from standfast.notifier.gap import Gap, Position
from standfast.notifier.hear import hear
from standfast.notifier.ledger import Ledger
from standfast.notifier.model import Draft, Heard, Message, MessageKind, Stage
from standfast.notifier.record import record
from standfast.notifier.refusals import Refusals
from standfast.notifier.render import render
from standfast.notifier.route import route
from standfast.notifier.silence import Silencing, is_over
from standfast.notifier.status import LISTED_PROBLEMS, closed_table, silence_table
from standfast.notifier.store.rows import notes_of
from standfast.notifier.store.store import Store
from standfast.notifier.tick import next_due, tick
from standfast.notifier.users import Trusted, name_of
from standfast.notifier.words import numbered_step, place_to_look
from standfast.time_words import moment
from standfast.unit_names import NOTIFIER

log = logging.getLogger(__name__)

# A transaction costs one flush to disk: large enough to make that small, small enough to stay quick.
BATCH = 500
# How often the end of the journal is written down while nothing happens.
MARK_EVERY = timedelta(minutes=10)
# What is sent again and again, and tells people nothing.
_QUIET = (MessageKind.RESEND, MessageKind.CANARY)


@dataclass(frozen=True, slots=True)
class Taken:
    """What one round took in.

    Attributes:
        entries: how many entries were read; fewer than `BATCH` means that the journal was read to its end.
        messages: how many messages were put into the outbox.
        changed: whether something is otherwise than before.
    """

    entries: int
    messages: int
    changed: bool = False


class Intake:
    """Owns the ledger and keeps it, the database and the position in the journal in step."""

    def __init__(
        self, store: Store, follower: Follower, config: NotifierConfig, trusted: Trusted, now: Callable[[], datetime]
    ) -> None:
        self._store = store
        self._follower = follower
        self._now = now
        self.config = config
        self.trusted = trusted
        self._refusals = Refusals()
        self._shares = flood.Shares()
        self._ledger = store.ledger()
        self._position = _stored_position(store)

    @property
    def unresolved(self) -> int:
        """How many problems are unresolved."""
        return len(self._ledger.problems)

    def next_due(self) -> datetime | None:
        """When a round has something to do although no event came."""
        return next_due(self._ledger, self.config, self._now())

    def begin(self, started_at: datetime) -> None:
        """Go to the position in the journal where the last transaction left off, and tell of a gap.

        Raises:
            FollowError: the journal cannot be read.
            StoreError: the first position could not be written down.
        """
        found = self._follower.seek(self._position, started_at)
        self._position = dataclasses.replace(self._position, stopped_in="")
        now = self._now()
        if found is Gap.FIRST_START:
            self._commit(self._ledger.copy(), dataclasses.replace(self._position, read_until=started_at), now)
        elif found is Gap.LOST:
            self._tell_gap(now, self._follower.oldest_entry_at())
        elif found is Gap.VACUUMED_READ:
            log.info("The last event read is no longer in the journal, but none after it was missed")

    def round(self) -> Taken:
        """Read what is there (up to a batch), decide, and commit all of it together.

        Raises:
            FollowError: the journal cannot be read.
            StoreError: nothing was committed; a new intake reads the same entries again.
        """
        entries = self._read()
        now = self._now()
        ledger = self._ledger.copy()
        answers = [answer for entry in entries if (answer := self._hear(ledger, entry, now)) is not None]
        for over in flood.ended(ledger.problems.values(), now):
            hear(ledger, over, self.config, now)
            record(over.event, logging.INFO)
        tick(ledger, self.config, now)
        taken = self._commit_round(ledger, entries, now)
        for answer in answers:
            answer.say()
        return taken

    def learn_who_is_told(self) -> None:
        """Messages were handed on to other channels: the error log knows which, and whoever is told is told of the end.

        Raises:
            StoreError: the error log could not be read.
        """
        known = self._ledger
        self._ledger = dataclasses.replace(self._store.ledger(), swept_at=known.swept_at, resent_at=known.resent_at)

    def stop(self) -> None:
        """Write down that the journal was read to its end by now, and that the reading stops in good order.

        Raises:
            StoreError: it could not be written down.
        """
        now = self._now()
        position = dataclasses.replace(self._position, read_until=now, stopped_in=boot_id())
        self._commit(self._ledger.copy(), position, now)

    def prune(self) -> None:
        """Remove what is older than it is to be kept.

        Raises:
            StoreError: nothing was removed.
        """
        self._store.prune(self._now() - timedelta(days=self.config.keep_days))

    def status(self) -> dict[str, Any]:
        """What is known, for the status file.

        Raises:
            StoreError: the error log could not be read.
        """
        now = self._now()
        silences = [one for one in self._ledger.silences.values() if not is_over(one, now)]
        not_there = [one for one in self._ledger.resting.values() if one.stage in (Stage.CLOSED, Stage.FLAPPING)]
        return {
            "unresolved": len(self._ledger.problems),
            "unresolved_errors": [
                {**row, "action": _step(row), "silenced": self._is_silenced(row, now)}
                for row in self._store.unresolved(LISTED_PROBLEMS)
            ],
            "closed_errors": [closed_table(one) for one in not_there[-LISTED_PROBLEMS:]],
            "silences": [silence_table(one) for one in silences],
            "deliveries": self._store.ended_deliveries(),
            "ignored_events": self._refusals.total,
        }

    def _is_silenced(self, row: Mapping[str, Any], now: datetime) -> bool:
        problem = self._ledger.numbered(row["id"])
        return problem is not None and self._ledger.silencing(problem, now) is Silencing.SILENCED

    def _read(self) -> list[Entry]:
        entries: list[Entry] = []
        while len(entries) < BATCH and (entry := self._follower.next()) is not None:
            entries.append(entry)
        return entries

    def _hear(self, ledger: Ledger, entry: Entry, now: datetime) -> Answer | None:
        """Take in an entry; a command has an answer, which is said when it is committed what came of it."""
        event = entry.event()
        if event is None:
            return None
        verdict = self._authorise(event, entry)
        if verdict is not Verdict.ALLOWED:
            self._refusals.add(event, entry.uid, verdict)
            return None
        heard = self._weighed(ledger, entry, entry.heard(event, name_of(entry.uid)))
        return answer_to(event, hear(ledger, heard, self.config, now), ledger, self.config.channel_names)

    def _authorise(self, event: Event, entry: Entry) -> Verdict:
        """Whether to listen; nobody is refused by what was looked up before they were let in."""
        trust = self.trusted.lately()
        verdict = authorise(event, entry.uid, entry.systemd_unit, trust)
        if verdict is Verdict.ALLOWED or (newer := self.trusted.anew()) is trust:
            return verdict
        return authorise(event, entry.uid, entry.systemd_unit, newer)

    def _weighed(self, ledger: Ledger, entry: Entry, heard: Heard) -> Heard:
        """The event, or its source's flood; Standfast's own programs may have as much to tell as there are units.

        Only they are believed that they have told it.
        """
        if entry.uid is not None and Speaker.STANDFAST in self.trusted.lately().roles(entry.uid):
            return dataclasses.replace(heard, told=dedup.tellings(heard))
        source = entry.systemd_unit or f"user {heard.by}"
        fairness, fair = self._shares.fair(ledger, heard, source, self.config.flood_limit)
        if fairness is Fairness.FLOOD and dedup.identity(fair) not in ledger.problems:
            record(fair.event, logging.WARNING)
        return fair

    def _commit_round(self, ledger: Ledger, entries: list[Entry], now: datetime) -> Taken:
        position = self._position
        if entries:
            position = Position(entries[-1].cursor, max(entries[-1].at, position.read_until or entries[-1].at))
        elif position.read_until and now - position.read_until >= MARK_EVERY:
            position = dataclasses.replace(position, read_until=now)
        messages, changed = len(ledger.changes.drafts), bool(ledger.changes)
        is_news = ledger.window_closes_at != self._ledger.window_closes_at or position != self._position
        if ledger.changes or is_news:
            self._commit(ledger, position, now)
        self._ledger = ledger
        return Taken(len(entries), messages, changed)

    def _commit(self, ledger: Ledger, position: Position, now: datetime) -> None:
        succession.name_not_over(ledger)
        changes = ledger.take_changes()
        messages = [self._message(self._with_untold(draft)) for draft in changes.drafts]
        notes = {
            "cursor": position.cursor,
            "read_until": _iso(position.read_until),
            "stopped_in": position.stopped_in,
            **notes_of(ledger),
        }
        self._store.commit(changes, messages, notes, now)
        self._ledger, self._position = ledger, position
        for message in messages:
            level = logging.DEBUG if message.draft.kind in _QUIET else logging.INFO
            fields = {"STANDFAST_NOTIFICATION": message.id, "STANDFAST_QUEUED": message.draft.kind.value}
            channels = ", ".join(message.draft.to.channels)
            log.log(level, "[NOTIFICATION] To be sent by %s: %s", channels, message.title, extra=fields)

    def _with_untold(self, draft: Draft) -> Draft:
        """An end that some hear before the beginning says what it was."""
        if draft.kind is not MessageKind.RECOVERY:
            return draft
        untold = self._store.untold((one.id for one in draft.problems), draft.to.channels)
        return dataclasses.replace(draft, untold=untold)

    def _message(self, draft: Draft) -> Message:
        return render(draft, draft.id or uuid.uuid4().hex, self.config.host, self.config.zone)

    def _tell_gap(self, now: datetime, until: datetime | None) -> None:
        """Lost entries are told at once: whatever they said, nobody will be told otherwise."""
        since, zone = self._position.read_until, self.config.zone
        span = f" from {moment(since, zone)} to {moment(until, zone)}" if since and until else ""
        self.tell(
            "JOURNAL_GAP",
            f"The journal's entries{span} were removed before they were read: events may have gone untold",
            "Look at standfastctl status; give the journal more room (SystemMaxUse= in journald.conf)",
            dataclasses.replace(self._position, read_until=now),
        )

    def tell(
        self,
        kind: str,
        message: str,
        action: str,
        position: Position | None = None,
        severity: Severity = Severity.WARNING,
    ) -> None:
        """Tell something about the notifier itself at once; it is said once, and no problem that lasts.

        Raises:
            StoreError: it could not be queued.
        """
        now = self._now()
        event = Event(Kind.PROBLEM, message, kind, severity, NOTIFIER, action=action)
        record(event, logging.ERROR)
        ledger = self._ledger.copy()
        _, to = route(self.config, event.severity, event.type, event.unit)
        ledger.changes.drafts.append(Draft(MessageKind.PROBLEM, event.severity, now, to, event=event))
        self._commit(ledger, position or self._position, now)


def _stored_position(store: Store) -> Position:
    read_until = store.note("read_until")
    return Position(store.note("cursor"), from_iso(read_until) if read_until else None, store.note("stopped_in"))


def _iso(at: datetime | None) -> str:
    return iso(at) if at else ""


def _step(row: Mapping[str, Any]) -> str:
    """The next step of a problem; where it came without one, a place to look."""
    return numbered_step(str(row["action"]), row["id"]) or place_to_look(row["error_type"], row["unit"])
