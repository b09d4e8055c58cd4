"""The configuration of an agent: /etc/standfast/agents/NAME.toml as frozen dataclasses. Pure."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Final, Literal

from standfast.agent import session
from standfast.config import AtLeast, Duration, Earlier, Seconds
from standfast.config.earlier import Form, Plain, Secret
from standfast.config.urls import is_url

# The unit's WatchdogSec: a callback that may take as long as this would be killed while it is waited for.
WATCHDOG_S: Final = 30.0

PositiveSeconds = Annotated[float, Duration(minimum_s=0.001)]
SYMBOL: Final = re.compile(r"[A-Z0-9_]+:\S+")
STRATEGY: Final = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")

Mistakes = Iterator[tuple[str, str, str]]


class OnLoss(StrEnum):
    """What becomes of open positions when the agent has to wait."""

    HOLD = "hold"
    CLOSE = "close"


class Scope(StrEnum):
    """What is cancelled and closed at the end: what this agent placed, or all of the account."""

    OWN = "own"
    ACCOUNT = "account"


@dataclass(frozen=True, slots=True)
class OpenAlgoConfig:
    """Where the OpenAlgo server is and how to speak to it; an empty websocket_url means that no feed is wanted."""

    url: str = "http://127.0.0.1:5000"
    websocket_url: str = "ws://127.0.0.1:8765"
    strategy_label: str = "standfast"
    api_key_credential: str = "openalgo-api-key"
    api_key_file: str = ""
    request_timeout_s: PositiveSeconds = 5.0
    order_timeout_s: PositiveSeconds = 15.0
    first_tick_timeout_s: PositiveSeconds = 15.0
    zero_funds_means_logged_out: bool = True

    def mistakes(self) -> Mistakes:
        """Addresses that cannot be used."""
        if not is_url(self.url, ("http", "https")):
            yield "url", "a URL with http:// or https://", f'"{self.url}"'
        if self.websocket_url and not is_url(self.websocket_url, ("ws", "wss")):
            yield "websocket_url", 'a URL with ws:// or wss://, or "" for no feed', f'"{self.websocket_url}"'


@dataclass(frozen=True, slots=True)
class PaperConfig:
    """The simulated broker: its feed, its money, and a file of faults that it reads again and again."""

    tick_interval_s: PositiveSeconds = 0.5
    start_price: Annotated[float, AtLeast(0.01)] = 500.0
    volatility: Annotated[float, AtLeast(0)] = 0.0005
    cash: Annotated[float, AtLeast(0)] = 1_000_000.0
    faults_file: str = ""


@dataclass(frozen=True, slots=True)
class StartupConfig:
    """How often a failed check is repeated at start: transient ones after 1, 2, 3... times the base."""

    max_retries: Annotated[int, AtLeast(0)] = 3
    retry_delay_base_s: Seconds = 30.0
    confirm_delay_s: Seconds = 5.0


@dataclass(frozen=True, slots=True)
class ActiveConfig:
    """How closely the dependencies are watched while trading."""

    check_interval_s: PositiveSeconds = 30.0
    confirm_delay_s: Seconds = 2.0
    max_tick_age_s: PositiveSeconds = 60.0


@dataclass(frozen=True, slots=True)
class WaitingConfig:
    """What the agent does while a dependency is away; error_recheck_s = 0 never looks by itself."""

    check_interval_s: PositiveSeconds = 300.0
    hourly_status: bool = True
    error_recheck_s: Seconds = 300.0
    positions: OnLoss = OnLoss.HOLD


@dataclass(frozen=True, slots=True)
class CrashesConfig:
    """How many unclean ends make the agent cool off before it trades again; a second time it asks for a human."""

    max_unclean_ends: Annotated[int, AtLeast(1)] = 3
    within_s: PositiveSeconds = 600.0
    cool_off_s: PositiveSeconds = 300.0
    again_within_s: PositiveSeconds = 86400.0


@dataclass(frozen=True, slots=True)
class BudgetConfig:
    """The seconds that each step of the shutdown may take."""

    cancel_orders: PositiveSeconds = 2.0
    close_positions: PositiveSeconds = 3.0
    save_state: PositiveSeconds = 1.0
    notify: PositiveSeconds = 2.0
    disconnect: PositiveSeconds = 1.0


@dataclass(frozen=True, slots=True)
class ShutdownConfig:
    """How the agent ends."""

    timeout_s: PositiveSeconds = 9.0
    scope: Scope = Scope.OWN
    force_market_orders: bool = True
    budget_s: BudgetConfig = field(default_factory=BudgetConfig)


@dataclass(frozen=True, slots=True)
class SessionConfig:
    """The market's hours by the clock of its zone; the agent rests outside them."""

    days: str = "Mon..Fri"
    start: str = "09:15"
    stop: str = "15:30"
    timezone: str = "Asia/Kolkata"
    holidays_file: str = ""

    def mistakes(self) -> Mistakes:
        """Days, times and zones that cannot be read."""
        parsers: Iterable[tuple[str, str, Callable[[str], Any], str]] = (
            ("days", 'weekdays such as "Mon..Fri" or "Mon,Wed"', session.parse_days, self.days),
            ("start", 'a time such as "09:15"', session.parse_clock, self.start),
            ("stop", 'a time such as "15:30"', session.parse_clock, self.stop),
            ("timezone", 'a time zone such as "Asia/Kolkata"', session.parse_zone, self.timezone),
        )
        for key, expected, parse, text in parsers:
            try:
                parse(text)
            except ValueError:
                yield key, expected, f'"{text}"'


