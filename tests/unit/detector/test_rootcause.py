"""Who failed by itself, who was taken along, and who fails too: that one unit needs another is no proof of anything."""

from __future__ import annotations

import pytest
from tests.scenarios.cascades import dependency_first
from tests.scenarios.dependents import dependents_crash_first
from tests.scenarios.story import NINE, Story
from tests.unit.detector.make import JOB, Watcher, config, failed, inactive, pending, up

from standfast.config import load_text
from standfast.detector.config import DetectorConfig
from standfast.detector.history import parse
from standfast.detector.model import Observation
from standfast.detector.replay import LevelChange, replay
from standfast.detector.rootcause import RootCause


def causes(*seen: Observation) -> tuple[RootCause, ...]:
    """Of three units, of which b needs a."""
    watcher = Watcher(config("a", "b", "c"))
    watcher.see(up(0, "a"), up(0, "b", needs="a"), up(0, "c"), scheduled=True)
    return watcher.see(*seen).assessment.root_causes


def test_what_systemd_took_down_was_taken_along() -> None:
    found = causes(failed(100, "a"), inactive(100, "b", needs="a"))
    assert found == (RootCause("a.service", took_along=("b.service",)),)
    assert str(found[0]) == "a.service took along b.service"


def test_what_failed_by_itself_before_what_it_needs_is_a_cause_of_its_own() -> None:
    found = causes(pending(100, "b", needs="a", since=99.9), pending(100, "a"))
    assert found == (RootCause("b.service"), RootCause("a.service"))


def test_what_fails_by_itself_after_what_it_needs_is_not_the_first_to_look_at_and_not_taken_along() -> None:
    found = causes(failed(100, "a"), pending(100, "b", needs="a", since=103))
    assert found == (RootCause("a.service", needed_by=("b.service",)),)
    assert str(found[0]) == "b.service fails too, and needs a.service"


def test_what_one_look_finds_at_one_time_is_looked_at_where_the_other_needs_it() -> None:
    assert causes(pending(100, "a"), pending(100, "b", needs="a")) == (
        RootCause("a.service", needed_by=("b.service",)),
    )


@pytest.mark.parametrize(("began", "first"), [(99.9, "b.service"), (103.0, "a.service")])
def test_a_crashed_unit_whose_start_waits_for_what_it_needs_crashed_all_the_same(began: float, first: str) -> None:
    watcher = Watcher(config("a", "b", "c"))
    watcher.see(up(0, "a"), up(0, "b", needs="a"), up(0, "c"), scheduled=True)
    watcher.see(pending(100, "b", needs="a", since=began), pending(100, "a"))
    step = watcher.see(failed(106, "a"), inactive(106, "b", needs="a", job_result="dependency"))
    assert step.assessment.root_causes[0].unit == first
    assert not any(cause.took_along for cause in step.assessment.root_causes)
    assert str(step.assessment.health["b.service"]) == "b.service (given up)"


def test_a_circle_has_one_that_stands_for_it() -> None:
    watcher = Watcher(config("a", "b"))
    watcher.see(up(0, "a", needs="b"), up(0, "b", needs="a"), scheduled=True)
    (found,) = watcher.see(pending(100, "a", needs="b"), pending(100, "b", needs="a")).assessment.root_causes
    assert found == RootCause("a.service", needed_by=("b.service",))


@pytest.mark.parametrize(
    ("story", "firsts"),
    [(dependents_crash_first(), {0, 1, 2}), (dependency_first(), {0})],
    ids=["crashed first", "taken along"],
)
def test_a_history_tells_who_failed_by_itself(story: Story, firsts: set[int]) -> None:
    settings = load_text(DetectorConfig, story.config, "detector.toml", {})
    found = [one for one in replay(parse(story.history()), settings) if isinstance(one, LevelChange)]
    cascade = next(one for one in found if one.level.name == "CASCADING")
    assert set(cascade.root_cause) == {f"{NINE[number]}.service" for number in firsts}


def test_what_was_down_before_a_unit_failed_was_not_taken_along_by_it() -> None:
    watcher = Watcher(config("a", "b", "c"))
    watcher.see(up(0, "a"), up(0, "b", needs="a"), up(0, "c", needs="b"), scheduled=True)
    watcher.see(failed(5, "b", needs="a"), inactive(5, "c", needs="b", ended_by=JOB))
    found = watcher.see(failed(50, "a"))
    assert [str(root) for root in found.assessment.root_causes] == ["b.service took along c.service", "a.service"]


def test_a_unit_is_taken_along_by_the_one_that_it_went_down_with_and_by_no_other() -> None:
    watcher = Watcher(config("a", "b", "c"))
    watcher.see(up(0, "a"), up(0, "b", needs="a"), up(0, "c", needs="b"), scheduled=True)
    watcher.see(pending(5, "b", needs="a"), inactive(5, "c", needs="b", ended_by=JOB))
    found = watcher.see(failed(5.04, "a"), failed(5.5, "b", needs="a"), inactive(5.5, "c", needs="b", since=5))
    assert [str(root) for root in found.assessment.root_causes] == ["b.service took along c.service", "a.service"]
