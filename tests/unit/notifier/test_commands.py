"""Silences, acknowledgements, resolves and tests: what they do, and what they refuse."""

import random
from typing import Any

import pytest
from tests.unit.notifier.events import AGENT, at, plain, problem, resolved
from tests.unit.notifier.fold import Fold, kinds

from standfast.events import Event, Kind, Severity
from standfast.moments import iso
from standfast.notifier.commands import Bad, NotOurs, command
from standfast.notifier.hear import Plain
from standfast.notifier.model import Heard
from standfast.notifier.obey import Obeyed
from standfast.notifier.resolution import Recovery
from standfast.notifier.silence import Silence, Silencing

ID = "0123456789abcdef"


def order(kind: str, seconds: float = 0, **data: Any) -> Heard:
    return Heard(Event(Kind.COMMAND, "words", kind, data=data), at(seconds), by="ann")


def silence(seconds: float = 0, until: float = 7200, **data: Any) -> Heard:
    return order("SILENCE", seconds, **{"id": ID, "end": iso(at(until)), "unit": "a.service", **data})


def test_a_silenced_problem_is_told_when_the_silence_ends() -> None:
    fold = Fold()
    assert fold.hear(silence(until=1000)) is Obeyed.DONE
    assert fold.hear(problem(10, severity=Severity.CRITICAL)) is Silencing.SILENCED
    assert fold.hear(problem(20, "OTHER")) is Silencing.SILENCED
    assert fold.tick(999) == []
    (draft,) = fold.tick(1000)
    assert [one.type for one in draft.problems] == ["DATABASE_LOCKED", "OTHER"]
    assert fold.ledger.silences == {}


def test_a_problem_that_came_and_went_in_a_silence_is_told_to_nobody() -> None:
    fold = Fold()
    fold.hear(silence(until=1000))
    fold.hear(problem(10, severity=Severity.CRITICAL))
    assert fold.hear(resolved(20)) is Recovery.NEVER_TOLD
    assert fold.tick(2000) == []


def test_the_recovery_of_what_was_told_is_never_held_back() -> None:
    fold = Fold()
    fold.hear(problem(0, severity=Severity.CRITICAL))
    fold.hear(silence(10))
    fold.hear(resolved(20))
    assert kinds(fold.tick(30)) == ["problem", "recovery"]


def test_a_silence_holds_back_reminders_statuses_and_what_is_told_at_once() -> None:
    fold = Fold()
    fold.hear(problem(0, "BROKER_NOT_LOGGED_IN", AGENT, Severity.CRITICAL))
    fold.drafts()
    fold.hear(silence(10, until=20_000, unit="standfast-agent@*"))
    assert fold.hear(plain(Kind.STATUS, 100)) is Silencing.DROPPED
    assert fold.hear(plain(Kind.SHUTDOWN, 200, unit=AGENT)) is Silencing.DROPPED
    fold.hear(problem(300, "BROKER_NOT_LOGGED_IN", AGENT, Severity.CRITICAL))
    assert fold.tick(19_000) == []
    assert kinds(fold.tick(20_000)) == ["reminder"]


@pytest.mark.parametrize(
    ("kind", "severity", "told"),
    [
        (Kind.SHUTDOWN, Severity.CRITICAL, ["shutdown"]),  # positions that are not flat
        (Kind.SHUTDOWN, Severity.WARNING, []),
        (Kind.RESTART, Severity.INFO, ["restart"]),  # a master restart is critical whatever it says
        (Kind.STATUS, Severity.INFO, []),
    ],
)
def test_what_is_critical_and_never_told_later_breaks_a_silence(
    kind: Kind, severity: Severity, told: list[str]
) -> None:
    fold = Fold()
    fold.hear(silence(until=1000, unit="standfast-agent@*"))
    fold.hear(plain(kind, 10, unit=AGENT, severity=severity))
    assert kinds(fold.tick(20)) == told
    assert fold.tick(1000) == []


def test_what_became_critical_during_a_silence_is_news_when_that_ends() -> None:
    fold = Fold()
    fold.hear(problem(0))
    assert kinds(fold.tick(60)) == ["problem"]
    fold.hear(silence(70, until=1000))
    assert fold.hear(problem(100, severity=Severity.CRITICAL)) is Silencing.SILENCED
    assert fold.hear(problem(200, severity=Severity.CRITICAL)) is Silencing.SILENCED
    assert fold.tick(999) == []
    (draft,) = fold.tick(1000)
    assert (draft.kind.value, draft.severity) == ("problem", Severity.CRITICAL)
    assert fold.tick(1001) == []


