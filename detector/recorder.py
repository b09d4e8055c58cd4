"""Says in the journal what the detector sees, a line when that means something else, with the observation as a field.

These lines are the recorded history: a replay over the journal reads STANDFAST_OBSERVATION. What was
judged together has one time in it, so that a replay judges it together too. What means nothing new to people (a
further crash, the steps of a start) is kept for one line at the next look, which holds all of it.
"""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from standfast.detector.engine import way
from standfast.detector.history import to_line
from standfast.detector.levels import HAPPENED, Assessment, Health
from standfast.detector.model import (
    UP,
    AgentObservation,
    CheckObservation,
    ClockEvent,
    ClockObservation,
    FileObservation,
    ManagerObservation,
    Observation,
    Outcome,
    ReleaseObservation,
    RestartObservation,
    UnitObservation,
)
from standfast.detector.prediction.model import Figure, FigureObservation
from standfast.detector.prediction.wording import size
from standfast.detector.reading import Meaning
from standfast.detector.recorded import FIELD, LONGEST_READ
from standfast.detector.repetition import Repetition
from standfast.detector.times import iso
from standfast.events import TOPICS, Event, Kind, Topic, to_fields
from standfast.time_words import rough
from standfast.unit_names import MASTER_RESTART

log = logging.getLogger(__name__)

# A figure is news when it has moved by so much of what was left to its limit: the closer, the finer.
NEWS_OF_LEFT = 0.02
# journald tells of a new entry within half a second.
_NEWS_TAKES_S: Final = 20.0
# A datagram to journald takes it, and whoever reads the history asks for so much.
_LONGEST_FIELD: Final = LONGEST_READ - 4 * 1024
# systemd restarts it: only if it goes on is that a problem.
_CRASHES: Final = frozenset({Meaning.CRASHED, Meaning.LOOPING})
# Between two crashes of a loop it is well, too.
_OF_A_LOOP: Final = _CRASHES | {Meaning.HEALTHY}
# What of an event's fields the logged line has by itself.
_OF_THE_LINE: Final = frozenset({"MESSAGE", "PRIORITY"})
# What crashes after such a time has been well; a loop that is slower than that is a few lines an hour.
_WELL_AFTER_S: Final = 30.0
# What another unit's start pulls up, and falls at once, is found up now and then, and was not well.
_MOMENT_S: Final = 1.0
# So many units are named in the line about what was kept.
_NAMED: Final = 5
# The host booted when the detector began: later ones are told since when it is up.
_JUST_BOOTED_S: Final = 60.0


