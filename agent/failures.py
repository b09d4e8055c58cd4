"""What can go wrong for an agent: the types, their class and the next step for a human. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from standfast.errors import StandfastError
from standfast.events import FailureClass
from standfast.time_words import span

TRANSIENT = FailureClass.TRANSIENT
PERMANENT = FailureClass.PERMANENT


class FailureType(StrEnum):
    """The name that a failure carries in events, in the error log and in throttle categories."""

    OPENALGO_DOWN = "OPENALGO_DOWN"
    OPENALGO_ERROR = "OPENALGO_ERROR"
    OPENALGO_RATE_LIMITED = "OPENALGO_RATE_LIMITED"
    OPENALGO_AUTH_FAILED = "OPENALGO_AUTH_FAILED"
    OPENALGO_REFUSED = "OPENALGO_REFUSED"
    BROKER_NOT_LOGGED_IN = "BROKER_NOT_LOGGED_IN"
    WEBSOCKET_DOWN = "WEBSOCKET_DOWN"
    WEBSOCKET_AUTH_FAILED = "WEBSOCKET_AUTH_FAILED"
    FEED_STALE = "FEED_STALE"
    FEED_REFUSED = "FEED_REFUSED"
    DATABASE_ERROR = "DATABASE_ERROR"
    DATABASE_LOCKED = "DATABASE_LOCKED"
    DATABASE_CORRUPT = "DATABASE_CORRUPT"
    CONFIG_ERROR = "CONFIG_ERROR"
    CREDENTIAL_MISSING = "CREDENTIAL_MISSING"
    LIVE_MODE_MISMATCH = "LIVE_MODE_MISMATCH"
    STRATEGY_ERROR = "STRATEGY_ERROR"
    STRATEGY_FAULTS = "STRATEGY_FAULTS"
    STRATEGY_HUNG = "STRATEGY_HUNG"
    STRATEGY_SLOW = "STRATEGY_SLOW"
    CRASH_COOL_OFF = "CRASH_COOL_OFF"
    CRASH_LOOP = "CRASH_LOOP"
    KILLED = "KILLED"
    ORDERS_UNSETTLED = "ORDERS_UNSETTLED"
    POSITIONS_UNVERIFIED = "POSITIONS_UNVERIFIED"
    POSITIONS_NOT_FLAT = "POSITIONS_NOT_FLAT"
    POSITIONS_HELD = "POSITIONS_HELD"
    POSITIONS_CLOSED_ELSEWHERE = "POSITIONS_CLOSED_ELSEWHERE"
    HELD_ELSEWHERE = "HELD_ELSEWHERE"


@dataclass(frozen=True, slots=True)
class Handling:
    """How a type of failure is met.

    Attributes:
        failure_class: whether it is waited out or needs a human.
        action: the next step for that human; `{name}` stands for the agent's name, `{every}` for how often it looks.
        on_paper: the next step where positions are simulated, for which that one would send them to a broker; "" for
            the same. What a faults_file plays is told like the real thing.
        confirm: whether a permanent one has to be seen twice: answers from outside can be wrong once.
        recheck: whether the human's act is elsewhere, so that ERROR may look again by itself.
        critical: whether it is told at once, because money is at risk now.
    """

    failure_class: FailureClass
    action: str
    on_paper: str = ""
    confirm: bool = True
    recheck: bool = False
    critical: bool = False


_RELOAD: Final = "then: systemctl reload standfast-agent@{name}"
# systemd hands credentials over at the start: a reload would keep the old one.
_STORE: Final = (
    "store it with standfastctl secret set openalgo-api-key --agent {name}, "
    "then: systemctl restart standfast-agent@{name}"
)

_BY_ITSELF: Final = (
    "the agent looks again every {every} (at once: systemctl reload standfast-agent@{name}) "
    "and trades on once that is well"
)

HANDLING: Final[Mapping[FailureType, Handling]] = {
    FailureType.OPENALGO_DOWN: Handling(TRANSIENT, f"See that the gateway runs and can be reached; {_BY_ITSELF}"),
    FailureType.OPENALGO_ERROR: Handling(TRANSIENT, f"Look into the gateway's own log; {_BY_ITSELF}"),
    FailureType.OPENALGO_RATE_LIMITED: Handling(
        TRANSIENT, f"See who else calls this gateway from this host; {_BY_ITSELF}"
    ),
    FailureType.OPENALGO_AUTH_FAILED: Handling(PERMANENT, f"Create a new API key in OpenAlgo, {_STORE}"),
    FailureType.OPENALGO_REFUSED: Handling(
        PERMANENT, f"Read what the gateway answered and correct its account settings, {_RELOAD}"
    ),
    FailureType.BROKER_NOT_LOGGED_IN: Handling(
        PERMANENT, f"Log in to the broker in OpenAlgo; to have it looked at at once, {_RELOAD}", recheck=True
    ),
    FailureType.WEBSOCKET_DOWN: Handling(TRANSIENT, f"See that the gateway's WebSocket proxy runs; {_BY_ITSELF}"),
    FailureType.WEBSOCKET_AUTH_FAILED: Handling(PERMANENT, f"The feed refuses the API key: create a new one, {_STORE}"),
    FailureType.FEED_STALE: Handling(TRANSIENT, f"See whether the broker's feed delivers these symbols; {_BY_ITSELF}"),
    FailureType.FEED_REFUSED: Handling(PERMANENT, f"Correct `symbols` in the agent's configuration, {_RELOAD}"),
    FailureType.DATABASE_ERROR: Handling(
        PERMANENT,
        f"See that /var/lib/standfast/agent/{{name}} exists, belongs to the agent's user and has room, {_RELOAD}",
    ),
    FailureType.DATABASE_LOCKED: Handling(
        TRANSIENT, f"Close whatever program holds the agent's state.db open; {_BY_ITSELF}"
    ),
    FailureType.DATABASE_CORRUPT: Handling(
        PERMANENT,
        "What this agent held is forgotten, and it does not trade: look at its positions and orders at the broker, "
        "close by hand what shall not stay, see why the disk lost data, "
        "then (it begins anew, holding nothing): systemctl reload standfast-agent@{name}",
        "What this agent held on paper is forgotten, and it does not trade: see why the disk lost data, "
        "then (it begins anew, holding nothing): systemctl reload standfast-agent@{name}",
        confirm=False,
        critical=True,
    ),
    FailureType.CONFIG_ERROR: Handling(PERMANENT, f"Correct the line it names, {_RELOAD}", confirm=False),
    FailureType.CREDENTIAL_MISSING: Handling(PERMANENT, f"Create one in OpenAlgo, {_STORE}", confirm=False),
    FailureType.LIVE_MODE_MISMATCH: Handling(
        PERMANENT, f"Make `live` in the configuration and the gateway's analyze mode agree, {_RELOAD}"
    ),
    FailureType.STRATEGY_ERROR: Handling(
        PERMANENT, f"Correct the strategy or `strategy` and `strategy_path`, {_RELOAD}", confirm=False
    ),
    FailureType.STRATEGY_FAULTS: Handling(
        PERMANENT, f"Correct the strategy (what it holds is kept), {_RELOAD}", confirm=False
    ),
    FailureType.STRATEGY_HUNG: Handling(
        TRANSIENT, "Find out what the strategy waits for; the watchdog ends the agent and systemd starts it anew."
    ),
    FailureType.STRATEGY_SLOW: Handling(
        TRANSIENT, "Make the strategy's tick quicker, or give it fewer symbols: it misses prices."
    ),
    FailureType.CRASH_COOL_OFF: Handling(
        TRANSIENT,
        "See journalctl -u standfast-agent@{name} for why it ended; it trades again after the cool-off, "
        "or at once: systemctl reload standfast-agent@{name}",
    ),
    FailureType.CRASH_LOOP: Handling(
        PERMANENT, f"See journalctl -u standfast-agent@{{name}} for why it ends, correct that, {_RELOAD}", confirm=False
    ),
    FailureType.KILLED: Handling(
        PERMANENT, "Look at the positions; to let it trade again: standfastctl resume {name}", confirm=False
    ),
    FailureType.ORDERS_UNSETTLED: Handling(
        TRANSIENT,
        "The broker never answered to an order, which its book may show yet; the agent looks there again by itself.",
        "The simulated broker never answered to an order; the agent looks into its book again by itself.",
    ),
    FailureType.POSITIONS_UNVERIFIED: Handling(
        PERMANENT,
        "Compare the broker's books with what it names, close by hand what is wrong, "
        "then: systemctl reload-or-restart standfast-agent@{name}",
        "It is on paper, so nothing is to be closed by hand; to take what it names as not filled: "
        "systemctl reload-or-restart standfast-agent@{name}",
        confirm=False,
        critical=True,
    ),
    FailureType.POSITIONS_NOT_FLAT: Handling(
        PERMANENT,
        "Look at the positions and orders at the broker now, and close by hand what is open; "
        "the agent says that it is over when it is ACTIVE again",
        "It is on paper, so nothing is to be closed by hand; the agent says that it is over when it is ACTIVE again",
        confirm=False,
        critical=True,
    ),
    FailureType.POSITIONS_HELD: Handling(
        PERMANENT,
        "If the positions shall not stay open: systemctl start standfast-agent@{name} when the market opens",
    ),
    FailureType.POSITIONS_CLOSED_ELSEWHERE: Handling(
        PERMANENT,
        "If that was you, or your broker at the day's end: standfastctl resolve NUMBER (the number is in standfastctl "
        "errors). If not: see who else trades this symbol on this account, and look at the positions at the broker",
        "It is on paper, and its simulated book has lost what it held: "
        "standfastctl resolve NUMBER (the number is in standfastctl errors)",
        confirm=False,
    ),
    FailureType.HELD_ELSEWHERE: Handling(
        PERMANENT,
        f"Set `gateway` and `live` back in its configuration, or see to it where it is held, {_RELOAD}",
        confirm=False,
        critical=True,
    ),
}

# The next step where an order waits for a person's approval.
APPROVAL_STEP: Final = (
    "Reject in OpenAlgo (Action Center) what waits there for approval, close by hand at the broker what was approved, "
    "and switch the account to auto mode: in semi-auto mode this agent can neither cancel nor close; "
    "then: systemctl reload-or-restart standfast-agent@{name} (it says that nothing of these orders is open any more)"
)

# What is waited out: nobody has to do anything about it, least of all while the market is closed.
TRANSIENT_TYPES: Final = frozenset(kind for kind, handling in HANDLING.items() if handling.failure_class is TRANSIENT)
# What was told because the agent meant to be flat and was not.
OPEN_POSITIONS: Final = frozenset(
    {FailureType.POSITIONS_NOT_FLAT, FailureType.POSITIONS_UNVERIFIED, FailureType.POSITIONS_HELD}
)
# What does not end by the agent's being ACTIVE, or at rest: a strategy that hung may hang again at its next tick.
OUTLASTING: Final = frozenset({FailureType.STRATEGY_HUNG})
# What is told beside a state and leads to none: the agent may be in another one a moment later.
BESIDE_A_STATE: Final = frozenset(
    {
        FailureType.STRATEGY_HUNG,
        FailureType.STRATEGY_SLOW,
        FailureType.POSITIONS_NOT_FLAT,
        FailureType.POSITIONS_CLOSED_ELSEWHERE,
    }
)
# After these a human was asked to close by hand what is open: that it is closed is no news.
CLOSED_BY_HAND: Final = OPEN_POSITIONS | {FailureType.KILLED, FailureType.HELD_ELSEWHERE}
# What was told of positions and orders, and lasts whether the agent runs or not.
ABOUT_POSITIONS: Final = OPEN_POSITIONS | {
    FailureType.ORDERS_UNSETTLED,
    FailureType.DATABASE_CORRUPT,
    FailureType.HELD_ELSEWHERE,
}


@dataclass(frozen=True, slots=True)
class Setting:
    """How an agent is set up, as far as its next steps depend on it.

    Attributes:
        on_paper: whether all that it trades is simulated, and no broker knows of it.
        looks_every_s: how often it looks again while it waits.
    """

    on_paper: bool = False
    looks_every_s: float = 300.0


@dataclass(frozen=True, slots=True)
class Failure:
    """One thing that went wrong.

    Attributes:
        type: what sort of failure it is.
        detail: what was seen, a phrase without a full stop.
        step: the next step for a human, where it is another one than its type's.
    """

    type: FailureType
    detail: str
    step: str = ""

    @property
    def failure_class(self) -> FailureClass:
        """TRANSIENT or PERMANENT."""
        return HANDLING[self.type].failure_class

    @property
    def is_permanent(self) -> bool:
        """Whether it needs a human."""
        return self.failure_class is PERMANENT

    @property
    def needs_confirmation(self) -> bool:
        """Whether it must be seen twice before a human is asked for."""
        return self.is_permanent and HANDLING[self.type].confirm

    @property
    def rechecks(self) -> bool:
        """Whether ERROR may end by itself, because the human acts elsewhere."""
        return HANDLING[self.type].recheck

    @property
    def is_critical(self) -> bool:
        """Whether it is told at once."""
        return HANDLING[self.type].critical

    def action(self, name: str, setting: Setting) -> str:
        """The next step for a human, for the agent of that name."""
        handling = HANDLING[self.type]
        usual = (handling.on_paper if setting.on_paper else "") or handling.action
        return (self.step or usual).replace("{name}", name).replace("{every}", span(setting.looks_every_s))

    def __str__(self) -> str:
        return f"{self.type}: {self.detail}"


class AgentError(StandfastError):
    """The agent could not do something; carries the failure that it means."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.detail)
        self.failure = failure


def because_it_hung(failure: Failure, hang: str, name: str) -> Failure:
    """Unclean ends of an agent whose strategy was told to hang, with where that was."""
    step = f"Correct where its strategy hangs, then: systemctl reload standfast-agent@{name}"
    if not failure.is_permanent:
        step += ", which ends the cool-off at once"
    return replace(failure, detail=f"{failure.detail}; STRATEGY_HUNG was told before: {hang}", step=step)


def failed(kind: FailureType, detail: str) -> AgentError:
    """The error that carries this failure."""
    return AgentError(Failure(kind, detail))


class OrderRefusedError(StandfastError):
    """An order was certainly not placed; the text says why."""


class OrderAwaitsApprovalError(AgentError):
    """An order is not placed before a person approves it, at any time: of unknown fate from now on.

    Attributes:
        number: by which that person knows it.
    """

    def __init__(self, detail: str, number: str) -> None:
        super().__init__(Failure(FailureType.POSITIONS_UNVERIFIED, detail, APPROVAL_STEP))
        self.number = number
