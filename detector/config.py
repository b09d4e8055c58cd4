"""What detector.toml may say; the comments in the shipped file explain each key. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Final

from standfast.config import AtLeast, Duration, Seconds, repeated
from standfast.detector.check_tables import Check, Database, SqliteCheck
from standfast.detector.prediction.settings import PredictionSettings
from standfast.unit_names import AGENTS

Count = Annotated[int, AtLeast(1)]
Interval = Annotated[float, Duration(1.0)]

# TimeoutStartSec of the master restart, less what its jobs and its report may take.
LONGEST_SETTLE_S: Final = 100.0


class Mode(StrEnum):
    """Whether a master restart is only announced or asked for."""

    OBSERVE = "observe"
    ACT = "act"


class Tier(StrEnum):
    """How much a unit weighs in the level rules."""

    CRITICAL = "critical"
    IMPORTANT = "important"


class Scope(StrEnum):
    """Which units a master restart restarts."""

    ALL = "all"
    AFFECTED = "affected"


class Cause(StrEnum):
    """What kind of cascade may ask for a master restart."""

    UNITS = "units"
    FILES = "files"


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Failures in a row, counted at looks: when a unit warns, is critical, has cascaded."""

    warning: Count = 3
    critical: Count = 5
    cascading: Count = 7

    def mistakes(self) -> Iterable[tuple[str, str, str]]:
        """A higher level needs at least as many failures."""
        if not self.warning <= self.critical <= self.cascading:
            found = f"{self.warning}, {self.critical}, {self.cascading}"
            yield "cascading", "warning <= critical <= cascading", found


@dataclass(frozen=True, slots=True)
class ThresholdOverrides:
    """The thresholds that differ for one unit."""

    warning: Annotated[int | None, AtLeast(1)] = None
    critical: Annotated[int | None, AtLeast(1)] = None
    cascading: Annotated[int | None, AtLeast(1)] = None

    def over(self, base: Thresholds) -> Thresholds:
        """The thresholds in force; one that is raised or lowered alone takes its neighbours along."""
        cascading = self.cascading or max(base.cascading, self.critical or 1, self.warning or 1)
        critical = self.critical or max(min(base.critical, cascading), self.warning or 1)
        warning = self.warning or min(base.warning, critical)
        return Thresholds(warning, critical, cascading)

    def mistakes(self) -> Iterable[tuple[str, str, str]]:
        """Those that are given must not contradict each other."""
        given = [number for number in (self.warning, self.critical, self.cascading) if number is not None]
        if given != sorted(given):
            yield "cascading", "warning <= critical <= cascading", ", ".join(map(str, given))


@dataclass(frozen=True, slots=True)
class Watch:
    """One unit, or all that a glob names, and how to look at them.

    Attributes:
        tier: None is critical, and important for a oneshot.
        restart: None is yes, and no for agents (a restart flattens positions) and oneshots.
    """

    unit: str
    tier: Tier | None = None
    grace_s: Seconds = 30.0
    restart: bool | None = None
    must_run: bool = False
    thresholds: ThresholdOverrides = field(default_factory=ThresholdOverrides)
    check: tuple[Check, ...] = ()

    def mistakes(self) -> Iterator[tuple[str, str, str]]:
        """A unit's name ends with its type, and a unit's checks have names of their own."""
        if "." not in self.unit:
            yield "unit", 'a unit name with its type, like "bot.service"', f'"{self.unit}"'
        for key, found in repeated("check", [check.label for check in self.check]):
            yield f"{key}.name", "checks that differ, or a name for each", found


@dataclass(frozen=True, slots=True)
class RestartSettings:
    """How rarely, and how, a master restart is done."""

    max_per_hour: Count = 3
    min_gap_s: Seconds = 300.0
    settle_s: Seconds = 10.0
    scope: Scope = Scope.ALL
    cooldown_s: Seconds = 3600.0
    causes: tuple[Cause, ...] = (Cause.UNITS, Cause.FILES)

    def mistakes(self) -> Iterator[tuple[str, str, str]]:
        """The oneshot has ten minutes, of which eight are for the jobs."""
        if self.settle_s > LONGEST_SETTLE_S:
            yield "settle_s", f"at most {LONGEST_SETTLE_S:g} s", f"{self.settle_s:g}"


@dataclass(frozen=True, slots=True)
class DetectorConfig:
    """The whole of detector.toml."""

    mode: Mode = Mode.OBSERVE
    check_interval_s: Interval = 30.0
    clock_grace_s: Seconds = 120.0
    thresholds: Thresholds = field(default_factory=Thresholds)
    critical_files: tuple[str, ...] = ()
    restart: RestartSettings = field(default_factory=RestartSettings)
    prediction: PredictionSettings = field(default_factory=PredictionSettings)
    watch: tuple[Watch, ...] = (Watch(AGENTS),)
    database: tuple[Database, ...] = ()

    def mistakes(self) -> Iterator[tuple[str, str, str]]:
        """Names that must be told apart, and paths that do not depend on a working directory."""
        for key, found in repeated("watch", [watch.unit for watch in self.watch]):
            yield f"{key}.unit", "each unit once", found
        for key, found in repeated("database", [database.name for database in self.database]):
            yield f"{key}.name", "each name once", found
        for number, path in enumerate(self.critical_files, 1):
            if not path.startswith("/"):
                yield f"critical_files[{number}]", "an absolute path", f'"{path}"'


def paths_in_use(config: DetectorConfig) -> tuple[str, ...]:
    """The files that the fleet cannot do without: critical ones, and databases that are files."""
    checks = (*config.database, *(check for watch in config.watch for check in watch.check))
    return (*config.critical_files, *(check.path for check in checks if isinstance(check, SqliteCheck)))
