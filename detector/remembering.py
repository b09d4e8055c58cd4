"""What the detector had counted, as plain values and back: its own restart must not make it forget. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, astuple, fields, replace
from typing import Any, Final

from standfast.detector.announce import Told
from standfast.detector.config import DetectorConfig
from standfast.detector.model import RESTARTS_KEPT, CheckMemory, Ending, FileMemory, Level, Outcome, State, UnitMemory
from standfast.detector.prediction.model import Figure, Key, Prediction
from standfast.detector.problem import FLEET, Problem
from standfast.detector.reading import Meaning
from standfast.detector.watched import Watching

# Counts older than this say nothing of now.
FORGOTTEN_AFTER_S: Final = 600.0
# A unit that a glob names, and that has been stopped for longer than this, is not missed any more.
MISSED_FOR_S: Final = 30 * 24 * 3600.0
# A later version may have kept more of each.
_KNOWN_OF_A_PROBLEM: Final = len(fields(Problem))


def to_plain(state: State, told: Told, boot_id: str, now: float, *, ended: bool = False) -> dict[str, Any]:
    """What is worth remembering, of a detector that `ended` in order or goes on; units that are up and well are not."""
    return {
        "boot_id": boot_id,
        "at": now,
        "ended": ended,
        "level": state.level.name,
        "made_by": sorted(state.made_by),
        "told": {
            "problems": [list(astuple(one)) for one in told.problems],
            "hands_off": told.hands_off,
            "hands_off_until": told.hands_off_until,
            "is_idle": told.is_idle,
            "refused": told.refused,
        },
        "units": {name: _unit(memory, state.look) for name, memory in state.units.items() if is_notable(memory)},
        "files": {path: file.failures for path, file in state.files.items() if file.failures},
        "failed_checks": [
            [unit, name, check.detail, check.at, check.expires_at]
            for (unit, name), check in state.checks.items()
            if check.outcome is Outcome.FAIL
        ],
        "predictions": [asdict(one) for one in state.predictions.values()],
    }


def is_notable(memory: UnitMemory) -> bool:
    """Whether something of it is worth keeping over a restart of the detector."""
    has_failed = memory.failed_at is not None or bool(memory.restarted_at)
    return memory.failures > 0 or memory.ended is not None or has_failed


def _unit(memory: UnitMemory, look: int) -> dict[str, Any]:
    return {
        "invocation_id": memory.seen.invocation_id,
        "failures": memory.failures,
        "failing_since": memory.failing_since,
        "failing_as": memory.failing_as,
        "ended": memory.ended.value if memory.ended is not None else None,
        "ended_at": memory.ended_at,
        "taken_along_at": memory.taken_along_at,
        "job_result": memory.seen.job_result,
        "needs": list(memory.seen.needs),
        "failed_at": memory.failed_at,
        "failed_with": memory.failed_with,
        "up_at": memory.up_at,
        "seen_restarts": memory.seen.n_restarts,
        "restarted_at": list(memory.restarted_at),
        "known_since": memory.known_since,
        "n_restarts": memory.restarts_base,
        "check_counted_at": memory.check_counted_at,
        "is_counted": memory.counted_for > look,  # for the look that comes next
    }


def configured(state: State, watching: Watching, config: DetectorConfig) -> State:
    """The state without what was found of checks, databases and files that the configuration names no more."""
    databases = {database.name for database in config.database}

    def is_wanted(unit: str, name: str) -> bool:
        if not unit:
            return name in databases
        return watching.watches(unit) and any(check.label == name for check in watching.rules(unit).checks)

    checks = {key: found for key, found in state.checks.items() if is_wanted(*key)}
    files = {path: found for path, found in state.files.items() if path in config.critical_files}
    figures = {key: one for key, one in state.series.items() if _is_wanted(key, watching, config)}
    predictions = {key: one for key, one in state.predictions.items() if _is_wanted(key, watching, config)}
    return replace(state, checks=checks, files=files, series=figures, predictions=predictions)


def _is_wanted(key: Key, watching: Watching, config: DetectorConfig) -> bool:
    figure, of = key
    return config.prediction.wants(figure) and (figure is Figure.DISK or watching.watches(of))


class Remembered:
    """What an earlier life had counted, for a detector that starts again."""

    def __init__(self, plain: Mapping[str, Any] | None, boot_id: str, now: float) -> None:
        fresh = isinstance(plain, Mapping) and plain.get("boot_id") == boot_id
        self._plain: Mapping[str, Any] = plain if fresh and plain is not None else {}
        self._now = now
        self._is_recent = 0 <= now - float(self._plain.get("at", 0)) <= FORGOTTEN_AFTER_S
        self._always: Mapping[str, Any] = plain if isinstance(plain, Mapping) else {}

    @property
    def at(self) -> float | None:
        """Until when somebody watched; None where nothing is known of an earlier life."""
        at = self._always.get("at")
        return float(at) if isinstance(at, int | float) else None

    @property
    def has_ended(self) -> bool:
        """Whether it ended in order at that time; an earlier version did not say when it had not."""
        return self._always.get("ended", True) is True

    @property
    def boot_id(self) -> str:
        """In which boot of the host that was."""
        return str(self._always.get("boot_id", ""))

    @property
    def told(self) -> Told:
        """What people were told and not yet that it is over: that outlives a reboot too."""
        told = self._always.get("told") or {}
        return Told(
            problems=tuple(map(_problem, told.get("problems") or ())),
            hands_off=bool(told.get("hands_off")),
            refused=str(told.get("refused") or ""),
            hands_off_until=float(told.get("hands_off_until") or 0.0),
            is_idle=bool(told.get("is_idle")),
        )

    @property
    def names(self) -> frozenset[str]:
        """The units that were down, and those with an open problem: where they are unloaded, no glob finds them.

        That outlives a reboot too: what an agent left open is not over because the host was started anew.
        """
        down = {name for name, kept in self._always.get("units", {}).items() if self._is_missed(kept)}
        return frozenset(down | {problem.unit for problem in self.told.problems if problem.type not in FLEET.values()})

    def _is_missed(self, kept: Mapping[str, Any]) -> bool:
        return kept["ended"] is not None and self._now - float(kept.get("ended_at", self._now)) < MISSED_FOR_S

    @property
    def level(self) -> Level:
        """The level then."""
        name = self._always.get("level")
        return Level[name] if isinstance(name, str) and name in Level.__members__ else Level.NONE

    @property
    def made_by(self) -> frozenset[str]:
        """The units that had made it."""
        return frozenset(self._always.get("made_by") or ())

    @property
    def given_up(self) -> Mapping[str, str]:
        """The units that systemd had given up, and the run after which it did."""
        return {name: str(kept["invocation_id"]) for name, kept in self._units.items() if _was(kept, Meaning.GIVEN_UP)}

    @property
    def crashing(self) -> frozenset[str]:
        """The units that crashed, and that systemd restarted, a moment ago."""
        names = (name for name, kept in self._units.items() if _was(kept, Meaning.CRASHED, Meaning.LOOPING))
        return frozenset(names) if self._is_recent else frozenset()

    def ending(self, unit: str, invocation_id: str) -> Ending:
        """By whose doing the unit was down; it must be down from the same run still."""
        kept = self._units.get(unit)
        if kept is None or kept["ended"] is None or kept["invocation_id"] != invocation_id:
            return Ending.UNKNOWN
        return Ending(kept["ended"])

    def begun(self, state: State) -> State:
        """The state of a beginning, with the files and checks that failed: they do until they are looked at again."""
        if not self._is_recent:
            return replace(state, recalled_at=self._now)
        files = {path: FileMemory(None, "as before", int(n)) for path, n in self._plain.get("files", {}).items()}
        checks = {
            (str(unit), str(name)): CheckMemory(Outcome.FAIL, str(detail), float(at), *expires_at)
            for unit, name, detail, at, *expires_at in self._plain.get("failed_checks", ())
        }
        told = {one.key: one for one in map(_prediction, self._plain.get("predictions", ())) if one is not None}
        return replace(state, files=files, checks=checks, predictions=told, recalled_at=self._now)

    def restored(self, state: State) -> State:
        """The state with what was known of its units then; counts only where they are recent."""
        return replace(
            state, units={name: self._restored_unit(name, memory, state.look) for name, memory in state.units.items()}
        )

    def _restored_unit(self, name: str, memory: UnitMemory, look: int) -> UnitMemory:
        kept = self._units.get(name)
        if kept is None:
            return memory
        is_known = memory.failed_at is None or kept.get("seen_restarts") == memory.seen.n_restarts
        failed_at = kept["failed_at"] if is_known and kept["failed_at"] is not None else memory.failed_at
        up_at = kept.get("up_at") if memory.up_at is None else memory.up_at
        memory = _still_down(replace(memory, failed_at=failed_at, up_at=up_at), kept)
        if not self._is_recent:
            return memory
        base = min(int(kept["n_restarts"]), memory.seen.n_restarts)
        times = {"check_counted_at": kept.get("check_counted_at"), "failing_since": kept.get("failing_since")}
        memory = replace(_with_restarts(memory, kept, self._now), failing_as=str(kept.get("failing_as", "")))
        counted_for = look + bool(kept.get("is_counted"))
        return replace(memory, failures=int(kept["failures"]), restarts_base=base, counted_for=counted_for, **times)

    @property
    def _units(self) -> Mapping[str, Any]:
        units: Mapping[str, Any] = self._plain.get("units", {})
        return units


def _was(kept: Mapping[str, Any], *meanings: Meaning) -> bool:
    """Whether the last look had found it failing as one of these."""
    return kept.get("failing_as") in meanings


def _still_down(memory: UnitMemory, kept: Mapping[str, Any]) -> UnitMemory:
    """A unit that is down as it was: when that began, and with whom, systemd does not say again."""
    is_same = memory.ended is not None and kept["ended"] == memory.ended.value
    if not is_same or kept["invocation_id"] != memory.seen.invocation_id:
        return memory
    seen = replace(
        memory.seen,
        needs=memory.seen.needs or tuple(kept.get("needs", ())),
        job_result=memory.seen.job_result or str(kept.get("job_result", "")),
    )
    ended_at = float(kept.get("ended_at", memory.ended_at))
    return replace(memory, seen=seen, ended_at=ended_at, taken_along_at=kept.get("taken_along_at"))


def _with_restarts(memory: UnitMemory, kept: Mapping[str, Any], now: float) -> UnitMemory:
    """A unit with the restarts that were counted; those that nobody was there to see happened just now."""
    unseen = memory.seen.n_restarts - int(kept.get("seen_restarts", memory.seen.n_restarts))
    counted = (*map(float, kept.get("restarted_at", ())), *[now] * min(max(unseen, 0), RESTARTS_KEPT))
    known_since = kept.get("known_since", memory.known_since)
    failed_with = memory.failed_with or str(kept.get("failed_with", ""))
    return replace(memory, restarted_at=counted[-RESTARTS_KEPT:], known_since=known_since, failed_with=failed_with)


def _problem(kept: Sequence[Any]) -> Problem:
    """A kept problem; one of an earlier version has less, of a later one more."""
    problem = Problem(*kept[:_KNOWN_OF_A_PROBLEM])
    return replace(problem, others=tuple(map(str, problem.others)))


def _prediction(kept: Mapping[str, Any]) -> Prediction | None:
    """A kept prediction; None for one of another version that makes no sense."""
    known = {field.name for field in fields(Prediction)}
    try:
        return Prediction(**{**{name: kept[name] for name in known & kept.keys()}, "figure": Figure(kept["figure"])})
    except (KeyError, TypeError, ValueError):
        return None
