"""How often a failed look is repeated before it counts. Pure."""

from dataclasses import dataclass
from enum import StrEnum

from standfast.agent.failures import Failure


class Verdict(StrEnum):
    """What follows from a look."""

    PASSED = "passed"
    RETRY = "retry"
    CONFIRM = "confirm"
    WAIT = "wait"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Decision:
    """The verdict, and after how many seconds to look again where it says so."""

    verdict: Verdict
    delay_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Policy:
    """How patient a series of looks is.

    Attributes:
        delays_s: the waits before each repetition of a transient failure.
        confirm_delay_s: the wait before the one repetition of a permanent one.
    """

    delays_s: tuple[float, ...]
    confirm_delay_s: float


@dataclass(frozen=True, slots=True)
class Series:
    """Looks in a row so far."""

    transient: int = 0
    permanent_in_a_row: int = 0

    def after(self, failure: Failure | None) -> "Series":
        """The series with one more look."""
        if failure is None:
            return Series()
        if failure.is_permanent:
            return Series(self.transient, self.permanent_in_a_row + 1)
        return Series(self.transient + 1, 0)


def decide(series: Series, failure: Failure | None, policy: Policy) -> Decision:
    """What to do after a look; `series` already counts it.

    A transient failure is retried as often as the policy has delays, then waited out. A permanent
    one is repeated once, because what the gateway says can be wrong once, and then believed.
    """
    if failure is None:
        return Decision(Verdict.PASSED)
    if failure.is_permanent:
        if failure.needs_confirmation and series.permanent_in_a_row < 2:
            return Decision(Verdict.CONFIRM, policy.confirm_delay_s)
        return Decision(Verdict.FAIL)
    if series.transient <= len(policy.delays_s):
        return Decision(Verdict.RETRY, policy.delays_s[series.transient - 1])
    return Decision(Verdict.WAIT)
