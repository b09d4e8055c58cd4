"""One problem of the fleet follows another: what is over of it, and what is not."""

from dataclasses import replace

import pytest
from tests.unit.notifier.events import at, problem, resolved
from tests.unit.notifier.fold import Fold, kinds
from tests.unit.notifier.test_commands import order
from tests.unit.notifier.test_ledger import CRITICAL_TO_WEBHOOK

from standfast.events import Event, Kind, Severity
from standfast.notifier import fleet, succession
from standfast.notifier.aggregate import Admission
from standfast.notifier.body import webhook_body
from standfast.notifier.model import Draft, Heard, Message
from standfast.notifier.render import render
from standfast.notifier.resolution import Return
from standfast.notifier.tick import next_due

DETECTOR = "standfast-detector.service"
CASCADE, CRITICAL, WARNING = "CASCADING_FAILURE", "FLEET_CRITICAL", "FLEET_WARNING"
ALL_WELL = "it is over; level NONE: all well"


def begins(second: float, kind: str) -> Heard:
    severity = Severity.CRITICAL if kind == CASCADE else Severity.WARNING
    return problem(second, kind, DETECTOR, severity, "units fail", action="See why: journalctl -u a")


def ends(second: float, kind: str, **data: str) -> Heard:
    heard = resolved(second, kind, DETECTOR, **data)
    return replace(heard, event=replace(heard.event, message=ALL_WELL))


def failing(second: float, unit: str, **more: object) -> Heard:
    return problem(second, "UNIT_FAILING", unit, action=f"See why: journalctl -u {unit}", **more)  # type: ignore[arg-type]


def shown(fold: Fold, draft: Draft) -> Message:
    return render(fleet.with_not_over(draft, fold.ledger.problems.values()), "id", "box1", None)


def over(kind: str = CASCADE, text: str = "") -> Fold:
    """It was told, and is over since second 100."""
    fold = Fold(text)
    fold.hear(begins(0, kind))
    fold.tick(60)
    fold.hear(ends(100, kind))
    return fold


def test_what_has_eased_within_its_hold_and_is_back_was_not_over() -> None:
    fold = over()
    assert fold.hear(begins(101, CRITICAL)) is Admission.OPENED
    assert fold.tick(106) == [], "no word that all is well"
    fold.hear(ends(108, CRITICAL, superseded_by=CASCADE))
    assert fold.hear(begins(108, CASCADE)) is Admission.AT_ONCE
    (draft,) = fold.drafts()
    assert (draft.kind.value, draft.problems[0].id, draft.problems[0].occurrences) == ("problem", 1, 2)
    assert fold.tick(170) == []
    fold.hear(ends(200, CASCADE))
    (end,) = fold.tick(205)
    assert [one.first_occurrence for one in end.problems] == [at(0)]


def test_what_was_away_for_less_than_its_hold_is_no_news() -> None:
    fold = over()
    fold.hear(begins(101, CRITICAL))
    fold.hear(ends(104, CRITICAL, superseded_by=CASCADE))
    assert fold.hear(begins(104, CASCADE)) is Return.NOT_OVER
    assert fold.tick(170) == []


def test_what_somebody_took_on_goes_on_as_that() -> None:
    fold = Fold()
    fold.hear(begins(0, CASCADE))
    fold.hear(Heard(Event(Kind.COMMAND, "", "ACK", data={"id": 1}), at(1), "ann"))
    fold.hear(ends(100, CASCADE))
    fold.hear(begins(101, CRITICAL))
    fold.drafts()
    fold.hear(ends(108, CRITICAL, superseded_by=CASCADE))
    fold.hear(begins(108, CASCADE))
    assert fold.drafts() == []
    assert [one.acknowledged for one in fold.ledger.problems.values()] == [True]


def test_what_followed_and_is_over_untold_ends_it() -> None:
    fold = over()
    fold.hear(begins(103, CRITICAL))
    fold.hear(ends(130, CRITICAL))
    assert fold.tick(134) == [], "it may be back"
    (end,) = fold.tick(135)
    assert [(one.type, one.resolved_at) for one in end.problems] == [(CASCADE, at(130))]
    assert fold.tick(1000) == []