class Recorder:
    """Compares what is observed with what was said last."""

    def __init__(self) -> None:
        self._units: dict[str, tuple[object, ...]] = {}
        self._meanings: dict[str, Meaning] = {}
        self._said: dict[str, Meaning] = {}
        self._crashed: set[str] = set()
        self._given_up: set[str] = set()
        self._ended: dict[str, float | None] = {}
        self._well_if_it_lasts: dict[str, float | None] = {}
        self._others: dict[str, object] = {}
        self._figures: dict[tuple[Figure, str], FigureObservation] = {}
        self._repetition = Repetition()
        self._kept: list[str] = []
        self._between: dict[str, dict[Meaning, None]] = {}
        self._given_up_before: Mapping[str, str] = {}

    def recall(self, crashing: Iterable[str], given_up: Mapping[str, str]) -> None:
        """Begin where an earlier life left off: what it had in the history is there, while it goes on.

        Args:
            given_up: the units that systemd had given up, and the run after which it did.
        """
        self._crashed = {*crashing}
        self._given_up_before = given_up

    def record(
        self, observations: Iterable[Observation], assessment: Assessment, at: float, *, scheduled: bool = False
    ) -> None:
        """Log what is new in the observations, which were judged at the time `at`, in a scheduled look or between."""
        if scheduled:
            self.tell_kept()
        for observation in observations:
            match observation:
                case UnitObservation():
                    self._unit(_judged(observation, at), assessment, scheduled=scheduled)
                case FileObservation(path=path, ok=ok, detail=detail):
                    judged = replace(observation, at=at)
                    self._other(path, ok, _words(f"critical file {path}: {_word(ok)}", detail), judged)
                case CheckObservation(unit=unit, name=name, outcome=outcome, detail=detail):
                    whose = f"{unit}: check {name}" if unit else f"database {name}"
                    found = (outcome, observation.expires_at) if outcome is Outcome.OK else outcome
                    self._other(f"{unit} {name}", found, _words(f"{whose}: {outcome}", detail), observation)
                case FigureObservation():
                    self._figure(observation)
                case _:
                    self._host(observation, at)

    def _host(self, observation: Observation, at: float) -> None:
        match observation:
            case ManagerObservation(answers=answers, system_state=system_state):
                said = f"systemd is {system_state}" if answers else "systemd does not answer"
                self._other("manager", (answers, system_state), said, replace(observation, at=at))
            case RestartObservation(result=result, run_id=run_id):
                # The oneshot tells of itself.
                if self._is_other("run", (run_id, result)):
                    self._keep(MASTER_RESTART, _heard(observation, at))
            case AgentObservation(unit=unit, state=state):
                self._say(logging.INFO, _said_by(unit, state), observation)
            case ReleaseObservation():
                self._say(logging.INFO, "heard of a release by a human", _heard(observation, at))
            case ClockObservation(event=event):
                is_old = event is ClockEvent.BOOT and at - observation.at > _JUST_BOOTED_S
                words = f"has been up since {iso(observation.at)}" if is_old else HAPPENED[event]
                self._say(logging.INFO, f"the host {words}", observation)

    def _unit(self, seen: UnitObservation, assessment: Assessment, *, scheduled: bool) -> None:
        health = assessment.health.get(seen.unit)
        if health is None:
            self._forget(seen) if seen.unit in self._units else self._needed(seen)
            return
        now = _way(seen)
        before, self._units[seen.unit] = self._units.get(seen.unit), now
        if before is None and seen.invocation_id and self._given_up_before.get(seen.unit) == seen.invocation_id:
            self._crashed.add(seen.unit)
            self._given_up.add(seen.unit)
        if before is not None and before != now:
            self._forget_checks(seen.unit)
        meaning = health.reading.meaning
        meant, self._meanings[seen.unit] = self._meanings.get(seen.unit), meaning
        is_changed = before != now or meant is not meaning
        is_event = self._is_first_crash(health, assessment, seen.at) or self._is_first_given_up(health)
        is_to_show = not scheduled and _may_be_other_soon(seen, health)
        if is_event or (not is_to_show and self._is_news(seen.unit, meaning) and self._repetition.is_calm(seen.unit)):
            self._say_of_unit(seen, health, is_event=is_event)
        elif is_changed:
            self._between.setdefault(seen.unit, {})[meaning] = None
            self._keep(seen.unit, seen)

    def _say_of_unit(self, seen: UnitObservation, health: Health, *, is_event: bool) -> None:
        meaning, why = health.reading.meaning, health.reading.why
        self._said[seen.unit] = meaning
        self._repetition.said(seen.unit)
        level = logging.WARNING if health.reading.failing or meaning is Meaning.UNKNOWN else logging.INFO
        why = "" if why == meaning.value else f": {why}"
        words = f"{seen.unit} is {meaning}{why}"
        event = Event(Kind.STATE, words, unit=seen.unit, state=meaning.name) if is_event else None
        self._say(level, words, seen, event)

    def _is_news(self, unit: str, meaning: Meaning) -> bool:
        """Whether it means something else than what was said last; of a way only its end is said."""
        if meaning is Meaning.SETTLING or (unit in self._crashed and meaning in _OF_A_LOOP):
            return False
        return meaning is not self._said.get(unit)

    def _is_first_crash(self, health: Health, assessment: Assessment, at: float) -> bool:
        """Whether a unit crashed that was well: that is in the history, and the crashes that follow it are not.

        While nothing is judged, as after a boot, no look counts, and none finds it well again; nor does one that finds
        it up since a moment, unless that lasted.
        """
        meaning = health.reading.meaning
        has_run_well = _was_up_for(_WELL_AFTER_S, health) or self._has_lasted(health)
        if meaning in _CRASHES and has_run_well and self._ended.get(health.unit) != health.up_at:
            self._ended[health.unit] = health.up_at  # one crash is seen in several steps
            self._crashed.discard(health.unit)
            self._given_up.discard(health.unit)
        was_well = health.unit not in self._crashed
        if meaning in _CRASHES or meaning is Meaning.GIVEN_UP:
            self._crashed.add(health.unit)
        elif not (health.failures or health.reading.failing or assessment.held):
            self._well_if_it_lasts[health.unit] = health.up_at
            if _is_just_up(health, at):
                return False
            self._crashed.discard(health.unit)
            self._given_up.discard(health.unit)
        return was_well and meaning in _CRASHES

    def _has_lasted(self, health: Health) -> bool:
        """Whether it had been up for longer than a moment, in a run that a look had found well."""
        is_of_run = self._well_if_it_lasts.get(health.unit) == health.up_at
        return is_of_run and _was_up_for(_MOMENT_S, health)

    def _is_first_given_up(self, health: Health) -> bool:
        """Whether systemd starts it no more: the crash before it had said that it would, and no problem need follow."""
        if health.reading.meaning is not Meaning.GIVEN_UP or health.unit in self._given_up:
            return False
        self._given_up.add(health.unit)
        return True

    def _figure(self, seen: FigureObservation) -> None:
        key = (seen.figure, seen.of)
        told = self._figures.get(key)
        if told is not None and (told.run, told.limit) == (seen.run, seen.limit) and not _has_moved(told, seen):
            return
        self._figures[key] = seen
        self._say(logging.INFO, f"{seen.figure} of {seen.of}: {_measured(seen)}", seen)

    def _needed(self, seen: UnitObservation) -> None:
        """A unit that is not watched itself: others need it, or it is the master restart."""
        job = seen.job if seen.unit == MASTER_RESTART else ""
        is_first = seen.unit not in self._others
        if not self._is_other(seen.unit, (*way(seen), job)):
            return
        is_news = is_first or (seen.active_state == "failed" and seen.unit != MASTER_RESTART)
        if is_news and self._repetition.is_calm(seen.unit):
            self._repetition.said(seen.unit)
            self._say(logging.INFO, f"{seen.unit} is {seen.active_state}", seen)
        else:
            self._keep(seen.unit, seen)

    def _keep(self, unit: str, observation: Observation) -> None:
        """For the next look's line."""
        self._repetition.held(unit)
        line = to_line(observation)
        if sum(map(len, self._kept)) + len(self._kept) + len(line) > _LONGEST_FIELD:
            self._say_kept("units change all the time")
        self._kept.append(line)

    def tell_kept(self) -> None:
        """Say what was kept since the last look."""
        counts = self._repetition.looked()
        if self._kept:
            shown = [f"{unit} ({_changes(count)}{self._was(unit)})" for unit, count in sorted(counts.items())]
            more = f" and {len(shown) - _NAMED} more" if len(shown) > _NAMED else ""
            self._say_kept(f"changed since the last look: {', '.join(shown[:_NAMED])}{more}")
        self._between.clear()

    def _was(self, unit: str) -> str:
        """What it was in between, and is now; of what is not watched itself that says nothing."""
        meaning = self._meanings.get(unit)
        if meaning is None:
            return ""
        between = [was for was in self._between.get(unit, ()) if was is not meaning]
        return f": {', '.join(between) or 'another run of it'}; now {meaning}"

    def _say_kept(self, words: str) -> None:
        log.info("%s %s", Topic.HEALTH_CHECK, words, extra={FIELD: "\n".join(self._kept)})
        self._kept = []

    def _forget(self, seen: UnitObservation) -> None:
        """A watched unit that is watched no more: it is gone."""
        del self._units[seen.unit], self._meanings[seen.unit]
        self._said.pop(seen.unit, None)
        self._crashed.discard(seen.unit)
        self._given_up.discard(seen.unit)
        self._ended.pop(seen.unit, None)
        self._well_if_it_lasts.pop(seen.unit, None)
        self._figures = {key: told for key, told in self._figures.items() if key[1] != seen.unit}
        self._forget_checks(seen.unit)
        self._say(logging.INFO, f"{seen.unit} is gone", seen)

    def _forget_checks(self, unit: str) -> None:
        """What a check finds of another run of its unit is news, though it be the same."""
        self._others = {key: value for key, value in self._others.items() if not key.startswith(f"{unit} ")}

    def _other(self, key: str, value: object, words: str, observation: Observation) -> None:
        if self._is_other(key, value):
            self._say(logging.INFO, words, observation)

    def _is_other(self, key: str, value: object) -> bool:
        """Whether it is another than before; from now on it is not."""
        is_other = key not in self._others or self._others[key] != value
        self._others[key] = value
        return is_other

    def _say(self, level: int, words: str, observation: Observation, event: Event | None = None) -> None:
        fields = {FIELD: to_line(observation)}
        if isinstance(observation, UnitObservation):
            fields["STANDFAST_UNIT"] = observation.unit
        topic = Topic.HEALTH_CHECK
        if event is not None:
            topic = TOPICS[event.kind]
            fields |= {name: value for name, value in to_fields(event).items() if name not in _OF_THE_LINE}
        log.log(level, "%s %s", topic, words, extra=fields)