@dataclass(frozen=True, slots=True)
class AgentConfig:
    """All keys of an agent; `parameters` are handed to the strategy's constructor by name."""

    EARLIER: ClassVar[tuple[Earlier, ...]] = (
        Plain("MAX_STARTUP_RETRIES", "startup.max_retries"),
        Plain("STARTUP_RETRY_DELAY_BASE", "startup.retry_delay_base_s"),
        Plain("WAITING_MODE_CHECK_INTERVAL", "waiting.check_interval_s"),
        Plain("WAITING_MODE_SEND_HOURLY_STATUS", "waiting.hourly_status"),
        Plain("SHUTDOWN_TIMEOUT", "shutdown.timeout_s"),
        Plain("SHUTDOWN_FORCE_MARKET_ORDERS", "shutdown.force_market_orders"),
        Plain("OPENALGO_HOST", "openalgo.url", Form.ADDRESS, "http"),
        Plain("OPENALGO_WS_URL", "openalgo.websocket_url", Form.ADDRESS, "ws"),
        Secret("OPENALGO_API_KEY", "openalgo-api-key", "openalgo"),
    )

    gateway: Literal["paper", "openalgo"] = "paper"
    live: bool = False
    strategy: str = "standfast.agent.watching:WatchOnly"
    strategy_path: str = ""
    callback_timeout_s: PositiveSeconds = 20.0
    symbols: tuple[str, ...] = ("NSE:SBIN",)
    parameters: dict[str, Any] = field(default_factory=dict)
    openalgo: OpenAlgoConfig = field(default_factory=OpenAlgoConfig)
    paper: PaperConfig = field(default_factory=PaperConfig)
    startup: StartupConfig = field(default_factory=StartupConfig)
    active: ActiveConfig = field(default_factory=ActiveConfig)
    waiting: WaitingConfig = field(default_factory=WaitingConfig)
    crashes: CrashesConfig = field(default_factory=CrashesConfig)
    shutdown: ShutdownConfig = field(default_factory=ShutdownConfig)
    session: SessionConfig | None = None

    def mistakes(self) -> Mistakes:
        """What is wrong across keys."""
        if not STRATEGY.fullmatch(self.strategy):
            yield "strategy", '"module:Class"', f'"{self.strategy}"'
        if self.callback_timeout_s >= WATCHDOG_S:
            yield (
                "callback_timeout_s",
                f"less than {WATCHDOG_S:g} (the unit's WatchdogSec)",
                f"{self.callback_timeout_s:g}",
            )
        if not self.symbols:
            yield "symbols", 'at least one symbol such as "NSE:SBIN"', "[]"
        for number, symbol in enumerate(self.symbols, 1):
            if not SYMBOL.fullmatch(symbol):
                yield f"symbols[{number}]", 'a symbol such as "NSE:SBIN"', f'"{symbol}"'
        if self.live and self.gateway == "paper":
            yield "live", 'false with gateway = "paper"', "true"