def test_what_became_critical_and_ended_during_a_silence_is_told_as_over() -> None:
    fold = Fold()
    fold.hear(problem(0))
    fold.tick(60)
    fold.hear(silence(70, until=1000))
    fold.hear(problem(100, severity=Severity.CRITICAL))
    fold.hear(resolved(200))
    assert kinds(fold.tick(205)) == ["recovery"], "the problem was told before the silence"
    assert fold.tick(1000) == []


def test_unsilence_tells_what_was_held() -> None:
    fold = Fold()
    fold.hear(silence())
    fold.hear(problem(10))
    assert fold.hear(order("UNSILENCE", 20, id=ID)) is Obeyed.DONE
    assert kinds(fold.tick(21)) == ["problem"]
    assert fold.hear(order("UNSILENCE", 30, id=ID)) is Obeyed.NO_SUCH_SILENCE


@pytest.mark.parametrize(
    ("matcher", "held"),
    [
        ({"unit": "a.*"}, True),
        ({"unit": "b.*"}, False),
        ({"unit": "", "type": "DATABASE_*"}, True),
        ({"unit": "", "type": "BROKER_*"}, False),
        ({"unit": "", "severity": "warning"}, True),
        ({"unit": "", "severity": "critical"}, False),
        ({"type": "DATABASE_*"}, True),
        ({"type": "BROKER_*"}, False),
        ({"start": iso(at(100))}, False),
    ],
)
def test_a_silence_matches_by_all_that_it_names(matcher: dict[str, Any], held: bool) -> None:
    fold = Fold()
    fold.hear(silence(**matcher))
    assert (fold.hear(problem(10)) is Silencing.SILENCED) is held


def test_an_acknowledged_problem_is_not_reminded_of_but_its_end_is_told() -> None:
    fold = Fold()
    fold.hear(problem(0))
    fold.tick(60)
    assert fold.hear(order("ACK", 70, id=1)) is Obeyed.DONE
    fold.hear(problem(5000))
    fold.tick(10_000)
    (known,) = fold.ledger.problems.values()
    assert (known.acknowledged, known.quiet, known.occurrences) == (True, "acknowledged by ann", 2)
    fold.hear(resolved(11_000))
    assert kinds(fold.tick(11_005)) == ["recovery"]
    fold.hear(problem(20_000))
    assert kinds(fold.tick(20_060)) == ["problem"], "a recurrence is a new problem, which nobody has acknowledged"


def test_a_problem_that_was_acknowledged_in_a_silence_is_not_told_when_that_ends() -> None:
    fold = Fold()
    fold.hear(silence())
    fold.hear(problem(10))
    assert fold.hear(order("ACK", 20, id=1)) is Obeyed.DONE
    fold.hear(order("UNSILENCE", 30, id=ID))
    assert fold.tick(31) == []
    fold.hear(problem(40))
    assert fold.tick(1000) == [], "nor when it occurs again"


def test_the_hourly_status_of_an_acknowledged_problem_is_not_told() -> None:
    fold = Fold()
    fold.hear(problem(0, "OPENALGO_DOWN", AGENT))
    fold.tick(60)
    fold.hear(order("ACK", 70, id=1))
    assert fold.hear(plain(Kind.STATUS, 3600, type="OPENALGO_DOWN")) is Plain.STATUS_ACKNOWLEDGED
    assert fold.tick(9000) == []
    assert fold.hear(plain(Kind.STATUS, 9000, type="BROKER_NOT_LOGGED_IN")) is Plain.STATUS_TOLD


def test_a_problem_can_be_resolved_by_hand() -> None:
    fold = Fold()
    fold.hear(problem(0))
    fold.tick(60)
    assert fold.hear(order("RESOLVE", 70, id=1)) is Obeyed.DONE
    assert kinds(fold.tick(75)) == ["recovery"]


@pytest.mark.parametrize("kind", ["ACK", "RESOLVE"])
def test_a_number_that_no_problem_has(kind: str) -> None:
    assert Fold().hear(order(kind, id=7)) is Obeyed.NO_SUCH_PROBLEM


CHANNELS = '[channels.journal]\n[channels.webhook]\nurl = "http://127.0.0.1:9/"'


@pytest.mark.parametrize(("channel", "channels"), [("", ("journal", "webhook")), ("webhook", ("webhook",))])
def test_a_test_goes_through_one_channel_or_all(channel: str, channels: tuple[str, ...]) -> None:
    fold = Fold(CHANNELS)
    assert fold.hear(order("TEST_NOTIFY", id=ID, channel=channel)) is Obeyed.DONE
    (draft,) = fold.drafts()
    assert (draft.id, draft.to.channels, draft.kind.value) == (ID, channels, "test")


