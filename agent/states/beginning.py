"""From checks that passed to ACTIVE: the strategy's start lies between, and only its return ends what was told."""

from standfast.agent.checks import Report
from standfast.agent.failures import AgentError
from standfast.agent.life import Life
from standfast.agent.lifecycle import Input, State
from standfast.agent.retry import Verdict
from standfast.agent.states.leaving import close_where_configured


async def conclude(life: Life, report: Report, verdict: Verdict) -> None:
    """Make the transition that a look leads to, if it leads to one."""
    if not report.is_good:
        life.conclude(report, verdict)
    elif life.state is not State.ACTIVE and not life.faces_crashes():
        await _begin(life)


async def _begin(life: Life) -> None:
    trade = life.have.trade
    assert trade is not None, "the checks pass only after everything was built"
    if not trade.pump.is_started and life.state is not State.ERROR:
        life.reason = "all checks passed; the strategy's start has not returned yet"
        life.show()
    try:
        await trade.begin()
    except AgentError as error:
        life.conclude(Report(error.failure), Verdict.FAIL if error.failure.is_permanent else Verdict.WAIT)
        await close_where_configured(life)  # what its start placed before it raised
        return
    if life.have.flags.killed:  # while its start ran
        trade.rest()
        life.conclude(*await life.look_confirmed())
    else:
        life.move(Input.CHECKS_PASSED, "all checks passed")
