"""Levels and thresholds that can never be reached. Pure."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Final

from standfast.ctl.doctor.facts import Facts, Unit
from standfast.ctl.doctor.finding import Finding, note, wrong
from standfast.detector.config import Mode, Tier, Watch
from standfast.detector.levels import CASCADE_UNITS
from standfast.unit_names import AGENTS

# So many units that start another are named.
_NAMED: Final = 3


def findings(facts: Facts) -> Iterator[Finding]:
    """A fleet too small to cascade, and numbers that contradict what systemd does with a unit."""
    if facts.detector is None:
        return
    yield from _too_small(facts)
    yield from taken_along(facts)
    for watch, _, unit in facts.watched_units():
        yield from _of_a_unit(watch, unit)


def taken_along(facts: Facts) -> Iterator[Finding]:
    """Thresholds of a watch that give another one beside them a number that stands nowhere."""
    for watch in facts.detector.watch if facts.detector else ():
        assert facts.detector is not None
        base, given = asdict(facts.detector.thresholds), asdict(watch.thresholds)
        in_force = asdict(watch.thresholds.over(facts.detector.thresholds))
        moved = [name for name, number in in_force.items() if number != base[name] and given[name] is None]
        if moved:
            said = ", ".join(f"{name} = {number}" for name, number in in_force.items())
            yield note(
                f"the thresholds of {watch.unit} take {' and '.join(moved)} along; in force are {said}",
                "name all three in its [[watch]] if that is not meant",
            )


def _too_small(facts: Facts) -> Iterator[Finding]:
    assert facts.detector is not None
    critical = [unit.name for _, rules, unit in facts.watched_units() if rules.tier is Tier.CRITICAL]
    if len(critical) >= CASCADE_UNITS or facts.detector.critical_files:
        return
    # Without a fleet of its own a host has only what is watched from the start: that is no mistake.
    only_agents = all(watch.unit == AGENTS for watch in facts.detector.watch)
    acts = facts.detector.mode is Mode.ACT
    what = (
        f"{len(critical)} critical-tier {'unit is' if len(critical) == 1 else 'units are'} watched and no critical "
        f"file: CASCADING needs {CASCADE_UNITS}, it can never be reached"
    )
    if acts:
        yield wrong(
            f'{what}, and mode = "act" will never act',
            'watch the whole fleet in detector.toml, name critical_files, or set mode = "observe"',
        )
    elif not only_agents:
        yield note(what, "watch the whole fleet in detector.toml, or name critical_files")


def _of_a_unit(watch: Watch, unit: Unit) -> Iterator[Finding]:
    own = watch.thresholds
    if unit.get("Restart") == "no" and unit.name.endswith(".service") and unit.get("Type") != "oneshot":
        if own.warning or own.critical or own.cascading:
            yield note(
                f"the thresholds of {unit.name} never count: with Restart=no systemd gives up at its first failure, "
                "which counts as all of them at once",
                f"give it Restart=on-failure (systemctl edit {unit.name}), or take its thresholds out",
            )
        return
    restart_s, interval_s = unit.seconds("RestartUSec"), unit.seconds("StartLimitIntervalUSec")
    burst = unit.get("StartLimitBurst")
    if not (unit.get("Restart") not in ("", "no") and burst.isdigit() and int(burst) and restart_s and interval_s):
        return
    if restart_s * int(burst) >= interval_s:
        yield note(
            f"systemd never gives up on {unit.name}{_unless(unit)}: {burst} starts {restart_s:g} s apart do not fit "
            f"into its StartLimitIntervalSec={interval_s:g}; it is counted one look at a time",
            f"set StartLimitIntervalSec={restart_s * (int(burst) + 1) * 2:g} (systemctl edit {unit.name})",
        )


def _unless(unit: Unit) -> str:
    """Whose starts count against its limit beside systemd's restarts: a target is started once, another unit often."""
    others = [name for key in ("RequiredBy", "WantedBy") for name in unit.get(key).split() if name.endswith(".service")]
    more = f" and {len(others) - _NAMED} more" if len(others) > _NAMED else ""
    needed = [name for key in ("Requires", "BindsTo") for name in unit.get(key).split() if name.endswith(".service")]
    parts = [f"for starts of {', '.join(others[:_NAMED])}{more}, which start it too"] if others else []
    parts += [f"where it gives up on {' or '.join(needed[:_NAMED])}, which it needs"] if needed else []
    return f" but {', or '.join(parts)}" if parts else ""
