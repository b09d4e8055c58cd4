"""What holds for the words of all messages, and their form as JSON; the words themselves are in test_golden."""

from datetime import tzinfo
from zoneinfo import ZoneInfo

import pytest
from tests.unit.notifier.events import AGENT, at, config, plain, problem, resolved
from tests.unit.notifier.fold import Fold

from standfast.events import Event, Kind, Severity
from standfast.notifier.body import webhook_body
from standfast.notifier.hear import hear
from standfast.notifier.ledger import Ledger
from standfast.notifier.model import Destination, Draft, Heard, Message, MessageKind
from standfast.notifier.render import render
from standfast.notifier.tick import tick
from standfast.notifier.words import LONGEST_FIELD, clean, place_to_look

KOLKATA = ZoneInfo("Asia/Kolkata")


def messages(*steps: Heard, until: float = 60, zone: tzinfo | None = KOLKATA) -> list[Message]:
    ledger, settings = Ledger(), config()
    for step in steps:
        hear(ledger, step, settings, step.at)
    tick(ledger, settings, at(until))
    return [render(draft, f"id{number}", "box1", zone) for number, draft in enumerate(ledger.take_changes().drafts)]


def test_without_a_configured_zone_the_hosts_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    try:
        (message,) = messages(problem(), zone=None)
    finally:
        monkeypatch.undo()
        time.tzset()
    assert "Since 2026-03-02 04:30:00 EST" in message.text


def test_the_body_of_a_webhook() -> None:
    *_, message = messages(problem(severity=Severity.CRITICAL), problem(1), resolved(10))
    assert webhook_body(message) == {
        "id": "id1",
        "kind": "recovery",
        "host": "box1",
        "severity": "info",
        "title": "RESOLVED: DATABASE_LOCKED a.service",
        "text": message.text,
        "at": "2026-03-02T09:31:00.000+00:00",
        "events": [
            {
                "type": "DATABASE_LOCKED",
                "unit": "a.service",
                "severity": "critical",
                "message": "it is locked",
                "action": "",
                "first_occurrence": "2026-03-02T09:30:00.000+00:00",
                "last_occurrence": "2026-03-02T09:30:01.000+00:00",
                "occurrences": 2,
                "resolved": True,
            }
        ],
    }


def test_the_body_of_a_shutdown_carries_its_event() -> None:
    event = Event(Kind.SHUTDOWN, "not flat: NSE:SBIN 5", "POSITIONS_NOT_FLAT", Severity.CRITICAL, AGENT)
    draft = Draft(MessageKind.SHUTDOWN, Severity.CRITICAL, at(0), Destination(("webhook",)), event=event)
    body = webhook_body(render(draft, "id", "box1", None))
    assert (body["kind"], body["severity"]) == ("shutdown", "critical")
    assert body["title"] == "CRITICAL: POSITIONS_NOT_FLAT standfast-agent@paper.service"
    assert body["events"][0]["message"] == "not flat: NSE:SBIN 5"


def test_what_just_happened_has_a_name_and_the_severity_of_its_own() -> None:
    fold = Fold()
    fold.hear(plain(Kind.SHUTDOWN, message="stopped flat"))
    fold.hear(plain(Kind.RESTART, type="MASTER_RESTART_COMPLETED", message="3 of 3 units are up"))
    drafts = fold.drafts()
    ended, restarted = (webhook_body(render(draft, "id", "box1", None)) for draft in drafts)
    assert (ended["events"][0]["type"], ended["severity"]) == ("SHUTDOWN", "info")
    assert (restarted["severity"], restarted["events"][0]["severity"]) == ("info", "info")
    assert drafts[1].severity is Severity.CRITICAL, "it goes where its beginning went"


def test_that_it_comes_and_goes_is_a_warning_while_it_is_over() -> None:
    fold = Fold()
    for second in range(0, 6, 2):
        fold.hear(problem(second, severity=Severity.CRITICAL))
        fold.hear(resolved(second + 1))
    body = webhook_body(render(fold.tick(66)[-1], "id", "box1", None))
    assert (body["kind"], body["severity"], body["events"][0]["resolved"]) == ("flapping", "warning", True)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\nb\tc", "a b c"),
        ("\x1b[31mred\x07\x00", "[31mred"),
        ("  much   room ", "much room"),
        ("right‮to left", "right to left"),
        ("é ₹ 日本", "é ₹ 日本"),
        ("x" * 5000, "x" * (LONGEST_FIELD - 1) + "…"),
    ],
)
def test_what_other_programs_say_is_shown_on_one_bounded_line(text: str, shown: str) -> None:
    assert clean(text) == shown


@pytest.mark.parametrize("unit", ["evil.service; reboot", "$(reboot)", "a b.service", "x" * 300, "bell\a.service"])
def test_a_name_that_is_no_units_stands_in_no_command(unit: str) -> None:
    (message,) = messages(Heard(Event(Kind.PROBLEM, "", "ODD", Severity.CRITICAL, unit), at(0)))
    assert message.text.splitlines()[-1] == "Next: journalctl STANDFAST_TYPE=ODD"


