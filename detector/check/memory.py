"""Which problems the check has told and not ended: the journal remembers."""

import logging
import os

from systemd import journal

from standfast.detector.check.findings import Question
from standfast.events import Kind

log = logging.getLogger(__name__)


def is_open(question: Question) -> bool:
    """Whether the last thing that this user said of it is that it is a problem.

    When the journal does not remember, it counts as open: a recovery too many is ignored by
    everybody, one too few leaves a problem open for ever.
    """
    try:
        with journal.Reader() as reader:
            reader.add_match(_UID=str(os.getuid()), STANDFAST_TYPE=question.type, STANDFAST_UNIT=question.unit)
            reader.add_match(STANDFAST_EVENT=Kind.PROBLEM.value)
            reader.add_match(STANDFAST_EVENT=Kind.RESOLVED.value)
            reader.seek_tail()
            entry = reader.get_previous()
    except OSError as error:
        log.warning("Cannot read the journal: %s", error.strerror)
        return True
    return bool(entry) and entry.get("STANDFAST_EVENT") == Kind.PROBLEM.value
