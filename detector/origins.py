"""By whose doing a unit is down that was down before anybody looked: systemd's own journal entries know."""

import logging
from typing import Final

from systemd import journal

from standfast.detector.model import Ending

log = logging.getLogger(__name__)

# From systemd's catalog: a unit is stopping, has stopped; is starting, has started, failed to start.
_STOP_IDS: Final = ("de5b426a63be47a7b6ac3eaac82e2f6f", "9d1aaa27d60140bd96365438aad20286")
_START_IDS: Final = (
    "7d4958e842da4a758f6c1cdc7b36dcc5",
    "39f53479d3a045ac8e11786248231fbf",
    "be02cf6855d2428ba40df7e9d022f03d",
)


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
