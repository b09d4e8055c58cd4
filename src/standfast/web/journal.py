"""The journal as the status service reads it: bounded, by indexed fields only, and only what is shown."""

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from itertools import islice
from typing import Any, Final

from systemd import journal

from standfast.errors import StandfastError
from standfast.events import Event, Kind
from standfast.journal_files import may_read_journal
from standfast.moments import logged_at
from standfast.notifier.authorise import Trust, Verdict, authorise
from standfast.notifier.entries import Entry, to_fields, to_text
from standfast.notifier.model import MessageKind
from standfast.notifier.redact import redacted
from standfast.overview.ending import Ending
from standfast.overview.endings import endings
from standfast.overview.refusals import REFUSED, Answer, Refusals, answer_of
from standfast.unit_names import DETECTOR, NOTIFIER
from standfast.web.timeline import Happening, History, Line, gaps, newest_first, of_event, of_message, of_watch

log = logging.getLogger(__name__)

# At most so many of each group are read: a flood of one kind hides nothing of the others.
EVENTS_READ: Final = 200
LONGEST_TEXT: Final = 400
# Among so many of a unit's own last lines those are looked for that tell most.
WORDS_READ: Final = 50

_PRIORITIES: Final = tuple("01234567")
# From systemd's catalog: a unit has started; has stopped, ended well, ended otherwise.
_STARTED: Final = "39f53479d3a045ac8e11786248231fbf"
_ENDED: Final = (
    "9d1aaa27d60140bd96365438aad20286",
    "7ad2d189f7e94e70a38c781354912448",
    "d9b373ed55a64feb8242e02dbe79a49c",
)
_GROUPS: Final = (
    (Kind.LEVEL, Kind.DECISION, Kind.RESTART, Kind.SHUTDOWN, Kind.COMMAND),
    (Kind.STATE,),
    (Kind.PROBLEM, Kind.UPDATE, Kind.RESOLVED),
)

Raw = Mapping[str, Any]
Open = Callable[[], Any]


class JournalError(StandfastError):
    """The journal cannot be read."""


class Journal:
    """Reads with a reader of its own each time: one that is kept open keeps deleted files on the disk."""

    def __init__(
        self,
        trust: Callable[[], Trust],
        open_reader: Open = journal.Reader,
        may_read: Callable[[], bool] = may_read_journal,
    ) -> None:
        self._trust = trust
        self._open = open_reader
        self._may_read = may_read

    def history(self, since: datetime, until: datetime) -> History:
        """What happened since a moment; a journal that cannot be read is said in it."""
        if not self._may_read():
            why = "this service may not read the journal; see that its unit has SupplementaryGroups=systemd-journal"
            return History(since, until, trouble=why)
        try:
            with self._open() as reader:
                groups = [*self._events(reader, since), self._messages(reader, since), _watched(reader, since)]
                watched_since = _first_at(reader, _SYSTEMD_UNIT=DETECTOR)
                # Root's entries: journald keeps each human's in files of their own, which may reach back further.
                begins_at = _first_at(reader, _UID="0")
                unwatched = gaps(_ups_and_downs(reader, since))
        except OSError as error:
            log.warning("Cannot read the journal: %s", error.strerror or error)
            return History(since, until, trouble=f"the journal cannot be read: {error.strerror or error}")
        complete = all(len(group) < EVENTS_READ for group in groups)
        happenings = newest_first(one for group in groups for one in group)
        return History(since, until, happenings, complete, "", watched_since, begins_at, unwatched)

    def lines(self, unit: str, count: int) -> list[Line]:
        """The last lines of a unit, and of systemd about it, the oldest first.

        Raises:
            JournalError: the journal cannot be read.
        """
        try:
            with self._open() as reader:
                reader.add_match(_SYSTEMD_UNIT=unit)
                reader.add_disjunction()
                reader.add_match(_PID="1", UNIT=unit)
                return [_line(raw) for raw in islice(_newest(reader), count)][::-1]
        except OSError as error:
            raise JournalError(f"cannot read the journal: {error.strerror or error}") from error

    def last_words(self, counts: Mapping[str, int]) -> dict[str, list[Line]]:
        """The last of what each of these units itself said, and the last word of systemd about it.

        systemd says much of a unit that it starts in vain again and again; why it is in vain, the unit says.

        Raises:
            JournalError: the journal cannot be read.
        """
        if not counts:
            return {}
        try:
            with self._open() as reader:
                return {unit: _last_words(reader, unit, count) for unit, count in counts.items()}
        except OSError as error:
            raise JournalError(f"cannot read the journal: {error.strerror or error}") from error

    def endings(self, names: Iterable[str]) -> Mapping[str, Ending]:
        """How those of these agents ended that ever ran."""
        return endings(names, self._open) if self._may_read() else {}

    def _events(self, reader: Any, since: datetime) -> Iterator[list[Happening]]:
        trust, refused = self._trust(), Refusals(_answers(reader, since))
        for kinds in _GROUPS:
            reader.flush_matches()
            reader.add_match(STANDFAST="1")
            for kind in kinds:
                reader.add_match(STANDFAST_EVENT=kind.value)
            entries = (Entry(to_fields(raw), "", logged_at(raw)) for raw in _newest(reader, since))
            believed = ((_believed(entry, trust), entry.at) for entry in islice(entries, EVENTS_READ))
            yield [_shortened(of_event(refused.marked(event, at), at)) for event, at in believed if event is not None]

    def _messages(self, reader: Any, since: datetime) -> list[Happening]:
        ended: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for raw in _of(reader, since, _SYSTEMD_UNIT=NOTIFIER, STANDFAST_RESULT=("delivered", "refused", "given_up")):
            ended[to_text(raw.get("STANDFAST_NOTIFICATION", ""))].append(
                (to_text(raw.get("STANDFAST_CHANNEL", "")), to_text(raw["STANDFAST_RESULT"]).replace("_", " "))
            )
        queued = _of(reader, since, _SYSTEMD_UNIT=NOTIFIER, STANDFAST_QUEUED=_MESSAGE_KINDS)
        return [
            _shortened(
                of_message(to_text(raw["MESSAGE"]), logged_at(raw), ended[to_text(raw["STANDFAST_NOTIFICATION"])])
            )
            for raw in queued
            if "STANDFAST_NOTIFICATION" in raw and "MESSAGE" in raw
        ]


