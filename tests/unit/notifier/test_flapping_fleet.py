"""A problem of the fleet that comes and goes: told where it is about others, and never left as it is not."""

import pytest
from tests.unit.notifier.events import at, problem, resolved
from tests.unit.notifier.fold import Fold, kinds

from standfast.events import Event, Kind, Severity
from standfast.moments import iso
from standfast.notifier.flapping import Flapping, changed
from standfast.notifier.model import Draft, Heard
from standfast.notifier.render import render
from standfast.notifier.resolution import Return

FLEET = ("CASCADING_FAILURE", "standfast-detector.service", Severity.CRITICAL)
OLD = ["a.service", "b.service", "c.service"]
NEW = ["d.service", "e.service", "f.service"]


def cascade(second: float, about: list[str]) -> Heard:
    kind, unit, severity = FLEET
    return problem(second, kind, unit, severity, f"{len(about)} units fail: {', '.join(about)}", about=about)


def over(second: float) -> Heard:
    return resolved(second, *FLEET[:2])


def flapping_fleet() -> Fold:
    """A cascade of the old units came and went until it was told as flapping, and is over."""
    fold = Fold()
    for second in range(0, 12, 2):
        fold.hear(cascade(second, OLD))
        fold.tick_only(second)
        fold.hear(over(second + 1))
    assert kinds(fold.drafts()) == ["problem", "flapping"]
    return fold


def test_a_cascade_of_others_is_told_though_the_earlier_ones_came_and_went() -> None:
    fold = flapping_fleet()
    assert fold.hear(cascade(20, OLD[:2])) is Flapping.GOES_ON
    fold.hear(over(21))
    assert fold.drafts() == [], "they are the same units"
    assert fold.hear(cascade(22, NEW)) is Flapping.OTHERS
    (draft,) = fold.drafts()
    assert (draft.kind, draft.severity) == ("problem", Severity.CRITICAL)
    assert all(name in draft.problems[0].message for name in NEW)
    assert draft.note == f"Not in it before: {', '.join(NEW)}"
    assert fold.hear(over(23)) is Flapping.GOES_ON
    fold.hear(cascade(24, [*NEW, OLD[0]]))
    assert fold.drafts() == [], "nobody is new in it"
    told = [draft for second in range(30, 2000, 5) for draft in fold.tick(second)]
    assert kinds(told) == ["problem"], "it is there, and that is told when it is stable"


def test_others_are_told_three_times_at_most_while_it_comes_and_goes() -> None:
    fold = flapping_fleet()
    for second in range(20, 420, 2):
        fold.hear(cascade(second, [*OLD[:2], f"other-{second}.service"]))
        fold.hear(over(second + 1))
    assert kinds(fold.drafts()) == ["problem"] * 3


def test_the_memory_of_whom_it_was_about_has_an_end() -> None:
    flap = changed(None, at(0), OLD)
    for number in range(30):
        flap = changed(flap, at(number), [f"{number}-{one}.service" for one in range(100)])
    assert len(flap.about) == 1000
    assert flap.others == ()


def test_others_are_told_where_the_last_cascade_was_not_told_to_be_over() -> None:
    fold = Fold()
    fold.hear(cascade(0, OLD))
    fold.hear(over(1))
    assert fold.hear(cascade(2, NEW)) is Return.OTHERS
    assert kinds(fold.drafts()) == ["problem", "problem"]
    fold.hear(over(3))
    assert kinds(fold.tick(9)) == ["recovery"], "and one end"


def test_whoever_took_on_some_units_did_not_take_on_others() -> None:
    fold = flapping_fleet()
    fold.hear(cascade(20, OLD))
    fold.hear(Heard(Event(Kind.COMMAND, "", "ACK", data={"id": 1}), at(21), "ann"))
    fold.hear(over(22))
    fold.drafts()
    fold.hear(cascade(23, NEW))
    (draft,) = fold.drafts()
    assert not draft.problems[0].acknowledged


def test_others_that_make_it_critical_are_one_message() -> None:
    fold = Fold()
    for second in range(0, 12, 2):
        fold.hear(problem(second, about=OLD))
        fold.hear(resolved(second + 1))
    assert kinds(fold.drafts()) == ["flapping"]
    fold.hear(problem(20, severity=Severity.CRITICAL, about=NEW))
    (draft,) = fold.drafts()
    assert (draft.kind, draft.severity) == ("problem", Severity.CRITICAL)


def test_a_silence_holds_for_others_too() -> None:
    fold = flapping_fleet()
    data = {"id": "0123456789abcdef", "type": FLEET[0], "end": iso(at(3000))}
    fold.hear(Heard(Event(Kind.COMMAND, "", "SILENCE", data=data), at(20), "ann"))
    fold.hear(cascade(21, NEW))
    assert fold.drafts() == []


def come_and_go(fold: Fold) -> None:
    """A cascade came and went until it flaps, and is over."""
    for second in range(0, 6, 2):
        fold.hear(cascade(second, OLD))
        fold.tick_only(second)
        fold.hear(over(second + 1))
    assert kinds(fold.tick(6)) == ["problem"], "that it is over at this moment is not told of what crashes on and on"


def texts(drafts: list[Draft]) -> list[str]:
    return [render(draft, "id", "box1", None).text for draft in drafts]


