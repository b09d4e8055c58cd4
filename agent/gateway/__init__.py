"""What the agent needs from a broker, whichever it is."""

from collections.abc import Callable, Sequence
from typing import Protocol

from standfast.agent.trading import Funds, Order, OrderRequest, Position, Tick

OnTick = Callable[[Tick], None]
OnDisturbance = Callable[[str], None]


class Gateway(Protocol):
    """A broker as the agent sees it.

    Every method that fails raises an AgentError with the failure that it means. None of them waits
    for ever, and each may be cancelled at any moment: what it was doing is then abandoned.
    """

    name: str
    poll_interval_s: float
    """How often its books may be asked while something is waited for."""
    refresh_interval_s: float
    """How often they may be asked all day, for the status."""
    has_feed: bool
    """Whether ticks are wanted from it."""

    def open(self, on_tick: OnTick, on_disturbance: OnDisturbance) -> None:
        """Begin the feed; `on_disturbance` hears at once of a connection that was lost, with what was seen."""

    async def prove_connection(self) -> None:
        """The gateway can be reached and answers."""

    async def prove_key(self) -> None:
        """It accepts the API key."""

    async def prove_session(self) -> None:
        """Its broker session is alive, so that its books mean something."""

    async def prove_feed(self, expect_ticks: bool) -> None:
        """Its feed is connected and, where ticks are to be expected, delivers."""

    async def place(self, request: OrderRequest) -> str:
        """Place an order, once, and return its id.

        Raises:
            OrderRefusedError: it was certainly not placed.
            OrderAwaitsApprovalError: it is not, but may be yet.
            AgentError: whether it was placed is not known.
        """

    async def cancel(self, order_id: str) -> None:
        """Ask for an order to be cancelled."""

    async def cancel_all(self) -> None:
        """Ask for every order of the account to be cancelled."""

    async def close_all(self) -> None:
        """Ask for every position of the account to be closed by MARKET orders."""

    async def filled(self, order: Order) -> float | None:
        """How much of a cancelled order was filled, where the book does not tell; None when nobody can."""

    async def orders(self) -> Sequence[Order]:
        """The account's order book."""

    async def positions(self) -> Sequence[Position]:
        """The account's positions that are not zero."""

    async def funds(self) -> Funds:
        """The account's money."""

    async def close(self) -> None:
        """Disconnect."""
