"""The words of each kind of message as a person gets them: golden/NAME.txt is what the steps of NAME lead to."""

from collections.abc import Mapping
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from tests.unit.notifier.events import at, config, plain, problem, resolved

from standfast.events import Event, Kind, Severity
from standfast.notifier.hear import hear
from standfast.notifier.ledger import Ledger
from standfast.notifier.model import Draft, Heard, Message, MessageKind
from standfast.notifier.render import RENDERERS, render
from standfast.notifier.tick import tick

GOLDEN = Path(__file__).with_name("golden")
RESTART = "standfast-master-restart.service"
DOWN = "OPENALGO_DOWN"
DETECTOR = "standfast-detector.service"
CASCADING = "CASCADING_FAILURE"
START_IT = "Start OpenAlgo: systemctl start openalgo"


def told(*steps: Heard, ticks: tuple[float, ...] = (60,)) -> list[Draft]:
    """The messages that these events lead to by those times."""
    ledger, settings = Ledger(), config()
    for step in steps:
        tick(ledger, settings, step.at)
        hear(ledger, step, settings, step.at)
    for second in ticks:
        tick(ledger, settings, at(second))
    return ledger.take_changes().drafts


def down(second: float, name: str, message: str = "the gateway does not answer") -> Heard:
    return problem(second, DOWN, f"standfast-agent@{name}.service", message=message, action=START_IT)


def locked(second: float, severity: Severity = Severity.WARNING) -> Heard:
    return problem(second, "DATABASE_LOCKED", "trades.service", severity, action="wait, or see who holds it: fuser -v")


def foreign(second: float, unit: str = "price-feed.service") -> Heard:
    """A problem with the three fields that a program needs."""
    return Heard(Event(Kind.PROBLEM, "the feed is 40 s old", "FEED_STALE", Severity.WARNING, unit), at(second))


def by_hand(second: float) -> Heard:
    return Heard(Event(Kind.COMMAND, "", "RESOLVE", data={"id": 1}), at(second), "ann")


def restart(kind: str, message: str, action: str = "") -> Heard:
    return plain(Kind.RESTART, 1, RESTART, Severity.CRITICAL, message, type=kind, action=action)


FLAPS = [
    change for second in range(0, 6, 2) for change in (locked(second), resolved(second + 1, unit="trades.service"))
]
SLOW_FLAPS = [
    change for second in (0, 320, 700) for change in (locked(second), resolved(second + 190, unit="trades.service"))
]


def cascade(second: float, *units: str) -> Heard:
    words = f"{len(units)} critical units fail: {', '.join(units)}"
    step = f"Why {units[0]} failed: journalctl -u {units[0]}"
    return problem(second, CASCADING, DETECTOR, Severity.CRITICAL, words, action=step, about=[*units])


CASCADES = [
    change
    for second in range(0, 6, 2)
    for change in (cascade(second, "a.service", "b.service"), resolved(second + 1, CASCADING, DETECTOR))
]
SHUTDOWN = "Agent paper stopped from ACTIVE in 0.21 s: flat (closed -1 NSE:SBIN MIS)"
NOT_FLAT = plain(
    Kind.SHUTDOWN, 2, severity=Severity.CRITICAL, type="POSITIONS_NOT_FLAT", action="Close them at the broker by hand",
    message="Agent paper stopped from ACTIVE in 8.90 s: not flat: +5 NSE:SBIN MIS",
)  # fmt: skip

CASES: Mapping[str, list[Draft]] = {
    "problem": told(down(0, "paper", "attempt 1 of 4"), down(5, "paper", "attempt 2 of 4: no answer within 5 s")),
    "problem-critical": told(locked(0, Severity.CRITICAL)),
    "problem-without-a-step": told(foreign(0)),
    "problem-without-a-unit": told(foreign(0, unit="")),
    "aggregate": told(*(down(second, name) for second, name in enumerate("abcde")), locked(6), locked(7), foreign(8)),
    "aggregate-one-step": told(down(0, "a"), down(1, "b")),
    "aggregate-many-steps": told(*(problem(0, f"TYPE_{one}", action=f"do {one}") for one in range(7))),
    "reminder": told(locked(0), ticks=(60, 3660))[1:],
    "reminder-of-several": told(down(0, "a"), locked(1), locked(2), ticks=(60, 3660))[1:],
    "recovery": told(locked(0), locked(9), resolved(3725, unit="trades.service"), ticks=(3730,))[1:],
    "recovery-of-several": told(
        down(0, "a"), locked(1),
        resolved(90, DOWN, "standfast-agent@a.service"), resolved(91, unit="trades.service"), ticks=(96,),
    )[1:],
    "recovery-by-hand": told(locked(0), by_hand(150), ticks=(155,))[1:],
    "flapping": told(*FLAPS),
    "flapping-there": told(*SLOW_FLAPS, locked(891), ticks=())[-1:],
    "flapping-of-others": told(*CASCADES, cascade(7, "d.service", "e.service"))[-1:],
    "flapping-in-the-end": told(*FLAPS, locked(9), ticks=(2000,))[1:2],
    "flapping-over": told(*FLAPS, ticks=(2000,))[1:],
    "status": told(
        plain(
            Kind.STATUS, 3600, type=DOWN, action=START_IT,
            message="Agent paper is still WAITING after 1 h: the gateway does not answer",
        )
    ),
    "restart-started": told(restart("MASTER_RESTART_STARTED", "Master restart of 2 units: a.service, b.service")),
    "restart-completed": told(restart("MASTER_RESTART_COMPLETED", "2 of 2 units are up after 6.4 s")),
    "restart-failed": told(
        restart("MASTER_RESTART_FAILED", "0 of 2 units are up after 60.0 s", "systemctl status a.service b.service")
    ),
    "shutdown": told(plain(Kind.SHUTDOWN, 2, message=SHUTDOWN)),
    "shutdown-not-flat": told(NOT_FLAT),
    "test": told(Heard(Event(Kind.COMMAND, "", "TEST_NOTIFY", data={"id": "0123456789abcdef"}), at(0), "ann")),
}  # fmt: skip


def message(name: str) -> Message:
    (draft,) = CASES[name]
    return render(draft, draft.id or "id", "box1", ZoneInfo("Asia/Kolkata"))


@pytest.mark.parametrize("name", CASES)
def test_the_words(name: str) -> None:
    assert message(name).text + "\n" == (GOLDEN / f"{name}.txt").read_text()


def test_every_kind_has_its_renderer_and_each_file_its_case() -> None:
    assert set(RENDERERS) == set(MessageKind)
    shown = {CASES[name][0].kind for name in CASES}
    assert shown == set(MessageKind) - {MessageKind.RESEND, MessageKind.CANARY}, "these are for no person"
    assert {path.stem for path in GOLDEN.iterdir()} == set(CASES)


@pytest.mark.parametrize("name", CASES)
def test_the_host_is_in_front_and_the_time_is_the_configured_zones(name: str) -> None:
    text = message(name).text
    assert text.startswith(f"box1: {message(name).title}\n")
    assert " IST" in text


@pytest.mark.parametrize(
    "name", [name for name, (draft,) in CASES.items() if draft.kind in ("problem", "aggregate", "reminder", "flapping")]
)
def test_whoever_has_to_act_is_told_what_to_do(name: str) -> None:
    assert message(name).text.splitlines()[-1].startswith("Next")
