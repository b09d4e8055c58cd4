"""The replay format: what is read, what is refused, and how clearly."""

from __future__ import annotations

import pytest
from tests.unit.detector.make import ITSELF

from standfast.detector.history import HistoryError, parse, to_line
from standfast.detector.model import (
    CheckObservation,
    ClockEvent,
    ClockObservation,
    EndObservation,
    FileObservation,
    ManagerObservation,
    Observation,
    Outcome,
    ReleaseObservation,
    RestartObservation,
    RunResult,
    UnitObservation,
)

EXAMPLES: list[tuple[str, Observation]] = [
    (
        '{"at":0,"kind":"unit","unit":"a.service","load_state":"loaded","active_state":"active",'
        '"sub_state":"running","result":"success","n_restarts":0,"invocation_id":"x","job":"","needs":["b.service"]}',
        UnitObservation(0, "a.service", invocation_id="x", needs=("b.service",)),
    ),
    ('{"at":1,"kind":"manager","answers":true,"system_state":"running"}', ManagerObservation(1, True, "running")),
    ('{"at":1,"kind":"file","path":"/x","ok":false,"detail":"missing"}', FileObservation(1, "/x", False, "missing")),
    ('{"at":1,"kind":"file","path":"/x","ok":null}', FileObservation(1, "/x", None)),
    (
        '{"at":1.5,"kind":"check","name":"trades","unit":"","outcome":"fail"}',
        CheckObservation(1.5, "trades", "", Outcome.FAIL),
    ),
    ('{"at":1,"kind":"clock","event":"resume"}', ClockObservation(1, ClockEvent.RESUME)),
    ('{"at":1,"kind":"restart","result":"partial"}', RestartObservation(1, RunResult.PARTIAL)),
    ('{"at":1,"kind":"restart","result":"success","run_id":"x"}', RestartObservation(1, RunResult.SUCCESS, "x")),
    (
        '{"at":1,"kind":"restart","result":"started","units":["a","b"],"asked_for":["a"]}',
        RestartObservation(1, RunResult.STARTED, "", frozenset({"a", "b"}), frozenset({"a"})),
    ),
    ('{"at":1,"kind":"release"}', ReleaseObservation(1)),
    ('{"at":1,"kind":"end"}', EndObservation(1)),
]


@pytest.mark.parametrize(("line", "observation"), EXAMPLES)
def test_a_line_is_an_observation(line: str, observation: Observation) -> None:
    assert list(parse([line])) == [observation]
    assert list(parse([to_line(observation)])) == [observation]


def test_a_unit_with_everything_that_a_live_observer_knows() -> None:
    seen = UnitObservation(
        5, "a.service", unit_type="oneshot", ended_by=ITSELF, job_result="dependency", since=4.25, needs=("b.service",)
    )
    assert list(parse([to_line(seen)])) == [seen]


def test_comments_and_empty_lines_say_nothing() -> None:
    assert list(parse(["# a comment", "", "  ", EXAMPLES[-1][0]])) == [EXAMPLES[-1][1]]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("{", "line 1"),
        ("[]", "not a JSON object"),
        ('{"at":1}', "the kind null is none of unit, manager"),
        ('{"at":1,"kind":["unit"]}', "is none of unit"),
        ('{"kind":"end"}', "no 'at'"),
        ('{"at":"soon","kind":"end"}', "soon"),
        ('{"at":1,"kind":"unit","unit":"a.service"}', "no 'active_state'"),
        ('{"at":1,"kind":"check","name":"x","outcome":"maybe"}', "\"maybe\" is none of 'ok'"),
        ('{"at":1,"kind":"manager","answers":"yes"}', "expected true or false"),
        ('{"at":1,"kind":"unit","unit":"a","active_state":"active","needs":5}', "line 1"),
        ("[" * 100_000, "line 1"),
        ('{"at":1,"kind":"unit","unit":"a","active_state":"active","n_restarts":Infinity}', "infinity"),
        (f'{{"at":1{"0" * 400},"kind":"end"}}', "too large"),
    ],
)
def test_a_line_that_is_none_is_named(line: str, told: str) -> None:
    with pytest.raises(HistoryError, match=r"cannot read h.jsonl, line 1: .*; correct or remove the line") as caught:
        list(parse([line], "h.jsonl"))
    assert told in str(caught.value)


def test_time_does_not_go_back() -> None:
    with pytest.raises(HistoryError, match='line 2: its "at" goes back in time'):
        list(parse(['{"at":2,"kind":"end"}', '{"at":1,"kind":"end"}']))
