"""The recorded history: what the detector observed, read back from the journal for a replay."""

import logging
from collections.abc import Iterator
from typing import Any, Final

from systemd import journal

from standfast.detector.follow import RELEASE, observed
from standfast.detector.history import from_line
from standfast.detector.model import DETECTOR, Observation
from standfast.errors import StandfastError
from standfast.events import Kind

log = logging.getLogger(__name__)

FIELD: Final = "STANDFAST_OBSERVATION"


class RecordedError(StandfastError):
    """The journal cannot be read."""


def recorded(since: float, until: float) -> list[Observation]:
    """What the detector observed between two times (seconds since 1970), oldest first.

    A unit is in it from its first change on: what stayed well all the time has nothing to say.

    Raises:
        RecordedError: the journal cannot be opened.
    """
    try:
        with journal.Reader() as reader:
            reader.add_match(_SYSTEMD_UNIT=DETECTOR)
            reader.add_disjunction()
            reader.add_match(STANDFAST_EVENT=Kind.RESTART.value)
            reader.add_disjunction()
            reader.add_match(STANDFAST_EVENT=Kind.COMMAND.value, STANDFAST_TYPE=RELEASE)
            reader.seek_realtime(since)
            found = list(_observations(reader, until))
    except OSError as error:
        raise RecordedError(
            f"cannot read the journal: {error.strerror}; run this as root or as a member of systemd-journal"
        ) from error
    return sorted(found, key=lambda observation: observation.at)


def _observations(reader: Any, until: float) -> Iterator[Observation]:
    while entry := reader.get_next():
        if entry["__REALTIME_TIMESTAMP"].timestamp() > until:
            return
        observation = observation_of(entry)
        if observation is not None:
            yield observation


def observation_of(entry: dict[str, Any]) -> Observation | None:
    """The observation that an entry holds; None for all others, and for those of another version that make no sense."""
    line = entry.get(FIELD)
    if line is None:
        return observed(entry)
    if entry.get("_SYSTEMD_UNIT") != DETECTOR:
        return None
    try:
        return from_line(line)
    except (ValueError, KeyError, TypeError, AttributeError):
        log.warning("Passing over an observation that this version does not understand: %.200s", line)
        return None
