"""Budgeted steps: an overrun or an exception of one never eats the next."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from standfast.agent.shutdown import Step, run_steps
from standfast.agent.steps import Outcome, StepName, StepResult

NAMES = list(StepName)


async def fine() -> str:
    return "well"


async def hangs() -> str:
    await asyncio.Event().wait()
    return "never"


async def stubborn() -> str:
    """Does not even end when it is cancelled."""
    for _ in range(3):
        try:
            await asyncio.sleep(0.3)
        except asyncio.CancelledError:
            continue
    return "at last"


async def raises() -> str:
    raise ValueError("no\nluck")


def run(acts: list[Callable[[], Awaitable[str]]], budget_s: float, timeout_s: float) -> tuple[list[StepResult], float]:
    told: list[StepResult] = []
    steps = [Step(name, budget_s, act) for name, act in zip(NAMES, acts, strict=False)]

    async def main() -> float:
        begun = time.monotonic()
        results = await run_steps(steps, timeout_s, told.append)
        assert list(results) == told
        return time.monotonic() - begun

    return told, asyncio.run(main())


def test_each_step_has_its_own_fate() -> None:
    results, took_s = run([fine, hangs, raises, stubborn, fine], budget_s=0.1, timeout_s=9)
    assert [result.outcome for result in results] == [
        Outcome.DONE,
        Outcome.OVERRAN,
        Outcome.FAILED,
        Outcome.OVERRAN,
        Outcome.DONE,
    ]
    assert results[2].detail == "ValueError: no luck"
    assert 0.2 <= took_s < 0.35


def test_the_whole_ends_in_its_time() -> None:
    results, took_s = run([hangs, hangs, hangs, fine], budget_s=0.2, timeout_s=0.3)
    assert [result.outcome for result in results] == [
        Outcome.OVERRAN,
        Outcome.OVERRAN,
        Outcome.NO_TIME,
        Outcome.NO_TIME,
    ]
    assert took_s < 0.4


def test_a_step_ends_with_the_whole() -> None:
    ended: list[str] = []

    async def goes_on() -> str:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("the step")
        return "never"

    async def main() -> None:
        whole = asyncio.ensure_future(run_steps([Step(NAMES[0], 9, goes_on)], 9, lambda result: None))
        await asyncio.sleep(0.01)
        whole.cancel()
        await asyncio.wait({whole})
        assert whole.cancelled()
        assert ended == ["the step"]

    asyncio.run(main())


def test_a_step_that_overran_says_what_kept_it() -> None:
    async def main() -> StepResult:
        step = Step(StepName.CANCEL_ORDERS, 0.05, hangs, lambda: "the gateway is away")
        return (await run_steps([step], 9, lambda result: None))[0]

    assert asyncio.run(main()).detail == "given up after 0.1 s: the gateway is away"