# The others are not for people.
_MESSAGE_KINDS: Final = tuple(one.value for one in MessageKind if one not in (MessageKind.RESEND, MessageKind.CANARY))


def _last_words(reader: Any, unit: str, count: int) -> list[Line]:
    reader.flush_matches()
    reader.add_match(_SYSTEMD_UNIT=unit)
    own = distinct((_line(raw) for raw in islice(_newest(reader), WORDS_READ)), count - 1)
    reader.flush_matches()
    reader.add_match(_PID="1", UNIT=unit)
    about = [_line(raw) for raw in islice(_newest(reader), count)]
    # Lines of one write bear one time, and keep their order.
    oldest_first = [*own, *about[: 1 if own else count]][::-1]
    return sorted(oldest_first, key=lambda line: line.at)


def distinct(newest_first: Iterable[Line], count: int) -> list[Line]:
    """The newest of each text: a unit that starts again and again says the same each time."""
    found: dict[str, Line] = {}
    for line in newest_first:
        found.setdefault(line.text, line)
    return list(found.values())[:count]


def _answers(reader: Any, since: datetime) -> list[Answer]:
    """Which commands the notifier did not follow."""
    found = _of(reader, since, _SYSTEMD_UNIT=NOTIFIER, STANDFAST_RESULT=tuple(REFUSED))
    return list(map(answer_of, found))


def _watched(reader: Any, since: datetime) -> list[Happening]:
    """What the detector found worth a warning, such as a unit that fails; its events are read already."""
    found = _of(reader, since, _SYSTEMD_UNIT=DETECTOR, PRIORITY=("4", "3"))
    return [
        _shortened(of_watch(to_text(raw.get("MESSAGE", "")), to_text(raw.get("STANDFAST_UNIT", "")), logged_at(raw)))
        for raw in found
        if "STANDFAST" not in raw
    ]


def _ups_and_downs(reader: Any, since: datetime) -> Iterator[tuple[datetime, bool]]:
    """When the detector was started, or ended, from the last before `since` on, the oldest first."""
    found = _of(reader, since, _PID="1", UNIT=DETECTOR, MESSAGE_ID=(_STARTED, *_ENDED))
    reader.seek_realtime(since)
    told = [raw for raw in (reader.get_previous(), *reversed(found)) if raw]
    for before, raw in zip([None, *told], told, strict=False):
        if before and before["_BOOT_ID"] != raw["_BOOT_ID"] and _is_start(before):
            # Nobody told of its end: the host lost its power, or was reset.
            yield _last_at(reader, _BOOT_ID=before["_BOOT_ID"].hex) or logged_at(before), False
        yield logged_at(raw), _is_start(raw)


def _is_start(raw: Raw) -> bool:
    return bool(raw["MESSAGE_ID"].hex == _STARTED)


def _of(reader: Any, since: datetime, **matches: str | tuple[str, ...]) -> list[Raw]:
    """The newest entries with one of the values in each of the fields."""
    reader.flush_matches()
    for name, values in matches.items():
        for value in (values,) if isinstance(values, str) else values:
            reader.add_match(f"{name}={value}")
    return list(islice(_newest(reader, since), EVENTS_READ))


def _first_at(reader: Any, **match: str) -> datetime | None:
    reader.flush_matches()
    reader.add_match(**match)
    reader.seek_head()
    raw = reader.get_next()
    return logged_at(raw) if raw else None


def _last_at(reader: Any, **match: str) -> datetime | None:
    reader.flush_matches()
    reader.add_match(**match)
    return next((logged_at(raw) for raw in _newest(reader)), None)


def _newest(reader: Any, since: datetime | None = None) -> Iterator[Raw]:
    reader.seek_tail()
    while raw := reader.get_previous():
        if since is not None and logged_at(raw) < since:
            return
        yield raw


def _believed(entry: Entry, trust: Trust) -> Event | None:
    """The event of an entry; None when it is none, or its user has no say in it."""
    event = entry.event()
    allowed = event is not None and authorise(event, entry.uid, entry.systemd_unit, trust) is Verdict.ALLOWED
    return event if allowed else None


def _line(raw: Raw) -> Line:
    priority = to_text(raw.get("PRIORITY", 6))
    return Line(logged_at(raw), _text(to_text(raw.get("MESSAGE", ""))), int(priority) if priority in _PRIORITIES else 6)


def _shortened(one: Happening) -> Happening:
    return replace(
        one,
        text=_text(one.text),
        type=_text(one.type),
        unit=_text(one.unit),
        state=_text(one.state),
        gave_way_to=_text(one.gave_way_to),
    )


def _text(text: str) -> str:
    """Other programs' words on one line, without control characters, secrets and excess."""
    plain = "".join(character if character.isprintable() else " " for character in redacted(text[: 4 * LONGEST_TEXT]))
    return plain if len(plain) <= LONGEST_TEXT else plain[: LONGEST_TEXT - 3] + "..."