@pytest.mark.parametrize(
    ("error_type", "unit", "look"),
    [
        ("FEED_STALE", "feed.service", "systemctl status feed.service"),
        ("FEED_STALE", "-Hroot@elsewhere", "journalctl STANDFAST_TYPE=FEED_STALE"),
        ("FEED_STALE", "", "journalctl STANDFAST_TYPE=FEED_STALE"),
        ("FEED; reboot", "", "standfastctl errors"),
    ],
)
def test_whatever_came_without_a_step_has_a_place_to_look(error_type: str, unit: str, look: str) -> None:
    assert place_to_look(error_type, unit) == look


def test_a_type_that_could_be_more_than_a_word_stands_in_no_command() -> None:
    (message,) = messages(Heard(Event(Kind.PROBLEM, "", "$(reboot)", Severity.CRITICAL, ""), at(0)))
    assert message.text.splitlines()[-1] == "Next: standfastctl errors"


def test_a_reason_in_an_aggregate_is_cut_between_words_and_keeps_the_cause() -> None:
    cause = "given up after 2.0 s: OpenAlgo at http://127.0.0.1:34827 cannot be reached"
    long = problem(0, "KILLED", "a.service", message=f"killed by root{', and so on' * 20}: {cause}")
    (message,) = messages(long, problem(1, "FEED_STALE", "b.service"))
    (why,) = (line for line in message.text.splitlines() if line.startswith("- killed by root, and so on, and"))
    begun, ended = why.split(" … ")
    assert f"{cause}, since" in ended
    assert {begun.split()[-1], ended.split()[0]} <= {"and", "so", "on,"}


def test_a_long_reason_in_an_aggregate_keeps_what_it_says_is_held() -> None:
    held = "; it holds +1 NSE:SBIN MIS, -1 NSE:INFY MIS"
    long = problem(0, "CONFIG_ERROR", "a.service", message=f"agents/a.toml:7: {'x' * 900}{held}")
    (message,) = messages(long, problem(1, "FEED_STALE", "b.service"))
    (why,) = (line for line in message.text.splitlines() if line.startswith("- agents/a.toml:7: x"))
    assert f"x{held}, since 20" in why
    assert len(why) < 360


TO_RESOLVE = "close it by hand, then: standfastctl resolve NUMBER (the number is in standfastctl errors); or start it"


def test_the_number_of_a_problem_stands_in_its_next_step() -> None:
    (message,) = messages(problem(action=TO_RESOLVE, severity=Severity.CRITICAL))
    assert message.text.endswith("Next: close it by hand, then: standfastctl resolve 1; or start it")
    (event,) = webhook_body(message)["events"]
    assert event["action"] == "close it by hand, then: standfastctl resolve 1; or start it"


def test_of_very_many_types_that_share_a_step_a_few_are_named() -> None:
    (message,) = messages(*(problem(0, f"T_{number}") for number in range(12)), problem(0, "U", action="look"))
    named = ", ".join(f"T_{number}" for number in range(10))
    assert f"Next for {named} and 2 more: wait" in message.text.splitlines()


def test_the_numbers_of_several_problems_stand_in_the_step_that_they_share() -> None:
    (message,) = messages(problem(0, "ONE", action=TO_RESOLVE), problem(0, "TWO", action=TO_RESOLVE))
    assert message.text.endswith("Next: close it by hand, then: standfastctl resolve 1 2; or start it")


def test_an_ack_of_a_warning_ends_when_it_becomes_critical_and_that_is_said() -> None:
    ack = Heard(Event(Kind.COMMAND, "", "ACK", data={"id": 1}), at(70), "ann")
    ledger, settings = Ledger(), config()
    hear(ledger, problem(0), settings, at(0))
    tick(ledger, settings, at(60))
    hear(ledger, ack, settings, at(70))
    ledger.take_changes()
    hear(ledger, problem(80, severity=Severity.CRITICAL), settings, at(80))
    (draft,) = ledger.take_changes().drafts
    text = render(draft, "id", "box1", KOLKATA).text
    assert "It was acknowledged by ann as a warning; it is critical now, and that holds no longer\nNext: wait" in text
    (known,) = ledger.problems.values()
    assert (known.acknowledged, known.quiet) == (False, "")
    tick(ledger, settings, at(80 + 3600))
    assert [one.kind for one in ledger.take_changes().drafts] == [MessageKind.REMINDER]


def test_an_ack_of_what_is_critical_already_holds() -> None:
    ledger, settings = Ledger(), config()
    hear(ledger, problem(0, severity=Severity.CRITICAL), settings, at(0))
    hear(ledger, Heard(Event(Kind.COMMAND, "", "ACK", data={"id": 1}), at(70), "ann"), settings, at(70))
    hear(ledger, problem(80, severity=Severity.CRITICAL), settings, at(80))
    ledger.take_changes()
    tick(ledger, settings, at(80 + 3600))
    assert ledger.take_changes().drafts == []
