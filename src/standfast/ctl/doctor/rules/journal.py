"""The journal keeps what it is told, over a reboot too. Pure."""

from collections.abc import Iterator
from typing import Final

from standfast.ctl.doctor.facts import Facts
from standfast.ctl.doctor.finding import Finding, note, wrong

# Events are of priority 4 (warning) and more urgent; what journald is told to leave out is lost.
LOW_LEVELS: Final = frozenset({"emerg", "alert", "crit", "err", "0", "1", "2", "3"})
_ETC: Final = "/etc/systemd/journald.conf"
_RESTART: Final = "systemctl restart systemd-journald"


def findings(facts: Facts) -> Iterator[Finding]:
    """Settings under which events get lost."""
    settings = facts.journal.settings
    storage = settings.get("Storage", "auto")
    if storage == "none":
        yield wrong(
            "journald stores nothing: no event reaches the notifier", f"set Storage=persistent in {_ETC}; {_RESTART}"
        )
    elif not facts.journal.is_persistent:
        step = "mkdir -p /var/log/journal && systemd-tmpfiles --create --prefix /var/log/journal && journalctl --flush"
        if storage == "volatile":
            step = f"set Storage=persistent in {_ETC}; {_RESTART}"
        yield wrong("the journal is volatile: what was not told before a reboot is never told", step)
    level = settings.get("MaxLevelStore", "debug")
    if level in LOW_LEVELS:
        step = f"set MaxLevelStore=debug in {_ETC}; {_RESTART}"
        yield wrong(f"journald stores only priority {level} and more urgent: events of Standfast get lost", step)
    if "SystemMaxUse" in settings:
        yield from _small(settings["SystemMaxUse"])


def _small(written: str) -> Iterator[Finding]:
    size = bytes_of(written)
    if size is not None and size < 16 << 20:
        yield note(
            f"the journal is kept to {written}: a notifier that is away for a while misses events",
            f"raise SystemMaxUse in {_ETC}; {_RESTART}",
        )


def bytes_of(text: str) -> int | None:
    """A size as journald.conf(5) writes it, such as 64M; None for what is none."""
    number, unit = text[:-1], text[-1:].upper()
    factor = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}.get(unit)
    if factor is None:
        number, factor = text, 1
    return int(number) * factor if number.isdigit() else None
