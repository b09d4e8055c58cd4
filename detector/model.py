"""What the detector sees and remembers: frozen facts. Pure.

All times are seconds on one clock that no clock step moves (see `clockwork`); in a recorded
history they are whatever its `at` says.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Final

from standfast.detector.prediction.model import FigureObservation, Key, Prediction, Series
from standfast.detector.start_limit import StartLimit
from standfast.unit_names import (
    ALARM,
    CHECK,
    CHECK_TIMER,
    DETECTOR,
    MASTER_RESTART,
    NOTIFIER,
    STATUS,
    STATUS_SOCKET,
    TARGET,
)

# The state in which an agent trades, and manages what it holds.
AGENT_ACTIVE: Final = "ACTIVE"


class Level(IntEnum):
    """How badly the fleet stands."""

    NONE = 0
    WARNING = 1
    CRITICAL = 2
    CASCADING = 3


class Ending(StrEnum):
    """By whose doing a unit came down."""

    JOB = "job"
    ITSELF = "itself"
    UNKNOWN = ""


class Outcome(StrEnum):
    """What a check found; unknown causes no action."""

    OK = "ok"
    FAIL = "fail"
    UNKNOWN = "unknown"


class ClockEvent(StrEnum):
    """What happened to the host's time."""

    BOOT = "boot"
    RESUME = "resume"
    STEP = "step"
    SHUTDOWN = "shutdown"


class RunResult(StrEnum):
    """What is known of a master restart; one that systemd refused, or that found nothing to restart, was none."""

    ASKED = "asked"
    REFUSED = "refused"
    NOTHING = "nothing"
    STARTED = "started"
    SUCCESS = "success"
    PARTIAL = "partial"
    FAILURE = "failure"


@dataclass(frozen=True, slots=True)
class UnitObservation:
    """One unit as systemd described it.

    Attributes:
        job: the type of the job queued on it, "" for none.
        needs: what it Requires, Requisite, BindsTo or is PartOf.
        unit_type: of a service, such as "oneshot"; "" when it is not known.
        ended_by: by whose doing it came down, where the observer knows.
        job_result: how its last job ended; only "dependency" matters, and "failed" of the master restart.
        since: when it entered its active state, where the observer knows.
        restart_s: how long systemd waits before it restarts it, where a restart is pending and the observer asked.
        main_exit: how the main process of a unit that is down ended, where the observer asked (see `exits`).
        start_limit: the limit for which systemd refused to start it, where the observer knows that it did.
    """

    at: float
    unit: str
    load_state: str = "loaded"
    active_state: str = "active"
    sub_state: str = "running"
    result: str = "success"
    n_restarts: int = 0
    invocation_id: str = ""
    job: str = ""
    needs: tuple[str, ...] = ()
    unit_type: str = ""
    ended_by: Ending = Ending.UNKNOWN
    job_result: str = ""
    since: float | None = None
    restart_s: float | None = None
    main_exit: str = ""
    start_limit: StartLimit | None = None


@dataclass(frozen=True, slots=True)
class ManagerObservation:
    """Whether systemd answers, and its SystemState."""

    at: float
    answers: bool
    system_state: str = ""


@dataclass(frozen=True, slots=True)
class FileObservation:
    """A critical file; `ok` None: the detector may not see it."""

    at: float
    path: str
    ok: bool | None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class CheckObservation:
    """The outcome of a health check; `unit` is "" for a database of the fleet as a whole.

    Attributes:
        expires_at: when the certificate that it saw expires.
    """

    at: float
    name: str
    unit: str
    outcome: Outcome
    detail: str = ""
    expires_at: float | None = None


@dataclass(frozen=True, slots=True)
class ClockObservation:
    """The host booted, resumed, had its clock stepped, or is shutting down."""

    at: float
    event: ClockEvent


@dataclass(frozen=True, slots=True)
class RestartObservation:
    """News of a master restart, asked for by whomsoever.

    Attributes:
        run_id: systemd's id of that run, "" where unknown.
        units: what it restarts; None where that is not said.
        asked_for: the failing units for which a detector had asked for it; None where none had.
    """

    at: float
    result: RunResult
    run_id: str = ""
    units: frozenset[str] | None = None
    asked_for: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class ReleaseObservation:
    """A human lifted the hold."""

    at: float


@dataclass(frozen=True, slots=True)
class AgentObservation:
    """What an agent that was down says of itself; it is asked until it manages again what it held.

    Attributes:
        state: of its life, such as "ACTIVE"; "" where it says nothing.
        killed: whether a human has taken its trading away, and what it holds upon himself.
        flat: whether it holds nothing; None where it does not know.
    """

    at: float
    unit: str
    state: str
    killed: bool = False
    flat: bool | None = None

    @property
    def leaves_unmanaged(self) -> bool:
        """Whether it may hold what its strategy does not manage yet."""
        return self.state not in ("", AGENT_ACTIVE) and not self.killed and self.flat is not True


@dataclass(frozen=True, slots=True)
class EndObservation:
    """A recorded history ends here."""

    at: float


Observation = (
    UnitObservation
    | ManagerObservation
    | FileObservation
    | CheckObservation
    | FigureObservation
    | ClockObservation
    | RestartObservation
    | ReleaseObservation
    | AgentObservation
    | EndObservation
)


