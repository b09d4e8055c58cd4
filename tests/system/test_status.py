"""The status service and standfastctl as installed: on demand, for any user, and honest when a daemon is away."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.system.machine import Machine
from tests.system.stage import wait_until

DETECTOR = "standfast-detector.service"
STATUS = "standfast-status.service"
GET = """
import http.client, json, sys
connection = http.client.HTTPConnection("127.0.0.1", 3000, timeout=20)
connection.request(sys.argv[1], sys.argv[2], headers={"Host": sys.argv[3], "Connection": "close"})
answer = connection.getresponse()
print(json.dumps([answer.status, dict(answer.getheaders()), answer.read().decode()]))
"""


def request(machine: Machine, path: str, method: str = "GET", host: str = "127.0.0.1:3000") -> tuple[int, str]:
    """Ask inside the machine; returns the status and the body."""
    status, headers, body = json.loads(machine.run(["python3", "-c", GET, method, path, host]).stdout)
    headers = {name.lower(): value for name, value in headers.items()}
    assert headers["content-security-policy"].startswith("default-src 'none'")
    return int(status), str(body)


def fetch(machine: Machine, path: str) -> Any:
    status, body = request(machine, path)
    assert status == 200, body
    return json.loads(body)


def _health(machine: Machine) -> str:
    health = fetch(machine, "/api/failure_detector_status")["service_health"]
    return str(health.get("standfast-agent@paper.service", {}).get("status"))


def test_the_service_starts_when_somebody_looks(machine: Machine) -> None:
    machine.wait_unit("standfast-status.socket")
    machine.run(["systemctl", "stop", STATUS])
    status = fetch(machine, "/api/failure_detector_status")
    assert list(status)[:6] == ["failure_level", "level", "reasons", "root_cause", "mode", "can_restart"]
    assert status["mode"] == "observe"
    assert machine.wait_unit(STATUS)["StatusText"] == "Answering on 127.0.0.1:3000"


def test_the_documents_of_a_healthy_host(machine: Machine) -> None:
    machine.wait_journal(STANDFAST_STATE="ACTIVE", STANDFAST_UNIT="standfast-agent@paper.service")
    wait_until(lambda: _health(machine) == "healthy", "the detector to find the agent", timeout_s=40)
    everything = fetch(machine, "/api/status")
    assert everything["level"] == "NONE"
    assert everything["agents"]["paper"]["state"] == "ACTIVE"
    assert everything["problems"] == []
    assert fetch(machine, "/api/errors") == {"unresolved_count": 0, "unresolved_errors": []}
    _, page = request(machine, "/")
    assert "All watched units stand" in page
    assert "standfast-agent@paper.service" in page.replace("<wbr>", "")


@pytest.mark.parametrize(
    ("path", "method", "host", "status"),
    [("/", "GET", "evil.example", 421), ("/api/status", "POST", "localhost", 405), ("/nothing", "GET", "[::1]", 404)],
)
def test_strangers_and_writers_are_refused(machine: Machine, path: str, method: str, host: str, status: int) -> None:
    assert request(machine, path, method, host)[0] == status


def test_a_stopped_detector_is_said_and_its_return_too(machine: Machine) -> None:
    machine.run(["systemctl", "stop", DETECTOR])
    try:
        status, body = request(machine, "/api/failure_detector_status")
        result = machine.run("standfastctl status", check=False)
    finally:
        machine.run(["systemctl", "start", DETECTOR])
    assert status == 503
    assert json.loads(body)["error"].endswith(
        "is not running; see why, and start it: systemctl status standfast-detector"
    )
    assert result.returncode == 1
    assert result.stdout.startswith("UNKNOWN: Nobody is watching\n- The failure detector is not running; see why")
    assert fetch(machine, "/api/failure_detector_status")["level"] == 0


def test_standfastctl_works_as_any_user(machine: Machine) -> None:
    result = machine.run("setpriv --reuid=nobody --regid=nogroup --clear-groups standfastctl status")
    assert result.stdout.startswith("NONE: All watched units stand\n")
    as_json = machine.run("setpriv --reuid=nobody --regid=nogroup --clear-groups standfastctl status --json")
    assert json.loads(as_json.stdout)["agents"]["paper"]["state"] == "ACTIVE"


def test_the_installed_configuration_is_correct(machine: Machine) -> None:
    assert machine.run("standfastctl check-config", check=False).stdout.splitlines() == [
        "/etc/standfast/detector.toml: correct (detector)",
        "/etc/standfast/notifier.toml: correct (notifier)",
        "/etc/standfast/check.toml: correct (check)",
        "/etc/standfast/agents/paper.toml: correct (agent)",
    ]


def test_it_ends_when_nobody_looks_and_comes_back(machine: Machine) -> None:
    hasten = "[Service]\nEnvironment=STANDFAST_STATUS_IDLE_S=2\n"
    machine.write(f"/run/systemd/system/{STATUS}.d/hasten.conf", hasten)
    machine.run(f"systemctl daemon-reload && systemctl stop {STATUS}")
    fetch(machine, "/api/status")
    machine.wait_unit(STATUS, "inactive", timeout_s=90, Result="success")
    assert machine.wait_unit("standfast-status.socket", SubState="listening")
    assert fetch(machine, "/api/status")["level"] == "NONE"
