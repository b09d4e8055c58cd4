"""Bad input: one clear line in the journal and on `systemctl status`, and the other daemons go on."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest

from tests.system.agents import paper_agent
from tests.system.machine import Machine

DETECTOR = "standfast-detector.service"
NOTIFIER = "standfast-notifier.service"
AGENT = "standfast-agent@paper.service"
SOCKET = "standfast-status.socket"
CONFIG = {
    DETECTOR: "/etc/standfast/detector.toml",
    NOTIFIER: "/etc/standfast/notifier.toml",
    AGENT: "/etc/standfast/agents/paper.toml",
}
IDENTIFIER = {DETECTOR: "standfast-detector", NOTIFIER: "standfast-notifier", AGENT: "standfast-agent"}

MISTAKES = {
    "broken TOML": ("mode = \n", ":1: expected TOML; at column 8: invalid value"),
    "an unknown key": ("aggregatoin = 1\n", ':1: aggregatoin: expected a known key, found "aggregatoin"'),
}
WRONG_TYPE = {
    DETECTOR: ("check_interval_s = true\n", ":1: check_interval_s: expected a duration"),
    NOTIFIER: ('aggregation_window_s = "soon"\n', ":1: aggregation_window_s: expected a duration"),
    AGENT: ("symbols = 7\n", ":1: symbols: expected an array of texts in quotes, found 7"),
}


@contextlib.contextmanager
def configured(machine: Machine, unit: str, text: str) -> Iterator[None]:
    """The unit's configuration file with another text for a while; afterwards it runs on the old one again."""
    before = machine.read(CONFIG[unit])
    machine.write(CONFIG[unit], text)
    try:
        yield
    finally:
        machine.write(CONFIG[unit], before)
        restart(machine, unit)


def restart(machine: Machine, unit: str, *, check: bool = True) -> bool:
    """Restart a unit as a person would who has no start limit to fear; tells whether it came up."""
    machine.run(["systemctl", "reset-failed", unit], check=False)
    return machine.run(["systemctl", "restart", unit], check=check).returncode == 0


def status_text(machine: Machine, unit: str) -> str:
    return machine.run(["systemctl", "show", "-P", "StatusText", unit]).stdout.strip()


def error_lines(machine: Machine, unit: str, since: str) -> list[str]:
    """What the unit's programs logged at priority err or worse; an event is told apart by its own field."""
    entries = machine.journal(since=since, SYSLOG_IDENTIFIER=IDENTIFIER[unit])
    return [entry["MESSAGE"] for entry in entries if int(entry["PRIORITY"]) <= 3 and "STANDFAST" not in entry]


def others_go_on(machine: Machine, unit: str) -> None:
    for other in CONFIG:
        if other != unit:
            machine.wait_unit(other, "active", timeout_s=1)


Case = tuple[str, str, str]
CASES: list[Case] = [(unit, *mistake) for unit in CONFIG for mistake in MISTAKES.values()]
CASES += [(unit, *mistake) for unit, mistake in WRONG_TYPE.items()]


def name_of(value: str) -> str:
    return IDENTIFIER.get(value, value.strip())


@pytest.mark.parametrize(("unit", "text", "line"), [case for case in CASES if case[0] != AGENT], ids=name_of)
def test_a_daemon_refuses_to_start_on_a_mistake(machine: Machine, unit: str, text: str, line: str) -> None:
    since = machine.cursor()
    with configured(machine, unit, text):
        assert not restart(machine, unit, check=False)
        machine.wait_unit(unit, "failed", timeout_s=10)
        assert machine.run(["systemctl", "show", "-P", "ExecMainStatus", unit]).stdout.strip() == "78"
        assert line in status_text(machine, unit)
        lines = error_lines(machine, unit, since)
        assert len(lines) == 1, "one line, and no restart that repeats it"
        assert lines[0].startswith(CONFIG[unit])
        assert line in lines[0]
        others_go_on(machine, unit)


