"""What the doctor knows of a host and of Standfast on it. Pure: gathered elsewhere, judged by the rules."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from standfast.agent.config import AgentConfig
from standfast.check.config import CheckConfig
from standfast.config import Mistake
from standfast.ctl.restarting import careful
from standfast.detector.config import DetectorConfig, Watch
from standfast.detector.watched import Rules, Watching
from standfast.notifier.config import NotifierConfig
from standfast.overview.itself import Trouble
from standfast.timespan import timespan_s
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
    agent_unit,
)

# What a daemon says in its status that did not take its configuration over, before what is wrong with that.
NOT_RELOADED: Final = "not reloaded"
# What runs, or waits to be called, all the time.
RESIDENT: Final = (NOTIFIER, DETECTOR, STATUS_SOCKET, CHECK_TIMER, TARGET)
OWN: Final = (*RESIDENT, MASTER_RESTART, CHECK, ALARM, STATUS)


@dataclass(frozen=True, slots=True)
class Setting:
    """A line of a unit file or drop-in."""

    path: str
    key: str
    value: str


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit as systemd describes it (`systemctl show`), and as its files say it."""

    name: str
    properties: Mapping[str, str] = field(default_factory=dict)
    shipped: tuple[Setting, ...] = ()
    drop_ins: tuple[Setting, ...] = ()

    def get(self, name: str) -> str:
        """A property, "" where systemd has none of that name."""
        return self.properties.get(name, "")

    def seconds(self, name: str) -> float | None:
        """A time span, None for "infinity" and where there is none."""
        return timespan_s(self.get(name))

    @property
    def is_loaded(self) -> bool:
        """Whether systemd could read it."""
        return self.get("LoadState") == "loaded"

    @property
    def is_active(self) -> bool:
        """Whether it runs, or does what stands for that with its kind."""
        return self.get("ActiveState") in ("active", "activating", "reloading")

    @property
    def not_reloaded(self) -> str:
        """What it says of a configuration that it did not take over; "" where it runs with the present one."""
        status = self.get("StatusText")
        return status if NOT_RELOADED in status else ""

    def last(self, key: str) -> str | None:
        """The last value that its files give a setting."""
        return next((one.value for one in reversed((*self.shipped, *self.drop_ins)) if one.key == key), None)


@dataclass(frozen=True, slots=True)
class Polkit:
    """Whether the detector may start the master restart; None where it could not be tried."""

    rule_installed: bool = True
    service: Unit = field(default_factory=lambda: Unit("polkit.service", {"LoadState": "loaded"}))
    may_start_master: bool | None = None
    may_start_others: bool | None = None


