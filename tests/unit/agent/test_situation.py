"""The line that `systemctl status` shows: "flat" is said only where it is known."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from standfast.agent.ledger import OwnOrder
from standfast.agent.lifecycle import State
from standfast.agent.situation import Situation, in_one_line
from standfast.agent.trading import Holding, OrderRequest, OrderStatus, Side

NOW = datetime(2026, 1, 27, 4, 0, tzinfo=UTC)
HELD = {Holding("NSE:SBIN"): 5}
ORDER = OwnOrder(1, OrderRequest("NSE:TCS", Side.BUY, 1), NOW, "7", OrderStatus.OPEN)
LOST = replace(ORDER, order_id="", status=OrderStatus.UNKNOWN)
GONE = replace(ORDER, status=OrderStatus.UNKNOWN)


@pytest.mark.parametrize(
    ("flat", "nets", "orders", "said"),
    [
        (True, {}, (), "flat"),
        (False, HELD, (), "+5 NSE:SBIN MIS"),
        (False, {}, (ORDER,), "1 order pending"),
        (False, HELD, (ORDER, ORDER), "+5 NSE:SBIN MIS, 2 orders pending"),
        (None, {}, (), "not known whether flat"),
        (None, HELD, (), "+5 NSE:SBIN MIS, not known whether that is all"),
        (None, HELD, (LOST,), "+5 NSE:SBIN MIS, not known whether BUY 1 NSE:TCS MIS was taken"),
        (None, {}, (GONE,), "nothing for certain, not known what became of BUY 1 NSE:TCS MIS (order 7)"),
    ],
)
def test_what_is_open_is_said_as_it_is_known(
    flat: bool | None, nets: dict[Holding, int], orders: tuple[OwnOrder, ...], said: str
) -> None:
    line = in_one_line(situation(flat, nets, orders))
    assert line == f"ACTIVE: bot:Bot on openalgo (analyze), {said}"


def test_one_that_waits_names_what_it_does_not_know_either() -> None:
    waits = replace(situation(None, HELD, (LOST,)), state=State.WAITING, reason="OPENALGO_DOWN: it is away")
    assert in_one_line(waits) == (
        "WAITING: OPENALGO_DOWN: it is away; it holds +5 NSE:SBIN MIS, not known whether BUY 1 NSE:TCS MIS was taken"
    )
    ends = in_one_line(replace(waits, state=State.SHUTDOWN, reason="stopped: unverified (x)", orders=()))
    assert "unverified (x); as far as is known it holds +5" in ends, "as its last message has it"
    assert in_one_line(replace(waits, nets={}, orders=())) == "WAITING: OPENALGO_DOWN: it is away"


def test_what_only_a_restart_takes_up_is_said() -> None:
    waits = replace(situation(True, {}, ()), waits_for_restart=("parameters", "openalgo.url"))
    assert in_one_line(waits).endswith("flat; restart to take up: parameters, openalgo.url")


def situation(flat: bool | None, nets: dict[Holding, int], orders: tuple[OwnOrder, ...]) -> Situation:
    return Situation(
        name="bot",
        now=NOW,
        state=State.ACTIVE,
        entered_at=NOW,
        reason="all checks passed",
        failure=None,
        paused=None,
        flat=flat,
        gateway="openalgo",
        live=False,
        strategy="bot:Bot",
        nets=nets,
        orders=orders,
    )
