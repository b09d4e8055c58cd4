"""What the check tells by itself: only while the notifier does not, once, again after a time, and its end."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from standfast.check import findings, memory, stand_in
from standfast.check.findings import Answer, Question
from standfast.check.memory import DAMAGED, Memory
from standfast.config import load_text
from standfast.events import Event, Kind, Severity
from standfast.notifier.config import NotifierConfig
from standfast.notifier.model import Draft, Identity, MessageKind
from standfast.notifier.render import render
from standfast.unit_names import CHECK, DETECTOR, NOTIFIER

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
REMIND_S = 3600.0
CONFIG = load_text(
    NotifierConfig,
    """
host = "box1"
timezone = "UTC"
[channels.journal]
[channels.webhook]
url = "http://127.0.0.1:9/hook"
[[route]]
severity = ["critical"]
channels = ["webhook"]
fallback = ["journal"]
""",
    "notifier.toml",
    {},
)
DOWN = findings.runs(NOTIFIER, "failed")
UP = findings.runs(NOTIFIER, "active")
STUCK = findings.turns(NOTIFIER, 500, 120)
CAME, LOST, UNSENT = (Answer(findings.CANARY, well, "words") for well in (True, False, None))
BAD_FILE, GOOD_FILE = (Answer(findings.FILES, well, "ports.json (missing)") for well in (False, True))


@pytest.mark.parametrize(
    ("answers", "needed"),
    [
        ([UP, CAME], False),
        ([DOWN, UNSENT], True),
        ([UP, STUCK, UNSENT], True),
        ([UP, LOST], True),
        # It tells, whatever its status file says.
        ([UP, STUCK, CAME], False),
        ([UP, UNSENT], False),
        ([findings.runs(DETECTOR, "failed"), CAME], False),
    ],
)
def test_it_stands_in_when_the_notifier_tells_nothing(answers: list[Answer], needed: bool) -> None:
    assert stand_in.is_needed(answers) is needed


class Runs:
    """Runs of the check, one after the other; `takes` says whether the channels take what is sent."""

    def __init__(self) -> None:
        self.kept = Memory()
        self.takes = True

    def __call__(self, minutes: float, *answers: Answer) -> tuple[list[Draft], list[Event]]:
        now, before = NOW + timedelta(minutes=minutes), self.kept
        after = memory.after_looks(before, answers, now)
        due = stand_in.to_tell(answers, after, now, REMIND_S) if stand_in.is_needed(answers) else ()
        drafts = stand_in.drafts(due, stand_in.to_end(answers, before), before, after, CONFIG, now)
        sent = [problem.identity for draft in drafts if self.takes for problem in draft.problems]
        self.kept = memory.after_telling(after, sent, now)
        return drafts, stand_in.events(answers, before, self.kept, frozenset(sent))


def kinds(drafts: list[Draft]) -> list[MessageKind]:
    return [draft.kind for draft in drafts]


def told(events: list[Event]) -> dict[str, bool]:
    return {f"{event.kind} {event.type}": event.data.get("told", False) for event in events}


def test_a_dead_notifier_is_told_once_again_after_a_time_and_its_end_once() -> None:
    run = Runs()
    drafts, events = run(0, DOWN, UNSENT)
    assert kinds(drafts) == [MessageKind.PROBLEM]
    assert told(events) == {"problem WATCHER_DOWN": True}
    drafts, events = run(5, DOWN, UNSENT)
    assert drafts == []
    assert told(events) == {"problem WATCHER_DOWN": True}
    drafts, _ = run(60, DOWN, UNSENT)
    assert kinds(drafts) == [MessageKind.REMINDER]
    assert "standfastctl ack" not in render(drafts[0], "id", "box1", UTC).text, "it has no number in the error log"
    assert run(65, DOWN, UNSENT)[0] == []
    drafts, events = run(70, UP, CAME)
    assert kinds(drafts) == [MessageKind.RECOVERY]
    assert told(events) == {"resolved WATCHER_DOWN": True}
    assert run(75, UP, CAME) == ([], [])


def test_what_no_channel_took_is_tried_again_and_left_to_the_notifier() -> None:
    run = Runs()
    run.takes = False
    drafts, events = run(0, DOWN, UNSENT)
    assert (kinds(drafts), told(events)) == ([MessageKind.PROBLEM], {"problem WATCHER_DOWN": False})
    assert kinds(run(5, DOWN, UNSENT)[0]) == [MessageKind.PROBLEM]
    # Nothing was told here: the end is the notifier's too.
    drafts, events = run(10, UP, CAME)
    assert (drafts, told(events)) == ([], {"resolved WATCHER_DOWN": False})


def test_an_end_that_no_channel_took_is_the_notifiers() -> None:
    run = Runs()
    run(0, DOWN, UNSENT)
    run.takes = False
    assert told(run(5, UP, CAME)[1]) == {"resolved WATCHER_DOWN": False}


def test_while_the_notifier_tells_the_check_tells_nobody() -> None:
    run = Runs()
    drafts, events = run(0, UP, CAME, BAD_FILE)
    assert (drafts, told(events)) == ([], {"problem CRITICAL_FILE_BAD": False})
    drafts, events = run(5, UP, CAME, GOOD_FILE)
    assert (drafts, told(events)) == ([], {"resolved CRITICAL_FILE_BAD": False})


def test_what_else_is_wrong_is_a_message_beside_it_by_its_own_route() -> None:
    run = Runs()
    drafts, events = run(0, UP, LOST, BAD_FILE, Answer(findings.DEADMAN, False, "no answer"))
    assert [[problem.type for problem in draft.problems] for draft in drafts] == [
        ["CANARY_LOST"],
        ["CRITICAL_FILE_BAD"],
    ]
    assert [draft.to.channels for draft in drafts] == [("webhook",), ("journal", "webhook")]
    assert told(events) == {"problem CANARY_LOST": True, "problem CRITICAL_FILE_BAD": True}
    # It is over while the notifier is still away: told here too.
    drafts, events = run(5, UP, LOST, GOOD_FILE)
    assert (kinds(drafts), told(events)["resolved CRITICAL_FILE_BAD"]) == ([MessageKind.RECOVERY], True)


def test_after_the_memory_was_damaged_each_end_is_logged_once_and_nobody_is_told() -> None:
    run = Runs()
    run.kept = DAMAGED
    drafts, events = run(0, UP, CAME)
    assert drafts == []
    assert told(events) == {"resolved WATCHER_DOWN": False, "resolved CANARY_LOST": False}
    assert run(5, UP, CAME) == ([], [])


def test_the_message_says_who_tells_since_when_and_the_next_step() -> None:
    (draft,), _ = Runs()(0, DOWN, UNSENT)
    message = render(draft, "id", CONFIG.host, CONFIG.zone)
    assert message.text.splitlines() == [
        f"box1: CRITICAL: WATCHER_DOWN {NOTIFIER}",
        f"{NOTIFIER} is failed (told by the check timer, since the notifier does not)",
        "Since 2026-03-02 09:30:00 UTC, 1 occurrence",
        f"Next: systemctl status {NOTIFIER} says why; mend that, then systemctl start {NOTIFIER}",
    ]
    assert draft.severity is Severity.CRITICAL


def test_the_events_say_how_often_people_were_told() -> None:
    run = Runs()
    said = [run(minutes, DOWN, UNSENT)[1][0].data["tellings"] for minutes in (0, 5, REMIND_S / 60, REMIND_S / 60 + 5)]
    assert said == [1, 1, 2, 2]
    run(REMIND_S / 60 + 10, UP, CAME)
    assert run(REMIND_S / 60 + 20, DOWN, UNSENT)[1][0].data["tellings"] == 1, "another absence"


def test_what_nobody_asks_for_any_more_is_over() -> None:
    run = Runs()
    run(0, UP, CAME, BAD_FILE)
    gone = stand_in.gone([UP, CAME], run.kept)
    assert gone == {findings.FILES.identity}
    (event,) = stand_in.forgotten(gone)
    assert (event.kind, event.type, event.unit) == (Kind.RESOLVED, "CRITICAL_FILE_BAD", CHECK)
    assert memory.without(run.kept, gone).troubles == {}
    assert stand_in.gone([UP, CAME, BAD_FILE], run.kept) == frozenset[Identity]()


def test_when_the_notifier_is_back_reminding_of_what_goes_on_is_its_business() -> None:
    run = Runs()
    assert told(run(0, DOWN, UNSENT, BAD_FILE)[1])["problem CRITICAL_FILE_BAD"] is True
    drafts, events = run(5, UP, CAME, BAD_FILE)
    assert told(events)["problem CRITICAL_FILE_BAD"] is False
    # Who told it tells its end.
    drafts, events = run(10, UP, CAME, GOOD_FILE)
    assert (kinds(drafts), told(events)) == ([MessageKind.RECOVERY], {"resolved CRITICAL_FILE_BAD": True})


def test_an_absence_is_as_long_as_systemd_says() -> None:
    run = Runs()
    down = findings.runs(NOTIFIER, "failed", NOW - timedelta(minutes=3))
    (problem,) = run(0, down, UNSENT)[1]
    assert problem.data["since"] == "2026-03-02T09:27:00.000+00:00"
    drafts, (end,) = run(5, findings.runs(NOTIFIER, "active", NOW + timedelta(minutes=2)), CAME)
    assert end.data["until"] == "2026-03-02T09:32:00.000+00:00"
    assert "It lasted 5 min" in render(drafts[0], "id", "box1", None).text


def test_an_end_is_never_before_the_beginning() -> None:
    run = Runs()
    run(0, DOWN, UNSENT)
    drafts, _ = run(5, findings.runs(NOTIFIER, "active", NOW - timedelta(minutes=2)), CAME)
    assert "It lasted 0 s" in render(drafts[0], "id", "box1", None).text


def test_what_nothing_was_added_to_is_not_logged_again() -> None:
    run = Runs()
    restarted = Answer(Question("WATCHER_RESTARTING", DETECTOR, Severity.WARNING, "look"), False, "once")
    same = replace(restarted, is_new=False)
    assert told(run(0, UP, CAME, same)[1]) == {"problem WATCHER_RESTARTING": False}, "it was not said yet"
    assert told(run(5, UP, CAME, same)[1]) == {}
    assert told(run(10, UP, CAME, restarted)[1]) == {"problem WATCHER_RESTARTING": False}
    assert told(run(15, UP, CAME, replace(same, well=True))[1]) == {"resolved WATCHER_RESTARTING": False}
