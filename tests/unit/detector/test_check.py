"""The timer's check: what it makes of what it finds."""

from __future__ import annotations

import pytest

from standfast.detector.check import findings
from standfast.detector.check.findings import Answer, Question
from standfast.detector.finding import Finding
from standfast.detector.model import Outcome
from standfast.events import Kind

DETECTOR = "standfast-detector.service"


@pytest.mark.parametrize(
    ("answer", "well"),
    [
        (findings.runs(DETECTOR, "active"), True),
        (findings.runs(DETECTOR, "reloading"), True),
        (findings.runs(DETECTOR, "failed"), False),
        (findings.runs(DETECTOR, "inactive"), False),
        (findings.turns(DETECTOR, 30, 120), True),
        (findings.turns(DETECTOR, 121, 120), False),
        (findings.turns(DETECTOR, None, 120), None),
        (findings.disk(5, 100, 0.05, "/"), True),
        (findings.disk(4, 100, 0.05, "/"), False),
        (findings.disk(0, 0, 0.05, "/"), True),
        (findings.together(findings.DATABASES, {}), None),
        (findings.together(findings.DATABASES, {"a": Finding(Outcome.OK)}), True),
        (findings.together(findings.DATABASES, {"a": Finding(Outcome.OK), "b": Finding(Outcome.FAIL)}), False),
        (findings.together(findings.DATABASES, {"a": Finding(Outcome.UNKNOWN)}), None),
        (findings.together(findings.DATABASES, {"a": Finding(Outcome.OK), "b": Finding(Outcome.UNKNOWN)}), None),
        (findings.together(findings.DATABASES, {"a": Finding(Outcome.FAIL), "b": Finding(Outcome.UNKNOWN)}), False),
    ],
)
def test_answers(answer: Answer, well: bool | None) -> None:
    assert answer.well is well


def test_problems_are_told_each_time_and_ends_only_of_what_was_told() -> None:
    bad, good, unknown = (Answer(findings.DISK, well, "words") for well in (False, True, None))

    def was_told(question: Question) -> bool:
        return question == findings.DISK

    def was_not(question: Question) -> bool:
        return False

    assert [event.kind for event in findings.events([bad], was_told)] == [Kind.PROBLEM]
    assert [event.kind for event in findings.events([good], was_told)] == [Kind.RESOLVED]
    assert findings.events([good], was_not) == []
    assert findings.events([unknown], was_told) == []
    (problem,) = findings.events([bad], was_not)
    assert (problem.type, problem.unit) == ("DISK_SPACE_LOW", "standfast-check.service")
    assert problem.action
