"""What is said of orders that the broker never answered to, and of a gateway that fails at each call."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.unit.agent.living import living
from tests.unit.agent.test_memory import WATCHES

from standfast.agent.failures import FailureType
from standfast.agent.ledger import OwnOrder
from standfast.agent.own_orders import OwnOrders
from standfast.agent.reconciling import of_unknown_fate
from standfast.agent.store import Store
from standfast.agent.strategy import TradingError
from standfast.agent.trading import OrderRequest, Side
from standfast.clock import utc_now


def test_an_order_that_may_still_be_taken_is_told_with_until_when() -> None:
    sent = datetime(2026, 1, 27, 9, tzinfo=UTC)
    order = OwnOrder(1, OrderRequest("NSE:SBIN", Side.BUY, 1), sent)
    lost = [replace(order, placed_at=sent - timedelta(minutes=2)), order, replace(order, order_id="7")]
    waits = of_unknown_fate(lost, sent + timedelta(seconds=150))
    assert waits.type is FailureType.ORDERS_UNSETTLED
    assert waits.detail.endswith("; it may be taken until 09:02:30 UTC")
    assert of_unknown_fate(lost, sent + timedelta(seconds=151)).type is FailureType.POSITIONS_UNVERIFIED
    assert of_unknown_fate(lost[2:], sent).type is FailureType.POSITIONS_UNVERIFIED, "the broker has an id for it"


def test_what_the_book_does_not_show_is_not_said_to_stand_in_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    own = OwnOrders(Store.open(tmp_path / "state.db"))
    sent = own.intend(OrderRequest("NSE:SBIN", Side.BUY, 1), utc_now())
    own.find_again((), sent.placed_at + timedelta(seconds=151), is_trusted=True)
    assert caplog.text.rstrip().endswith("unknown); its book shows none: it counts as not placed")
    assert own.is_flat


def test_a_strategy_that_asks_on_and_on_while_the_gateway_is_away_is_said_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def story() -> None:
        async with living(tmp_path, top=WATCHES) as agent:
            await agent.heard.state("ACTIVE")
            trade = agent.have.trade
            assert trade is not None
            agent.faults.write_text("down")
            for _ in range(20):
                with pytest.raises(TradingError):
                    await trade.desk.positions()
                await asyncio.sleep(0.01)  # in which the look begins, and wakes up for each of them

    with caplog.at_level("INFO"):
        asyncio.run(story())
    assert caplog.text.count("Looking at the dependencies at once") == 1
