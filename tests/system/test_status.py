"""The status service and standfastctl as installed: on demand, for any user, and honest when a daemon is away."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.system.machine import Machine
from tests.system.stage import wait_until

DETECTOR = "standfast-detector.service"
STATUS = "standfast-status.service"
AGENT = "standfast-agent@paper.service"
LISTEN = """
import http.client
connection = http.client.HTTPConnection("127.0.0.1", 3000, timeout=60)
connection.request("GET", "/api/events")
for line in connection.getresponse():
    if line.startswith(b"data: "):
        print(line.decode().removeprefix("data: "), end="", flush=True)
"""
MANY = """
import asyncio, collections, json, sys

async def ask():
    reader, writer = await asyncio.open_connection("127.0.0.1", 3000)
    writer.write(b"GET / HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n")
    answer = await reader.read()
    writer.close()
    return int(answer.split()[1])

async def main():
    return collections.Counter(await asyncio.gather(*(ask() for _ in range(int(sys.argv[1])))))

print(json.dumps(asyncio.run(main())))
"""
GET = """
import http.client, json, sys
connection = http.client.HTTPConnection("127.0.0.1", 3000, timeout=20)
connection.request(sys.argv[1], sys.argv[2], headers={"Host": sys.argv[3], "Connection": "close"})
answer = connection.getresponse()
print(json.dumps([answer.status, dict(answer.getheaders()), answer.read().decode()]))
"""


@pytest.fixture(scope="module", autouse=True)
def _looks_often(machine: Machine) -> None:
    """The detector looks every second instead of every thirty."""
    hasten = "[Service]\nEnvironment=STANDFAST_CHECK_INTERVAL_S=1\n"
    machine.write(f"/run/systemd/system/{DETECTOR}.d/hasten.conf", hasten)
    machine.run(f"systemctl daemon-reload && systemctl restart {DETECTOR}")


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
    for asset in re.findall(r'"(/static/[^"]+)"', page):
        assert request(machine, asset)[0] == 200
    assert "All watched units stand" in page
    assert "standfast-agent@paper.service" in page.replace("<wbr>", "")


def test_a_unit_has_its_last_lines_and_no_other_units_are_shown(machine: Machine) -> None:
    unit = fetch(machine, f"/api/units/{AGENT}")
    assert any("ACTIVE" in line["text"] for line in unit["journal"])
    assert (unit["status"], unit["needed_by"]) == ("healthy", [])
    assert request(machine, "/api/units/dbus.service")[0] == 404
    _, page = request(machine, f"/units/{AGENT}")
    assert "Last lines" in page


def test_the_timeline_holds_what_happened(machine: Machine) -> None:
    found = fetch(machine, "/api/timeline")
    states = [one for one in found["events"] if one["kind"] == "state" and one["unit"] == AGENT]
    assert states[0]["state"] == "ACTIVE"
    _, page = request(machine, "/")
    assert "Last 24 hours" in page
    assert "cannot be read" not in page


def test_the_metrics_count_what_is_so(machine: Machine) -> None:
    _, text = request(machine, "/metrics")
    lines = text.splitlines()
    assert "standfast_failure_level 0" in lines
    assert 'standfast_up{daemon="detector"} 1' in lines
    assert f'standfast_unit_state{{unit="{AGENT}",state="healthy"}} 1' in lines
    assert 'standfast_agent_state{agent="paper",state="ACTIVE"} 1' in lines


def test_who_listens_hears_of_a_change(machine: Machine) -> None:
    listening = machine.spawn(["python3", "-c", LISTEN])
    assert listening.stdout is not None
    assert json.loads(listening.stdout.readline())["level"] == "NONE"
    machine.run(["systemctl", "stop", DETECTOR])
    try:
        assert json.loads(listening.stdout.readline())["level"] == "UNKNOWN"
    finally:
        machine.run(["systemctl", "start", DETECTOR])
    wait_until(lambda: fetch(machine, "/api/status")["level"] == "NONE", "the detector to be back")


def test_a_thousand_requests_at_once_keep_no_daemon_from_its_work(machine: Machine) -> None:
    since = machine.cursor()
    answered = json.loads(machine.run(["python3", "-c", MANY, "1000"], timeout_s=120).stdout)
    assert answered == {"200": 1000}
    assert _health(machine) == "healthy"
    assert json.loads(machine.read("/run/standfast/detector/status.json"))["late_s"] < 1
    for unit in (DETECTOR, "standfast-notifier.service", STATUS):
        assert machine.wait_unit(unit)["NRestarts"] == "0"
    assert machine.journal(since=since, PRIORITY="3") == []


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
        page = request(machine, "/")[1]
    finally:
        machine.run(["systemctl", "start", DETECTOR])
    assert status == 503
    assert json.loads(body)["error"].endswith(
        "is not running, or its status file is gone; see which, and start it: "
        "systemctl status standfast-detector; systemctl start standfast-detector"
    )
    assert result.returncode == 1
    assert result.stdout.startswith(
        "UNKNOWN: Nobody is watching\n- The failure detector is not running, or its status file is gone; see which"
    )
    assert "UNKNOWN</strong> since <time" in page
    assert fetch(machine, "/api/failure_detector_status")["level"] == 0


def test_standfastctl_works_as_any_user(machine: Machine) -> None:
    result = machine.run("setpriv --reuid=nobody --regid=nogroup --clear-groups standfastctl status")
    assert result.stdout.startswith("NONE: All watched units stand")
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
    page = machine.spawn(["python3", "-c", LISTEN])  # as an open page does
    assert page.stdout is not None
    assert json.loads(page.stdout.readline())["level"] == "NONE"
    page.kill()
    machine.wait_unit(STATUS, "inactive", timeout_s=90, Result="success")
    assert machine.wait_unit("standfast-status.socket", SubState="listening")
    assert fetch(machine, "/api/status")["level"] == "NONE"
