"""The corpus: every history leads to its levels and master restarts, and to no other."""

from __future__ import annotations

import itertools

import pytest
from tests.scenarios import earlier
from tests.scenarios.story import Story
from tests.scenarios.write import files, stories

from standfast.config import load_text
from standfast.detector.config import DetectorConfig
from standfast.detector.history import parse, to_line
from standfast.detector.model import Observation
from standfast.detector.replay import LevelChange, Outcome, RestartDecision, replay

STORIES = stories()
IDS = [story.name for story in STORIES]


def history(story: Story) -> list[Observation]:
    return list(parse(story.history()))


def settings(story: Story) -> DetectorConfig:
    return load_text(DetectorConfig, story.config, "detector.toml", {})


def levels(outcomes: list[Outcome]) -> str:
    """Each level once, also where its reasons became others."""
    found = [outcome.level.name for outcome in outcomes if isinstance(outcome, LevelChange)]
    return " ".join(name for name, _ in itertools.groupby(found))


def allowed(outcomes: list[Outcome]) -> tuple[float, ...]:
    found = [outcome for outcome in outcomes if isinstance(outcome, RestartDecision)]
    return tuple(outcome.at for outcome in found if outcome.decision.allowed)


def refused(outcomes: list[Outcome]) -> str:
    found = [outcome.decision for outcome in outcomes if isinstance(outcome, RestartDecision)]
    return " ".join(decision.reason for decision in found if not decision.allowed)


@pytest.mark.parametrize("story", STORIES, ids=IDS)
def test_story(story: Story) -> None:
    outcomes = list(replay(history(story), settings(story)))
    assert (levels(outcomes), allowed(outcomes), refused(outcomes)) == (story.levels, story.restarts, story.refused)


@pytest.mark.parametrize("story", STORIES, ids=IDS)
def test_a_history_survives_being_written(story: Story) -> None:
    found = history(story)
    assert list(parse(to_line(observation) for observation in found)) == found


def test_the_files_are_the_stories() -> None:
    expected = files()
    assert {path: path.read_text() for path in expected if path.exists()} == expected, "python -m tests.scenarios.write"


def test_names_are_told_apart() -> None:
    assert len(set(IDS)) == len(IDS) >= 60


def test_no_false_restart_and_no_missed_cascade_beside_the_earlier_detector(capsys: pytest.CaptureFixture[str]) -> None:
    ours, theirs = _Errors(), _Errors()
    for story in STORIES:
        found = history(story)
        ours.note(story, len(allowed(list(replay(found, settings(story))))))
        theirs.note(story, len(earlier.restarts(found)))
    with capsys.disabled():
        print(
            f"\nscenario corpus, {len(STORIES)} histories: ours {ours}; the earlier detector, reconstructed: {theirs}"
        )
    assert (ours.false, ours.missed) == (0, 0)
    assert theirs.false > 0  # else this corpus would show nothing


class _Errors:
    def __init__(self) -> None:
        self.false = 0
        self.missed = 0

    def __str__(self) -> str:
        return f"{self.false} false master restarts, {self.missed} missed cascades"

    def note(self, story: Story, restarts: int) -> None:
        self.false += 0 if story.is_cascade else restarts
        # A mode that only observes answers no cascade on purpose.
        self.missed += bool(story.is_cascade and not restarts and "observe" not in story.refused)