@dataclass(frozen=True, slots=True)
class UnitMemory:
    """What is remembered of a unit.

    Attributes:
        seen: the last observation.
        job_before: the job of the observation before, None when there was none.
        ended: by whose doing it is down; None while it is up or starting.
        ended_at: when it came down.
        failed_at: when it last came down by its own failure.
        failed_with: what systemd called its last end that was not in order, such as "oom-kill".
        last_end: how it last ended by itself, in words, such as "with status 1"; "" where that is not known.
        cleared_at: when its failure was cleared (reset-failed) while it was down.
        up_at: when it last became active.
        busy_since: since when it has been starting, stopping or waiting in a job.
        pending_since: since when an automatic restart of it has been pending.
        restarts_base: NRestarts at the last scheduled look.
        failures: looks in a row that found it failing.
        failing_since: when that began.
        failing_as: what the last look that found it failing called that, such as "crashed"; "" where none did.
        counted_for: the number of the last look that counted a failure.
        looped_for: the number of the last look that found it crashed and restarted by systemd; -1 for none.
        check_counted_at: when a failure was last counted for its checks alone.
        well_after: the failures that the last look that found it well had cleared, since when it had failed, and since
            when it was up then.
        taken_along_at: when it came down, of one that a look has found taken along.
        known_since: when it was first observed.
        restarted_at: when systemd restarted it by itself, the last RESTARTS_KEPT times.
    """

    seen: UnitObservation
    job_before: str | None = None
    ended: Ending | None = None
    ended_at: float = 0.0
    failed_at: float | None = None
    cleared_at: float | None = None
    up_at: float | None = None
    busy_since: float | None = None
    pending_since: float | None = None
    restarts_base: int = 0
    failures: int = 0
    counted_for: int = 0
    looped_for: int = -1
    check_counted_at: float | None = None
    known_since: float | None = None
    restarted_at: tuple[float, ...] = ()
    failing_since: float | None = None
    failed_with: str = ""
    failing_as: str = ""
    last_end: str = ""
    well_after: tuple[int, float, float] | None = None
    taken_along_at: float | None = None


@dataclass(frozen=True, slots=True)
class FileMemory:
    """What is remembered of a critical file."""

    ok: bool | None
    detail: str = ""
    failures: int = 0
    counted_for: int = 0


@dataclass(frozen=True, slots=True)
class CheckMemory:
    """The last outcome of a check, and until when the certificate holds that it saw last."""

    outcome: Outcome
    detail: str
    at: float
    expires_at: float | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """One master restart in the ledger.

    Attributes:
        units: those that it was asked for, or what a human's restarted; None where that is not known.
        run_id: systemd's id of the run (InvocationID), "" until it is heard of.
        helped: whether all was well after it, for as long as one waits before another.
        restarted: what it restarts; None where that is not known.
    """

    at: float
    result: RunResult
    automatic: bool
    units: frozenset[str] | None = None
    run_id: str = ""
    helped: bool = False
    restarted: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class State:
    """All that the decisions rest on.

    Attributes:
        checks: by (unit, name).
        look: the number of the last scheduled look.
        clock_event_at: when the host last booted, resumed or had its clock stepped.
        released_at: when a human last lifted the hold.
        level: the level of the last assessment.
        made_by: the units that have been critical since it is CRITICAL or worse.
        recalled_at: when this life began with what an earlier one left; None when it left nothing.
        series: the figures over time from which is predicted.
        sampled_at: when they were last sampled.
        predictions: what is predicted now.
        agents: what those say of themselves that were down, by their units.
    """

    units: Mapping[str, UnitMemory] = field(default_factory=dict)
    files: Mapping[str, FileMemory] = field(default_factory=dict)
    checks: Mapping[tuple[str, str], CheckMemory] = field(default_factory=dict)
    answers: bool = True
    system_state: str = ""
    look: int = 0
    clock_event: ClockEvent | None = None
    clock_event_at: float | None = None
    shutting_down: bool = False
    runs: tuple[Run, ...] = ()
    released_at: float | None = None
    level: Level = Level.NONE
    made_by: frozenset[str] = frozenset()
    recalled_at: float | None = None
    series: Mapping[Key, Series] = field(default_factory=dict)
    sampled_at: float = float("-inf")
    predictions: Mapping[Key, Prediction] = field(default_factory=dict)
    agents: Mapping[str, AgentObservation] = field(default_factory=dict)


def is_gone(seen: UnitObservation) -> bool:
    """Whether systemd knows no such unit, as after the end of a transient one."""
    return seen.load_state == "not-found" and seen.active_state == "inactive" and not seen.job


UP: Final = frozenset({"active", "reloading", "refreshing", "maintenance"})
DOWN: Final = frozenset({"inactive", "failed"})
MOVING: Final = frozenset({"activating", "deactivating"})

# Sub-states in which systemd is going to start the unit again by itself (systemd 252 to 257).
RESTART_PENDING: Final = frozenset(
    {"auto-restart", "auto-restart-queued", "failed-before-auto-restart", "dead-before-auto-restart"}
)

# Jobs that take a running unit down.
STOPPING_JOBS: Final = frozenset({"stop", "restart", "try-restart", "reload-or-start"})

# More automatic restarts of a unit are not remembered.
RESTARTS_KEPT: Final = 64

# Never in the set of a master restart: the watchers, the messenger, and what restarts.
OWN_UNITS: Final = frozenset(
    {
        DETECTOR,
        MASTER_RESTART,
        NOTIFIER,
        CHECK,
        CHECK_TIMER,
        ALARM,
        STATUS,
        STATUS_SOCKET,
        TARGET,
    }
)
