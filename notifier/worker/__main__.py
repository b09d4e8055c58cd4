"""The worker's process. On stdin: the configuration as one line of JSON, then a line for every "look again".

It prints a line after every change in the outbox. The end of stdin ends it: its notifier stopped
or died. It ends by itself when nothing is to be delivered soon.
"""

import contextlib
import fcntl
import json
import logging
import os
import select
import sys
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from standfast.clock import monotonic_s
from standfast.journal import Journal, configure_logging
from standfast.notifier.channel_config import CANARY, Channels, channels_from_table
from standfast.notifier.channels import build
from standfast.notifier.channels.canary import CanaryChannel
from standfast.notifier.worker.cap import Cap
from standfast.notifier.worker.lane import Lane

IDENTIFIER = "standfast-notifier"
EXIT_CRASH = 70
# How long a delivery that is being made when the notifier stops may still take.
FINISH_S = 3.0


@contextlib.contextmanager
def only_one(database: Path) -> Iterator[None]:
    """Wait until no other worker delivers from this database; the kernel lets go of a dead one's lock."""
    with database.with_name("worker.lock").open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def main() -> int:
    """Deliver until idle or told to end."""
    configure_logging(IDENTIFIER)
    # The libraries of some channels log addresses with tokens in them.
    logging.getLogger().setLevel(logging.ERROR)
    logging.getLogger("standfast").setLevel(logging.INFO)
    order = json.loads(_read_line())
    database, idle_s = Path(order["database"]), float(order["idle_s"])
    channels = channels_from_table(order["channels"])
    threading.excepthook = _end_with_the_lane
    with only_one(database):
        lanes = [_lane(name, database, channels) for name in order["names"]]
        for lane in lanes:
            lane.start()
        _serve(lanes, idle_s)
        for lane in lanes:
            lane.stop()
        deadline_s = monotonic_s() + FINISH_S
        for lane in lanes:
            lane.join(max(0.0, deadline_s - monotonic_s()))
    return 0


def _end_with_the_lane(crash: threading.ExceptHookArgs) -> None:
    """A lane that crashed ends the whole worker, which is started anew: no channel may die unseen."""
    logging.getLogger(__name__).critical(
        "[NOTIFICATION] The worker crashed",
        exc_info=(crash.exc_type, crash.exc_value or crash.exc_type(), crash.exc_traceback),
    )
    os._exit(EXIT_CRASH)


def _lane(name: str, database: Path, channels: Channels) -> Lane:
    if name == CANARY:
        return Lane(name, database, CanaryChannel, _report)
    cap = Cap(channels.sms.daily_cap, Journal(IDENTIFIER)) if name == "sms" and channels.sms else None
    return Lane(name, database, partial(build, name, channels), _report, cap)


def _serve(lanes: list[Lane], idle_s: float) -> None:
    """Pass on every "look again" until stdin ends, or all lanes have been idle for so long."""
    while True:
        readable, _, _ = select.select([0], [], [], idle_s)
        if not readable:
            if all(lane.idle.is_set() for lane in lanes):
                return
            continue
        if not os.read(0, 4096):
            return
        for lane in lanes:
            lane.wake()


def _read_line() -> str:
    """The first line of stdin, byte by byte: what comes after it is for select."""
    line = b""
    while not line.endswith(b"\n"):
        byte = os.read(0, 1)
        if not byte:
            raise SystemExit(0)
        line += byte
    return line.decode()


def _report() -> None:
    with contextlib.suppress(OSError):
        os.write(1, b".\n")


if __name__ == "__main__":
    sys.exit(main())
