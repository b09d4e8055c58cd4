"""The pump and the callbacks: threads that can be abandoned, faults in a row, ticks dropped oldest first."""

import asyncio
import logging
import threading
import time
import warnings
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from standfast.agent.callbacks import Callbacks
from standfast.agent.config import PaperConfig
from standfast.agent.desk import Desk
from standfast.agent.failures import Failure
from standfast.agent.gateway.paper import PaperGateway
from standfast.agent.loader import LoadedStrategy
from standfast.agent.own_orders import OwnOrders
from standfast.agent.pump import QUEUED_TICKS, Pump
from standfast.agent.store import Store
from standfast.agent.strategy import AsyncTrading, Trading, TradingClosedError
from standfast.agent.trading import Side, Tick

SYMBOL = "NSE:A"


class Plain:
    """Records what it is called with, and in which thread."""

    def __init__(self) -> None:
        self.prices: list[float] = []
        self.threads: set[int] = set()
        self.gate = threading.Event()
        self.gate.set()
        self.seen = threading.Event()
        self.raise_on: set[float] = set()
        self.raises: type[Exception] = ValueError

    def start(self, trading: Trading) -> None:
        self.threads.add(threading.get_ident())
        self.order = trading.place(SYMBOL, Side.BUY, 2)
        self.positions = trading.positions()

    def tick(self, tick: Tick) -> None:
        self.threads.add(threading.get_ident())
        self.seen.set()
        self.gate.wait()
        self.prices.append(tick.price)
        if tick.price in self.raise_on:
            raise self.raises(tick.price)

    def stop(self) -> None:
        self.threads.add(threading.get_ident())


class Coroutines:
    """The same with `async def`."""

    def __init__(self) -> None:
        self.prices: list[float] = []

    async def start(self, trading: AsyncTrading) -> None:
        self.order = await trading.place(SYMBOL, Side.BUY, 2)
        self.funds = await trading.funds()

    async def tick(self, tick: Tick) -> None:
        await asyncio.sleep(0)
        self.prices.append(tick.price)

    async def stop(self) -> None:
        pass


