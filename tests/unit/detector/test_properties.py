"""What holds for every history: thousands of random ones, from fixed seeds."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest
from tests.scenarios.story import Story
from tests.unit.detector.make import config, up

from standfast.detector.config import DetectorConfig, RestartSettings
from standfast.detector.history import parse
from standfast.detector.levels import CASCADE_UNITS
from standfast.detector.model import (
    EndObservation,
    FileObservation,
    Level,
    ManagerObservation,
    Observation,
    UnitObservation,
)
from standfast.detector.prediction.model import Figure, FigureObservation
from standfast.detector.prediction.settings import PredictionSettings
from standfast.detector.replay import LevelChange, Outcome, RestartDecision, replay

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
def test_no_level_outlasts_what_made_it(seed: int) -> None:
    *history, end = random_history(seed)
    well: list[Observation] = [ManagerObservation(end.at, True, "running"), FileObservation(end.at, FILE, True)]
    ups = [up(end.at, unit, invocation_id="well") for unit in UNITS]
    settings = replace(SETTINGS, prediction=PredictionSettings(enabled=False))
    found = replay([*history, *well, *ups, EndObservation(end.at + 600)], settings)
    assert [one.level for one in found if isinstance(one, LevelChange)][-1] is Level.NONE


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


def random_figures(seed: int, end: float) -> list[Observation]:
    """Memory, disks, heartbeats and certificates of the same five hours: leaks, teeth, steps, of any unit's run."""
    dice = random.Random(seed)
    found: list[Observation] = [FigureObservation(0.0, Figure.DISK, "/", 0.0, 100.0)]
    for unit in UNITS:
        figure = dice.choice((Figure.MEMORY, Figure.WATCHDOG))
        value, step = 10.0, dice.choice((0.2, 0.5, 1.0))
        for number in range(1, int(end / 180)):
            value = (
                dice.uniform(0, 20) if value >= 99 or dice.random() < 0.01 else value + step * dice.uniform(0.5, 1.5)
            )
            at = number * 180.0 + 1
            found.append(FigureObservation(at, figure, f"{unit}.service", min(value, 99.0), 100.0))
            if unit == "a":
                found.append(FigureObservation(at, Figure.DISK, "/", min(number * 0.9, 99.0), 100.0))
    return found


@pytest.mark.parametrize("seed", range(10))
def test_predictions_neither_cause_nor_prevent_nor_delay_a_restart(seed: int) -> None:
    history = random_history(seed)
    figures = random_figures(seed, history[-1].at)
    together = sorted((*history, *figures), key=lambda one: one.at)
    with_them = list(replay(together, SETTINGS))
    plainly = list(replay(together, replace(SETTINGS, prediction=PredictionSettings(enabled=False))))
    assert list(map(_plain, decisions(iter(with_them)))) == list(map(_plain, decisions(iter(plainly))))
    # Where something fails already they do not make it worse either.
    assert _worse(with_them) == _worse(plainly)


def _worse(outcomes: Sequence[Outcome]) -> list[tuple[float, Level]]:
    levels = [(one.at, max(one.level, Level.WARNING)) for one in outcomes if isinstance(one, LevelChange)]
    quiet = [(0.0, Level.WARNING), *levels]
    return [after for before, after in itertools.pairwise(quiet) if after[1] is not before[1]]


def test_such_figures_do_lead_to_predictions() -> None:
    """Else the property above would hold of nothing."""
    alone = [*(up(0, unit) for unit in UNITS), *random_figures(1, 18000)]
    found = list(replay(sorted(alone, key=lambda one: one.at), SETTINGS))
    assert {one.level for one in found if isinstance(one, LevelChange)} == {Level.WARNING}


def test_observe_never_acts() -> None:
    for seed in range(10):
        observed = DetectorConfig(watch=SETTINGS.watch, restart=RestartSettings(min_gap_s=0.0))
        assert not any(one.decision.allowed for one in decisions(replay(random_history(seed), observed)))