@dataclass(frozen=True, slots=True)
class Journal:
    """How journald keeps what it is told: its own settings, and whether it writes to disk."""

    is_persistent: bool = True
    settings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret that a configuration asks for.

    Attributes:
        asked_by: the unit that needs it.
        credential: its name; "" where a file is configured instead.
        source: the file that it comes from, "" when nothing names one.
        exists: None where it could not be looked at.
        obstacle: why the daemon's user may not read a file of its own.
        is_public: whether others than its owner may read it.
        is_newer: whether it was stored after the unit was started.
        is_needed: whether something that is configured does not work without it.
        is_settable: whether it is one that `standfastctl secret set` knows.
    """

    asked_by: str
    credential: str
    source: str = ""
    exists: bool | None = None
    obstacle: str = ""
    is_public: bool = False
    is_newer: bool = False
    is_needed: bool = True
    is_settable: bool = True
    agent: str = ""


@dataclass(frozen=True, slots=True)
class Reach:
    """A place on the network that something configured speaks to.

    Attributes:
        trouble: why it cannot be reached, "" when it answers.
        is_needed: whether what speaks to it runs.
    """

    what: str
    address: str
    trouble: str = ""
    is_needed: bool = True


@dataclass(frozen=True, slots=True)
class Loose:
    """What lies among the credentials and is not root's alone.

    Attributes:
        owner: whose it is, "" where that is root.
        was_open: whether others could really get at a secret in it: a shut directory shuts what lies in it.
    """

    path: str
    owner: str = ""
    was_open: bool = True


@dataclass(frozen=True, slots=True)
class File:
    """A file that a daemon has to see, and what is in the way: its sandbox, when the file is hidden, or its rights."""

    path: str
    exists: bool = True
    obstacle: str = ""
    is_hidden: bool = False


@dataclass(frozen=True, slots=True)
class Code:
    """What a strategy's source tells of the class that is configured; nothing where all is well.

    Attributes:
        wrong: why it cannot be loaded.
        unknown: why that cannot be told.
        step: what to do about what is wrong, where the configuration is right as it is.
    """

    wrong: str = ""
    unknown: str = ""
    step: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything; the defaults are an installation with which nothing is wrong.

    Attributes:
        unusable: the configuration files with mistakes; nothing that they name was looked at.
        older_versions: by unit, with which version a daemon runs that does not run with the installed one.
        unseen: the units of daemons of which there is no status that can be read, whether they run or not.
        held: by agent's unit that runs and is not known to hold nothing, what it holds, in words.
        flags: by agent that does not run, what a human put beside its configuration, "" for nothing.
        troubles: what daemons that run say is wrong with them, each with its step.
        remarks: the same of what need not be mended at once.
        fleet: what is wrong with the fleet and its agents, which is no fault of the installation.
    """

    is_root: bool = True
    in_container: bool = False
    units: Mapping[str, Unit] = field(default_factory=dict)
    watched: Mapping[str, Unit] = field(default_factory=dict)
    globs: Mapping[str, Sequence[str]] = field(default_factory=dict)
    mistakes: tuple[Mistake, ...] = ()
    unusable: tuple[str, ...] = ()
    secrets_in_environment: tuple[str, ...] = ()
    detector: DetectorConfig | None = None
    notifier: NotifierConfig | None = None
    check: CheckConfig | None = None
    agents: Mapping[str, AgentConfig] = field(default_factory=dict)
    missing_users: tuple[str, ...] = ()
    missing_groups: tuple[str, ...] = ()
    deaf_admins: tuple[str, ...] = ()
    polkit: Polkit = field(default_factory=Polkit)
    journal: Journal = field(default_factory=Journal)
    free_shares: Mapping[str, float] = field(default_factory=dict)
    secrets: tuple[Secret, ...] = ()
    idle_secrets: tuple[tuple[str, str], ...] = ()
    spoilt_secrets: tuple[tuple[str, str, str], ...] = ()
    loose_credentials: tuple[Loose, ...] = ()
    is_synchronized: bool | None = None
    reached: tuple[Reach, ...] = ()
    files: Mapping[str, File] = field(default_factory=dict)
    strategies: Mapping[str, File] = field(default_factory=dict)
    code: Mapping[str, Code] = field(default_factory=dict)
    modules: frozenset[str] = frozenset()
    older_versions: Mapping[str, str] = field(default_factory=dict)
    unseen: frozenset[str] = frozenset()
    held: Mapping[str, str] = field(default_factory=dict)
    flags: Mapping[str, str] = field(default_factory=dict)
    troubles: tuple[Trouble, ...] = ()
    remarks: tuple[Trouble, ...] = ()
    fleet: tuple[str, ...] = ()

    def refused_by(self, mistake: Mistake) -> str:
        """The unit that runs on with an older configuration and says so with this mistake; "" for none."""
        said = f"{mistake.source}: "
        return next((name for name, unit in self.units.items() if said in unit.not_reloaded), "")

    def careful(self, unit: str, step: str) -> str:
        """A step that restarts a unit, behind what that would close."""
        return careful(step, self.held.get(unit, ""))

    def unit(self, name: str) -> Unit:
        """One of Standfast's own units; an empty one where systemd could not be asked."""
        return self.units.get(name, Unit(name))

    def agent_unit(self, name: str) -> Unit:
        """An agent's unit."""
        return self.unit(agent_unit(name))

    def watched_units(self) -> Iterator[tuple[Watch, Rules, Unit]]:
        """Each watched unit that there is, with its watch and what holds for it, as the detector reads that."""
        watching = Watching(self.detector or DetectorConfig(watch=()))
        for name, unit in self.watched.items():
            watch = watching.watch_of(name)
            if watch is not None and unit.is_loaded:
                yield watch, watching.rules(name, unit.get("Type")), unit