class Scene:
    """A strategy behind a pump; ticks come from the test."""

    def __init__(self, directory: Path, strategy: Plain | Coroutines, timeout_s: float = 5) -> None:
        gateway = PaperGateway(PaperConfig(), [SYMBOL])
        self.store = Store.open(directory / "state.db")
        desk = Desk(gateway, OwnOrders(self.store), (SYMBOL,), lambda what: None, lambda: "")
        desk.open()
        self.callbacks = Callbacks(LoadedStrategy(strategy, isinstance(strategy, Coroutines)), desk)
        self.faults: list[Failure] = []
        self.pump = Pump(self.callbacks, timeout_s, self.faults.append)
        self.task = asyncio.ensure_future(self.pump.run())

    def tick(self, price: float) -> None:
        self.pump.offer(Tick(SYMBOL, price, datetime.now(UTC)))

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait for what another thread does."""
        for _ in range(1000):
            if condition():
                return
            await asyncio.sleep(0.005)
        raise TimeoutError("it did not happen")


def play(scene: Callable[[], Scene], story: Callable[[Scene], Awaitable[None]]) -> None:
    async def main() -> None:
        here = scene()
        try:
            await story(here)
        finally:
            here.task.cancel()
            here.callbacks.close()
            here.store.close()

    asyncio.run(main())


def test_plain_callbacks_run_in_one_thread_of_their_own(tmp_path: Path) -> None:
    strategy = Plain()

    async def story(scene: Scene) -> None:
        await scene.pump.open()
        for price in (1, 2, 3):
            scene.tick(price)
        await scene.until(lambda: len(strategy.prices) == 3)
        assert await scene.pump.stop_strategy() == "the strategy stopped"
        assert strategy.prices == [1, 2, 3]
        assert strategy.order == "P000001"
        assert len(strategy.threads) == 1
        assert threading.get_ident() not in strategy.threads

    play(lambda: Scene(tmp_path, strategy), story)


def test_async_callbacks_run_on_the_loop(tmp_path: Path) -> None:
    strategy = Coroutines()

    async def story(scene: Scene) -> None:
        await scene.pump.open()
        scene.tick(1)
        await scene.until(lambda: strategy.prices == [1])
        assert strategy.funds.available == 1_000_000

    play(lambda: Scene(tmp_path, strategy), story)


def test_five_faults_in_a_row_and_not_five_in_all(tmp_path: Path) -> None:
    strategy = Plain()
    strategy.raise_on = {1, 2, 3, 4, 6, 7, 8, 9, 10, 11}

    async def story(scene: Scene) -> None:
        await scene.pump.open()
        for price in range(1, 12):
            scene.tick(price)
        await scene.until(lambda: bool(scene.faults))
        assert strategy.prices == [1, 2, 3, 4, 5, 6, 7, 8, 9, 10], "the eleventh is not handed over"
        assert "raised 5 times in a row, last ValueError: 10" in scene.faults[0].detail

    play(lambda: Scene(tmp_path, strategy), story)


def test_an_agent_that_takes_no_orders_is_no_fault_of_its_strategy(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    strategy = Plain()
    strategy.raises = TradingClosedError
    strategy.raise_on = set(map(float, range(1, 11)))

    async def story(scene: Scene) -> None:
        await scene.pump.open()
        for _ in range(10):
            scene.tick(1)
        await scene.until(lambda: len(strategy.prices) == 10)
        assert scene.faults == []
        assert caplog.text.count("gave up") == 1, "said once, not at each tick"

    play(lambda: Scene(tmp_path, strategy), story)


def test_a_slow_strategy_loses_the_oldest_ticks_and_is_late_only_over_its_time(tmp_path: Path) -> None:
    strategy = Plain()

    async def story(scene: Scene) -> None:
        await scene.pump.open()
        strategy.gate.clear()
        scene.tick(0)
        await scene.until(strategy.seen.is_set)
        for price in range(1, QUEUED_TICKS + 11):
            scene.tick(price)
        assert scene.pump.dropped == 10
        assert not scene.pump.is_late
        await scene.until(lambda: scene.pump.is_late)
        strategy.gate.set()
        await scene.until(lambda: len(strategy.prices) == QUEUED_TICKS + 1)
        assert strategy.prices[:2] == [0, 11]
        assert not scene.pump.is_late

    play(lambda: Scene(tmp_path, strategy, timeout_s=0.2), story)


def test_a_callback_that_never_returns_can_be_abandoned(tmp_path: Path) -> None:
    strategy = Plain()

    async def story(scene: Scene) -> None:
        await scene.pump.open()
        strategy.gate.clear()
        scene.tick(1)
        await scene.until(strategy.seen.is_set)
        begun = time.monotonic()
        stopping = asyncio.ensure_future(scene.pump.stop_strategy())
        await asyncio.wait({stopping}, timeout=0.1)
        stopping.cancel()
        await asyncio.wait({stopping})
        assert time.monotonic() - begun < 0.3
        strategy.gate.set()

    play(lambda: Scene(tmp_path, strategy), story)


@pytest.mark.parametrize(
    "error", ["SystemExit(3)", "KeyboardInterrupt()", "asyncio.CancelledError()", "StopIteration()"]
)
@pytest.mark.parametrize("kind", ["def", "async def"])
def test_a_strategy_cannot_end_the_agent(tmp_path: Path, kind: str, error: str) -> None:
    names: dict[str, Any] = {"asyncio": asyncio, "Base": Coroutines if "async" in kind else Plain}
    exec(f"class Rude(Base):\n {kind} tick(self, tick): raise {error}", names)
    strategy = names["Rude"]()

    async def story(scene: Scene) -> None:
        await scene.pump.open()
        for price in range(6):
            scene.tick(price)
        await scene.until(lambda: bool(scene.faults))
        assert not scene.task.done()
        assert await scene.pump.stop_strategy() == "the strategy stopped"

    play(lambda: Scene(tmp_path, strategy), story)


def test_ticks_while_the_pump_is_shut_are_not_handed_over_later(tmp_path: Path) -> None:
    strategy = Plain()

    async def story(scene: Scene) -> None:
        scene.tick(1)
        await scene.pump.open()
        scene.tick(2)
        await scene.until(lambda: bool(strategy.prices))
        assert strategy.prices == [2]
        assert scene.pump.last_tick_at is not None

    play(lambda: Scene(tmp_path, strategy), story)


@pytest.mark.parametrize("others", ["pass", "warnings.simplefilter('ignore')", "logging.captureWarnings(True)"])
@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("self.trading.place('NSE:A', 'BUY', 2)", "trading.place ("),
        ("held = self.trading.positions()", "trading.positions ("),
        ("if self.trading.orders(): pass", "trading.orders ("),
        ("self.buy()", "Forgetful.buy ("),
    ],
)
def test_a_call_without_await_is_a_fault(tmp_path: Path, statement: str, said: str, others: str) -> None:
    text = f"""
import logging, warnings
class Forgetful(Base):
    async def start(self, trading):
        self.trading = trading
        {others}
    async def buy(self):
        await self.trading.place('NSE:A', 'BUY', 2)
    async def tick(self, tick):
        {statement}
"""
    names: dict[str, Any] = {"Base": Coroutines}
    exec(compile(text, "/srv/bots/dip.py", "exec"), names)
    strategy = names["Forgetful"]()

    async def story(scene: Scene) -> None:
        await scene.pump.open()
        for price in range(5):
            scene.tick(price)
        await scene.until(lambda: bool(scene.faults))
        assert "RuntimeError: `await` is missing, so nothing was done: " + said in scene.faults[0].detail

    with warnings.catch_warnings():
        play(lambda: Scene(tmp_path, strategy), story)
        logging.captureWarnings(False)


def test_what_runs_as_a_task_is_awaited_and_other_warnings_go_their_way(tmp_path: Path) -> None:
    class Busy(Coroutines):
        async def start(self, trading: AsyncTrading) -> None:
            self.trading = trading

        async def tick(self, tick: Tick) -> None:
            self.order = await asyncio.create_task(self.trading.place(SYMBOL, Side.BUY, 2))
            self.later = asyncio.create_task(self.trading.cancel(self.order))
            warnings.warn("something else", UserWarning, stacklevel=1)
            await super().tick(tick)

    strategy = Busy()

    async def story(scene: Scene) -> None:
        await scene.pump.open()
        for price in range(6):
            scene.tick(price)
        await scene.until(lambda: len(strategy.prices) == 6)
        assert scene.faults == []
        await strategy.later

    with pytest.warns(UserWarning, match="something else"):
        play(lambda: Scene(tmp_path, strategy), story)
