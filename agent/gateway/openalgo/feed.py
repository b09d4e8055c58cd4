"""The feed: one WebSocket that is kept up, subscribed, and distrusted when it falls silent."""

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Final, NoReturn

from standfast.agent.failures import AgentError, Failure, FailureType, failed
from standfast.agent.gateway import OnDisturbance, OnTick
from standfast.agent.gateway.openalgo import speech
from standfast.agent.gateway.openalgo.speech import Heard, Speech
from standfast.agent.gateway.openalgo.websocket import WebSocket, WebSocketError
from standfast.clock import utc_now
from standfast.scrub import scrubbed

# How long connecting, authenticating and subscribing may take each; the server itself gives up after 15 s.
STEP_TIMEOUT_S: Final = 5.0
# After this long without a message, and again after a ping, the connection is taken for half-open.
SILENCE_S: Final = 20.0
RECONNECT_S: Final = (1.0, 2.0, 5.0, 10.0, 30.0)


class Feed:
    """Keeps itself connected from `open` to `close`."""

    def __init__(self, url: str, key: str, symbols: Sequence[str], first_tick_timeout_s: float) -> None:
        self._url = url
        self._key = key
        self._symbols = symbols
        self._first_tick_timeout_s = first_tick_timeout_s
        self._task: asyncio.Task[None] | None = None
        self._failure: Failure | None = None
        self._changed = asyncio.Event()
        self._ticked = asyncio.Event()
        self._retry = asyncio.Event()
        self._is_subscribed = False

    def open(self, on_tick: OnTick, on_disturbance: OnDisturbance) -> None:
        """Begin to connect."""
        if self._task is None:
            self._task = asyncio.create_task(self._keep_up(on_tick, on_disturbance), name="openalgo feed")

    async def prove(self, expect_ticks: bool) -> None:
        """Return once the feed is subscribed and, where ticks are to be expected, has given one from now on.

        Raises:
            AgentError: what keeps it from that.
        """
        self._retry.set()
        self._ticked.clear()
        await self._until_subscribed()
        if not expect_ticks:
            return
        try:
            async with asyncio.timeout(self._first_tick_timeout_s):
                await self._ticked.wait()
        except TimeoutError:
            detail = f"the feed gave no tick of {', '.join(self._symbols)} within {self._first_tick_timeout_s:g} s"
            raise failed(FailureType.FEED_STALE, detail) from None

    async def close(self) -> None:
        """Disconnect."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def _until_subscribed(self) -> None:
        self._failure = None
        try:
            async with asyncio.timeout(3 * STEP_TIMEOUT_S):
                while not self._is_subscribed:
                    if self._failure is not None:
                        raise AgentError(self._failure)
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            raise failed(FailureType.WEBSOCKET_DOWN, f"the feed at {self._url} did not get ready in time") from None

    async def _keep_up(self, on_tick: OnTick, on_disturbance: OnDisturbance) -> None:
        attempt = 0
        while True:
            failure = await self._one_connection(on_tick)
            was_subscribed, self._is_subscribed, self._failure = self._is_subscribed, False, failure
            self._changed.set()
            if was_subscribed:
                attempt = 0
                on_disturbance(f"the feed was lost: {failure}")
            await self._pause(RECONNECT_S[min(attempt, len(RECONNECT_S) - 1)])
            attempt += 1

    async def _one_connection(self, on_tick: OnTick) -> Failure:
        """Connect and pass ticks on until that ends; what ended it."""
        try:
            async with asyncio.timeout(STEP_TIMEOUT_S):
                socket = await WebSocket.connect(self._url)
            async with socket:
                await self._talk(socket, on_tick)
        except TimeoutError:
            return Failure(FailureType.WEBSOCKET_DOWN, f"the feed at {self._url} does not answer")
        except WebSocketError as error:
            return Failure(FailureType.WEBSOCKET_DOWN, f"the feed at {self._url}: {error}")
        except AgentError as error:
            return error.failure

    async def _talk(self, socket: WebSocket, on_tick: OnTick) -> NoReturn:
        await socket.send(speech.authenticate(self._key))
        await self._expect(socket, Heard.AUTHENTICATED)
        await socket.send(speech.subscribe(self._symbols))
        await self._expect(socket, Heard.SUBSCRIBED)
        self._is_subscribed, self._failure = True, None
        self._changed.set()
        asked = False
        while True:
            try:
                async with asyncio.timeout(SILENCE_S):
                    said = self._understand(await socket.receive())
            except TimeoutError:
                if asked:
                    raise WebSocketError("it is silent, even when pinged") from None
                asked = True
                await socket.send(speech.ping(utc_now()))
            else:
                asked = False
                self._take(said, on_tick)

    def _understand(self, text: str) -> Speech:
        said = speech.understand(text, utc_now())
        # The server's own words may repeat the key.
        return said if said.failure is None else speech.understand(scrubbed(text, self._key), utc_now())

    def _take(self, said: Speech, on_tick: OnTick) -> None:
        if said.failure is not None:
            raise AgentError(said.failure)  # after BROKER_ERROR the socket would stay silent for ever
        if said.tick is not None:
            self._ticked.set()
            on_tick(said.tick)

    async def _expect(self, socket: WebSocket, wanted: Heard) -> None:
        async with asyncio.timeout(STEP_TIMEOUT_S):
            while True:
                said = self._understand(await socket.receive())
                if said.failure is not None:
                    raise AgentError(said.failure)
                if said.heard is wanted:
                    return

    async def _pause(self, seconds: float) -> None:
        """Wait before the next attempt; somebody who asks for the feed ends the wait."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._retry.wait()
        self._retry.clear()
