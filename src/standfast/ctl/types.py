"""The types of problems that are known on a host: Standfast's own, and those that were told there before."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any, Final

from systemd import journal

from standfast.ctl import names

# docs/operations.md has a heading for each.
OWN: Final = (
    *("OPENALGO_DOWN", "OPENALGO_ERROR", "OPENALGO_RATE_LIMITED", "OPENALGO_AUTH_FAILED"),
    *("OPENALGO_REFUSED", "BROKER_NOT_LOGGED_IN", "WEBSOCKET_DOWN", "WEBSOCKET_AUTH_FAILED"),
    *("FEED_STALE", "FEED_REFUSED", "DATABASE_LOCKED", "DATABASE_ERROR", "DATABASE_CORRUPT"),
    *("CONFIG_ERROR", "CREDENTIAL_MISSING", "LIVE_MODE_MISMATCH", "STRATEGY_ERROR", "STRATEGY_FAULTS"),
    *("STRATEGY_HUNG", "STRATEGY_SLOW", "CRASH_COOL_OFF", "CRASH_LOOP", "KILLED", "ORDERS_UNSETTLED"),
    *("POSITIONS_UNVERIFIED", "POSITIONS_NOT_FLAT", "POSITIONS_HELD", "POSITIONS_CLOSED_ELSEWHERE"),
    "HELD_ELSEWHERE",
    *("UNIT_FAILING", "AGENT_ENDED_UNCLEAN", "FLEET_WARNING", "FLEET_CRITICAL", "CASCADING_FAILURE"),
    *("MASTER_RESTART_STARTED", "MASTER_RESTART_COMPLETED", "MASTER_RESTART_PARTIAL"),
    *("MASTER_RESTART_FAILED", "MASTER_RESTART_HANDS_OFF", "MASTER_RESTART_ASKED"),
    *(
        "MASTER_RESTART_OBSERVED",
        "MASTER_RESTART_NOT_ASKED",
        "MASTER_RESTART_MODE",
        "MEMORY_RUNNING_OUT",
        "DISK_FILLING",
    ),
    *("WATCHDOG_MARGIN_SHRINKING", "RESTARTS_RISING", "CERTIFICATE_EXPIRING", "WATCHER_STARTED", "WATCHER_DOWN"),
    *("WATCHER_STUCK", "WATCHER_RESTARTING", "CHECK_FAILED", "CANARY_LOST", "CONFIGURATION_BAD"),
    *("DISK_SPACE_LOW", "DATABASE_DAMAGED", "CRITICAL_FILE_BAD", "DEADMAN_PING_FAILED", "JOURNAL_GAP"),
    *("NOTIFIER_DATABASE_DAMAGED", "EVENT_FLOOD", "SMS_CAP_REACHED"),
)
# The last check of a channel's other side, behind the channel's name.
REFUSED: Final = "_CREDENTIALS_REFUSED"


def known() -> Iterable[str]:
    """Standfast's own types, and those of the problems that are unresolved."""
    channels = (f"{name.upper()}{REFUSED}" for name in names.channels())
    return sorted({*OWN, *channels, *names.error_types()})


def told(open_reader: Callable[[], Any] = journal.Reader) -> Iterable[str]:
    """The types of all that the journal still tells of, by whomever; none where it cannot be read."""
    with suppress(OSError), open_reader() as reader:
        return sorted(map(str, reader.query_unique("STANDFAST_TYPE")))
    return []
