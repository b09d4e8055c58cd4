"""What a daemon tells systemd: READY, STATUS in words, WATCHDOG while its work turns, STOPPING."""

import os
from collections.abc import Callable

from sdnotify import SystemdNotifier

from standfast.clock import monotonic_s


class Pulse:
    """The sign of life of one piece of work; it is fresh for `max_age_s` seconds after each beat."""

    def __init__(self, name: str, max_age_s: float, now_s: Callable[[], float]) -> None:
        self.name = name
        self._max_age_s = max_age_s
        self._now_s = now_s
        self._beaten_at_s = now_s()

    def beat(self) -> None:
        """The work turned once more."""
        self._beaten_at_s = self._now_s()

    @property
    def fresh(self) -> bool:
        """Whether the work turned within its time."""
        return self._now_s() - self._beaten_at_s <= self._max_age_s


class Heartbeat:
    """Speaks sd_notify(3) for a daemon; outside systemd every message goes nowhere.

    The watchdog is tied to the work: `feed` sends WATCHDOG=1 only while every registered
    pulse is fresh, so a loop that turns around a hung piece of work is killed all the same.
    """

    def __init__(self, now_s: Callable[[], float] = monotonic_s) -> None:
        self._notifier = SystemdNotifier() if os.environ.get("NOTIFY_SOCKET") else None
        self._now_s = now_s
        self._pulses: list[Pulse] = []
        self._words = self._note = self._status = ""

    @property
    def watchdog_interval_s(self) -> float | None:
        """How often to call `feed`: a third of the unit's WatchdogSec=, None when it has none."""
        period_us = os.environ.get("WATCHDOG_USEC", "")
        return int(period_us) / 3e6 if period_us.isdigit() and int(period_us) > 0 else None

    def pulse(self, name: str, max_age_s: float) -> Pulse:
        """Register a piece of work without whose beats the watchdog is not fed."""
        pulse = Pulse(name, max_age_s, self._now_s)
        self._pulses.append(pulse)
        return pulse

    def stale(self) -> list[str]:
        """The names of the work that stopped turning."""
        return [pulse.name for pulse in self._pulses if not pulse.fresh]

    def ready(self) -> None:
        """Started (or done with a reload)."""
        self._notify("READY=1")

    def reloading(self) -> None:
        """SIGHUP is being acted on; `ready` ends it."""
        self._notify("RELOADING=1")

    def status(self, words: str) -> None:
        """The line that `systemctl status` shows; a repetition is not sent again."""
        self._words = words
        self._send_status()

    def note(self, words: str) -> None:
        """What every status says at its end from now on, such as that an old configuration is in force; "" ends it."""
        self._note = words
        self._send_status()

    @property
    def noted(self) -> str:
        """What every status says at its end now; the status files say it too."""
        return self._note

    def _send_status(self) -> None:
        status = " ".join("; ".join(filter(None, (self._words, self._note))).split())
        if status != self._status:
            self._status = status
            self._notify(f"STATUS={status}")

    def feed(self) -> bool:
        """Send WATCHDOG=1 if all work is fresh; tells whether it did."""
        if self.stale():
            return False
        self._notify("WATCHDOG=1")
        return True

    def stopping(self) -> None:
        """The orderly end has begun."""
        self._notify("STOPPING=1")

    def close(self) -> None:
        """Give the socket back."""
        if self._notifier and self._notifier.socket:
            self._notifier.socket.close()
        self._notifier = None

    def _notify(self, message: str) -> None:
        # The library writes Latin-1 and systemd reads UTF-8: handed over like this, the bytes are UTF-8. A text from
        # anywhere, such as a strategy's exception, may hold half a surrogate pair, which has none.
        if self._notifier:
            self._notifier.notify(message.encode(errors="replace").decode("latin-1"))
