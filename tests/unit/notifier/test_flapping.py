"""What comes and goes is told as such, then when it is stable."""

import dataclasses
import itertools
import random

import pytest
from tests.unit.notifier.events import at, problem, resolved
from tests.unit.notifier.fold import Fold, kinds

from standfast.events import Event, Kind, Severity
from standfast.moments import iso
from standfast.notifier.config import FlappingConfig
from standfast.notifier.flapping import Flap, Flapping, Said, changed, is_forgotten, judge, percent, settles
from standfast.notifier.model import Draft, Heard, Identity
from standfast.notifier.resolution import Recovery
from standfast.notifier.store.rows import from_flap, to_flap

CONFIG = FlappingConfig()


def history(*seconds: float) -> Flap:
    flap = None
    for second in seconds:
        flap = changed(flap, at(second))
    assert flap is not None
    return flap


@pytest.mark.parametrize(
    ("changes", "now", "share"),
    [
        ([0], 0, 6.25),  # one change, the newest of 20: 1.25 / 20
        (range(20), 20, 100.0),
        (range(40), 40, 100.0),
        ([0], 60, 6.1),  # one sample later it is the second newest
        ([0], 19 * 60, 3.75),  # the oldest
        ([0], 20 * 60, 0.0),  # forgotten
        ([0, 300, 600], 600, 16.4),
    ],
)
def test_the_weighted_share_of_changes(changes: list[float], now: float, share: float) -> None:
    assert percent(history(*changes), at(now), 60) == pytest.approx(share, abs=0.06)


def test_it_begins_and_ends_at_different_shares() -> None:
    verdicts = [judge(history(*range(number)), at(number), CONFIG) for number in range(1, 8)]
    assert verdicts == [Flapping.STEADY] * 5 + [Flapping.STARTED] * 2
    flap = Flap(history(*range(6)).changes, at(0), since=at(5))
    assert judge(flap, at(6), CONFIG) is Flapping.GOES_ON
    ended = next(minute for minute in itertools.count() if judge(flap, at(minute * 60), CONFIG) is Flapping.ENDED)
    assert 10 <= ended <= 20


def test_a_history_is_forgotten_when_it_no_longer_matters() -> None:
    assert not is_forgotten(history(0), at(60), CONFIG)
    assert is_forgotten(history(0), at(20 * 60), CONFIG)
    assert is_forgotten(history(0), at(-20 * 60), CONFIG), "the clock was set back"


def run(fold: Fold, flaps: int, period_s: float, severity: Severity) -> list[str]:
    """So many flaps, a tick each second, and then half an hour of quiet."""
    told, second = [], 0.0
    for number in range(flaps):
        start = number * period_s
        fold.hear(problem(start, severity=severity))
        told += fold.tick(start)
        fold.hear(resolved(start + period_s / 2))
        told += fold.tick(start + period_s / 2)
        second = start + period_s
    for later in range(0, 1800, 5):
        told += fold.tick(second + later)
    return kinds(told)


@pytest.mark.parametrize(
    ("severity", "told"),
    [
        (Severity.WARNING, ["flapping", "recovery"]),
        (Severity.CRITICAL, ["problem", "flapping", "recovery"]),
    ],
)
def test_a_thousand_flaps_in_an_hour_are_three_messages_at_most(severity: Severity, told: list[str]) -> None:
    fold = Fold()
    assert run(fold, 1000, 3.6, severity) == told
    assert not fold.ledger.problems
    assert not fold.ledger.resting
    assert not fold.ledger.flaps


def test_random_flaps_are_three_messages_at_most_and_end_with_the_final_state() -> None:
    dice = random.Random(7)
    for _ in range(20):
        fold, told, second, is_there = Fold(), [], 0.0, False
        severity = dice.choice([Severity.WARNING, Severity.CRITICAL])
        while second < 3600:
            second += dice.uniform(0.1, 4.9)
            is_there = not is_there
            fold.hear(problem(second, severity=severity) if is_there else resolved(second))
            told += fold.tick(second)
        for later in range(0, 1800, 5):
            told += fold.tick(second + later)
        assert len(told) <= 3
        assert told[-1].kind.value == ("problem" if is_there else "recovery")


def test_what_stays_is_told_as_a_problem_in_the_end() -> None:
    fold = Fold()
    for second in range(0, 12, 2):
        fold.hear(problem(second))
        fold.hear(resolved(second + 1))
    fold.hear(problem(20))
    assert kinds(fold.drafts()) == ["flapping"]
    told = [draft for second in range(20, 2000, 5) for draft in fold.tick(second)]
    assert kinds(told) == ["problem"]
    fold.hear(resolved(2100))
    assert kinds(fold.tick(2105)) == ["recovery"]


