"""What an agent holds while it lives: its configuration, its database, its gateway, its strategy."""

import asyncio
import logging
import math
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from standfast import paths
from standfast.agent import damaged, remains, session
from standfast.agent.assembly import Trade, build_gateway, build_trade
from standfast.agent.bell import Bell, Ring
from standfast.agent.checks import Report, Scene, look_at_all
from standfast.agent.closing import Closing
from standfast.agent.config import AgentConfig, SessionConfig
from standfast.agent.crashes import Run
from standfast.agent.desk import Desk
from standfast.agent.failures import AgentError, Failure, FailureType, Setting
from standfast.agent.flags import MAX_BYTES, Flag, FlagKind, Flags, flag_path, parse
from standfast.agent.gateway import Gateway
from standfast.agent.own_orders import OwnOrders
from standfast.agent.places import PAPER, gateway_of, held_elsewhere, others, place_of
from standfast.agent.pump import Pump
from standfast.agent.renewal import waits_for_restart
from standfast.agent.session import Hours
from standfast.agent.store import CorruptDatabaseError, Store
from standfast.agent.trading import Order, Position, Tick
from standfast.clock import boot_id, monotonic_s, utc_now
from standfast.config import ConfigError, Mistake, load, secrets_in

log = logging.getLogger(__name__)

# What disturbs an agent again within this is the same disturbance, and said once.
DISTURBED_S = 5.0


@dataclass(frozen=True, slots=True)
class Files:
    """Where an agent's files are."""

    config: Path
    database: Path
    status: Path

    @property
    def remains(self) -> Path:
        """Where a run that a signal ends leaves what it stood at."""
        return remains.beside(self.database)


