"""The edge to an OpenAlgo server: what its answers prove, and what they do not."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any, Final

from standfast.agent.config import OpenAlgoConfig
from standfast.agent.failures import (
    AgentError,
    Failure,
    FailureType,
    OrderAwaitsApprovalError,
    OrderRefusedError,
    failed,
)
from standfast.agent.gateway import OnDisturbance, OnTick
from standfast.agent.gateway.openalgo import answers, books
from standfast.agent.gateway.openalgo.answers import Answer
from standfast.agent.gateway.openalgo.feed import Feed
from standfast.agent.gateway.openalgo.rest import NoAnswerError, Rest
from standfast.agent.trading import Funds, Order, OrderRequest, Position

log = logging.getLogger(__name__)

# So many broker errors in a row, with OpenAlgo itself well, are an expired session rather than a bad moment.
ERRORS_TO_SESSION: Final = 4


class OpenAlgoGateway:
    """One account behind one OpenAlgo server.

    `live` says which mode is wanted: real orders, or the server's own simulation (analyze mode).
    Nothing is placed while the server is in the other one.
    """

    name = "openalgo"
    poll_interval_s = 0.25
    refresh_interval_s = 10.0

    def __init__(self, config: OpenAlgoConfig, key: str, symbols: Sequence[str], live: bool) -> None:
        self.has_feed = bool(config.websocket_url)
        self._config = config
        self._live = live
        self._rest = Rest(config.url, key, config.request_timeout_s)
        self._feed = Feed(config.websocket_url, key, symbols, config.first_tick_timeout_s)
        self._on_disturbance: OnDisturbance = log.info
        self._broker_errors = 0

    def open(self, on_tick: OnTick, on_disturbance: OnDisturbance) -> None:
        """Begin the feed, if one is wanted."""
        self._on_disturbance = on_disturbance
        if self.has_feed:
            self._feed.open(on_tick, on_disturbance)

    # What is proven

    async def prove_connection(self) -> None:
        """See Gateway. A refused key is an answer too."""
        answer = await self._rest.post("ping")
        if not answer.is_refused_key:
            _succeed("ping", answer)

    async def prove_key(self) -> None:
        """See Gateway. ping's 403 means a bad key or no broker session; chart tells the two apart."""
        answer = await self._rest.post("ping")
        if not answer.is_refused_key:
            _succeed("ping", answer)
            return
        chart = await self._rest.get("chart")
        if chart.status == answers.FORBIDDEN:
            raise failed(FailureType.OPENALGO_AUTH_FAILED, "OpenAlgo refuses the API key")
        if chart.status != 200:
            _succeed("chart", chart)

    async def prove_session(self) -> None:
        """See Gateway. ping and a mere success prove nothing: funds must be there, and not all zero."""
        answer = await self._rest.post("ping")
        if answer.is_refused_key:
            raise failed(FailureType.BROKER_NOT_LOGGED_IN, "OpenAlgo answers 403: no broker is logged in")
        _succeed("ping", answer)
        await self._prove_mode()
        funds = await self._rest.post("funds")
        self._count_broker_errors(funds)
        why_not = answers.lacks_session(_succeed("funds", funds).get("data"), self._config.zero_funds_means_logged_out)
        if why_not:
            raise failed(FailureType.BROKER_NOT_LOGGED_IN, f"no broker session behind OpenAlgo: {why_not}")

    async def prove_feed(self, expect_ticks: bool) -> None:
        """See Gateway."""
        await self._feed.prove(expect_ticks)

    # Orders

    async def place(self, request: OrderRequest) -> str:
        """See Gateway. It is sent once: there is no way to send it twice and have it once."""
        if not self._live:
            # One switch turns the whole server to real orders. Without live = true none may slip through.
            await self._prove_mode_for(request)
        fields = books.order_fields(request)
        try:
            answer = await self._rest.post(
                "placeorder", self._config.order_timeout_s, strategy=self._config.strategy_label, **fields
            )
        except NoAnswerError as error:
            if error.was_sent:
                raise
            raise OrderRefusedError(f"cannot place {request}: {error}; it was not sent") from error
        if order_id := answers.order_id(answer):
            return order_id
        if number := answers.approval_number(answer):
            detail = f"{request} waits for approval in OpenAlgo (number {number}): the account is in semi-auto mode"
            raise OrderAwaitsApprovalError(detail, number)
        if answers.is_certainly_not_placed(answer):
            self._on_disturbance(f"OpenAlgo turned an order down with {answer.status}")
            raise OrderRefusedError(f"cannot place {request}: OpenAlgo answered {answer.status}: {answer.message}")
        raise AgentError(_failure("placeorder", answer))

    async def cancel(self, order_id: str) -> None:
        """See Gateway."""
        await self._ask("cancelorder", strategy=self._config.strategy_label, orderid=order_id)

    async def cancel_all(self) -> None:
        """See Gateway. What it says of its success is not looked at: the order book tells."""
        await self._ask("cancelallorder", strategy=self._config.strategy_label)

    async def close_all(self) -> None:
        """See Gateway. What it says of its success is not looked at: the position book tells."""
        # It places orders, and goes on placing them when nobody waits any more.
        label, limit_s = self._config.strategy_label, self._config.order_timeout_s
        _succeed("closeposition", await self._rest.post("closeposition", limit_s, strategy=label))

    async def filled(self, order: Order) -> float | None:
        """See Gateway. The order book does not tell; the order's own status has an average price if anything was."""
        answer = await self._rest.post("orderstatus", strategy=self._config.strategy_label, orderid=order.order_id)
        body = answer.body if answer.is_success else None
        return books.fill_of_a_cancelled(order.request.quantity, body.get("data") if body else None)

    # Books

    async def orders(self) -> Sequence[Order]:
        """See Gateway."""
        return books.orders((await self._ask("orderbook")).get("data"))

    async def positions(self) -> Sequence[Position]:
        """See Gateway."""
        return books.positions((await self._ask("positionbook")).get("data"))

    async def funds(self) -> Funds:
        """See Gateway."""
        data = (await self._ask("funds")).get("data")
        return books.funds(data if isinstance(data, dict) else {})

    async def close(self) -> None:
        """Disconnect the feed and let go of the threads."""
        self._rest.close()
        await self._feed.close()

    async def _ask(self, call: str, **fields: Any) -> Mapping[str, Any]:
        return _succeed(call, await self._rest.post(call, **fields))

    async def _prove_mode(self) -> None:
        data = (await self._ask("analyzer")).get("data")
        mode = data.get("analyze_mode") if isinstance(data, dict) else None
        if mode is not (not self._live):
            wanted, found = ("live", "analyze") if self._live else ("analyze", "live")
            detail = f"the configuration says live = {str(self._live).lower()}, but OpenAlgo is in {found} mode"
            raise failed(FailureType.LIVE_MODE_MISMATCH, f"{detail}, not in {wanted} mode")

    async def _prove_mode_for(self, request: OrderRequest) -> None:
        try:
            await self._prove_mode()
        except AgentError as error:
            self._on_disturbance(str(error))
            raise OrderRefusedError(f"cannot place {request}: {error}; nothing was sent") from error

    def _count_broker_errors(self, funds: Answer) -> None:
        """A broker call that raises is a bad moment at first; when it goes on, the token is taken to have expired."""
        self._broker_errors = self._broker_errors + 1 if funds.status == 500 else 0
        if self._broker_errors >= ERRORS_TO_SESSION:
            detail = f"the broker behind OpenAlgo failed {self._broker_errors} times in a row: {funds.message}"
            raise failed(FailureType.BROKER_NOT_LOGGED_IN, detail)


def _succeed(call: str, answer: Answer) -> Mapping[str, Any]:
    """The body of a success.

    Raises:
        AgentError: it is none.
    """
    body = answer.body
    if answer.is_success and body is not None:
        return body
    raise AgentError(_failure(call, answer))


def _failure(call: str, answer: Answer) -> Failure:
    return answers.failure_of(call, answer) or Failure(FailureType.OPENALGO_ERROR, f"{call}: {answer.message}")
