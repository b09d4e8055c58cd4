"""What is refused is counted and said, and a flood of it is not."""

import pytest

from standfast.events import Event, Kind
from standfast.notifier.authorise import Verdict
from standfast.notifier.refusals import SAID_EVERY_S, Refusals

STRANGER = 54321


class Clock:
    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def command(kind: str = "SILENCE") -> Event:
    return Event(Kind.COMMAND, "", kind)


def test_every_command_is_said_with_who_gave_it(caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    refusals = Refusals(clock)
    for kind in ("SILENCE", "ACK"):
        refusals.add(command(kind), STRANGER, Verdict.STRANGER)
        clock.now_s += SAID_EVERY_S
    assert [record.getMessage().partition(":")[0] for record in caplog.records] == [
        "Refused a command SILENCE from user id 54321",
        "Refused a command ACK from user id 54321",
    ]


def test_a_flood_of_commands_is_a_line_a_second_and_hides_nobody_elses(caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    refusals = Refusals(clock)
    for _ in range(1000):
        refusals.add(command(), STRANGER, Verdict.STRANGER)
    refusals.add(command(), STRANGER + 1, Verdict.STRANGER)
    clock.now_s += SAID_EVERY_S
    refusals.add(command(), STRANGER, Verdict.STRANGER)
    assert refusals.total == 1002
    assert len(caplog.records) == 3
    assert caplog.records[-1].getMessage().endswith("(and 999 more before it)")


def test_of_other_events_the_first_of_each_sort_is_said(caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    refusals = Refusals(clock)
    for verdict in (Verdict.STRANGER, Verdict.STRANGER, Verdict.NOT_ITS_UNIT):
        refusals.add(Event(Kind.PROBLEM, "", "X\x1b[2J", unit="a.service"), STRANGER, verdict)
        clock.now_s += SAID_EVERY_S
    assert len(caplog.records) == 2
    assert "problem X [2J a.service" in caplog.records[0].getMessage()
