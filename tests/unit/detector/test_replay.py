"""A replay's own doings: which looks it makes, which it may leave out, and from when on it tells."""

from __future__ import annotations

import pytest
from tests.scenarios.story import Story
from tests.scenarios.write import stories
from tests.unit.detector.make import ITSELF, config, failed, pending, starting, up

from standfast.config import load_text
from standfast.detector import replay as replaying
from standfast.detector.config import DetectorConfig, Tier, Watch
from standfast.detector.history import parse
from standfast.detector.model import (
    ClockEvent,
    ClockObservation,
    EndObservation,
    Observation,
    ReleaseObservation,
    RestartObservation,
    RunResult,
)
from standfast.detector.prediction.model import Figure, FigureObservation
from standfast.detector.recorded import recording
from standfast.detector.replay import LevelChange, as_dicts, from_then_on, replay

DAY_S = 86400.0
# A time as the journal gives it, in which a rounding of parts in a thousand million is a second.
NOW = 1_764_000_000.0
STORIES = stories()


def outcomes(history: list[Observation], *units: str) -> list[tuple[float, str]]:
    """When the level changed or a decision was made, and to what."""
    lines = as_dicts(replay(history, config(*units)))
    return [(line["at"], line.get("level") or line["reason"]) for line in lines]


@pytest.mark.parametrize("story", STORIES, ids=[story.name for story in STORIES])
def test_what_is_left_out_changes_nothing(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each story again, with twenty more minutes in each of its pauses."""
    history: list[Observation] = list(parse(stretched(story)))
    settings = load_text(DetectorConfig, story.config, "detector.toml", {})
    quick = as_dicts(replay(history, settings))
    monkeypatch.setattr(replaying._Player, "_skip_looks", lambda self, at: None)
    assert quick == as_dicts(replay(history, settings))


def stretched(story: Story) -> list[str]:
    lines: list[str] = []
    last = later = 0.0
    for line in story.history():
        at, _, rest = line.removeprefix('{"at":').partition(",")
        later += 1200 if float(at) - last > 60 else 0
        last = float(at)
        lines.append(f'{{"at":{last + later:.3f},{rest}')
    return lines


def test_most_looks_of_a_quiet_week_are_left_out() -> None:
    made: list[float] = []
    history: list[Observation] = [up(0), EndObservation(7 * DAY_S)]
    assert list(replay(history, config("a"), on_look=made.append)) == []
    assert len(made) < 20


def test_looks_are_due_by_the_first_line_also_in_the_times_of_a_journal() -> None:
    """A line a second before a look is no look: its failure is that look's, and counts once."""
    history = [up(NOW, "a"), up(NOW, "b"), up(NOW, "c")]
    history += [pending(NOW + 29, unit, ended_by=ITSELF) for unit in "abc"]
    found = outcomes([*history, EndObservation(NOW + 300)], "a", "b", "c")
    assert found[:3] == [(NOW + 90, "WARNING"), (NOW + 150, "CASCADING"), (NOW + 210, "cascade")]


def test_a_warning_that_goes_on_for_another_reason_is_said_with_that_one() -> None:
    history: list[Observation] = [
        up(0, "a"),
        up(0, "b"),
        failed(10, "a", ended_by=ITSELF),
        failed(100, "b", ended_by=ITSELF),
    ]
    history += [up(200, "a"), EndObservation(400)]
    settings = DetectorConfig(watch=tuple(Watch(f"{unit}.service", tier=Tier.IMPORTANT) for unit in "ab"))
    found = list(replay(history, settings))
    said = [(one.at, one.level.name, "a.service" in str(one.reasons)) for one in found if isinstance(one, LevelChange)]
    assert said == [(10, "WARNING", True), (100, "WARNING", True), (200, "WARNING", False)]
    (standing,) = from_then_on(found, 300)
    assert isinstance(standing, LevelChange)
    assert "b.service" in str(standing.reasons)
    assert "a.service" not in str(standing.reasons)


def test_a_new_life_of_the_detector_has_seen_no_figures() -> None:
    """A trend is of one life: of what an earlier one saw, nothing is left but what was told."""

    def memory(at: float) -> FigureObservation:
        return FigureObservation(at, Figure.MEMORY, "a.service", (100 + 150 * at / 3600) * 2**20, 512 * 2**20, "run")

    history: list[Observation] = [up(0, "a", invocation_id="run")]
    history += [*map(memory, range(30, 2 * 3600, 60)), EndObservation(2 * 3600)]
    assert [one.level.name for one in replay(history, config("a")) if isinstance(one, LevelChange)] == ["WARNING"]
    assert list(replay(history, config("a"), lives=(0, 4700))) == []


def test_with_a_new_life_of_the_detector_looks_are_due_anew() -> None:
    made: list[float] = []
    history: list[Observation] = [
        up(0),
        pending(10, ended_by=ITSELF),
        pending(75, ended_by=ITSELF),
        EndObservation(120),
    ]
    list(replay(history, config("a"), lives=(-3, 74), on_look=made.append))
    assert made == [0, 30, 60, 75, 105]


def test_a_failure_that_somebody_repairs_at_once_was_one() -> None:
    """What a detector recorded it had asked systemd for; only a raw signal is taken back by the next line."""
    history: list[Observation] = [up(0, unit) for unit in "abc"]
    history += [failed(10 + number / 10, unit, ended_by=ITSELF) for number, unit in enumerate("abc")]
    history += [starting(10.8, unit, job="restart") for unit in "abc"]
    assert (10.2, "cascade") in outcomes(history, "a", "b", "c")
    raw: list[Observation] = [up(0, unit) for unit in "abc"]
    raw += [failed(10 + number / 10, unit) for number, unit in enumerate("abc")]
    raw += [pending(10.3, unit) for unit in "abc"]
    assert outcomes(raw, "a", "b", "c") == []


def test_the_level_at_the_beginning_is_told_first() -> None:
    history: list[Observation] = [up(0, "a"), up(0, "b"), failed(10, "a"), failed(20, "b"), up(500, "b"), up(560, "b")]
    found = list(replay(history, config("a", "b")))
    assert [(line["at"], line["level"]) for line in as_dicts(from_then_on(found, 100))] == [
        (100, "CRITICAL"),
        (540, "WARNING"),
    ]
    assert [line["at"] for line in as_dicts(from_then_on(found, 600))] == [600]
    assert list(from_then_on(found, 5)) == found
    assert list(from_then_on(list(replay([up(0, "a"), up(90, "a")], config("a"))), 50)) == []


def test_restarts_before_the_beginning_count() -> None:
    began = 10_000.0
    earlier: list[Observation] = [
        *(RestartObservation(began - seconds, RunResult.SUCCESS) for seconds in (3000, 2000, 1000)),
        ClockObservation(began - 5, ClockEvent.BOOT),
    ]
    life: list[Observation] = [up(began, unit) for unit in "abc"]
    life += [failed(began + 200, unit, ended_by=ITSELF) for unit in "abc"]
    found = recording([*life, *earlier], began, began + 300)
    assert [run.at for run in found.before.runs] == [7000, 8000, 9000]
    assert found.before.clock_event_at == began - 5
    decisions = [
        line["reason"]
        for line in as_dicts(replay(found.observations, config("a", "b", "c"), state=found.before))
        if "reason" in line
    ]
    assert decisions == ["hold"]
    released = recording([*life, *earlier, ReleaseObservation(began + 1)], began, began + 300)
    assert [
        line["allowed"]
        for line in as_dicts(replay(released.observations, config("a", "b", "c"), state=released.before))
        if "reason" in line
    ] == [True, False]


def test_a_window_without_observations_is_empty() -> None:
    assert recording([RestartObservation(5, RunResult.SUCCESS)], 10, 20).observations == ()
