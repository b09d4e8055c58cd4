"""`standfastctl release`: the detector may restart again, and systemd's own limit on the master restart is lifted."""

import argparse
import time
from datetime import datetime, timedelta
from typing import Final

from standfast.clock import utc_now
from standfast.ctl.command import Command, Exit
from standfast.ctl.ordering import OrderError, order, require_admin
from standfast.ctl.patience import Patience
from standfast.ctl.screen import Screen
from standfast.ctl.systemctl import complaint, systemctl
from standfast.overview import snapshot as shots
from standfast.overview.reading import read_snapshot
from standfast.overview.snapshot import LEVELS, Source
from standfast.overview.tones import Tone
from standfast.unit_names import MASTER_RESTART

_WHAT: Final = "release the master restart"
# The detector hears of it at once, and at the latest at its next look.
TAKEN_S: Final = 40.0
# The detector replaces its status file without a word to anybody; a look at it costs next to nothing.
_LOOK_EVERY_S: Final = 0.1
# Times in a status file are cut to milliseconds.
_ROUNDED: Final = timedelta(milliseconds=1)


def is_released(detector: Source, since: datetime) -> bool:
    """Whether the detector says that it was released since then; it may have asked for a restart again already."""
    released = shots.moment(detector.get("released_at"))
    return released is not None and released >= since - _ROUNDED


def _configure(parser: argparse.ArgumentParser) -> None:
    del parser  # there is nothing to say beside the word


def _run(arguments: argparse.Namespace, screen: Screen) -> Exit:
    require_admin(_WHAT)
    if trouble := _detector().trouble:
        raise OrderError(trouble)
    # First systemd's own limit: where the cascade lasts, the detector asks as soon as it hears of the release.
    done = systemctl("reset-failed", MASTER_RESTART)
    since = utc_now()
    order("RELEASE", "Release the master restart: a human has looked")
    _await(since)
    screen.line("Released: no earlier restart counts any more, the detector may ask for one again.", Tone.GOOD)
    if done.returncode != 0:
        raise OrderError(
            f"systemd's own limit of 3 master restarts in an hour still counts ({complaint(done)}); "
            f"let root run: systemctl reset-failed {MASTER_RESTART}"
        )
    screen.line("systemd's own limit on it is lifted too.", Tone.GOOD)
    if is_followed(_detector()):
        screen.line("The cascade lasts, so a master restart follows at once: standfastctl status", Tone.WARNING)
    return Exit.OK


def is_followed(detector: Source) -> bool:
    """Whether the detector asks for a master restart as soon as it may: not while what failed only has to stay well."""
    lasts = detector.get("failure_level") == LEVELS[-1] and detector.get("decision") is not None
    return lasts and detector.get("mode") == "act"


def _await(since: datetime) -> None:
    patience = Patience(TAKEN_S, "the detector")
    while not is_released(_detector(), since):
        wait_s = patience.next_s()
        if not wait_s:
            raise OrderError(
                f"cannot tell whether it is released: the detector did not say so within {TAKEN_S:.0f} s; "
                "see journalctl -t standfast-detector"
            )
        time.sleep(min(wait_s, _LOOK_EVERY_S))


def _detector() -> Source:
    return read_snapshot(utc_now()).detector


COMMAND = Command(
    name="release",
    summary="let the detector restart the fleet again before its hour is over",
    description=(
        "After three master restarts in an hour, or two that did not help the same units, hands are off; a human who "
        "has looked releases them: earlier restarts no longer count, for the detector and for systemd's own limit. "
        "For root and the members of standfast-admin. Exits 0 when both are lifted, 1 when not, 2 when called wrongly."
    ),
    configure=_configure,
    run=_run,
)