def _may_be_other_soon(seen: UnitObservation, health: Health) -> bool:
    """Whether the next moment may tell that nobody stopped it, but what it needs failed: that is seen after it."""
    return health.reading.meaning is Meaning.STOPPED and bool(seen.needs)


def _was_up_for(length_s: float, health: Health) -> bool:
    """Whether it ran for so long before this crash, though no look may have found it well since the last."""
    if health.failures > 1 or health.up_at is None or health.failed_at is None:
        return False
    return health.failed_at - health.up_at >= length_s


def _is_just_up(health: Health, at: float) -> bool:
    return health.reading.meaning is Meaning.HEALTHY and health.up_at is not None and at - health.up_at < _MOMENT_S


def _way(seen: UnitObservation) -> tuple[object, ...]:
    """The way of it; a unit that reloads is as well as one that does not."""
    return way(replace(seen, active_state="active")) if seen.active_state in UP else way(seen)


def _has_moved(told: FigureObservation, seen: FigureObservation) -> bool:
    return abs(seen.value - told.value) > NEWS_OF_LEFT * max(told.limit - told.value, 0)


def _judged(seen: UnitObservation, at: float) -> UnitObservation:
    """A unit as seen then, judged at the time `at`."""
    return seen if seen.at == at else replace(seen, at=at, since=seen.at if seen.since is None else seen.since)


def _heard(news: Observation, at: float) -> Observation:
    """News of the ledger as of the time when the detector knew; what is heard again long after keeps its own."""
    return replace(news, at=at) if at - news.at < _NEWS_TAKES_S else news


def _said_by(unit: str, state: str) -> str:
    return f"{unit} says that it is {state}" if state else f"{unit} says nothing of itself: it has no status file"


def _changes(count: int) -> str:
    return "1 change" if count == 1 else f"{count} changes"


def _words(said: str, detail: str) -> str:
    return f"{said}, {detail}" if detail else said


def _word(ok: bool | None) -> str:
    return {True: "well", False: "not well", None: "unknown"}[ok]


def _measured(seen: FigureObservation) -> str:
    if seen.figure is Figure.WATCHDOG and seen.value <= seen.limit / 2:  # shorter waits say nothing, and are not told
        return f"no wait beyond half of {rough(seen.limit)}"
    if seen.figure is Figure.WATCHDOG:
        return f"longest wait {rough(seen.value)} of {rough(seen.limit)}"
    return f"{size(seen.value)} used of {size(seen.limit)}"
