"""The canary: an event that goes the way of all messages, through the journal, the notifier and its worker.

It becomes no message. The worker logs its delivery like any other, and that is what is waited for here.
"""

import logging
import os
import secrets
from typing import Final

from systemd import journal

from standfast.clock import monotonic_s
from standfast.events import Event, Kind
from standfast.journal import Emitter
from standfast.unit_names import NOTIFIER

log = logging.getLogger(__name__)

_DELIVERED: Final = "delivered"


def comes_through(emitter: Emitter, within_s: float) -> bool | None:
    """Send one and wait for it; None when the journal cannot be read, which says nothing of the notifier."""
    canary_id = secrets.token_hex(16)
    try:
        with journal.Reader() as reader:
            # Anybody may log these fields; journald vouches for the user.
            reader.add_match(STANDFAST_NOTIFICATION=canary_id, STANDFAST_RESULT=_DELIVERED, _UID=str(os.getuid()))
            # Without its file descriptor a reader never learns of new entries.
            reader.fileno()
            emitter.emit(_event(canary_id))
            return _wait(reader, monotonic_s() + within_s)
    except OSError as error:
        log.warning("Cannot read the journal: %s", error.strerror)
        return None


def _event(canary_id: str) -> Event:
    words = "A canary, to see that the notifier passes messages on; nobody is told of it"
    return Event(Kind.CANARY, words, "CANARY", unit=NOTIFIER, data={"id": canary_id})


def _wait(reader: journal.Reader, deadline_s: float) -> bool:
    while not reader.get_next():
        left_s = deadline_s - monotonic_s()
        if left_s <= 0:
            return False
        reader.wait(left_s)
    return True
