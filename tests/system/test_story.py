"""The demonstration's story as tests, on both Debians: each step on the stage that the steps before it left."""

from __future__ import annotations

import pytest

from tests.system import story
from tests.system.machine import Machine
from tests.system.stage import Stage, prepare


@pytest.fixture(scope="module")
def stage(machine: Machine) -> Stage:
    return prepare(machine, print)


@pytest.mark.parametrize("step", story.STEPS, ids=lambda step: step.__name__)
def test_step(stage: Stage, step: story.Step) -> None:
    seen = step(stage)

    assert seen
    assert [one for one in seen if not one.ok] == []
