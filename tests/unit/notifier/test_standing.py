"""What a problem is told as, and how it stands now."""

from dataclasses import replace
from typing import Any

from tests.unit.notifier.events import at, problem, resolved
from tests.unit.notifier.fold import Fold, kinds
from tests.unit.notifier.test_commands import order, silence

from standfast.events import Kind, Severity
from standfast.notifier.aggregate import Admission
from standfast.notifier.dedup import Match
from standfast.notifier.hear import Plain
from standfast.notifier.model import Heard, MessageKind
from standfast.notifier.render import render
from standfast.notifier.silence import Silencing


def updated(heard: Heard, **words: Any) -> Heard:
    return replace(heard, event=replace(heard.event, kind=Kind.UPDATE, **words))


def test_other_words_of_a_problem_are_no_occurrence_and_no_message() -> None:
    fold = Fold()
    fold.hear(problem(0, severity=Severity.CRITICAL))
    fold.drafts()
    later = problem(3600, severity=Severity.CRITICAL)
    assert fold.hear(updated(later, message="it stands otherwise")) is Match.UPDATED
    news = updated(later, message="it goes on. Look at it", action="look at it")
    words = replace(news.event, data={"words": "it stands otherwise"})
    assert fold.hear(replace(news, event=words)) is Match.UPDATED
    (kept,) = fold.ledger.problems.values()
    assert (kept.message, kept.words, kept.action) == ("it is locked", "it stands otherwise", "look at it")
    assert (kept.occurrences, kept.last_occurrence) == (1, at(0))
    assert fold.drafts() == []


def test_what_was_is_told_once_it_is_over_and_not_how_it_stood_last() -> None:
    fold = Fold()
    fold.hear(problem(0, severity=Severity.CRITICAL, message="3 units fail"))
    fold.drafts()
    fold.hear(updated(problem(30), message="what failed has yet to stay well"))
    (reminder,) = fold.tick(9000)
    assert reminder.problems[0].words == "what failed has yet to stay well", "while it lasts, how it stands"
    fold.hear(resolved(9001))
    (over,) = fold.tick(9010)
    assert over.problems[0].words == "3 units fail"


def test_what_occurs_again_stands_as_that_says() -> None:
    fold = Fold()
    fold.hear(problem(0, message="3 units fail"))
    fold.hear(updated(problem(30), message="what failed has yet to stay well"))
    fold.hear(problem(40, message="4 units fail"))
    (kept,) = fold.ledger.problems.values()
    assert kept.words == "4 units fail"


def test_other_words_of_a_problem_whose_beginning_was_missed_begin_it() -> None:
    fold = Fold()
    assert fold.hear(updated(problem(0, severity=Severity.CRITICAL))) is Admission.AT_ONCE
    assert kinds(fold.drafts()) == ["problem"]


def news(seconds: float) -> Heard:
    return updated(problem(seconds, severity=Severity.CRITICAL), message="no restart follows", data={"news": True})


def test_whoever_was_told_what_holds_no_longer_is_told_that() -> None:
    fold = Fold()
    fold.hear(problem(0, severity=Severity.CRITICAL, message="a restart follows"))
    fold.drafts()
    assert fold.hear(news(30)) is Plain.NEWS
    (told,) = fold.drafts()
    assert (told.kind, told.problems[0].words) == (MessageKind.REMINDER, "no restart follows")
    assert told.problems[0].occurrences == 1


def test_nobody_is_told_that_what_they_were_not_told_holds_no_longer() -> None:
    fold = Fold()
    fold.hear(problem(0))
    assert fold.hear(news(30)) is Match.UPDATED, "it waits in the window, and is told in its present words"
    assert fold.drafts() == []


def test_whoever_took_it_on_is_not_told_what_holds_no_longer() -> None:
    fold = Fold()
    fold.hear(problem(0, severity=Severity.CRITICAL))
    fold.hear(order("ACK", 10, id=1))
    fold.drafts()
    assert fold.hear(news(30)) is Match.UPDATED
    assert fold.drafts() == []


def test_a_silence_holds_back_what_holds_no_longer() -> None:
    fold = Fold()
    fold.hear(problem(0, severity=Severity.CRITICAL))
    fold.hear(silence(10, until=1000))
    fold.drafts()
    assert fold.hear(news(30)) is Silencing.SILENCED
    assert fold.drafts() == []


def test_whoever_is_told_late_is_told_what_it_was_and_how_it_stands() -> None:
    fold = Fold()
    fold.hear(problem(0, message="2 units fail: a (given up), b (given up)"))
    fold.hear(updated(problem(30), message="what failed has yet to stay well: a, b"))
    (told,) = fold.tick(60)
    lines = render(told, "id", "box1", None).text.splitlines()
    assert lines[1:3] == [
        "what failed has yet to stay well: a, b",
        "It began as: 2 units fail: a (given up), b (given up)",
    ]
