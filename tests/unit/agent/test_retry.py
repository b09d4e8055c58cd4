"""How often a look is repeated, as a table of looks and verdicts."""

import pytest

from standfast.agent.failures import HANDLING, Failure, FailureType, Setting
from standfast.agent.retry import Policy, Series, decide

POLICY = Policy(delays_s=(30, 60, 90), confirm_delay_s=5)
DOWN = Failure(FailureType.OPENALGO_DOWN, "x")
KEY = Failure(FailureType.OPENALGO_AUTH_FAILED, "x")
LOGIN = Failure(FailureType.BROKER_NOT_LOGGED_IN, "x")
CONFIG = Failure(FailureType.CONFIG_ERROR, "x")


@pytest.mark.parametrize(
    ("looks", "expected"),
    [
        ([None], "passed"),
        ([DOWN, DOWN, DOWN, DOWN], "retry 30, retry 60, retry 90, wait"),
        ([DOWN, None], "retry 30, passed"),
        ([KEY, KEY], "confirm 5, fail"),
        ([KEY, LOGIN], "confirm 5, fail"),
        ([KEY, None], "confirm 5, passed"),
        ([KEY, DOWN, KEY, KEY], "confirm 5, retry 30, confirm 5, fail"),
        ([DOWN, KEY, DOWN, DOWN, DOWN], "retry 30, confirm 5, retry 60, retry 90, wait"),
        ([CONFIG], "fail"),
    ],
)
def test_a_series_of_looks(looks: list[Failure | None], expected: str) -> None:
    series = Series()
    said = []
    for failure in looks:
        series = series.after(failure)
        decision = decide(series, failure, POLICY)
        said.append(f"{decision.verdict} {decision.delay_s:g}" if decision.delay_s else str(decision.verdict))
    assert ", ".join(said) == expected


def test_without_retries_a_transient_failure_is_waited_out_at_once() -> None:
    assert decide(Series().after(DOWN), DOWN, Policy((), 5)).verdict == "wait"


def test_every_type_has_a_class_and_an_action_for_its_agent() -> None:
    assert set(HANDLING) == set(FailureType)
    for kind in FailureType:
        action = Failure(kind, "x").action("mybot", Setting())
        assert action
        assert "{" not in action


def test_error_ends_by_itself_only_where_the_human_acts_elsewhere() -> None:
    assert [kind for kind in FailureType if Failure(kind, "").rechecks] == [FailureType.BROKER_NOT_LOGGED_IN]
