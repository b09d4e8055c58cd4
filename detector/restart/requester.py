"""Who wanted the master restart that begins: what the detector did not ask for somebody started by hand."""

from collections.abc import Mapping
from typing import Any

from systemd import journal

from standfast.detector.limits import START_WITHIN_S
from standfast.events import RESTART_ASKED, Kind
from standfast.journal_files import may_read_journal
from standfast.unit_names import DETECTOR, MASTER_RESTART


def is_by_hand(now: float) -> bool:
    """Whether no request of the detector stands in the journal that this start answers; False where nobody can tell."""
    if not may_read_journal():
        return False
    try:
        with journal.Reader() as reader:
            reader.add_match(_SYSTEMD_UNIT=DETECTOR, STANDFAST_EVENT=Kind.DECISION.value, STANDFAST_TYPE=RESTART_ASKED)
            reader.add_disjunction()
            reader.add_match(_SYSTEMD_UNIT=MASTER_RESTART, STANDFAST_EVENT=Kind.RESTART.value)
            reader.seek_tail()
            return not is_request(reader.get_previous(), now)
    except OSError:
        return False


def is_request(newest: Mapping[str, Any], now: float) -> bool:
    """Whether the newest entry about master restarts is a request that waits for its start."""
    if newest.get("STANDFAST_TYPE") != RESTART_ASKED:
        return False
    return bool(now - newest["__REALTIME_TIMESTAMP"].timestamp() <= START_WITHIN_S)