@pytest.mark.parametrize(("unit", "text", "line"), [case for case in CASES if case[0] == AGENT], ids=name_of)
def test_an_agent_idles_in_error_on_a_mistake_until_a_reload(machine: Machine, unit: str, text: str, line: str) -> None:
    since, good = machine.cursor(), machine.read(CONFIG[unit])
    with configured(machine, unit, text):
        restart(machine, unit)
        machine.wait_journal(since=since, STANDFAST_STATE="ERROR", STANDFAST_UNIT=unit)
        pid = machine.wait_unit(unit, "active", timeout_s=1)["MainPID"]
        assert line in status_text(machine, unit)
        assert status_text(machine, unit).startswith("ERROR")
        others_go_on(machine, unit)
        machine.write(CONFIG[unit], good)
        machine.run(["systemctl", "reload", unit])
        machine.wait_journal(since=since, STANDFAST_STATE="ACTIVE", STANDFAST_UNIT=unit)
        machine.wait_unit(unit, "active", timeout_s=1, MainPID=pid)


@pytest.mark.parametrize("unit", [DETECTOR, NOTIFIER, AGENT])
def test_a_reload_with_a_mistake_keeps_the_old_configuration(machine: Machine, unit: str) -> None:
    since = machine.cursor()
    pid = machine.wait_unit(unit)["MainPID"]
    with configured(machine, unit, "aggregatoin = 1\n"):
        refused = machine.run(["systemctl", "reload", unit], check=False)
        assert refused.returncode != 0
        assert f"journalctl -xeu {unit}" in refused.stderr
        machine.wait_journal(
            lambda entry: "aggregatoin" in entry["MESSAGE"], since=since, SYSLOG_IDENTIFIER=IDENTIFIER[unit]
        )
        machine.wait_unit(unit, "active", MainPID=pid)
        assert "; not reloaded, what was in force stays so: " in status_text(machine, unit)


def test_a_reload_looks_for_the_secrets_as_the_daemon_has_them(machine: Machine) -> None:
    stored = "/etc/credstore/telegram-bot-token"
    with configured(machine, NOTIFIER, '[channels.telegram]\nchat_id = "1"\napi_url = "http://127.0.0.1:1"\n'):
        assert machine.run(["systemctl", "reload", NOTIFIER], check=False).returncode != 0
        assert "channels.telegram: expected a secret that can be read" in status_text(machine, NOTIFIER)
        machine.write(stored, "1:token")
        restart(machine, NOTIFIER)
        machine.run(["systemctl", "reload", NOTIFIER])
        assert "not reloaded" not in status_text(machine, NOTIFIER)
        machine.run(["rm", stored])


def test_a_watched_unit_that_does_not_exist_is_told_once_and_is_not_failing(machine: Machine) -> None:
    since = machine.cursor()
    config = machine.read(CONFIG[DETECTOR]) + '\n[[watch]]\nunit = "nobody.service"\n'
    with configured(machine, DETECTOR, config):
        restart(machine, DETECTOR)
        machine.wait_journal(
            lambda entry: "nobody.service" in entry["MESSAGE"], since=since, SYSLOG_IDENTIFIER="standfast-detector"
        )
        machine.wait_unit(DETECTOR, "active")
        told = [entry for entry in machine.journal(since=since) if "nobody.service" in entry["MESSAGE"]]
        assert len(told) == 1
        assert "nobody.service" in status_text(machine, DETECTOR)


@pytest.mark.parametrize("unit", [DETECTOR, NOTIFIER, AGENT])
def test_a_state_directory_that_cannot_be_written(machine: Machine, unit: str) -> None:
    state = {DETECTOR: "detector", NOTIFIER: "notifier", AGENT: "agent/paper"}[unit]
    since = machine.cursor()
    drop_in = f"/run/systemd/system/{unit}.d/readonly.conf"
    machine.write(drop_in, f"[Service]\nStateDirectory=\nReadOnlyPaths=/var/lib/standfast/{state}\n")
    machine.run(["systemctl", "daemon-reload"])
    try:
        restart(machine, unit, check=False)
        entry = machine.wait_journal(
            lambda entry: int(entry["PRIORITY"]) <= 3 and f"/var/lib/standfast/{state}" in entry["MESSAGE"],
            since=since,
            SYSLOG_IDENTIFIER=IDENTIFIER[unit],
        )
        assert "\n" not in entry["MESSAGE"]
        assert f"/var/lib/standfast/{state}" in status_text(machine, unit)
        others_go_on(machine, unit)
    finally:
        machine.run(f"rm {drop_in} && systemctl daemon-reload")
        restart(machine, unit)
    machine.wait_unit(unit)