def flapping(fold: Fold) -> None:
    """Told as flapping, and there."""
    for second in range(0, 12, 2):
        fold.hear(problem(second))
        fold.hear(resolved(second + 1))
    fold.hear(problem(20))
    assert kinds(fold.drafts()) == ["flapping"]


def test_its_end_is_told_at_once_though_a_window_is_open_for_others() -> None:
    fold = Fold()
    flapping(fold)
    told: list[Draft] = []
    second = 20
    while not told:
        second += 5
        fold.hear(problem(second, f"OTHER_{second}"))
        told = [draft for draft in fold.tick(second) if draft.problems[0].type == "DATABASE_LOCKED"]
        assert second < 2000
    assert kinds(told) == ["problem"]
    assert fold.ledger.window_closes_at is not None


@pytest.mark.parametrize("until", [1500, 5000])
def test_what_a_silence_holds_at_the_end_of_flapping_is_told_by_its_recovery(until: int) -> None:
    fold = Fold()
    flapping(fold)
    data = {"id": "0123456789abcdef", "unit": "a.*", "end": iso(at(until))}
    fold.hear(Heard(Event(Kind.COMMAND, "", "SILENCE", data=data), at(21), "ann"))
    told = [draft for second in range(25, 3000, 5) for draft in fold.tick(second)]
    assert kinds(told) == (["problem"] if until < 3000 else [])
    assert fold.hear(resolved(3000)) is Recovery.TOLD_SOON
    assert kinds(fold.tick(3005)) == ["recovery"]


def test_a_flapping_problem_is_one_row_of_the_log() -> None:
    fold = Fold()
    for second in range(0, 100, 2):
        fold.hear(problem(second))
        fold.hear(resolved(second + 1))
    (row,) = fold.ledger.resting.values()
    assert row.id == 3, "the first two ended before their window closed, and were problems of their own"
    assert row.occurrences == 48


def test_a_flapping_problem_that_becomes_critical_is_told_at_once() -> None:
    fold = Fold()
    for second in range(0, 12, 2):
        fold.hear(problem(second))
        fold.hear(resolved(second + 1))
    assert kinds(fold.drafts()) == ["flapping"]
    fold.hear(problem(20, severity=Severity.CRITICAL))
    fold.hear(resolved(21))
    fold.hear(problem(22, severity=Severity.CRITICAL))
    assert kinds(fold.drafts()) == ["problem"]


def test_rare_changes_are_not_flapping() -> None:
    fold = Fold()
    assert run(fold, 4, 3600, Severity.CRITICAL) == ["problem", "recovery"] * 4


def test_what_a_person_ends_each_time_does_not_come_and_go() -> None:
    fold, told = Fold(), []
    for second in range(0, 600, 60):
        fold.hear(problem(second, severity=Severity.CRITICAL))
        ended = resolved(second + 30)
        fold.hear(dataclasses.replace(ended, event=dataclasses.replace(ended.event, data={"by_hand": True})))
        told += kinds(fold.tick(second + 40))
    assert told == ["problem", "recovery"] * 10


def test_what_was_told_last_survives_a_restart() -> None:
    said = dataclasses.replace(history(*range(6)), since=at(5), said=Said.OVER, anew=2)
    identity = Identity("CASCADING_FAILURE", "standfast-detector.service")
    assert to_flap(from_flap(identity, said)) == (identity, said)


def test_it_comes_and_goes_since_it_began_and_not_since_that_was_noticed() -> None:
    fold = Fold()
    for second in range(0, 6, 2):
        fold.hear(problem(second, since=iso(at(second - 3))))
        fold.hear(resolved(second + 1))
    (draft,) = fold.drafts()
    assert draft.since == at(-3)


@pytest.mark.parametrize("changes", [range(0, 60, 10), range(0, 600, 60), range(0, 3000, 10)])
def test_how_long_it_takes_to_be_stable_is_foretold(changes: range) -> None:
    flap = history(*changes)
    quiet_s = settles(flap, CONFIG).total_seconds()
    just_before, then = at(changes[-1] + quiet_s - 1), at(changes[-1] + quiet_s)
    flap = dataclasses.replace(flap, since=at(0))
    assert judge(flap, just_before, CONFIG) is Flapping.GOES_ON
    assert judge(flap, then, CONFIG) is Flapping.ENDED