def test_a_cascade_that_was_told_to_be_over_is_told_when_it_is_there_again() -> None:
    fold = Fold()
    come_and_go(fold)
    (text,) = texts(fold.tick(66))
    assert text.startswith("box1: FLAPPING, over at this moment: CASCADING_FAILURE")
    assert "the next message about it comes when it is there again, or stable (" in text
    fold.hear(cascade(70, OLD))
    (text,) = texts(fold.tick(70))
    assert text.startswith("box1: FLAPPING: CRITICAL: CASCADING_FAILURE")
    assert "the next message about it comes when it has been over for a minute (unless it changes 20 times" in text
    for second in range(80, 800, 80):
        fold.hear(over(second))
        fold.tick_only(second + 65)
        fold.hear(cascade(second + 70, OLD))
        fold.tick_only(second + 70)
    told = texts(fold.drafts())
    each = ["box1: FLAPPING, over at this moment:", "box1: FLAPPING: CRITICAL:"]
    assert [text.split(" CASC")[0] for text in told] == each * 3, "after a minute's peace; then that was the last word"
    assert "is there now; the next message about it comes when it is stable (" in told[-1]


def test_a_cascade_that_lasted_and_was_mended_is_told_to_be_over_before_it_is_stable() -> None:
    fold = Fold()
    come_and_go(fold)
    fold.hear(cascade(20, OLD))
    fold.tick(20)
    fold.hear(over(120))
    assert fold.tick(179) == []
    (text,) = texts(fold.tick(180))
    assert text.startswith("box1: FLAPPING, over at this moment:")


@pytest.mark.parametrize("lasted_s", [1, 20, 59])
def test_a_cascade_that_was_short_is_told_to_be_over_where_it_was_told_to_be_there(lasted_s: int) -> None:
    fold = Fold()
    come_and_go(fold)
    fold.hear(cascade(20, OLD))
    (text,) = texts(fold.tick(20))
    assert "and is there now" in text
    fold.hear(over(20 + lasted_s))
    assert fold.tick(79 + lasted_s) == []
    (text,) = texts(fold.tick(80 + lasted_s))
    assert text.startswith("box1: FLAPPING, over at this moment:")


def test_the_end_of_what_changed_on_and_on_is_told_when_it_is_stable_or_was_there_for_a_minute() -> None:
    fold = Fold()
    come_and_go(fold)
    for second in range(20, 620, 2):
        fold.hear(cascade(second, OLD))
        fold.tick_only(second)
        fold.hear(over(second + 1))
    assert kinds(fold.tick(620)) == ["flapping"]
    assert [draft for second in range(620, 1200, 5) for draft in fold.tick(second)] == []
    fold.hear(cascade(1200, OLD))
    fold.hear(over(1260))
    assert kinds(fold.tick(1320)) == ["flapping"]


def test_a_cascade_that_is_told_after_changing_on_and_on_in_a_silence_says_what_it_waits_for() -> None:
    fold = Fold()
    data = {"id": "0123456789abcdef", "type": FLEET[0], "end": iso(at(60))}
    fold.hear(Heard(Event(Kind.COMMAND, "", "SILENCE", data=data), at(0), "ann"))
    for second in range(0, 50, 2):
        fold.hear(cascade(second, OLD))
        fold.hear(over(second + 1))
    fold.hear(cascade(50, OLD))
    (text,) = texts(fold.tick(60))
    assert "the next message about it comes when it is there for a minute and then over for one, or stable" in text


def test_a_cascade_that_is_back_at_once_is_told_to_be_there_and_not_to_have_been_over() -> None:
    fold = Fold()
    come_and_go(fold)
    fold.hear(cascade(20, OLD))
    (text,) = texts(fold.tick(20))
    assert "and is there now" in text


def test_a_cascade_that_came_and_went_in_a_silence_is_told_when_that_ends_if_it_is_there() -> None:
    fold = Fold()
    data = {"id": "0123456789abcdef", "type": FLEET[0], "end": iso(at(30))}
    fold.hear(Heard(Event(Kind.COMMAND, "", "SILENCE", data=data), at(0), "ann"))
    for second in range(0, 12, 2):
        fold.hear(cascade(second, OLD))
        fold.hear(over(second + 1))
    fold.hear(cascade(20, OLD))
    assert fold.tick(29) == []
    assert kinds(fold.tick(30)) == ["flapping"]


def test_of_a_cascade_that_came_and_went_in_a_silence_and_is_over_nothing_is_told() -> None:
    fold = Fold()
    data = {"id": "0123456789abcdef", "type": FLEET[0], "end": iso(at(30))}
    fold.hear(Heard(Event(Kind.COMMAND, "", "SILENCE", data=data), at(0), "ann"))
    for second in range(0, 12, 2):
        fold.hear(cascade(second, OLD))
        fold.hear(over(second + 1))
    assert [draft for second in range(12, 2000, 5) for draft in fold.tick(second)] == []


def test_it_is_not_told_to_be_over_while_nobody_watches() -> None:
    fold = flapping_fleet()
    fold.hear(problem(13, "WATCHER_DOWN", FLEET[1], Severity.CRITICAL))
    assert "flapping" not in kinds([draft for second in range(15, 200, 5) for draft in fold.tick(second)])
    fold.hear(resolved(201, "WATCHER_DOWN", FLEET[1]))
    told = [draft for second in range(202, 400, 5) for draft in fold.tick(second)]
    assert "flapping" in kinds(told)