def test_its_end_waits_for_a_window_at_most_and_names_what_is_not_over() -> None:
    fold = over()
    fold.hear(begins(101, CRITICAL))
    assert next_due(fold.ledger, fold.config, at(161)) == at(165)
    assert kinds(fold.tick(161)) == ["problem"]
    (end,) = fold.tick(165)
    assert shown(fold, end).text.splitlines() == [
        f"box1: RESOLVED: {CASCADE} {DETECTOR}",
        f"Not over: {CRITICAL}",
        "It lasted 1 min 40 s, 1 occurrence",
        shown(fold, end).text.splitlines()[3],
        "Next: See why: journalctl -u a",
    ]
    fold.hear(ends(300, CRITICAL))
    (last,) = fold.tick(305)
    assert [one.type for one in last.problems] == [CRITICAL]
    assert ALL_WELL in shown(fold, last).text


def test_the_end_of_what_gives_way_to_something_worse_is_that_ones_and_reaches_all_who_were_told() -> None:
    fold = over(WARNING, f'{CRITICAL_TO_WEBHOOK}channels = ["journal"]')
    fold.hear(begins(102, CASCADE))
    assert [draft.to.channels for draft in fold.drafts()] == [("webhook",)]
    assert fold.tick(200) == []
    fold.hear(ends(300, CASCADE))
    (end,) = fold.tick(305)
    assert ([one.type for one in end.problems], end.to.channels) == ([CASCADE], ("journal", "webhook"))


def test_those_who_were_told_of_what_followed_are_told_of_the_end_too() -> None:
    fold = over(CASCADE, f'{CRITICAL_TO_WEBHOOK}channels = ["journal"]')
    fold.hear(begins(101, WARNING))
    assert [draft.to.channels for draft in fold.tick(161)] == [("journal",)]
    fold.hear(ends(163, WARNING, superseded_by=CASCADE))
    fold.hear(begins(163, CASCADE))
    fold.hear(ends(300, CASCADE))
    assert [draft.to.channels for draft in fold.tick(305)] == [("webhook",), ("journal", "webhook")]


@pytest.mark.parametrize("second", [105, 300])
def test_what_comes_after_the_hold_follows_nothing(second: float) -> None:
    fold = over()
    fold.hear(begins(second, CRITICAL))
    assert kinds(fold.tick(second)) == ["recovery"]


def test_what_a_person_says_to_be_over_is_over() -> None:
    fold = Fold()
    fold.hear(begins(0, CASCADE))
    fold.hear(Heard(Event(Kind.COMMAND, "", "RESOLVE", data={"id": 1}), at(100), "ann"))
    fold.hear(begins(101, CRITICAL))
    assert kinds(fold.tick(105)) == ["problem", "recovery"]


def flapping_over(units: str) -> tuple[Fold, Message]:
    """A cascade comes and goes, is over at 11, and these units fail from 40 on; the word that it is over."""
    fold = Fold()
    for second in range(0, 12, 2):
        fold.hear(begins(second, CASCADE))
        fold.hear(ends(second + 1, CASCADE))
    fold.drafts()
    for unit in units:
        fold.hear(failing(40, f"{unit}.service"))
    (draft,) = fold.tick(71)
    return fold, shown(fold, draft)


def test_that_something_is_over_at_this_moment_names_what_is_not() -> None:
    _, message = flapping_over("cab")
    lines = message.text.splitlines()
    assert lines[0] == f"box1: FLAPPING, over at this moment: {CASCADE} {DETECTOR}"
    assert lines[1] == "Not over: UNIT_FAILING of a.service, b.service, c.service"
    assert lines[-1] == "Next: standfastctl errors: what is not over, and what to do"
    assert "nothing" not in message.text
    assert webhook_body(message)["events"][0]["action"] == "", "what is over has no next step"


def test_what_is_not_over_is_named_up_to_a_bound_with_its_step_where_it_is_one() -> None:
    assert "Not over: UNIT_FAILING of a.service, b.service, c.service and 2 more\n" in flapping_over("abcde")[1].text
    assert flapping_over("a")[1].text.endswith("\nNext: See why: journalctl -u a.service")
    assert "Next: nothing while it is over" in flapping_over("")[1].text


