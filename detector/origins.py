"""What systemd does not say of a unit: why it was down before anybody looked, and whether it is one of ours.

The first is known by systemd's own journal entries, the second by what is configured.
"""

import logging
from typing import Final

from systemd import journal

from standfast.detector.model import Ending
from standfast.paths import AGENTS_CONFIG, is_there
from standfast.unit_names import agent_name

log = logging.getLogger(__name__)

# From systemd's catalog: a unit is stopping, has stopped; is starting, has started, failed to start.
_STOP_IDS: Final = ("de5b426a63be47a7b6ac3eaac82e2f6f", "9d1aaa27d60140bd96365438aad20286")
_START_IDS: Final = (
    "7d4958e842da4a758f6c1cdc7b36dcc5",
    "39f53479d3a045ac8e11786248231fbf",
    "be02cf6855d2428ba40df7e9d022f03d",
)
# Of this entry there is no id (systemd 252 to 257).
_REFUSED: Final = "{}: Start request repeated too quickly."


def is_configured(unit: str) -> bool:
    """Whether there is such a unit for us: an agent whose configuration was taken away is none any more."""
    name = agent_name(unit)
    return not name or any(is_there(AGENTS_CONFIG / f"{name}{suffix}") for suffix in (".toml", ".json"))


def journal_ending(unit: str) -> Ending:
    """Who ended the unit's last run: the newest of systemd's entries about it is a stop job's, or is not.

    Without such an entry, or without the right to read them, nothing is known.
    """
    try:
        with journal.Reader() as reader:
            reader.add_match(_PID="1")
            reader.add_match(UNIT=unit)
            for message_id in (*_STOP_IDS, *_START_IDS):
                reader.add_match(MESSAGE_ID=message_id)
            reader.seek_tail()
            entry = reader.get_previous()
    except OSError as error:
        log.warning("Cannot read systemd's journal entries about %s: %s", unit, error.strerror)
        return Ending.UNKNOWN
    if not entry:
        return Ending.UNKNOWN
    return Ending.JOB if entry["MESSAGE_ID"].hex in _STOP_IDS else Ending.ITSELF


def was_refused(unit: str, run: str) -> bool:
    """Whether systemd refused to start it, for its start limit, after its run with that id.

    Without such an entry, or without the right to read them, nothing is known.
    """
    try:
        with journal.Reader() as reader:
            reader.add_match(_PID="1", UNIT=unit, INVOCATION_ID=run, MESSAGE=_REFUSED.format(unit))
            return bool(reader.get_next())
    except OSError as error:
        log.warning("Cannot read systemd's journal entries about %s: %s", unit, error.strerror)
        return False
