"""The state machine, whole: every state x every input."""

import itertools

import pytest

from standfast.agent.lifecycle import TRANSITIONS, IllegalTransitionError, Input, State, step

# Rows: the state; columns: where each input leads, "-" where it is refused.
TABLE = """
           CHECKS_PASSED TRANSIENT_FAILURE PERMANENT_FAILURE MARKET_CLOSED COOL_OFF KILLED RECHECK  STOP
STARTING   ACTIVE        WAITING           ERROR             WAITING       WAITING  ERROR  -        SHUTDOWN
ACTIVE     -             WAITING           ERROR             WAITING       -        ERROR  -        SHUTDOWN
WAITING    ACTIVE        WAITING           ERROR             WAITING       WAITING  ERROR  -        SHUTDOWN
ERROR      ACTIVE        -                 ERROR             -             WAITING  ERROR  STARTING SHUTDOWN
SHUTDOWN   -             -                 -                 -             -        -      -        -
"""


def cells() -> list[tuple[State, Input, str]]:
    header, *rows = (line.split() for line in TABLE.strip().splitlines())
    return [(State(state), Input[name], cell) for state, *row in rows for name, cell in zip(header, row, strict=True)]


@pytest.mark.parametrize(("state", "cause", "expected"), cells())
def test_every_state_meets_every_input(state: State, cause: Input, expected: str) -> None:
    if expected == "-":
        with pytest.raises(IllegalTransitionError, match=state):
            step(state, cause, "why")
    else:
        transition = step(state, cause, "why")
        assert (transition.previous, transition.state, transition.cause) == (state, State(expected), cause)


def test_the_table_is_complete() -> None:
    assert {(state, cause) for state, cause, _ in cells()} == set(itertools.product(State, Input))
    assert set(TRANSITIONS) == {(state, cause) for state, cause, cell in cells() if cell != "-"}


@pytest.mark.parametrize("state", [state for state in State if state is not State.SHUTDOWN])
def test_a_permanent_failure_leads_to_error_and_a_stop_to_shutdown_from_everywhere(state: State) -> None:
    assert step(state, Input.PERMANENT_FAILURE, "").state is State.ERROR
    assert step(state, Input.STOP, "").state is State.SHUTDOWN
