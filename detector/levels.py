"""`assess(state, config, now)`: the failure level, with its reasons in words. Pure.

Each rule is one function that returns why it applies, or None. The rules are those that users
of the earlier detector know; "failing" is a unit at or above its critical threshold.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from standfast.detector.arrival import is_finding_out
from standfast.detector.config import DetectorConfig, Tier
from standfast.detector.counting import BRIEFLY_S, in_clock_grace, is_blind
from standfast.detector.limits import is_restarting
from standfast.detector.model import AgentObservation, ClockEvent, FileMemory, Level, Outcome, State, UnitMemory
from standfast.detector.prediction.foretold import Foretold, foretold
from standfast.detector.reading import Meaning, Reading, read
from standfast.detector.rootcause import RootCause, root_causes
from standfast.detector.times import clock_at
from standfast.detector.watched import Rules, Watching

CASCADE_UNITS: Final = 3
CRITICAL_UNITS: Final = 2
CRITICAL_IMPORTANT: Final = 3
WARNING_IMPORTANT: Final = 2
FILE_MISSING_LOOKS: Final = 3

# What a unit may be between two crashes.
BETWEEN_CRASHES: Final = frozenset({Meaning.HEALTHY, Meaning.SETTLING})

# What is not about to be well, and says nothing of how it is.
_NOT_TO_COME: Final = frozenset({Meaning.STOPPED, Meaning.FINISHED, Meaning.UNKNOWN})

# What a clock event was, after "the host".
HAPPENED: Final[Mapping[ClockEvent, str]] = {
    ClockEvent.BOOT: "booted",
    ClockEvent.RESUME: "woke up",
    ClockEvent.STEP: "had its clock set",
    ClockEvent.SHUTDOWN: "began to shut down",
}


@dataclass(frozen=True, slots=True)
class Health:
    """One watched unit: what holds for it, what it looks like, for how many looks it has failed, and since when.

    Attributes:
        up_at: when it last became active.
        failed_at: when it last came down by its own failure.
        failed_with: what systemd called that, such as "oom-kill".
        failing_as: what the last look that found it failing called that; "" where none did.
        restarted_at: when systemd last restarted it by itself.
    """

    rules: Rules
    reading: Reading
    failures: int
    failing_since: float | None = None
    up_at: float | None = None
    failed_at: float | None = None
    failed_with: str = ""
    failing_as: str = ""
    restarted_at: float | None = None

    @property
    def unit(self) -> str:
        """Its name."""
        return self.rules.unit

    @property
    def is_critical(self) -> bool:
        """Whether it has reached its critical threshold."""
        return self.failures >= self.rules.thresholds.critical

    @property
    def fails(self) -> bool:
        """Whether it fails, or has failed and is up for a moment between two crashes."""
        return self.reading.failing or (self.is_critical and self.reading.meaning in BETWEEN_CRASHES)

    def is_up_for_good(self, now: float) -> bool:
        """Whether it has been up for longer than a moment."""
        return self.reading.meaning is Meaning.HEALTHY and self.up_at is not None and now - self.up_at >= BRIEFLY_S

    @property
    def counts(self) -> bool:
        """Whether it weighs in the level: nothing is said of a unit whose state is unknown."""
        return self.reading.meaning is not Meaning.UNKNOWN

    def __str__(self) -> str:
        """With how it fails: one that crashes again and again may be up at the very look that counts it.

        How often in a row stands in the table of units: of a problem that lasts these words are told, and would be old.
        """
        how = self.reading.meaning if self.reading.failing else self.failing_as or self.reading.meaning
        is_up = self.failing_as and self.reading.meaning is Meaning.HEALTHY
        more = "; up when last seen" if is_up else ", start limit" if self.reading.refused else ""
        return f"{self.unit} ({how}{more})"


@dataclass(frozen=True, slots=True)
class Facts:
    """What the rules look at."""

    units: tuple[Health, ...]
    files: Mapping[str, FileMemory]
    failed_databases: Mapping[str, str]
    answers: bool
    predictions: tuple[Foretold, ...] = ()
    agents: Mapping[str, AgentObservation] = field(default_factory=dict)

    def critical(self, tier: Tier) -> list[Health]:
        """The units of a tier that have reached their critical threshold."""
        return [unit for unit in self.units if unit.counts and unit.is_critical and unit.rules.tier is tier]


@dataclass(frozen=True, slots=True)
class Assessment:
    """The level and everything that a message, the status or a decision needs beside it.

    Attributes:
        held: it is the level of before: nothing can be judged now, or what looks better has yet to show that it lasts.
        unproven: the units for which it is held: they made it, and have yet to stay well.
        proven_at: when they will have, if they do; None where one of them fails, or nothing is held for them.
    """

    level: Level
    reasons: tuple[str, ...]
    root_causes: tuple[RootCause, ...]
    facts: Facts
    held: bool = False
    unproven: tuple[str, ...] = ()
    proven_at: float | None = None

    @property
    def health(self) -> Mapping[str, Health]:
        """The watched units by name."""
        return {unit.unit: unit for unit in self.facts.units}

    @property
    def failing(self) -> tuple[Health, ...]:
        """The units that look failing now."""
        return tuple(unit for unit in self.facts.units if unit.reading.failing)


def assess(state: State, config: DetectorConfig, watching: Watching, now: float) -> Assessment:
    """The level that the state amounts to; while nothing can be judged (after a boot, in a shutdown) it stays."""
    facts = gather(state, config, watching, now)
    causes = _causes(facts, state)
    if is_blind(state, config, now) and state.answers:
        why = f"nothing is judged now: {blindness(state, config, now)}"
        return Assessment(state.level, (why,), causes, facts, held=True)
    level, reasons = weigh(facts)
    if level < state.level and is_restarting(state):
        # Units that come up are verified first: what looks well may fall again within seconds.
        return Assessment(state.level, ("a master restart is running", *reasons), causes, facts, held=True)
    if level < state.level and is_finding_out(state, config, watching, now):
        return Assessment(state.level, ("not everything has been looked at yet", *reasons), causes, facts, held=True)
    if level < state.level and (unproven := _unproven(state, config, facts, now)):
        names = tuple(unit.unit for unit in unproven)
        why, until = _yet_to_stay_well(unproven), _proven_at(unproven, config)
        return Assessment(state.level, (why, *reasons), causes, facts, held=True, unproven=names, proven_at=until)
    return Assessment(level, reasons, causes, facts)


def _causes(facts: Facts, state: State) -> tuple[RootCause, ...]:
    taken_along = {
        unit.unit: unit.reading.culprit or "" for unit in facts.units if unit.reading.meaning is Meaning.TAKEN_ALONG
    }
    found = root_causes({unit.unit for unit in facts.units if unit.fails}, taken_along, state.units)
    # What only went down with another is no cause, though that one be up again.
    return tuple(root for root in found if root.unit not in taken_along)


def _unproven(state: State, config: DetectorConfig, facts: Facts, now: float) -> tuple[Health, ...]:
    """Of the units that made the level those that are started, by whom ever, and may fall again within a moment."""
    units = (unit for unit in facts.units if unit.unit in state.made_by)
    return tuple(unit for unit in units if _has_barely_run(unit, config.check_interval_s, now))


def _yet_to_stay_well(unproven: tuple[Health, ...]) -> str:
    """What it is held for: one that is down at this moment is not on its way to be well."""
    down = [unit.unit for unit in unproven if unit.reading.failing]
    up = [unit.unit for unit in unproven if unit.unit not in down]
    parts = [f"what failed has yet to stay well: {', '.join(up)}"] if up else []
    parts += [f"{', '.join(down)} {'fails' if len(down) == 1 else 'fail'} again"] if down else []
    return "; ".join(parts)


def _proven_at(unproven: tuple[Health, ...], config: DetectorConfig) -> float | None:
    """When these have been well for long enough, if they stay so; None where one of them fails."""
    if any(unit.failing_since is not None or unit.up_at is None for unit in unproven if not unit.is_critical):
        return None
    return max((unit.up_at or 0.0) + _proves_itself_in_s(unit, config.check_interval_s) for unit in unproven)


def _proves_itself_in_s(unit: Health, look_s: float) -> float:
    """For how long it must be well: from look to look, and in the grace no check counts."""
    return look_s + unit.rules.grace_s if unit.rules.checks else look_s


def _has_barely_run(unit: Health, look_s: float, now: float) -> bool:
    """Whether a unit has been well for less than from look to look, or had been when it failed anew.

    One that is critical and fails weighs by itself, where it is up for a moment the next look tells; and one that is
    down on purpose is not waited for.
    """
    if unit.is_critical:
        return unit.reading.meaning is Meaning.HEALTHY
    if unit.up_at is None or unit.reading.meaning in _NOT_TO_COME:
        return False
    if unit.failing_since is None:
        return now - unit.up_at < _proves_itself_in_s(unit, look_s)
    # What fails at this moment has not been seen well for so long by a look: the next one tells what it comes to.
    is_new = now - unit.failing_since < look_s
    return is_new or unit.failing_since - unit.up_at < _proves_itself_in_s(unit, look_s)


def made_by(before: State, assessment: Assessment) -> frozenset[str]:
    """The units that have been critical since the level is CRITICAL or worse."""
    if assessment.level < Level.CRITICAL:
        return frozenset()
    return before.made_by | {unit.unit for unit in assessment.facts.units if unit.counts and unit.is_critical}


def weigh(facts: Facts) -> tuple[Level, tuple[str, ...]]:
    """The highest level of which a rule applies, with the reasons of all its rules that do."""
    for level, rules in _RULES:
        reasons = tuple(reason for rule in rules if (reason := rule(facts)) is not None)
        if reasons:
            return level, reasons
    return Level.NONE, ()


def is_all_up(facts: Facts) -> bool:
    """Whether all that made a level is up, be it that no look has found that yet."""
    down = tuple(unit for unit in facts.units if unit.reading.failing)
    return weigh(replace(facts, units=down, predictions=()))[0] is Level.NONE


def is_restless(assessment: Assessment, now: float) -> bool:
    """Whether a unit that made the level is up for a moment only: what is so now is otherwise at the next."""
    return any(
        not (unit.reading.failing or unit.is_up_for_good(now))
        for unit in assessment.facts.units
        if unit.is_critical or unit.unit in assessment.unproven
    )


def blindness(state: State, config: DetectorConfig, now: float) -> str:
    """Why nothing can be judged now, and until when; "" where it can."""
    if state.shutting_down:
        return "the host is shutting down"
    if not in_clock_grace(state, config, now) or state.clock_event is None or state.clock_event_at is None:
        return ""
    until = clock_at(state.clock_event_at + config.clock_grace_s)
    what = f"the host {HAPPENED[state.clock_event]} at {clock_at(state.clock_event_at)}"
    return f"{what}; judged again from the first look after {until} on"


def gather(state: State, config: DetectorConfig, watching: Watching, now: float) -> Facts:
    """The facts that the rules look at."""
    units = []
    for name, memory in sorted(state.units.items()):
        if watching.watches(name):
            units.append(_health(memory, watching.rules(name, memory.seen.unit_type), state, now))
    places = {database.name: database.target for database in config.database}
    failed = {
        name: f"{places[name]}: {check.detail}" if check.detail else places[name]
        for (unit, name), check in sorted(state.checks.items())
        if not unit and name in places and check.outcome is Outcome.FAIL
    }
    files = {path: state.files[path] for path in config.critical_files if path in state.files}
    predictions = foretold(state.predictions.values(), now)
    return Facts(tuple(units), files, failed, state.answers, predictions, state.agents)


def _health(memory: UnitMemory, rules: Rules, state: State, now: float) -> Health:
    return Health(
        rules,
        read(memory, rules, state, now),
        memory.failures,
        memory.failing_since,
        memory.up_at,
        memory.failed_at,
        memory.failed_with,
        memory.failing_as,
        memory.restarted_at[-1] if memory.restarted_at else None,
    )


def _cascading_manager(facts: Facts) -> str | None:
    return None if facts.answers else "systemd does not answer: this host needs a human, or a reboot"


def _cascading_units(facts: Facts) -> str | None:
    units = facts.critical(Tier.CRITICAL)
    return f"{len(units)} critical units fail: {_listed(units)}" if len(units) >= CASCADE_UNITS else None


def _cascading_file(facts: Facts) -> str | None:
    gone = [f"{path} ({file.detail})" for path, file in facts.files.items() if file.failures >= FILE_MISSING_LOOKS]
    return f"critical file: {', '.join(gone)}" if gone else None


def _critical_units(facts: Facts) -> str | None:
    units = facts.critical(Tier.CRITICAL)
    return f"{len(units)} critical units fail: {_listed(units)}" if len(units) >= CRITICAL_UNITS else None


def _critical_important(facts: Facts) -> str | None:
    units = facts.critical(Tier.IMPORTANT)
    return f"{len(units)} important units fail: {_listed(units)}" if len(units) >= CRITICAL_IMPORTANT else None


def _critical_database(facts: Facts) -> str | None:
    failed = [f"{name} ({detail})" if detail else name for name, detail in facts.failed_databases.items()]
    return f"database check fails: {', '.join(failed)}" if failed else None


def _warning_critical_unit(facts: Facts) -> str | None:
    units = facts.critical(Tier.CRITICAL)
    return f"critical unit fails: {_listed(units)}" if units else None


def _warning_important(facts: Facts) -> str | None:
    units = facts.critical(Tier.IMPORTANT)
    return f"{len(units)} important units fail: {_listed(units)}" if len(units) >= WARNING_IMPORTANT else None


def _warning_any(facts: Facts) -> str | None:
    units = [unit for unit in facts.units if unit.counts and unit.failures >= unit.rules.thresholds.warning]
    units = [unit for unit in units if not (unit.is_critical and unit.rules.tier is Tier.CRITICAL)]
    return f"fails repeatedly: {_listed(units)}" if units else None


def _warning_prediction(facts: Facts) -> str | None:
    return "; ".join(one.words for one in facts.predictions) or None


_RULES: Final[tuple[tuple[Level, tuple[Callable[[Facts], str | None], ...]], ...]] = (
    (Level.CASCADING, (_cascading_manager, _cascading_units, _cascading_file)),
    (Level.CRITICAL, (_critical_units, _critical_important, _critical_database)),
    (Level.WARNING, (_warning_critical_unit, _warning_important, _warning_any, _warning_prediction)),
)


def _listed(units: list[Health]) -> str:
    return ", ".join(map(str, units))
