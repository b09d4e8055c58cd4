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


def test_the_example_goes_away_again(stage: Stage) -> None:
    machine = stage.machine
    machine.run("/root/nine-services/install --remove")

    assert stage.running() == 0
    assert machine.run("ls /srv/nine-services /etc/systemd/system/nine-services.target", check=False).stdout == ""
    changed = machine.run("dpkg --verify standfast", check=False).stdout
    assert "/etc/standfast/notifier.toml" in changed  # the stage's; it shows that changes are seen
    assert "/etc/standfast/detector.toml" not in changed
    machine.wait_unit("standfast-detector.service")
