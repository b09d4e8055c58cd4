"""What an operator does next about units that fail, each step with its command ready to be copied. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from shlex import join
from typing import Any, Final

from standfast.overview import snapshot as shots
from standfast.overview.snapshot import LEVELS, Snapshot
from standfast.overview.tones import is_failing
from standfast.unit_names import MASTER_RESTART, short

# Of so many units a step names each; the fleet is restarted as a whole rather than more by hand.
CAUSES_NAMED: Final = 3
UNITS_NAMED: Final = 6
LINES: Final = 50
_RUNS_BADLY: Final = ("check failed", "overdue")
_TAKEN_ALONG: Final = "taken along"
_MASTER_RESTART: Final = short(MASTER_RESTART)


@dataclass(frozen=True, slots=True)
class Step:
    """What to do, and by what command; "" where there is none."""

    words: str
    command: str = ""


def steps(snapshot: Snapshot) -> list[Step]:
    """In the order in which they are done; none while no unit fails for long enough to be a worry."""
    detector = snapshot.detector
    if shots.table(detector.get("supervisor_status")).get("status") == "no answer":
        return [Step("systemd does not answer, so nothing can be restarted: log in, or reboot the host")]
    failing = {name: row for name, row in shots.watched(snapshot).items() if is_failing(row)}
    if not failing or shots.level(snapshot) not in LEVELS[1:]:
        return []
    reason = shots.table(detector.get("decision")).get("reason")
    if all(row.get("status") == _TAKEN_ALONG for row in failing.values()):
        return [_start_left(failing), *_afterwards(snapshot, reason)]
    causes = [name for name in shots.root_causes(snapshot) if name in failing] or list(failing)
    return [*_look(causes), *_mend(causes, failing, reason), *_afterwards(snapshot, reason)]


def _start_left(failing: Mapping[str, Mapping[str, Any]]) -> Step:
    """What went down with another that is up again: there is nothing to mend in it, and nothing starts it."""
    return Step("Start what went down with another unit", f"systemctl start {_names(list(failing))}")


def _look(causes: Sequence[str]) -> list[Step]:
    return [
        Step(f"See why {name} fails", f"journalctl -n {LINES} -u {_names([name])}") for name in causes[:CAUSES_NAMED]
    ]


def _mend(causes: Sequence[str], failing: Mapping[str, Mapping[str, Any]], reason: Any) -> list[Step]:
    if reason == "running":
        return [Step("A master restart is running; wait for its report", f"journalctl -f -u {_MASTER_RESTART}")]
    units = list(dict.fromkeys([*causes, *failing]))
    if len(units) > UNITS_NAMED:
        return [Step("When that is mended, restart the fleet in its order", f"systemctl start {_MASTER_RESTART}")]
    return [Step(_down(failing), again(units, failing))]


def _down(failing: Mapping[str, Mapping[str, Any]]) -> str:
    """What is done about units that are down; of those that were merely started too often nothing need be mended."""
    if all(row.get("start_refused") for row in failing.values()):
        return "Restart what systemd refused to start again; first mend what ended it, if anything did"
    return "When that is mended, restart what is down"


def again(units: Sequence[str], rows: Mapping[str, Mapping[str, Any]]) -> str:
    """The command that starts these anew; one that systemd has given up is freed of its start limit first."""
    hanging = [unit for unit in units if rows[unit].get("status") in _RUNS_BADLY]
    loaded = [unit for unit in units if rows[unit].get("active_state") not in (None, "", "inactive")]
    freed = [unit for unit in loaded if unit not in hanging]
    start = f"systemctl {'restart' if hanging else 'start'} {_names(units)}"
    return f"systemctl reset-failed {_names(freed)} && {start}" if freed else start


def _afterwards(snapshot: Snapshot, reason: Any) -> list[Step]:
    if shots.waits_for_release(snapshot.detector):
        return [Step("Then let master restarts be asked for again", "standfastctl release")]
    if reason == "observe":
        return [Step("See what a master restart would do", "standfastctl plan")]
    return []


def _names(units: Sequence[str]) -> str:
    """Quoted, for what stands for a dash in the name of an instance is something else to a shell."""
    return join(map(short, units))