class Belongings:
    """Built piece by piece, each when it is first possible: what is missing is a failure, never a crash."""

    def __init__(self, files: Files, environ: Mapping[str, str]) -> None:
        self.files = files
        self.bell = Bell()
        self.config = AgentConfig()
        self.config_failure: Failure | None = Failure(FailureType.CONFIG_ERROR, "the configuration was not read yet")
        self.hours: Hours | None = None
        self.store = Store.open(None)
        self.own = OwnOrders(self.store)
        self.runs: Sequence[Run] = ()
        self.flags = Flags()
        self.gateway: Gateway | None = None
        self.trade: Trade | None = None
        self.fault: Failure | None = None
        self.forgotten: Failure | None = None
        self.positions: tuple[Position, ...] = ()
        # When the broker's books were read last in this run.
        self.asked_at: datetime | None = None
        self.crashed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._disturbed_s = -math.inf
        self._environ = environ
        self._built: AgentConfig | None = None
        self._traded_on: frozenset[str] = frozenset()
        self._pump_task: asyncio.Task[None] | None = None

    # The configuration

    def read_config(self) -> None:
        """Read the configuration file.

        Raises:
            ConfigError: with every mistake in it; what was read before stays.
        """
        config = load(AgentConfig, self.files.config, self._environ, required=True)
        for line in secrets_in(AgentConfig, self._environ):
            log.warning("%s", line)
        self.hours = read_hours(config.session)
        self.config = config
        self.config_failure = None

    def fail_config(self, error: ConfigError) -> None:
        """There is no configuration to live by: whatever is tried next fails for that."""
        if not error.is_missing:
            self.config_failure = Failure(FailureType.CONFIG_ERROR, error.first_line)
            return
        path = self.files.config
        unit, others = f"standfast-agent@{path.stem}", paths.agent_names(beside=path)
        listed = f"there are: {', '.join(others)}" if others else "there is none at all"
        self.config_failure = Failure(
            FailureType.CONFIG_ERROR,
            f"its configuration {path} is not there; {listed}",
            f"If the name is a slip: systemctl stop {unit}; else put the file there, then: systemctl reload {unit}",
        )

    def read_flags(self) -> None:
        """Read what a human put beside the configuration; a file that cannot be read counts as set."""
        self.flags = Flags(*(_flag(flag_path(self.files.config, kind)) for kind in FlagKind))

    @property
    def is_unit(self) -> bool:
        """Whether systemd runs this agent, and can be asked about it."""
        return "INVOCATION_ID" in self._environ

    @property
    def knows_its_own(self) -> bool:
        """Whether it can tell what it placed: its database could be read, and was not damaged."""
        return self.store.is_durable and self.forgotten is None

    @property
    def is_flat(self) -> bool | None:
        """Whether it holds nothing and nothing of its can be filled; None when that is not known, or was forgotten."""
        return self.own.is_flat if self.knows_its_own else None

    @property
    def gateway_name(self) -> str:
        """The gateway that it trades by; without a configuration the one that its books are of, "" for not known."""
        if self._built is None and self.config_failure:
            return gateway_of(next(iter(self._traded_on))) if len(self._traded_on) == 1 else ""
        return self.built.gateway

    @property
    def place(self) -> str:
        """Where it is configured to trade, or does: a gateway, and whose money it is there."""
        return place_of(self.built)

    @property
    def elsewhere(self) -> Failure | None:
        """Why it cannot trade where it is configured to, where it holds something elsewhere."""
        places = self.held_elsewhere
        return held_elsewhere(self.own.words, places, self.place) if places else None

    @property
    def held_elsewhere(self) -> str:
        """The places where what it holds was placed, where it is set to another one now; "" for none."""
        if self.own.is_flat or (self._built is None and self.config_failure):
            return ""
        return others(self._traded_on, self.place)

    @property
    def is_on_paper(self) -> bool:
        """Whether all that it holds is simulated, and no broker knows of it."""
        return (self.held_elsewhere or self.gateway_name) == PAPER

    @property
    def setting(self) -> Setting:
        """What the next steps depend on that it names."""
        return Setting(self.is_on_paper, self.config.waiting.check_interval_s)

    @property
    def knows_only_its_own_books(self) -> bool:
        """Whether nobody but this agent was asked in this run what it holds, though there is a broker who knows."""
        return self.asked_at is None and not self.is_on_paper

    @property
    def built(self) -> AgentConfig:
        """The configuration that gateway and strategy were built from; the present one before that."""
        return self._built or self.config

    @property
    def waits_for_restart(self) -> tuple[str, ...]:
        """The keys that are configured, but that the strategy and the gateway, being built already, do not follow."""
        return waits_for_restart(self.built, self.config) if self.trade else ()

    def is_open(self, now: datetime) -> bool:
        """Whether the market is open; always, without session hours."""
        return self.hours is None or self.hours.is_open(now)

    # Building

    async def look(self, expect_ticks: bool) -> Report:
        """Build what is missing, then run the checks while the market is open; the first failure is reported."""
        try:
            await self.build()
        except AgentError as error:
            return Report(error.failure)
        if not self.is_open(utc_now()):
            return Report(closed=True)
        assert self.gateway is not None
        return await look_at_all(Scene(self.gateway, self.store, expect_ticks))

    async def build(self) -> None:
        """Open the database, the gateway and the strategy, as far as that was not done.

        Raises:
            AgentError: the first thing that could not be done.
        """
        if self.config_failure is not None:
            raise AgentError(self.config_failure)
        self.open_store()
        if self.forgotten is not None:
            raise AgentError(self.forgotten)
        gateway = self.open_gateway()
        if self.trade is None:
            config = self.config  # another may be read meanwhile
            self.store.trades_on(self.place, is_flat=self.own.is_flat is True)
            self._traded_on = self.store.gateways()
            desk = Desk(gateway, self.own, config.symbols, self._on_disturbance, self._refusal)
            self.trade = await build_trade(config, desk, self._on_faults)
            self._pump_task = self._watched(self.trade.pump.run())
            self._built = config
            level = logging.WARNING if config.live else logging.INFO
            log.log(level, "Built %s on the %s gateway: %s", config.strategy, config.gateway, mode(config))

    def open_gateway(self) -> Gateway:
        """The gateway, opened if that was not done.

        Raises:
            AgentError: it cannot be built; or what this agent holds cannot be seen there.
        """
        if self.config_failure is not None:
            raise AgentError(self.config_failure)
        if self.gateway is None:
            if self.elsewhere is not None:
                raise AgentError(self.elsewhere)
            self.gateway = build_gateway(self.config, self.files.database.parent)
            self.gateway.open(self._on_tick, self._on_disturbance)
        return self.gateway

    def open_store(self) -> None:
        """Open the database, if that was not done.

        Raises:
            AgentError: it cannot be opened.
        """
        if not self.store.is_durable:
            self._open_durable_store()
        if not self.runs:
            self.runs = self.store.begin_run(boot_id(), self._environ.get("INVOCATION_ID", ""), utc_now())

    def _open_durable_store(self) -> None:
        damaged.go_on(self.files.database)
        try:
            store = Store.open(self.files.database)
        except CorruptDatabaseError as error:
            damaged.begin_anew(self.files.database, error.failure.detail, utc_now())
            store = Store.open(self.files.database)
        # It stands in the database: an agent that is started again knows no more of what it held than before.
        lost = store.problem_detail(FailureType.DATABASE_CORRUPT)
        self.forgotten = None if lost is None else Failure(FailureType.DATABASE_CORRUPT, lost)
        self._traded_on = store.gateways()
        self.store.close()
        self.store = store
        self.own = OwnOrders(store, self.own)

    def reopen_store(self) -> None:
        """Open the database anew; where that fails the agent lives on by the old one, and by what it remembers."""
        try:
            self._open_durable_store()
        except AgentError as error:
            log.error("[STATE] The database could not be opened anew: %s", error)

    def closing(self, tag: str) -> Closing | None:
        """An attempt to get flat as configured, which logs under that tag; None without a gateway."""
        if self.gateway is None:
            return None
        desk = self.trade.desk if self.trade else Desk(self.gateway, self.own, (), self._on_disturbance, self._refusal)
        shutdown = self.config.shutdown
        return Closing(self.gateway, desk, shutdown.scope, shutdown.force_market_orders, tag)

    def shut_desk(self, because: str) -> None:
        """Take no more orders from the strategy."""
        if self.trade is not None:
            self.trade.desk.shut(because)

    async def refresh(self) -> Sequence[Order]:
        """Bring the own orders and the positions up to the broker's books; its order book.

        Raises:
            AgentError: the broker did not answer.
        """
        assert self.trade is not None
        assert self.gateway is not None
        book = await self.trade.desk.refresh()
        self.own.find_again(book, utc_now(), is_trusted=False)
        if self.own.is_flat:
            self.own.settle()
        self.positions, self.asked_at = tuple(await self.gateway.positions()), utc_now()
        return book

    # Taking apart

    async def discard(self) -> None:
        """Let go of the strategy and the gateway, so that they are built anew."""
        if self.trade is not None and self._pump_task is not None:
            self._pump_task.cancel()
            log.info("Let go of the strategy: %s", await self._stop_strategy(self.trade.pump))
            self.trade.callbacks.close()
        self.trade = self._pump_task = self.fault = self.asked_at = self._built = None
        await self.disconnect()

    async def _stop_strategy(self, pump: Pump) -> str:
        try:
            async with asyncio.timeout(self.config.callback_timeout_s):
                return await pump.stop_strategy()
        except TimeoutError:
            return "its stop did not return, its thread is left behind"

    async def disconnect(self) -> None:
        """Close the gateway."""
        if self.gateway is not None:
            await self.gateway.close()
            self.gateway = None

    def close(self) -> None:
        """Close the database."""
        self.store.close()

    # What comes in

    def _refusal(self) -> str:
        """Why the desk takes no orders though it is open, "" when it does."""
        if self.flags.killed:
            return f"the agent is killed {self.flags.killed}"
        return f"the agent is paused {self.flags.paused}" if self.flags.paused else ""

    def _on_tick(self, tick: Tick) -> None:
        if self.trade is not None:
            self.trade.pump.offer(tick)

    def _on_disturbance(self, what: str) -> None:
        now_s, last_s = monotonic_s(), self._disturbed_s
        self._disturbed_s = now_s
        if now_s - last_s > DISTURBED_S:  # a quick strategy loses its gateway at each tick, and while that is looked at
            log.info("[HEALTH-CHECK] Looking at the dependencies at once: %s", what)
        self.bell.ring(Ring.DISTURBANCE)

    def _on_faults(self, failure: Failure) -> None:
        self.fault = failure
        self.bell.ring(Ring.FAULTS)

    def _watched(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        """A task whose end by an exception ends the agent: systemd restarts what is broken."""
        task = asyncio.create_task(work)
        task.add_done_callback(self._on_done)
        return task

    def _on_done(self, task: "asyncio.Task[None]") -> None:
        if not task.cancelled() and (error := task.exception()) and not self.crashed.done():
            self.crashed.set_exception(error)


def mode(config: AgentConfig) -> str:
    """Whose money it is, in words."""
    if config.live:
        return "LIVE: orders are real"
    return "orders are simulated"


def read_hours(config: SessionConfig | None) -> Hours | None:
    """The session hours of a configuration, with its holidays.

    Raises:
        ConfigError: the holidays file cannot be read.
    """
    if config is None:
        return None
    holidays: frozenset[Any] = frozenset()
    if config.holidays_file:
        try:
            holidays = session.parse_holidays(Path(config.holidays_file).read_text())
        except (OSError, ValueError) as error:
            raise ConfigError(
                [Mistake(config.holidays_file, "session.holidays_file", "a readable file of dates", str(error))]
            ) from error
    zone = session.parse_zone(config.timezone)
    start, stop = session.parse_clock(config.start), session.parse_clock(config.stop)
    return Hours(session.parse_days(config.days), start, stop, zone, holidays)


def _flag(path: Path) -> Flag | None:
    try:
        with path.open(errors="replace") as file:
            return parse(file.read(MAX_BYTES))
    except FileNotFoundError:
        return None
    except OSError as error:
        return Flag(why=f"{path} cannot be read: {error.strerror}")