def test_a_missing_credential_is_an_error_with_its_next_step(machine: Machine) -> None:
    unit = "standfast-agent@nokey.service"
    machine.write("/etc/standfast/agents/nokey.toml", 'gateway = "openalgo"\n')
    since = machine.cursor()
    machine.run(["systemctl", "start", unit])
    try:
        machine.wait_journal(since=since, STANDFAST_STATE="ERROR", STANDFAST_UNIT=unit)
        assert "openalgo-api-key" in status_text(machine, unit)
        machine.wait_unit(unit, "active", timeout_s=1)
        others_go_on(machine, unit)
    finally:
        machine.run(["systemctl", "stop", unit])
        machine.run(["rm", "/etc/standfast/agents/nokey.toml"])


def test_port_3000_taken(machine: Machine) -> None:
    machine.run(["systemctl", "stop", "standfast-status.service", SOCKET])
    since = machine.cursor()
    machine.run("systemd-run --unit=squatter -p Type=exec python3 -m http.server --bind 127.0.0.1 3000")
    machine.run("until ss -ltn | grep -q 127.0.0.1:3000; do :; done")
    try:
        assert machine.run(["systemctl", "start", SOCKET], check=False).returncode != 0
        machine.wait_journal(lambda entry: "Address already in use" in entry["MESSAGE"], since=since, UNIT=SOCKET)
        assert "Address already in use" in machine.run(["systemctl", "status", SOCKET], check=False).stdout
        others_go_on(machine, SOCKET)
    finally:
        machine.run(["systemctl", "stop", "squatter.service"])
    machine.run(["systemctl", "start", SOCKET])


def test_a_missing_credential_is_stored_as_the_message_says_and_the_agent_goes_on(machine: Machine) -> None:
    unit = "standfast-agent@key.service"
    machine.write("/etc/standfast/agents/key.toml", 'gateway = "openalgo"\n')
    machine.run("printf 'not-to-be-seen\\n' | standfastctl secret set openalgo-api-key --agent key")
    since = machine.cursor()
    machine.run(["systemctl", "start", unit])
    try:
        machine.wait_journal(lambda entry: "OPENALGO_DOWN" in entry["MESSAGE"], since=since, _SYSTEMD_UNIT=unit)
        assert "openalgo-api-key" not in status_text(machine, unit)
    finally:
        machine.run(["systemctl", "stop", unit])
        machine.run("rm /etc/standfast/agents/key.toml; rm -r /etc/systemd/system/standfast-agent@key.service.d")
    stored = machine.run("stat --format='%a %U' /etc/standfast/credentials/*").stdout
    assert stored == "600 root\n"
    assert machine.run("grep -r not-to-be-seen /etc /run/standfast /var/lib/standfast", check=False).stdout == ""
    assert machine.run("journalctl --grep=not-to-be-seen --quiet", check=False).stdout == ""


@pytest.mark.parametrize(
    ("strategy", "said"),
    [
        ("Forgets", "RuntimeError: `await` is missing, so nothing was done: trading.place (/srv/bots/bots.py:"),
        (
            "Divides",
            "TradingRefusedError: cannot place an order of NSE:SBIN: the quantity must be a whole number, not ",
        ),
    ],
)
def test_an_order_that_is_none_is_a_fault_of_the_strategy_with_its_line(
    machine: Machine, strategy: str, said: str
) -> None:
    agent = paper_agent(machine, strategy.lower(), strategy)
    agent.start()
    agent.wait("ERROR", "STRATEGY_FAULTS")
    told = agent.event("problem")["MESSAGE"]
    assert said in told
    assert "/srv/bots/bots.py:" in told
    assert "/usr/lib" not in told
    agent.stop()
