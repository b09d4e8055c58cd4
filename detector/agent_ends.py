"""What the journal has of how agents ended: the words of their own units, and systemd's entry of an end."""

import logging
from datetime import datetime
from typing import Any, Final

from systemd import journal

from standfast.events import AGENT_ENDED_UNCLEAN, Event, Kind, from_fields
from standfast.unit_names import agent_name

log = logging.getLogger(__name__)

# From systemd's catalog: a unit ended, and not in order; UNIT_RESULT says how.
_FAILED_WITH_RESULT: Final = "d9b373ed55a64feb8242e02dbe79a49c"
# How far back in what an agent tells of its state its last word before the present run is looked for.
_STATES_LOOKED_AT: Final = 50


def newest_word(unit: str, *, before_this_run: bool = False) -> dict[str, Any]:
    """The newest entry of a unit about its state, or the newest before the run in which it has told of that since."""
    try:
        with journal.Reader() as reader:
            reader.add_match(_SYSTEMD_UNIT=unit)
            reader.add_match(STANDFAST_EVENT=Kind.STATE.value)
            reader.seek_tail()
            entry: dict[str, Any] = reader.get_previous()
            if before_this_run and entry.get("STANDFAST_TYPE") != AGENT_ENDED_UNCLEAN:
                entry = of_another_run(reader, str(entry.get("_SYSTEMD_INVOCATION_ID")))
    except OSError as error:
        log.warning("Cannot read what %s told last: %s", unit, error.strerror)
        return {}
    return entry


def event_of(entry: dict[str, Any]) -> Event | None:
    """The event of an entry; None where there is none."""
    return from_fields({name: value for name, value in entry.items() if isinstance(value, str)})


def of_another_run(reader: Any, run: str) -> dict[str, Any]:
    """The newest entry that is not of that run; an empty one where there is none near."""
    for _ in range(_STATES_LOOKED_AT):
        entry: dict[str, Any] = reader.get_previous()
        if not entry or str(entry.get("_SYSTEMD_INVOCATION_ID")) != run:
            return entry
    return {}


def unclean_ends(since: float) -> dict[str, str]:
    """The agents that ended unclean since then and did not run after it, with what systemd called that end.

    A unit that is stopped then may be unloaded: a detector that was not there finds neither it nor how it ended.
    """
    try:
        with journal.Reader() as reader:
            reader.add_match(_PID="1", MESSAGE_ID=_FAILED_WITH_RESULT)
            reader.seek_realtime(since)
            ends = {str(entry.get("UNIT", "")): entry for entry in reader}
    except OSError as error:
        log.warning("Cannot read how agents ended: %s", error.strerror)
        return {}
    return {
        name: str(end.get("UNIT_RESULT") or "failed")
        for name, end in ends.items()
        if agent_name(name) and not _has_run_since(name, end["__REALTIME_TIMESTAMP"])
    }


def _has_run_since(unit: str, end: datetime) -> bool:
    """Whether it told of a state after that end; what it held then is told after it as well."""
    entry = newest_word(unit)
    return bool(entry) and entry["__REALTIME_TIMESTAMP"] > end and entry.get("STANDFAST_TYPE") != AGENT_ENDED_UNCLEAN
