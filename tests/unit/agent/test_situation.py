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


@pytest.mark.parametrize(
    ("flat", "nets", "pending", "said"),
    [
        (True, {}, (), "flat"),
        (False, HELD, (), "+5 NSE:SBIN MIS"),
        (False, {}, (ORDER,), "1 order pending"),
        (False, HELD, (ORDER, ORDER), "+5 NSE:SBIN MIS, 2 orders pending"),
        (None, {}, (), "not known whether flat"),
        (None, HELD, (), "+5 NSE:SBIN MIS, not known whether that is all"),
    ],
)
def test_what_is_open_is_said_as_it_is_known(
    flat: bool | None, nets: dict[Holding, int], pending: tuple[OwnOrder, ...], said: str
) -> None:
    line = in_one_line(situation(flat, nets, pending))
    assert line == f"ACTIVE: bot:Bot on openalgo (analyze), {said}"


def test_what_only_a_restart_takes_up_is_said() -> None:
    waits = replace(situation(True, {}, ()), waits_for_restart=("parameters", "openalgo.url"))
    assert in_one_line(waits).endswith("flat; restart to take up: parameters, openalgo.url")


def situation(flat: bool | None, nets: dict[Holding, int], pending: tuple[OwnOrder, ...]) -> Situation:
    return Situation(
        name="bot",
        now=NOW,
        state=State.ACTIVE,
        entered_at=NOW,
        reason="all checks passed",
        failure=None,
        paused=False,
        flat=flat,
        gateway="openalgo",
        live=False,
        strategy="bot:Bot",
        nets=nets,
        pending=pending,
    )
