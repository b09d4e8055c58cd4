"""HTTP calls to OpenAlgo, in threads that can be abandoned; every one of them has a timeout."""

import asyncio
from typing import Any, Final

import requests

from standfast.agent.failures import AgentError, Failure, FailureType
from standfast.agent.gateway.openalgo.answers import Answer
from standfast.agent.threads import CallPool
from standfast.scrub import scrubbed

# OpenAlgo allows 10 orders and 50 other calls a second, and does not say how long to wait.
RATE_LIMITED: Final = 429
RATE_LIMIT_PAUSE_S: Final = 1.0
RATE_LIMIT_REPEATS: Final = 2


class NoAnswerError(AgentError):
    """The server did not answer.

    Attributes:
        was_sent: whether it may have received the request.
    """

    def __init__(self, detail: str, was_sent: bool) -> None:
        super().__init__(Failure(FailureType.OPENALGO_DOWN, detail))
        self.was_sent = was_sent


class Rest:
    """One server and one API key. The key is in the body of every call and in no message."""

    def __init__(self, url: str, key: str, timeout_s: float) -> None:
        self._url = url.rstrip("/")
        self._key = key
        self._timeout_s = timeout_s
        self._pool = CallPool("openalgo")

    async def post(self, call: str, timeout_s: float | None = None, **fields: Any) -> Answer:
        """What the server answers to POST /api/v1/CALL; a rate limit is waited out, as nothing was done then.

        Raises:
            NoAnswerError: it did not answer in time.
        """
        body = {"apikey": self._key, **fields}
        for _ in range(RATE_LIMIT_REPEATS):
            answer = await self._request("POST", call, timeout_s, json=body)
            if answer.status != RATE_LIMITED:
                return answer
            await asyncio.sleep(RATE_LIMIT_PAUSE_S)
        return await self._request("POST", call, timeout_s, json=body)

    async def get(self, call: str) -> Answer:
        """What the server answers to GET /api/v1/CALL?apikey=...

        Raises:
            NoAnswerError: it did not answer in time.
        """
        return await self._request("GET", call, None, params={"apikey": self._key})

    def close(self) -> None:
        """No more calls."""
        self._pool.close()

    async def _request(self, method: str, call: str, timeout_s: float | None, **content: Any) -> Answer:
        limit_s = timeout_s or self._timeout_s
        try:
            # The library's timeout is between two bytes: a server that drips needs this one as well.
            async with asyncio.timeout(limit_s + 0.5):
                answer: Answer = await self._pool.call(lambda: self._blocking(method, call, limit_s, content))
        except TimeoutError:
            raise NoAnswerError(f"OpenAlgo did not finish its answer to {call} within {limit_s:g} s", True) from None
        return Answer(answer.status, scrubbed(answer.text, self._key))

    def _blocking(self, method: str, call: str, limit_s: float, content: dict[str, Any]) -> Answer:
        try:
            with requests.Session() as session:
                session.trust_env = False  # a proxy of the environment has no business between an agent and its gateway
                # A fresh connection each time: on a kept one, whether an order was sent could not be told.
                answer = session.request(
                    method, f"{self._url}/api/v1/{call}", timeout=limit_s, allow_redirects=False, **content
                )
                return Answer(answer.status_code, answer.text)
        except requests.RequestException as error:
            raise _no_answer(self._url, call, error) from None  # its text may hold the key


def _no_answer(url: str, call: str, error: requests.RequestException) -> NoAnswerError:
    if isinstance(error, requests.ConnectTimeout):
        return NoAnswerError(f"OpenAlgo at {url} does not take connections", was_sent=False)
    if isinstance(error, requests.Timeout):
        return NoAnswerError(f"OpenAlgo at {url} did not answer {call} in time", was_sent=True)
    if "NewConnectionError" in repr(error):
        return NoAnswerError(f"OpenAlgo at {url} cannot be reached", was_sent=False)
    return NoAnswerError(
        f"OpenAlgo at {url} broke the connection during {call} ({type(error).__name__})", was_sent=True
    )
