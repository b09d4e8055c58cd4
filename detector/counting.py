"""Failures in a row, counted at looks. Pure.

A scheduled look happens every `check_interval_s`. A change seen in between moves the next
scheduled look of that unit forward: a failure found then is the failure of that look, and no
number of changes makes it count twice.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from standfast.detector.config import DetectorConfig
from standfast.detector.model import FileMemory, State, UnitMemory
from standfast.detector.reading import Meaning, Reading, failed_checks, read
from standfast.detector.watched import Rules, Watching

# Who fails again after so short a time has not been well in between.
BRIEFLY_S: Final = 5.0
# Neither failing nor well: the count stays as it is.
_UNDECIDED = frozenset({Meaning.SETTLING, Meaning.UNKNOWN})
# systemd has it up again soon, which says little.
_RESTARTING = frozenset({Meaning.CRASHED, Meaning.LOOPING})


def in_clock_grace(state: State, config: DetectorConfig, now: float) -> bool:
    """Whether the host booted, resumed or had its clock stepped so recently that nothing can be judged."""
    return state.clock_event_at is not None and now - state.clock_event_at < config.clock_grace_s


def is_blind(state: State, config: DetectorConfig, now: float) -> bool:
    """Whether nothing is counted now."""
    return state.shutting_down or not state.answers or in_clock_grace(state, config, now)


def scheduled_look(state: State, config: DetectorConfig, watching: Watching, now: float) -> State:
    """The state after looking at every watched unit and critical file."""
    number = state.look + 1
    blind = is_blind(state, config, now)
    state = replace(state, units={name: _seen_again(memory, now) for name, memory in state.units.items()})
    units = {}
    for name, memory in state.units.items():
        counted = memory if blind else _counted(name, memory, state, watching, now, number)
        is_new = counted.restarts_base != memory.seen.n_restarts
        units[name] = replace(counted, restarts_base=memory.seen.n_restarts) if is_new else counted
    files = state.files if blind else {path: count_file(file, number) for path, file in state.files.items()}
    return replace(state, units=units, files=files, look=number)


def _seen_again(memory: UnitMemory, now: float) -> UnitMemory:
    """A look that finds a unit as it was is one more observation of it: the job before is that of the last."""
    if memory.seen.at >= now or memory.job_before == memory.seen.job:
        return memory
    return replace(memory, job_before=memory.seen.job)


def early_look(
    state: State, config: DetectorConfig, watching: Watching, now: float, names: Iterable[str], paths: Iterable[str]
) -> State:
    """The state after looking at what changed, ahead of the next scheduled look."""
    if is_blind(state, config, now):
        return state
    number = state.look + 1
    units = dict(state.units)
    for name in names:
        if name in units:
            units[name] = _counted(name, units[name], state, watching, now, number, early=True)
    for name in _lost_with(names, state, watching, now):
        units[name] = _counted(name, units[name], state, watching, now, number, early=True)
    files = dict(state.files)
    for path in paths:
        if path in files:
            files[path] = count_file(files[path], number)
    return replace(state, units=units, files=files)


def _lost_with(names: Iterable[str], state: State, watching: Watching, now: float) -> Iterator[str]:
    """The units that nothing brings up any more, since one of these is lost that they need, at whatever remove."""
    found = set(names)
    while more := {name for name, memory in state.units.items() if name not in found and found & {*memory.seen.needs}}:
        for name in sorted(filter(watching.watches, more)):
            memory = state.units[name]
            if read(memory, watching.rules(name, memory.seen.unit_type), state, now).final:
                yield name
        found |= more


def _counted(
    name: str, memory: UnitMemory, state: State, watching: Watching, now: float, number: int, *, early: bool = False
) -> UnitMemory:
    if not watching.watches(name):
        return memory
    rules = watching.rules(name, memory.seen.unit_type)
    reading = read(memory, rules, state, now)
    if early and reading.meaning is Meaning.HEALTHY and memory.looped_for >= number - 1:
        return memory  # between two crashes it is active too: only a whole interval without one clears it
    counted = count_unit(memory, reading, rules, now, number, _news_every_s(rules, state))
    if reading.meaning is Meaning.HEALTHY and memory.up_at is not None:
        counted = _found_well(counted, memory, memory.up_at)
    return _as_if_never_well(_with_beginning(counted, reading.meaning, now))


def _found_well(counted: UnitMemory, before: UnitMemory, up_at: float) -> UnitMemory:
    """The memory of a unit that a look has found well, with what that cleared, if it did."""
    if before.failing_since is None or counted.failures:
        return counted
    return replace(counted, well_after=(before.failures, before.failing_since, up_at))


def _as_if_never_well(memory: UnitMemory) -> UnitMemory:
    """The memory of a unit that fails again after it was up for a moment only: that moment ended nothing.

    Such as when the restart of another unit pulls up one that systemd had given up, and that fails at once.
    """
    if memory.well_after is None or memory.failing_since is None:
        return memory
    failures, since, up_at = memory.well_after
    is_never_well = memory.up_at == up_at and memory.failing_since - up_at < BRIEFLY_S
    cleared = replace(memory, well_after=None)
    return replace(cleared, failures=max(failures, memory.failures), failing_since=since) if is_never_well else cleared


def _with_beginning(memory: UnitMemory, meaning: Meaning, now: float) -> UnitMemory:
    """The memory with when its failing began; a unit that crashes again and again began with the first crash."""
    if bool(memory.failures) is (memory.failing_since is not None):
        return memory
    return replace(memory, failing_since=_down_at(memory, meaning, now) if memory.failures else None)


def _down_at(memory: UnitMemory, meaning: Meaning, now: float) -> float:
    """When it came down; one that is up, and fails all the same, has nothing to do with its crash of long ago."""
    if memory.ended is not None:
        return memory.ended_at
    return memory.failed_at if meaning in _RESTARTING and memory.failed_at is not None else now


def count_unit(
    memory: UnitMemory, reading: Reading, rules: Rules, now: float, number: int, every_s: float = 0.0
) -> UnitMemory:
    """A unit's memory after look `number` read this of it; failing checks say something new each `every_s`."""
    if reading.meaning in _UNDECIDED:
        return memory
    if not reading.failing:
        return replace(memory, failures=0, failing_as="") if memory.failures else memory
    memory = replace(memory, failing_as=reading.meaning.value)
    if reading.meaning in _RESTARTING:
        memory = replace(memory, looped_for=number)
    if reading.culprit is not None:
        memory = replace(memory, taken_along_at=memory.ended_at)
    if reading.final:
        # Nothing is gained by looking more often: it will not come up by itself.
        failures = max(memory.failures, rules.thresholds.cascading)
        return replace(memory, failures=failures, counted_for=number, looped_for=-1)
    if memory.counted_for >= number:
        return replace(memory, failures=max(memory.failures, 1))
    if reading.meaning is Meaning.CHECK_FAILED and not _check_is_due(memory, every_s, now):
        return memory
    checked_at = now if reading.meaning is Meaning.CHECK_FAILED else memory.check_counted_at
    return replace(memory, failures=memory.failures + 1, counted_for=number, check_counted_at=checked_at)


def _news_every_s(rules: Rules, state: State) -> float:
    """How often the failing checks of a unit have something new to say."""
    return min((max(check.interval_s, check.timeout_s) for check, _ in failed_checks(rules, state)), default=0.0)


def _check_is_due(memory: UnitMemory, every_s: float, now: float) -> bool:
    """A check that runs seldom does not fail once more at every look in between."""
    return memory.failures == 0 or memory.check_counted_at is None or now - memory.check_counted_at >= every_s * 0.9


def count_file(file: FileMemory, number: int) -> FileMemory:
    """A critical file's memory after a look; what may not be seen is unknown, and counts neither way."""
    if file.ok is None or (not file.ok and file.counted_for >= number):
        return file
    return replace(file, failures=0) if file.ok else replace(file, failures=file.failures + 1, counted_for=number)
