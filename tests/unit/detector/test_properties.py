"""What holds for every history: thousands of random ones, from fixed seeds."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator

import pytest
from tests.scenarios.story import Story
from tests.unit.detector.make import config

from standfast.detector.config import DetectorConfig, RestartSettings
from standfast.detector.history import parse
from standfast.detector.levels import CASCADE_UNITS
from standfast.detector.model import FileObservation, Observation, UnitObservation
from standfast.detector.replay import Outcome, RestartDecision, replay

UNITS = ("a", "b", "c", "d", "e", "f")
FILE = "/srv/f.json"
SETTINGS = config(*UNITS, critical_files=(FILE,), clock_grace_s=60.0)


def random_history(seed: int, units: tuple[str, ...] = UNITS, *, with_file: bool = True) -> list[Observation]:
    """Five hours in which anything may happen to anybody."""
    dice = random.Random(seed)
    story = Story(f"random-{seed}", "", needs={"b": "a", "c": "b"}).up(0, *UNITS)
    at = 10.0
    badness = dice.choice((0.1, 0.5, 0.9))
    while at < 18000:
        at += dice.expovariate(1 / dice.choice((2, 20, 300)))
        some = tuple(dice.sample(units, dice.randint(1, len(units))))
        _something(story, dice, round(at, 3), some, badness, with_file=with_file)
    return list(parse(story.end(at + 700).history()))


def _something(
    story: Story, dice: random.Random, at: float, some: tuple[str, ...], badness: float, *, with_file: bool
) -> None:
    if dice.random() < badness:
        verbs = [
            lambda: story.crash(at, *some, back_s=dice.choice((0.2, 5, None))),
            lambda: story.give_up(at, *some),
            lambda: story.go_along(at, *some),
            lambda: story.restart(at, *some, comes_up=False),
        ]
        if with_file:
            verbs.append(lambda: story.file(at, FILE, dice.choice((False, None)), "bad"))
    else:
        verbs = [
            lambda: story.up(at, *some),
            lambda: story.start(at, *some),
            lambda: story.stop(at, *some, result=dice.choice(("success", "exit-code"))),
            lambda: story.finish(at, *some),
            lambda: story.manager(at, dice.random() < 0.5),
            lambda: story.clock(at, dice.choice(("resume", "step"))),
            lambda: story.master(at, dice.choice(("started", "success", "failure"))),
            lambda: story.file(at, FILE, True),
        ]
    dice.choice(verbs)()


def decisions(outcomes: Iterator[Outcome]) -> list[RestartDecision]:
    return [outcome for outcome in outcomes if isinstance(outcome, RestartDecision)]


def test_random_histories_do_lead_to_restarts() -> None:
    """Else the properties below would hold of nothing."""
    found = [len(decisions(replay(random_history(seed), SETTINGS))) for seed in range(10)]
    assert sum(found) > 25


@pytest.mark.parametrize("seed", range(30))
def test_the_budget_is_never_exceeded(seed: int) -> None:
    history = random_history(seed)
    asked = [one.at for one in decisions(replay(history, SETTINGS)) if one.decision.allowed]
    for first in asked:
        assert len([at for at in asked if first <= at < first + 3600]) <= SETTINGS.restart.max_per_hour
    assert all(after - before >= SETTINGS.restart.min_gap_s for before, after in itertools.pairwise(asked))


@pytest.mark.parametrize("seed", range(30))
def test_no_restart_without_three_units_or_a_file(seed: int) -> None:
    for one in decisions(replay(random_history(seed), SETTINGS)):
        units = {cause for cause in one.decision.causes if cause.endswith(".service")}
        assert len(units) >= CASCADE_UNITS or FILE in one.decision.causes


@pytest.mark.parametrize("seed", range(30))
def test_two_failing_units_never_restart_a_fleet(seed: int) -> None:
    assert not decisions(replay(random_history(seed, ("d", "e"), with_file=False), SETTINGS))


@pytest.mark.parametrize("seed", range(20))
def test_the_order_of_simultaneous_observations_does_not_matter(seed: int) -> None:
    history = random_history(seed)
    dice = random.Random(seed)
    rounded = _at_whole_seconds(history)
    shuffled = sorted(rounded, key=lambda one: (one.at, dice.random()))
    assert list(map(_plain, replay(rounded, SETTINGS))) == list(map(_plain, replay(shuffled, SETTINGS)))


def _at_whole_seconds(history: list[Observation]) -> list[Observation]:
    """The last observation of each thing in each second: several of one thing do have an order."""
    kept: dict[tuple[float, str], Observation] = {}
    for one in history:
        at = float(round(one.at))
        name = one.unit if isinstance(one, UnitObservation) else one.path if isinstance(one, FileObservation) else ""
        kept[at, name] = type(one)(**{**{slot: getattr(one, slot) for slot in one.__slots__}, "at": at})
    return sorted(kept.values(), key=lambda one: one.at)


def _plain(outcome: Outcome) -> object:
    return outcome.to_dict()


def test_observe_never_acts() -> None:
    for seed in range(10):
        observed = DetectorConfig(watch=SETTINGS.watch, restart=RestartSettings(min_gap_s=0.0))
        assert not any(one.decision.allowed for one in decisions(replay(random_history(seed), observed)))
