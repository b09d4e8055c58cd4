"""Says in the journal what the detector sees, a line when it changes, with the observation as a field.

These lines are the recorded history: a replay over the journal reads STANDFAST_OBSERVATION. What was
judged together has one time in it, so that a replay judges it together too. Of a unit that changes all the
time most observations are kept for one line at the next look, which holds them all.
"""

import logging
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from standfast.detector.engine import way
from standfast.detector.history import to_line
from standfast.detector.levels import HAPPENED, Assessment, Health
from standfast.detector.model import (
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
from standfast.detector.recorded import FIELD
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
# journald's readers are shown 64 KiB of a field, if they do not ask for more.
_LONGEST_FIELD: Final = 48 * 1024
# What ends a loop is said, however often the unit changed before.
_ENDS: Final = frozenset({Meaning.STOPPED, Meaning.GIVEN_UP, Meaning.UNKNOWN})
# systemd restarts it: only if it goes on is that a problem.
_CRASHES: Final = frozenset({Meaning.CRASHED, Meaning.LOOPING})
# What of an event's fields the logged line has by itself.
_OF_THE_LINE: Final = frozenset({"MESSAGE", "PRIORITY"})
# So many units are named in the line about what was kept.
_NAMED: Final = 5
# The host booted when the detector began: later ones are told since when it is up.
_JUST_BOOTED_S: Final = 60.0


class Recorder:
    """Compares what is observed with what was said last."""

    def __init__(self) -> None:
        self._units: dict[str, tuple[object, ...]] = {}
        self._meanings: dict[str, Meaning] = {}
        self._crashed: set[str] = set()
        self._others: dict[str, object] = {}
        self._figures: dict[tuple[Figure, str], FigureObservation] = {}
        self._repetition = Repetition()
        self._kept: list[str] = []

    def record(
        self, observations: Iterable[Observation], assessment: Assessment, at: float, *, scheduled: bool = False
    ) -> None:
        """Log what is new in the observations, which were judged at the time `at`, in a scheduled look or between."""
        if scheduled:
            self.tell_kept()
        for observation in observations:
            match observation:
                case UnitObservation():
                    self._unit(_judged(observation, at), assessment)
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
                self._other("run", (run_id, result), f"heard of a master restart: {result}", _heard(observation, at))
            case ReleaseObservation():
                self._say(logging.INFO, "heard of a release by a human", _heard(observation, at))
            case ClockObservation(event=event):
                is_old = event is ClockEvent.BOOT and at - observation.at > _JUST_BOOTED_S
                words = f"has been up since {iso(observation.at)}" if is_old else HAPPENED[event]
                self._say(logging.INFO, f"the host {words}", observation)

    def _unit(self, seen: UnitObservation, assessment: Assessment) -> None:
        health = assessment.health.get(seen.unit)
        if health is None:
            self._forget(seen) if seen.unit in self._units else self._needed(seen)
            return
        now = way(seen)
        before, self._units[seen.unit] = self._units.get(seen.unit), now
        if before is not None and before != now:
            self._forget_checks(seen.unit)
        meaning = health.reading.meaning
        meant, self._meanings[seen.unit] = self._meanings.get(seen.unit), meaning
        is_first = self._is_first_crash(health)
        if before == now and meant is meaning:
            return
        is_bad = meaning is not meant and (health.reading.failing or meaning is Meaning.UNKNOWN)
        level = logging.WARNING if is_bad else logging.INFO
        why = "" if health.reading.why == meaning.value else f": {health.reading.why}"
        words = f"{seen.unit} is {meaning}{why} ({seen.active_state}/{seen.sub_state})"
        if is_first:
            self._say(level, words, seen, Event(Kind.STATE, words, unit=seen.unit, state=meaning.name))
        elif meaning in _ENDS:
            self._say(level, words, seen)
        else:
            self._say_of_unit(level, words, seen, meaning.value)

    def _is_first_crash(self, health: Health) -> bool:
        """Whether a unit crashed that was well: that is in the history, and the crashes that follow it are not."""
        if not (health.failures or health.reading.failing):
            self._crashed.discard(health.unit)
        if health.reading.meaning not in _CRASHES or health.unit in self._crashed:
            return False
        self._crashed.add(health.unit)
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
        found = (*way(seen), job)
        if self._others.get(seen.unit) != found:
            self._others[seen.unit] = found
            self._say_of_unit(logging.INFO, f"{seen.unit} is {seen.active_state}", seen, seen.active_state)

    def _say_of_unit(self, level: int, words: str, seen: UnitObservation, meaning: str) -> None:
        if self._repetition.is_news(seen.unit, meaning):
            self._say(level, words, seen)
            return
        line = to_line(seen)
        if sum(map(len, self._kept)) + len(self._kept) + len(line) > _LONGEST_FIELD:
            self._say_kept("units change all the time")
        self._kept.append(line)

    def tell_kept(self) -> None:
        """Say what was kept since the last look."""
        looked = self._repetition.looked()
        if self._kept:
            shown = [f"{unit} ({count} times, {self._now(unit)})" for unit, count in sorted(looked.counts.items())]
            more = f" and {len(shown) - _NAMED} more" if len(shown) > _NAMED else ""
            self._say_kept(f"went on changing: {', '.join(shown[:_NAMED])}{more}")
        for unit in looked.settled:
            log.info("%s %s changes no more, %s", Topic.HEALTH_CHECK, unit, self._now(unit))

    def _now(self, unit: str) -> str:
        meaning = self._meanings.get(unit)
        return f"now {meaning}" if meaning is not None else "needed by others"

    def _say_kept(self, words: str) -> None:
        log.info("%s %s", Topic.HEALTH_CHECK, words, extra={FIELD: "\n".join(self._kept)})
        self._kept = []

    def _forget(self, seen: UnitObservation) -> None:
        """A watched unit that is watched no more: it is gone."""
        del self._units[seen.unit], self._meanings[seen.unit]
        self._crashed.discard(seen.unit)
        self._figures = {key: told for key, told in self._figures.items() if key[1] != seen.unit}
        self._forget_checks(seen.unit)
        self._say(logging.INFO, f"{seen.unit} is gone", seen)

    def _forget_checks(self, unit: str) -> None:
        """What a check finds of another run of its unit is news, though it be the same."""
        self._others = {key: value for key, value in self._others.items() if not key.startswith(f"{unit} ")}

    def _other(self, key: str, value: object, words: str, observation: Observation) -> None:
        if key not in self._others or self._others[key] != value:
            self._others[key] = value
            self._say(logging.INFO, words, observation)

    def _say(self, level: int, words: str, observation: Observation, event: Event | None = None) -> None:
        fields = {FIELD: to_line(observation)}
        if isinstance(observation, UnitObservation):
            fields["STANDFAST_UNIT"] = observation.unit
        topic = Topic.HEALTH_CHECK
        if event is not None:
            topic = TOPICS[event.kind]
            fields |= {name: value for name, value in to_fields(event).items() if name not in _OF_THE_LINE}
        log.log(level, "%s %s", topic, words, extra=fields)


def _has_moved(told: FigureObservation, seen: FigureObservation) -> bool:
    return abs(seen.value - told.value) > NEWS_OF_LEFT * max(told.limit - told.value, 0)


def _judged(seen: UnitObservation, at: float) -> UnitObservation:
    """A unit as seen then, judged at the time `at`."""
    return seen if seen.at == at else replace(seen, at=at, since=seen.at if seen.since is None else seen.since)


def _heard(news: Observation, at: float) -> Observation:
    """News of the ledger as of the time when the detector knew; what is heard again long after keeps its own."""
    return replace(news, at=at) if at - news.at < _NEWS_TAKES_S else news


def _words(said: str, detail: str) -> str:
    return f"{said}, {detail}" if detail else said


def _word(ok: bool | None) -> str:
    return {True: "well", False: "not well", None: "unknown"}[ok]


def _measured(seen: FigureObservation) -> str:
    if seen.figure is Figure.WATCHDOG:
        return f"longest wait {rough(seen.value)} of {rough(seen.limit)}"
    return f"{size(seen.value)} used of {size(seen.limit)}"
