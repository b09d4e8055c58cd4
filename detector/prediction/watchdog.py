"""A unit's heartbeats towards its WatchdogSec, at which systemd kills it. Pure.

What can be known is only how old the last heartbeat was at a look: the wait for one is at least that
long. A daemon is to send one in each half of its time (sd_watchdog_enabled(3)); waits below that say nothing.
"""

from standfast.detector.prediction.kind import Kind, its_unit
from standfast.detector.prediction.model import Figure, Prediction
from standfast.detector.times import about
from standfast.time_words import rough


def _what(prediction: Prediction) -> str:
    return f"the wait for heartbeats of {prediction.of}"


def _words(prediction: Prediction, now: float) -> str:
    return (
        f"{_what(prediction)} grows {rough(prediction.per_s * 3600)} in an hour over the last "
        f"{rough(prediction.over_s)}; reaches WatchdogSec {rough(prediction.limit)} at about "
        f"{about(prediction.ends_at or now, now)}"
    )


def _action(prediction: Prediction) -> str:
    return f"journalctl -u {prediction.of}; its loop slows down, and systemd kills it at WatchdogSec"


WATCHDOG = Kind(Figure.WATCHDOG, "WATCHDOG_MARGIN_SHRINKING", its_unit, _words, _action)
