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
    machine.run("/opt/nine-services/install --remove")

    assert stage.running() == 0
    assert machine.run("ls /srv/nine-services /etc/systemd/system/nine-services.target", check=False).stdout == ""
    changed = machine.run("dpkg --verify standfast", check=False).stdout
    assert "/etc/standfast/notifier.toml" in changed  # the stage's; it shows that changes are seen
    assert "/etc/standfast/detector.toml" not in changed
    machine.wait_unit("standfast-detector.service")


def test_the_example_leaves_alone_what_is_not_of_it(stage: Stage) -> None:
    machine, place = stage.machine, "/etc/systemd/system/trade_manager.service"
    mine = "[Service]\nExecStart=sleep infinity\n"
    machine.write(place, mine)
    refused = machine.run("systemctl daemon-reload && /opt/nine-services/install", check=False)
    machine.run("/opt/nine-services/install --remove")

    assert refused.returncode == 1
    assert f"cannot install trade_manager.service: {place} is not of this example" in refused.stderr
    assert machine.run(f"cat {place}").stdout == mine
    assert machine.run("ls /srv/nine-services", check=False).stdout == ""


def test_the_example_takes_no_port_of_another(stage: Stage) -> None:
    machine = stage.machine
    machine.run("rm /etc/systemd/system/trade_manager.service && systemctl daemon-reload")
    listen = "import socket, time; server = socket.create_server(('127.0.0.1', 8003)); print(server); time.sleep(600)"
    machine.run(["systemd-run", "--unit=taken", "--property=Type=exec", "python3", "-uc", listen])
    machine.wait_journal(_SYSTEMD_UNIT="taken.service", SYSLOG_IDENTIFIER="python3")
    refused = machine.run("/opt/nine-services/install", check=False)
    machine.run("systemctl stop taken")

    assert refused.returncode == 1
    assert "cannot install trade_executor: port 8003 on 127.0.0.1: Address already in use (whose" in refused.stderr
    assert machine.run("ls /srv/nine-services", check=False).stdout == ""
