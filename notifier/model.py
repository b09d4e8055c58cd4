"""What the notifier talks about: problems, what is said of them, and the people's messages. Pure."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from standfast.events import Event, FailureClass, Severity

# Rising order, for comparing severities.
SEVERITIES = (Severity.INFO, Severity.WARNING, Severity.CRITICAL)


class MessageKind(StrEnum):
    """The sort of message a person gets; the webhook's `kind`."""

    PROBLEM = "problem"
    REMINDER = "reminder"
    AGGREGATE = "aggregate"
    RECOVERY = "recovery"
    FLAPPING = "flapping"
    STATUS = "status"
    RESTART = "restart"
    SHUTDOWN = "shutdown"
    TEST = "test"
    RESEND = "resend"  # not for people: it keeps alerts alive that an Alertmanager would forget
    CANARY = "canary"  # not for people: it ends at the worker, and shows that messages get so far


class Stage(StrEnum):
    """How far a problem has come on its way to people."""

    HELD = "held"  # waits for the aggregation window to close, or for a silence to end
    TOLD = "told"  # a message about it is in the outbox, or was delivered
    RECOVERING = "recovering"  # it is over, and that is told when it has stayed so for a moment
    FLAPPING = "flapping"  # it comes and goes; nothing is told until it is stable
    CLOSED = "closed"  # its agent was stopped; whether it is over shows when that is started again


# The stages in which a resolved problem is not done with.
RESTING_STAGES = (Stage.RECOVERING, Stage.FLAPPING, Stage.CLOSED)


@dataclass(frozen=True, slots=True)
class Identity:
    """What makes two occurrences the same problem: never the text, which carries attempt numbers and times."""

    type: str
    unit: str


@dataclass(frozen=True, slots=True)
class Heard:
    """An event that was read.

    Attributes:
        at: when it was logged (UTC).
        by: who logged it, as the host knows them.
        told: how often who logged it has told people of it, as standfast-check does while the notifier is away.
    """

    event: Event
    at: datetime
    by: str = ""
    told: int = 0


@dataclass(frozen=True, slots=True)
class Problem:
    """One row of the error log.

    Attributes:
        id: the row's id, given when the problem is first heard of.
        message: the text of the latest occurrence: what it is, and what it was once it is over.
        stands: how it stands now, where its source has said otherwise since; "" where it has not.
        told_at: when a message about it was last decided upon; None while it is held.
        told_on: the channels that messages about it, or about a lesser one that gave way to it, went out on: whoever
            was told of it is told of its end.
        quiet: why it is not reminded of, such as "acknowledged by root"; "" when it is.
        acknowledged: whether a person took it on.
        ended_by: who said that it is over, or why it was closed, when it was not its source.
        ended_with: what its source said at its end: how it is now.
        closed_at: when it was closed, where its source told its end only later.
        told_elsewhere: how often its source told people of it by itself.
    """

    id: int
    type: str
    unit: str
    message: str
    severity: Severity
    action: str
    failure_class: FailureClass | None
    first_occurrence: datetime
    last_occurrence: datetime
    occurrences: int = 1
    stage: Stage = Stage.HELD
    told_at: datetime | None = None
    told_on: tuple[str, ...] = ()
    resolved_at: datetime | None = None
    quiet: str = ""
    acknowledged: bool = False
    ended_by: str = ""
    ended_with: str = ""
    closed_at: datetime | None = None
    told_elsewhere: int = 0
    stands: str = ""

    @property
    def words(self) -> str:
        """What is told of it: how it stands while it lasts, what it was once it is over."""
        return self.message if self.resolved_at else self.stands or self.message

    @property
    def identity(self) -> Identity:
        """Its type and unit."""
        return Identity(self.type, self.unit)

    @property
    def is_awaited(self) -> bool:
        """Whether somebody was told of it, or of what gave way to it, and waits for its end."""
        return self.told_at is not None or bool(self.told_on)

    @property
    def is_taken_on(self) -> bool:
        """Whether a person took it on before anybody was told, so that it need not be told; to be critical is news."""
        return self.acknowledged and not self.is_awaited and self.severity is not Severity.CRITICAL


def with_channels(problem: Problem, channels: tuple[str, ...]) -> Problem:
    """The problem, when people on these channels wait for its end too."""
    return replace(problem, told_on=tuple(dict.fromkeys([*problem.told_on, *channels])))


def told(problem: Problem, channels: tuple[str, ...], now: datetime, stage: Stage) -> Problem:
    """The problem when a message about it was decided upon."""
    return replace(with_channels(problem, channels), stage=stage, told_at=now)


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a message goes.

    Attributes:
        channels: those that deliver it.
        fallback: those that are tried in turn when one of these does not deliver it within `fallback_after_s`.
    """

    channels: tuple[str, ...]
    fallback: tuple[str, ...] = ()
    fallback_after_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Draft:
    """A message that was decided upon, before it has words.

    Attributes:
        severity: what routes look at.
        problems: those it is about; none for a status, restart or shutdown.
        event: what happened, when it is not about problems.
        to: the channels it goes out on.
        changes: how often a flapping problem changed its state.
        since: since when it does, or did, so.
        note: what else is to be said of it.
        untold: the channels that did not tell of the beginning of what is over.
        not_over: what else is not well, where it tells that a problem of the fleet is over.
        id: the id that was asked for; "" for a new one.
    """

    kind: MessageKind
    severity: Severity
    at: datetime
    to: Destination
    problems: tuple[Problem, ...] = ()
    event: Event | None = None
    changes: int = 0
    since: datetime | None = None
    note: str = ""
    untold: tuple[str, ...] = ()
    not_over: tuple[Problem, ...] = ()
    id: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """A draft in words: what lies in the outbox.

    Attributes:
        id: unique for the message, the same in every repetition of its delivery.
        title: without the host, which is in front of `text`.
        text: the whole message as a person reads it, its title line included.
    """

    id: str
    host: str
    title: str
    text: str
    draft: Draft


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits in one channel.

    Attributes:
        number: how many deliveries are to be made.
        not_before: from when on the oldest of them may be tried.
        detail: what the oldest of them last failed with, "" when it was not tried yet.
        since: since when the oldest of them waits.
    """

    number: int
    not_before: datetime
    detail: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Delivery:
    """How the outbox stands.

    Attributes:
        waiting: per channel that has something to deliver.
        last_delivered: when each channel last delivered something.
        refusing: what each channel said that refused the latest of its messages for good, or had to give it up.
    """

    waiting: dict[str, Waiting]
    last_delivered: dict[str, datetime]
    refusing: dict[str, str] = field(default_factory=dict)

    @property
    def queued(self) -> int:
        """Deliveries to make in all channels."""
        return sum(one.number for one in self.waiting.values())

    @property
    def next_at(self) -> datetime | None:
        """From when on the first of them may be tried."""
        return min((one.not_before for one in self.waiting.values()), default=None)


def worst(problems: tuple[Problem, ...]) -> Severity:
    """The highest severity among problems."""
    return max((problem.severity for problem in problems), key=SEVERITIES.index)
