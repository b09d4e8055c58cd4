"""The recorded history: what the detector observed, read back from the journal for a replay."""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from systemd import journal

from standfast.detector.fold import fold
from standfast.detector.follow import RELEASE, Hearing, Resolved
from standfast.detector.history import from_line
from standfast.detector.model import EndObservation, Observation, State
from standfast.errors import StandfastError
from standfast.events import Kind
from standfast.unit_names import DETECTOR

log = logging.getLogger(__name__)

FIELD: Final = "STANDFAST_OBSERVATION"
# Of one field; by itself a reader shows half of that.
LONGEST_READ: Final = 128 * 1024
# From systemd's catalog: a unit is about to be started.
_STARTING_ID: Final = "7d4958e842da4a758f6c1cdc7b36dcc5"
# What began at this very moment is going on then.
_JUST_THEN_S: Final = 0.002
# Master restarts of the last hour count; so does the hold after them, which is seldom longer than a day.
_LEDGER_S: Final = 24 * 3600.0
# What a unit did that changed all the time is logged at the next look, or when the detector ends.
_KEPT_S: Final = 3600.0


class RecordedError(StandfastError):
    """The journal cannot be read."""


@dataclass(frozen=True, slots=True)
class Recording:
    """What was observed, and what was known before.

    Attributes:
        before: what is known at the beginning: master restarts, and when the host booted.
        observations: from the beginning of the detector's life that was going on at the wanted time, oldest first.
        lives: when the detector was started; with each life its looks are due anew.
    """

    before: State
    observations: tuple[Observation, ...]
    lives: tuple[float, ...] = ()


def recorded(since: float, until: float) -> Recording:
    """What a replay of the time between two moments (seconds since 1970) needs.

    A detector says at its start how everything stands, then what changes: what was observed before `since`
    in the same life of it is read too, else units that changed nothing since would be missing.

    Raises:
        RecordedError: the journal cannot be opened.
    """
    try:
        lives = _lives(since, until)
        began = lives[0]
        with journal.Reader() as reader:
            reader.data_threshold = LONGEST_READ
            reader.add_match(_SYSTEMD_UNIT=DETECTOR)
            reader.add_disjunction()
            reader.add_match(STANDFAST_EVENT=Kind.RESTART.value)
            reader.add_disjunction()
            reader.add_match(STANDFAST_EVENT=Kind.COMMAND.value, STANDFAST_TYPE=RELEASE)
            reader.seek_realtime(began - _LEDGER_S)
            found = list(_observations(reader, began, until))
    except OSError as error:
        raise RecordedError(
            f"cannot read the journal: {error.strerror}; run this as root or as a member of systemd-journal"
        ) from error
    return replace(recording(found, began, until), lives=lives)


def recording(observations: Iterable[Observation], began: float, until: float) -> Recording:
    """The observations of a life that began then up to an end, and the state that those before it leave."""
    ordered = sorted(observations, key=lambda observation: observation.at)
    before = State()
    for observation in ordered:
        if observation.at < began:
            before = fold(before, observation)
    kept = [one for one in ordered if began <= one.at <= until]
    return Recording(before, (*kept, EndObservation(until)) if kept else ())


def _lives(since: float, until: float) -> tuple[float, ...]:
    """When the detector that ran at `since` was started, and all later ones; `since` where nothing tells."""
    with journal.Reader() as reader:
        reader.add_match(_PID="1", UNIT=DETECTOR, MESSAGE_ID=_STARTING_ID)
        reader.seek_realtime(since + _JUST_THEN_S)
        entry = reader.get_previous()
        first = entry["__REALTIME_TIMESTAMP"].timestamp() if entry else since
        reader.seek_realtime(since + _JUST_THEN_S)
        later = []
        while (entry := reader.get_next()) and (at := entry["__REALTIME_TIMESTAMP"].timestamp()) <= until:
            later.append(at)
    return (first, *later)


def _observations(reader: Any, began: float, until: float) -> Iterator[Observation]:
    hearing = Hearing()
    while entry := reader.get_next():
        logged_at = entry["__REALTIME_TIMESTAMP"].timestamp()
        if logged_at > until + _KEPT_S:
            return
        # In its life the detector says itself what it has heard of master restarts, and when.
        if logged_at >= began:
            yield from (one for one in observations_of(entry) if one.at <= until)
        elif (found := hearing.hear(entry)) is not None and not isinstance(found, Resolved):
            yield found


def observations_of(entry: dict[str, Any]) -> Iterator[Observation]:
    """The observations that an entry holds, a line each; those of another version that make no sense are left out."""
    lines = entry.get(FIELD)
    if not isinstance(lines, str) or entry.get("_SYSTEMD_UNIT") != DETECTOR:
        return
    for line in lines.splitlines():
        try:
            yield from_line(line)
        except (ValueError, KeyError, TypeError, AttributeError):
            log.warning("Passing over an observation that this version does not understand: %.200s", line)
