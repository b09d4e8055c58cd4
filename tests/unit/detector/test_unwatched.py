"""At its start the detector says from when to when nobody watched."""

import json

import pytest
from tests.unit.detector.make import config

from standfast.detector.announce import Told
from standfast.detector.config import Mode
from standfast.detector.mind import Mind
from standfast.detector.remembering import Remembered, to_plain
from standfast.detector.unwatched import watches_again
from standfast.events import Event, Kind
from standfast.notifier.telling import Telling, telling

# 2026-11-26 08:17:09 UTC
AT = 1795681029.0


def started(now: float, *, ended: bool, boot: str = "boot", mode: Mode = Mode.OBSERVE) -> Event:
    """What is said at a start by one that was there before, until AT."""
    kept = json.loads(json.dumps(to_plain(Mind(config()).state, Told(), "boot", AT, ended=ended)))
    return watches_again(Remembered(kept, boot, now), mode, boot, now)


def test_after_a_stop_it_is_known_when_nobody_watched() -> None:
    event = started(AT + 14, ended=True)
    assert event.message == (
        'The detector watches, in mode "observe"; '
        "nobody watched from 2026-11-26 08:17:09 UTC to 2026-11-26 08:17:23 UTC (14 s)"
    )
    assert (event.kind, event.type, event.unit) == (Kind.STATE, "WATCHER_STARTED", "standfast-detector.service")
    assert event.data["since"] == "2026-11-26T08:17:09.000+00:00"
    assert event.data["until"] == "2026-11-26T08:17:23.000+00:00"
    assert telling(event) is Telling.NOTHING


def test_after_a_kill_it_is_known_as_far_as_its_last_look() -> None:
    event = started(AT + 14, ended=False, mode=Mode.ACT)
    assert event.message == (
        'The detector watches, in mode "act"; it had not ended in order: nobody watched from soon after '
        "2026-11-26 08:17:09 UTC, its last look, to 2026-11-26 08:17:23 UTC (14 s at most)"
    )


@pytest.mark.parametrize("ended", [True, False])
def test_that_the_host_was_rebooted_meanwhile_is_said(ended: bool) -> None:
    assert started(AT + 90, ended=ended, boot="next boot").message.endswith("; the host was started anew meanwhile")


def test_a_clock_that_was_set_back_makes_no_time_of_it() -> None:
    assert started(AT - 3600, ended=True).message.endswith("is not known, as the clock was set back")


def test_nothing_is_said_of_a_time_before_the_first_start() -> None:
    event = watches_again(Remembered(None, "boot", AT), Mode.OBSERVE, "boot", AT)
    assert event.message == 'The detector watches, in mode "observe"; of an earlier run nothing is known'
    assert event.data == {"mode": "observe"}


def test_an_earlier_version_that_did_not_say_how_it_ended_is_not_said_to_have_been_killed() -> None:
    event = watches_again(Remembered({"boot_id": "boot", "at": AT}, "boot", AT + 5), Mode.OBSERVE, "boot", AT + 5)
    assert "nobody watched from 2026-11-26 08:17:09 UTC" in event.message
