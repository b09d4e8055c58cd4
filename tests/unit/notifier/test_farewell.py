"""Who hears of the end of a problem: everybody who was told of it, or of what gave way to it."""

import pytest
from tests.unit.notifier.events import at, config, problem, resolved
from tests.unit.notifier.fold import Fold
from tests.unit.notifier.test_ledger import CRITICAL_TO_WEBHOOK

from standfast.events import Event, Kind, Severity
from standfast.notifier.ledger import HEIRS_KEPT
from standfast.notifier.model import Heard

ESCALATING = f'{CRITICAL_TO_WEBHOOK}channels = ["journal"]'


def test_all_who_were_told_of_a_problem_are_told_of_its_end() -> None:
    fold = Fold(ESCALATING)
    fold.hear(problem(0))
    assert [draft.to.channels for draft in fold.tick(60)] == [("journal",)]
    fold.hear(problem(70, severity=Severity.CRITICAL))
    assert [draft.to.channels for draft in fold.tick(70)] == [("webhook",)]
    fold.hear(resolved(80))
    assert [(draft.kind.value, draft.to.channels) for draft in fold.tick(85)] == [("recovery", ("journal", "webhook"))]


def test_a_channel_that_is_gone_is_told_of_no_end() -> None:
    fold = Fold(ESCALATING)
    fold.hear(problem(0, severity=Severity.CRITICAL))
    fold.drafts()
    fold.config = config()
    fold.hear(resolved(80))
    assert [draft.to.channels for draft in fold.tick(85)] == [("journal",)]


def test_a_shared_recovery_goes_to_no_channel_that_heard_of_only_one_of_them() -> None:
    fold = Fold(ESCALATING)
    fold.hear(problem(0, "ONE"))
    fold.hear(problem(0, "TWO"))
    fold.tick(60)
    fold.hear(problem(70, "TWO", severity=Severity.CRITICAL))
    fold.drafts()
    for kind in ("ONE", "TWO"):
        fold.hear(resolved(80, kind))
    told = {draft.problems[0].type: draft.to.channels for draft in fold.tick(85)}
    assert told == {"ONE": ("journal",), "TWO": ("journal", "webhook")}


def test_what_a_person_resolved_is_told_as_that_until_it_is_back() -> None:
    fold = Fold()
    fold.hear(problem(0))
    fold.tick(60)
    command = Event(Kind.COMMAND, "", "RESOLVE", data={"id": 1})
    fold.hear(Heard(command, at(70), "ann"))
    fold.hear(problem(72))
    (known,) = fold.ledger.problems.values()
    assert known.ended_by == ""
    fold.hear(Heard(command, at(80), "ann"))
    (draft,) = fold.tick(85)
    assert draft.problems[0].ended_by == "ann"


@pytest.mark.parametrize("is_there_before", [False, True])
def test_whoever_heard_of_what_gave_way_to_a_worse_problem_hears_of_its_end(is_there_before: bool) -> None:
    fold = Fold(ESCALATING)
    fold.hear(problem(0, "UNIT_FAILING"))
    fold.tick(60)
    worse = problem(70, "CASCADING_FAILURE", severity=Severity.CRITICAL)
    gave_way = resolved(70, "UNIT_FAILING", superseded_by="CASCADING_FAILURE")
    for heard in (worse, gave_way) if is_there_before else (gave_way, worse):
        fold.hear(heard)
    assert [draft.to.channels for draft in fold.drafts()] == [("webhook",)]
    fold.hear(resolved(90, "CASCADING_FAILURE"))
    assert [(draft.kind.value, draft.to.channels) for draft in fold.tick(95)] == [("recovery", ("journal", "webhook"))]
    assert fold.ledger.heirs == {}


def test_the_end_of_a_worse_problem_that_nobody_was_told_of_ends_what_they_were_told_of() -> None:
    fold = Fold(ESCALATING)
    fold.hear(problem(0, "UNIT_FAILING"))
    fold.tick(60)
    fold.hear(resolved(70, "UNIT_FAILING", superseded_by="FLEET_CRITICAL"))
    fold.hear(problem(70, "FLEET_CRITICAL"))
    fold.hear(resolved(90, "FLEET_CRITICAL"))
    assert [(draft.kind.value, draft.to.channels) for draft in fold.tick(95)] == [("recovery", ("journal",))]


def test_nobody_hears_of_the_end_of_what_nobody_heard_of() -> None:
    fold = Fold(ESCALATING)
    fold.hear(problem(0, "UNIT_FAILING"))
    fold.hear(resolved(10, "UNIT_FAILING", superseded_by="FLEET_CRITICAL"))
    fold.hear(problem(10, "FLEET_CRITICAL"))
    fold.hear(resolved(30, "FLEET_CRITICAL"))
    assert fold.tick(600) == []


def test_worse_problems_that_never_come_are_not_remembered_without_end() -> None:
    fold = Fold()
    for number in range(HEIRS_KEPT + 5):
        fold.hear(problem(number, f"P{number}", severity=Severity.CRITICAL))
        fold.hear(resolved(number, f"P{number}", superseded_by=f"WORSE{number}"))
    assert len(fold.ledger.heirs) == HEIRS_KEPT
    assert f"WORSE{HEIRS_KEPT + 4}" in fold.ledger.heirs


def test_where_several_units_have_the_worse_problem_it_is_its_own_units() -> None:
    fold = Fold(ESCALATING)
    fold.hear(problem(0, "SLOW", "b.service"))
    fold.tick(60)
    for unit in ("a.service", "b.service"):
        fold.hear(problem(70, "DEAD", unit, severity=Severity.CRITICAL))
    fold.hear(resolved(70, "SLOW", "b.service", superseded_by="DEAD"))
    told_on = {one.unit: one.told_on for one in fold.ledger.problems.values()}
    assert told_on == {"a.service": ("webhook",), "b.service": ("webhook", "journal")}