def test_the_word_that_it_is_over_waits_while_it_has_eased() -> None:
    fold = Fold()
    for second in range(0, 12, 2):
        fold.hear(begins(second, CASCADE))
        fold.hear(ends(second + 1, CASCADE))
    fold.drafts()
    fold.hear(begins(40, CRITICAL))
    assert fold.tick(80) == []
    assert kinds(fold.tick(100)) == ["problem"]
    assert kinds(fold.tick(131)) == ["flapping"], "a window longer at most"


def test_an_end_of_several_says_of_none_of_the_fleet_that_all_is_well() -> None:
    fold = Fold()
    for heard in (begins(0, CRITICAL), failing(0, "a.service")):
        fold.hear(heard)
    fold.tick(60)
    fold.hear(ends(100, CRITICAL))
    fold.hear(resolved(100, "UNIT_FAILING", "a.service"))
    fold.hear(problem(104, "POSITIONS_NOT_FLAT", "agent", Severity.CRITICAL))
    fold.hear(problem(104, "FEED_STALE", "feed"))
    fold.drafts()
    (end,) = fold.tick(105)
    text = shown(fold, end).text
    assert "\nNot over: POSITIONS_NOT_FLAT of agent\n" in text
    assert ALL_WELL not in text
    assert "UNIT_FAILING a.service: lasted 1 min 40 s, 1 occurrence; it is over\n" in text


def test_what_is_there_again_when_its_end_is_told_late_is_said_to_be() -> None:
    fold = over()
    fold.hear(begins(200, CASCADE))
    end = fold.drafts()[0]
    assert "\nNot over: CASCADING_FAILURE, which is there again\n" in shown(fold, end).text


def test_an_end_that_is_not_of_the_fleet_is_told_by_itself() -> None:
    fold = Fold()
    for unit in "ab":
        fold.hear(failing(0, f"{unit}.service"))
    fold.tick(60)
    fold.hear(resolved(100, "UNIT_FAILING", "a.service"))
    (end,) = fold.tick(105)
    assert "Not over" not in shown(fold, end).text


def test_whoever_read_that_something_is_not_over_is_told_its_end() -> None:
    fold = Fold()
    fold.hear(begins(0, CASCADE))
    fold.hear(failing(90, "a.service"))
    fold.drafts()
    fold.hear(ends(100, CASCADE))
    fold.tick_only(106)
    succession.name_not_over(fold.ledger)
    (end,) = fold.drafts()
    assert [one.unit for one in end.not_over] == ["a.service"]
    fold.hear(resolved(110, "UNIT_FAILING", "a.service"))
    (told,) = fold.tick(116)
    assert (told.kind.value, told.problems[0].unit) == ("recovery", "a.service")


def test_what_gives_way_to_a_worse_one_before_it_is_told_is_told_as_that_when_it_was_due() -> None:
    fold = Fold()
    fold.hear(failing(0, "a.service"))
    fold.hear(resolved(58, "UNIT_FAILING", "a.service", superseded_by=CRITICAL))
    assert fold.hear(begins(58, CRITICAL)) is Admission.JOINED
    assert fold.tick(59) == []
    (told,) = fold.tick(60)
    assert [one.type for one in told.problems] == [CRITICAL]


def test_nobody_has_taken_on_what_is_back_after_they_were_told_that_it_is_over() -> None:
    fold = Fold()
    for second in range(0, 12, 2):
        fold.hear(begins(second, CASCADE))
        fold.hear(ends(second + 1, CASCADE))
    fold.hear(begins(20, CASCADE))
    fold.hear(order("ACK", 21, id=1))
    fold.hear(ends(25, CASCADE))
    fold.tick(90)
    fold.hear(begins(100, CASCADE))
    (there,) = fold.ledger.problems.values()
    assert (there.id, there.acknowledged, there.quiet) == (1, False, "")


def test_the_end_of_a_units_flapping_is_not_told_while_the_fleet_fails() -> None:
    fold = Fold()
    for second in range(0, 12, 2):
        fold.hear(failing(second, "a.service"))
        fold.hear(resolved(second + 1, "UNIT_FAILING", "a.service"))
    fold.drafts()
    fold.hear(begins(1000, CASCADE))
    assert kinds(fold.tick(1100)) == ["problem"], "not that the unit no longer fails"
    assert not [one for one in fold.ledger.resting.values() if one.type == "UNIT_FAILING"]