def test_a_test_of_a_channel_that_is_not_configured_is_refused() -> None:
    assert Fold().hear(order("TEST_NOTIFY", id=ID, channel="sms")) is Obeyed.NO_SUCH_CHANNEL


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("SILENCE", {}),
        ("SILENCE", {"id": ID, "unit": "a"}),
        ("SILENCE", {"id": ID, "end": "tomorrow", "unit": "a"}),
        ("SILENCE", {"id": ID, "end": iso(at(-1)), "unit": "a"}),
        ("SILENCE", {"id": ID, "end": iso(at(1))}),
        ("SILENCE", {"id": ID, "end": iso(at(1)), "severity": "loud"}),
        ("SILENCE", {"id": ID, "end": iso(at(1)), "unit": 5}),
        ("SILENCE", {"id": "'; DROP TABLE silences", "end": iso(at(1)), "unit": "a"}),
        ("SILENCE", {"id": ID, "end": "0001-01-01T00:00:00+14:00", "unit": "a"}),
        ("UNSILENCE", {"id": 5}),
        ("ACK", {}),
        ("ACK", {"id": "1"}),
        ("ACK", {"id": True}),
        ("ACK", {"id": 2**80}),
        ("RESOLVE", {"id": -1}),
        ("TEST_NOTIFY", {"id": "short"}),
    ],
)
def test_what_cannot_be_followed(kind: str, data: dict[str, Any]) -> None:
    heard = order(kind, **data)
    assert isinstance(command(heard), Bad)
    assert Fold().hear(heard) is Obeyed.BAD


def test_commands_to_others_are_none_of_ours() -> None:
    assert isinstance(command(order("RELEASE")), NotOurs)
    assert Fold().hear(order("RELEASE")) is Obeyed.NOT_OURS


def test_words_are_bounded_and_can_be_stored() -> None:
    one = command(silence(why="\ud800" + "x" * 5000))
    assert isinstance(one, Silence)
    assert len(one.why) == 200
    one.why.encode()


def test_nothing_in_the_data_is_a_crash() -> None:
    dice = random.Random(3)
    values: list[Any] = [None, True, 0, -1, 2**70, 1.5, "", "x", ID, "\ud800", [], {}, [1], {"a": 1}, iso(at(9))]
    for _ in range(2000):
        keys = dice.sample(["id", "end", "start", "unit", "type", "severity", "why", "channel", "superseded_by"], 5)
        kind = dice.choice(["SILENCE", "UNSILENCE", "ACK", "RESOLVE", "TEST_NOTIFY", ""])
        Fold().hear(order(kind, **{key: dice.choice(values) for key in keys}))


def of_unit_a(seconds: float, end: float, silence_id: str, **more: Any) -> Heard:
    return order("SILENCE", seconds, id=silence_id, end=iso(at(end)), unit="a.service", **more)


def test_a_further_silence_of_the_same_takes_the_place_of_the_one_in_force() -> None:
    fold = Fold()
    assert fold.hear(of_unit_a(0, 1000, "a" * 8)) is Obeyed.DONE
    assert fold.hear(of_unit_a(100, 500, "b" * 8)) is Obeyed.REPLACED
    (known,) = fold.ledger.silences.values()
    assert (known.id, known.start, known.end) == ("b" * 8, at(0), at(500))
    assert fold.ledger.take_changes().silences["a" * 8] is None
    # What begins while the other is in force goes on from there.
    assert fold.hear(of_unit_a(200, 2000, "c" * 8, start=iso(at(400)))) is Obeyed.REPLACED
    (known,) = fold.ledger.silences.values()
    assert (known.id, known.start, known.end) == ("c" * 8, at(0), at(2000))


def test_a_silence_of_something_else_or_of_another_time_stands_beside_it() -> None:
    fold = Fold()
    fold.hear(of_unit_a(0, 1000, "a" * 8))
    assert fold.hear(of_unit_a(0, 1000, "b" * 8, severity="warning")) is Obeyed.DONE
    assert fold.hear(of_unit_a(0, 9000, "c" * 8, start=iso(at(5000)))) is Obeyed.DONE
    assert fold.hear(of_unit_a(1000, 3000, "d" * 8)) is Obeyed.DONE
    assert len(fold.ledger.silences) == 4
