"""An orderly end in budgeted steps: one step's overrun or exception never eats the next."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

from standfast.agent.steps import Outcome, StepName, StepResult
from standfast.clock import monotonic_s

# How long a step may take to notice that the whole was cancelled.
CANCEL_S: Final = 0.05


@dataclass(frozen=True, slots=True)
class Step:
    """Something to do within its budget; it returns what came of it, in words.

    Attributes:
        trouble: what kept it from its end, in words, when its time is over; "" when that is not known.
    """

    name: StepName
    budget_s: float
    act: Callable[[], Awaitable[str]]
    trouble: Callable[[], str] = str


async def run_steps(
    steps: Sequence[Step], timeout_s: float, tell: Callable[[StepResult], None]
) -> tuple[StepResult, ...]:
    """Run the steps in order, each within min(its own budget, what is left of `timeout_s`).

    A step that does not end in time is cancelled and not waited for: whatever it is stuck in is
    abandoned. What it fails with is its result.
    """
    deadline_s = monotonic_s() + timeout_s
    results = []
    for step in steps:
        result = await _run_step(step, min(step.budget_s, deadline_s - monotonic_s()))
        tell(result)
        results.append(result)
    return tuple(results)


async def _run_step(step: Step, allowed_s: float) -> StepResult:
    if allowed_s <= 0:
        return StepResult(step.name, Outcome.NO_TIME, 0.0, "not begun")
    begun_s = monotonic_s()
    task = asyncio.ensure_future(step.act())
    try:
        await asyncio.wait({task}, timeout=allowed_s)
    except asyncio.CancelledError:
        # Nothing may go on unseen: a second unwinding beside this one would close the positions twice.
        task.cancel()
        task.add_done_callback(_forget)
        await asyncio.wait({task}, timeout=CANCEL_S)
        raise
    took_s = monotonic_s() - begun_s
    if not task.done():
        task.cancel()
        task.add_done_callback(_forget)
        why = f": {trouble}" if (trouble := step.trouble()) else ""
        return StepResult(step.name, Outcome.OVERRAN, took_s, f"given up after {allowed_s:.1f} s{why}")
    error = None if task.cancelled() else task.exception()
    if error is not None:
        return StepResult(step.name, Outcome.FAILED, took_s, " ".join(f"{type(error).__name__}: {error}".split()))
    return StepResult(step.name, Outcome.DONE, took_s, "cancelled" if task.cancelled() else task.result())


def _forget(task: "asyncio.Future[str]") -> None:
    """Look at an abandoned task's exception, so that nobody complains that nobody did."""
    if not task.cancelled():
        task.exception()
