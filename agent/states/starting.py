"""STARTING: look, and look again with growing patience."""

import logging
from datetime import timedelta

from standfast.agent.life import Life
from standfast.agent.lifecycle import State
from standfast.agent.retry import Policy, Series, Verdict, decide
from standfast.agent.states.beginning import conclude
from standfast.clock import utc_now
from standfast.time_words import clock, span

log = logging.getLogger(__name__)


async def starting(life: Life) -> None:
    """Run the checks with retries until they pass or it is known what else to do."""
    series = Series()
    while life.state is State.STARTING:
        report = await life.look()
        series = series.after(report.failure)
        decision = decide(series, report.failure, _policy(life))
        if decision.verdict not in (Verdict.RETRY, Verdict.CONFIRM):
            await conclude(life, report, decision.verdict)
            continue
        assert report.failure is not None, "only what failed is tried again"
        life.note_retried(report.failure, is_confirmed=decision.verdict is Verdict.RETRY)
        number = series.transient + series.permanent_in_a_row
        # By the clock: the status is read at any time until then.
        following = clock(utc_now() + timedelta(seconds=decision.delay_s))
        life.reason = f"attempt {number} failed, the next at {following}: {report.failure}"
        log.info("[HEALTH-CHECK] Attempt %d failed; the next one follows in %s", number, span(decision.delay_s))
        life.show()
        if await life.pause(decision.delay_s):
            series = Series()


def _policy(life: Life) -> Policy:
    startup = life.config.startup
    delays_s = tuple(startup.retry_delay_base_s * number for number in range(1, startup.max_retries + 1))
    return Policy(delays_s, startup.confirm_delay_s)
