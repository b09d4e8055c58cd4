"""Who brought a unit down, and how: told from the signals, for a look may come too late to see it. Pure.

systemd's job signals carry no type, but a job that was on a running unit when it began to go
down is a stop, and so is one that comes while it goes down; the job of a start is there before the
unit starts. A unit that is not loaded any more has forgotten its result.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from standfast.detector.exits import exit_words
from standfast.detector.model import RESTART_PENDING, UP, Ending

_JOBS_THAT_LEAVE_IT_UP = frozenset({"reload", "start", "verify-active"})


@dataclass(slots=True)
class _Track:
    is_up: bool = False
    is_starting: bool = False
    jobs: set[int] = field(default_factory=set)
    start_jobs: set[int] = field(default_factory=set)
    harmless: set[int] = field(default_factory=set)
    ended_by: Ending = Ending.UNKNOWN
    job_result: str = ""
    result: str = ""
    main_exit: str = ""
    run: str = ""
    run_before: str = ""
    is_refused: bool = False


class Endings:
    """Follows the signals of the watched units."""

    def __init__(self) -> None:
        self._tracks: dict[str, _Track] = {}

    def job_new(self, unit: str, job: int) -> None:
        """JobNew came."""
        self._job_began(self._track(unit), job)

    def job_removed(self, unit: str, job: int, result: str) -> None:
        """JobRemoved came."""
        track = self._track(unit)
        for jobs in (track.jobs, track.start_jobs, track.harmless):
            jobs.discard(job)
        track.job_result = result
        is_down = not (track.is_up or track.is_starting)
        # A start that was let through has made another run of the unit, however quickly that failed.
        is_refused = is_down and result == "failed" and track.run == track.run_before != ""
        # A stop of what is down already changes nothing of why it is.
        track.is_refused = is_refused or (track.is_refused and result == "done")
        if is_refused:
            track.ended_by = Ending.ITSELF  # whoever stopped it for that start wanted it up

    def job_type(self, unit: str, job_type: str) -> None:
        """A look found this type of job on the unit."""
        track = self._track(unit)
        if job_type in _JOBS_THAT_LEAVE_IT_UP:
            track.harmless |= track.jobs

    def unit_changed(self, unit: str, changed: Mapping[str, Any]) -> None:
        """PropertiesChanged of the interface Unit came."""
        state = changed.get("ActiveState")
        if not isinstance(state, str):
            return
        track = self._track(unit)
        job = changed.get("Job")
        if isinstance(job, list | tuple) and job and job[0]:
            self._job_began(track, int(job[0]))
        track.run = bytes(changed.get("InvocationID", b"")).hex() or track.run
        self._moved(track, state, str(changed.get("SubState", "")))

    def service_changed(self, unit: str, changed: Mapping[str, Any]) -> None:
        """PropertiesChanged of the interface Service came."""
        result, code, status = changed.get("Result"), changed.get("ExecMainCode"), changed.get("ExecMainStatus")
        if isinstance(result, str):
            self._track(unit).result = result
        if isinstance(code, int) and isinstance(status, int):
            self._track(unit).main_exit = exit_words(code, status)

    def seen(self, unit: str, active_state: str, sub_state: str) -> None:
        """A look found the unit like this; what was told of an earlier end no longer holds once it runs."""
        track = self._track(unit)
        if active_state in UP or (active_state == "activating" and sub_state not in RESTART_PENDING):
            self._moved(track, active_state, sub_state)

    def found(self, unit: str, run: str, *, is_refused: bool = False) -> None:
        """The first look found it after this run, and perhaps refused another start since: no signal told of these."""
        track = self._track(unit)
        track.run = track.run or run
        track.is_refused = track.is_refused or is_refused

    def _job_began(self, track: _Track, job: int) -> None:
        if job not in track.jobs:
            track.jobs.add(job)
            track.run_before = track.run

    def _moved(self, track: _Track, state: str, sub_state: str) -> None:
        if state in UP:
            track.is_up, track.is_starting, track.ended_by, track.is_refused = True, False, Ending.UNKNOWN, False
        elif state == "activating" and sub_state not in RESTART_PENDING:
            if not track.is_starting:
                track.start_jobs = set(track.jobs)
            track.is_up, track.is_starting, track.ended_by, track.is_refused = False, True, Ending.UNKNOWN, False
        elif track.is_up or track.is_starting:
            stopping = track.jobs - track.harmless - (track.start_jobs if track.is_starting else set())
            track.ended_by = Ending.JOB if stopping else Ending.ITSELF
            track.is_up = track.is_starting = track.is_refused = False
        elif state == "deactivating" and track.jobs - track.harmless - track.start_jobs:
            track.ended_by = Ending.JOB

    def forget(self, unit: str) -> None:
        """It is gone."""
        self._tracks.pop(unit, None)

    def ended_by(self, unit: str) -> Ending:
        """By whose doing it is down, as far as signals told."""
        track = self._tracks.get(unit)
        return track.ended_by if track else Ending.UNKNOWN

    def is_refused(self, unit: str) -> bool:
        """Whether the last start that was asked for was not let through, for its start limit."""
        track = self._tracks.get(unit)
        return track is not None and track.is_refused

    def job_result(self, unit: str) -> str:
        """How its last job ended."""
        track = self._tracks.get(unit)
        return track.job_result if track else ""

    def result(self, unit: str) -> str:
        """How its main process ended, as far as signals told."""
        track = self._tracks.get(unit)
        return track.result if track else ""

    def main_exit(self, unit: str) -> str:
        """In words, as far as signals told: a unit that is unloaded has forgotten it when it is asked."""
        track = self._tracks.get(unit)
        return track.main_exit if track else ""

    def _track(self, unit: str) -> _Track:
        return self._tracks.setdefault(unit, _Track())
