"""The words of each kind of message, a golden text each."""

from datetime import timedelta, tzinfo
from zoneinfo import ZoneInfo

import pytest
from tests.unit.notifier.events import AGENT, at, config, plain, problem, resolved

from standfast.events import Event, Kind, Severity
from standfast.notifier.hear import hear
from standfast.notifier.ledger import Ledger
from standfast.notifier.model import Destination, Draft, Heard, Message, MessageKind
from standfast.notifier.render import LONGEST_FIELD, clean, duration, render, webhook_body
from standfast.notifier.tick import tick

KOLKATA = ZoneInfo("Asia/Kolkata")


def messages(*steps: Heard, until: float = 60, zone: tzinfo | None = KOLKATA) -> list[Message]:
    ledger, settings = Ledger(), config()
    for step in steps:
        hear(ledger, step, settings, step.at)
    tick(ledger, settings, at(until))
    return [render(draft, f"id{number}", "box1", zone) for number, draft in enumerate(ledger.take_changes().drafts)]


def test_problem() -> None:
    (message,) = messages(problem(), problem(5))
    assert message.text == (
        "box1: DATABASE_LOCKED a.service\n"
        "it is locked\n"
        "Since 2026-03-02 15:00:00 IST, 2 occurrences\n"
        "Next: wait"
    )  # fmt: skip


def test_critical() -> None:
    (message,) = messages(problem(severity=Severity.CRITICAL))
    assert message.title == "CRITICAL: DATABASE_LOCKED a.service"


def test_aggregate() -> None:
    steps = [problem(0, "OPENALGO_DOWN", f"standfast-agent@{name}.service") for name in "abcde"]
    (message,) = messages(*steps, problem(1), problem(2), problem(3, "FEED_STALE", AGENT))
    assert message.title == "MULTIPLE ERRORS DETECTED"
    assert message.text == (
        "box1: MULTIPLE ERRORS DETECTED\n"
        "OPENALGO_DOWN: 5 occurrences (standfast-agent@a.service, standfast-agent@b.service,"
        " standfast-agent@c.service and 2 more)\n"
        "DATABASE_LOCKED: 2 occurrences (a.service)\n"
        "FEED_STALE: 1 occurrence (standfast-agent@paper.service)\n"
        "Time: 2026-03-02 15:01:00 IST"
    )


def test_recovery() -> None:
    *_, message = messages(problem(severity=Severity.CRITICAL), problem(1), resolved(3725), until=3730)
    assert message.text == (
        "box1: RESOLVED: DATABASE_LOCKED a.service\n"
        "It lasted 1 h 2 min, 2 occurrences\n"
        "Time: 2026-03-02 16:02:05 IST"
    )  # fmt: skip


def test_several_recoveries() -> None:
    steps = [
        step for kind in ("OPENALGO_DOWN", "FEED_STALE") for step in (problem(0, kind, severity=Severity.CRITICAL),)
    ]
    *_, message = messages(*steps, resolved(60, "OPENALGO_DOWN"), resolved(61, "FEED_STALE"), until=70)
    assert message.text == (
        "box1: RESOLVED: 2 problems\n"
        "OPENALGO_DOWN a.service: 60 s, 1 occurrence\n"
        "FEED_STALE a.service: 61 s, 1 occurrence\n"
        "Time: 2026-03-02 15:01:01 IST"
    )


def test_flapping() -> None:
    steps = [change for second in range(0, 6, 2) for change in (problem(second), resolved(second + 1))]
    (message,) = messages(*steps)
    assert message.text == (
        "box1: FLAPPING: DATABASE_LOCKED a.service\n"
        "it is locked\n"
        "It came and went, 6 changes by 2026-03-02 15:00:05 IST, and is over now;"
        " the next message comes when it is stable\n"
        "Next: wait"
    )


def test_a_test() -> None:
    event = Event(Kind.COMMAND, "", "TEST_NOTIFY", data={"id": "0123456789abcdef"})
    (message,) = messages(Heard(event, at(0), "ann"))
    assert message.text == ("box1: TEST\nA test asked for by ann: nothing is wrong\nTime: 2026-03-02 15:00:00 IST")
    assert message.draft.id == "0123456789abcdef"


def test_reminder() -> None:
    ledger, settings = Ledger(), config()
    hear(ledger, problem(), settings, at(0))
    tick(ledger, settings, at(60))
    tick(ledger, settings, at(3660))
    message = render(ledger.take_changes().drafts[-1], "id", "box1", KOLKATA)
    assert message.text.startswith("box1: STILL UNRESOLVED: DATABASE_LOCKED a.service\nit is locked\nSince ")


def test_status_restart_and_shutdown() -> None:
    status, restart, shutdown = messages(
        plain(Kind.STATUS, type="OPENALGO_DOWN", message="Agent paper is still WAITING after 1 h", action="start it"),
        plain(
            Kind.RESTART, 1, unit="standfast-master-restart.service", type="MASTER_RESTART_STARTED", message="9 units"
        ),
        plain(Kind.SHUTDOWN, 2, message="Agent paper stopped from ACTIVE in 0.21 s: flat"),
    )
    assert status.text == (
        "box1: STILL WAITING: OPENALGO_DOWN standfast-agent@paper.service\n"
        "Agent paper is still WAITING after 1 h\n"
        "Next: start it\n"
        "Time: 2026-03-02 15:00:00 IST"
    )
    assert restart.text == (
        "box1: MASTER_RESTART_STARTED standfast-master-restart.service\n9 units\nTime: 2026-03-02 15:00:01 IST"
    )
    assert shutdown.text == (
        "box1: SHUTDOWN standfast-agent@paper.service\n"
        "Agent paper stopped from ACTIVE in 0.21 s: flat\n"
        "Time: 2026-03-02 15:00:02 IST"
    )


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
                "action": "wait",
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


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-5, "0 s"), (0, "0 s"), (119, "119 s"), (120, "2 min"), (3600, "1 h"), (11100, "3 h 5 min"), (187200, "2 d 4 h")],
)
def test_durations_in_words(seconds: float, words: str) -> None:
    assert duration(timedelta(seconds=seconds)) == words
