"""Each daemon on a real systemd: what it says of itself, and that SIGKILL costs nothing."""

from __future__ import annotations

import json
import time
from functools import partial
from typing import Any

import pytest

from tests.system.agents import paper_agent
from tests.system.filler import DISK, filling, replayed
from tests.system.inbox import URL, Inbox
from tests.system.machine import Entry, Machine
from tests.system.stage import wait_until

DETECTOR = "standfast-detector.service"
NOTIFIER = "standfast-notifier.service"
AGENT = "standfast-agent@paper.service"
MASTER_RESTART = "standfast-master-restart.service"
BACK_WITHIN_S = 10


def status_text(machine: Machine, unit: str) -> str:
    return machine.run(["systemctl", "show", "-P", "StatusText", unit]).stdout.strip()


def kill(machine: Machine, unit: str) -> float:
    """SIGKILL the main process of a unit; return how many seconds passed until it was ready again."""
    before = machine.wait_unit(unit)
    started_s = time.monotonic()
    machine.run(["kill", "-KILL", before["MainPID"]])
    machine.wait_unit(unit, "active", NRestarts=str(int(before["NRestarts"]) + 1), timeout_s=30)
    return time.monotonic() - started_s


@pytest.mark.parametrize(("unit", "words"), [(DETECTOR, "NONE: "), (NOTIFIER, "unresolved problem"), (AGENT, "ACTIVE")])
def test_systemctl_status_shows_the_state_in_words(machine: Machine, unit: str, words: str) -> None:
    machine.wait_journal(STANDFAST_STATE="ACTIVE", STANDFAST_UNIT=AGENT)
    assert words in status_text(machine, unit)
    assert words in machine.run(["systemctl", "status", unit]).stdout


def test_the_status_service_says_so_too(machine: Machine) -> None:
    url = "http://127.0.0.1:3000/api/failure_detector_status"
    status = json.loads(machine.run(["python3", "-c", f"import requests; print(requests.get('{url}').text)"]).stdout)
    assert status["failure_level"] == "NONE"
    machine.wait_unit("standfast-status.service", "active")
    assert status_text(machine, "standfast-status.service")


@pytest.mark.parametrize("unit", [DETECTOR, NOTIFIER, AGENT])
def test_killed_it_is_back_within_ten_seconds(machine: Machine, unit: str) -> None:
    took_s = kill(machine, unit)
    print(f"{machine.debian}: {unit} was back {took_s:.1f} s after SIGKILL")
    assert took_s < BACK_WITHIN_S


def test_since_when_nobody_had_watched_stands_in_the_history(machine: Machine) -> None:
    machine.run(["systemctl", "restart", DETECTOR])
    kill(machine, DETECTOR)
    machine.run("journalctl --sync")
    asked = ["standfastctl", "history", "--type", "WATCHER_STARTED", "--json", "-n", "2"]
    stopped, killed = json.loads(machine.run(asked).stdout)
    assert "; nobody watched from " in stopped["message"]
    assert "it had not ended in order: nobody watched from soon after " in killed["message"]
    assert killed["data"]["since"] <= killed["data"]["until"] <= killed["at"]


def test_the_notifier_killed_between_events_loses_none(machine: Machine) -> None:
    since = machine.cursor()
    troubles = [f"trouble number {number}" for number in range(6)]
    for number, trouble in enumerate(troubles):
        entry = f"MESSAGE={trouble}\nPRIORITY=2\nSTANDFAST=1\nSTANDFAST_EVENT=problem\nSTANDFAST_SEVERITY=critical\n"
        entry += f"STANDFAST_TYPE=TROUBLE_{number}\nSTANDFAST_UNIT=fleet.service\n"
        machine.run("logger --journald", stdin=entry)
        if number % 2:
            kill(machine, NOTIFIER)
    for trouble in troubles:
        machine.wait_journal(partial(is_told, trouble), since=since, SYSLOG_IDENTIFIER="standfast-notifier")
    counts = "SELECT occurrence_count FROM error_notifications_log WHERE error_type LIKE 'TROUBLE_%'"
    script = f"""
import sqlite3
print(sqlite3.connect('/var/lib/standfast/notifier/notifier.db').execute("{counts}").fetchall())
"""
    assert machine.run(["python3", "-"], stdin=script).stdout.strip() == str([(1,)] * len(troubles))


def is_told(trouble: str, entry: Entry) -> bool:
    return trouble in entry["MESSAGE"]


def test_the_detector_killed_remembers_its_restarts_and_one_of_nothing_is_none(machine: Machine) -> None:
    for _ in range(4):  # systemd allows three starts in an hour: these are none of them
        machine.run(["systemctl", "start", MASTER_RESTART])
    wait_until(lambda: results(machine) == ["nothing"] * 4, "the detector to hear that there was nothing to restart")
    assert detector_status(machine)["restart_count"] == 0
    machine.run(["systemd-run", "--unit=kept", "sleep", "infinity"])
    machine.run("sed -i 's/^settle_s .*/settle_s = 0/' /etc/standfast/detector.toml")
    machine.run("printf '[[watch]]\\nunit = \"kept.service\"\\n' >> /etc/standfast/detector.toml")
    machine.run(["systemctl", "reload", DETECTOR])
    machine.run(["systemctl", "start", MASTER_RESTART])
    wait_until(lambda: detector_status(machine).get("restart_count") == 1, "the detector to count the restart")
    kill(machine, DETECTOR)
    wait_until(lambda: detector_status(machine) != {}, "the detector's status")
    assert detector_status(machine)["restart_count"] == 1
    assert results(machine) == [*["nothing"] * 4, "success"]


def results(machine: Machine) -> list[str]:
    return [run["result"] for run in detector_status(machine).get("restart_history", [])]


def detector_status(machine: Machine) -> dict[str, Any]:
    status = machine.run("cat /run/standfast/detector/status.json || echo '{}'").stdout
    return dict(json.loads(status))


def test_a_disk_that_fills_is_told_before_it_is_full(machine: Machine) -> None:
    since, began_s = machine.cursor(), time_of(machine)
    with filling(machine):
        foreseen = machine.wait_journal(since=since, STANDFAST_EVENT="problem", timeout_s=60)
        assert (foreseen["STANDFAST_TYPE"], foreseen["STANDFAST_UNIT"]) == ("DISK_FILLING", "srv-small.mount")
        assert foreseen["STANDFAST_SEVERITY"] == "warning"
        assert int(machine.run(f"df --output=avail {DISK} | tail -1").stdout) > 0
        status = machine.run("standfastctl status", check=False)
        assert status.returncode == 1
        assert "All watched units stand, but not for good if it goes on like this" in status.stdout
        assert f"the disk at {DISK} fills by" in status.stdout
        shown = json.loads(machine.read("/run/standfast/detector/status.json"))
        assert "srv-small.mount" in [one["unit"] for one in shown["predictions"]]
        is_known = machine.run("systemctl show -P MemoryCurrent filler.service").stdout.strip() != "[not set]"

        machine.run(f"systemctl stop filler.service && rm {DISK}/log")
        over = machine.wait_journal(since=since, STANDFAST_EVENT="resolved", timeout_s=30)
        assert over["STANDFAST_TYPE"] == "DISK_FILLING"
        told = machine.journal(since=since, STANDFAST_EVENT="problem", _SYSTEMD_UNIT=DETECTOR)
        assert [entry["STANDFAST_TYPE"] for entry in told].count("DISK_FILLING") == 1
        assert machine.journal(since=since, STANDFAST_EVENT="restart") == []
        assert observes_memory(machine, since) == is_known
        print(f"{machine.debian}: systemd {'knows' if is_known else 'does not know'} the memory of units here")
        first, *others = replayed(machine, began_s, time_of(machine))
        assert "WARNING" in first
        assert f"the disk at {DISK} fills by" in first
        assert all("master-restart" not in line for line in others)


def observes_memory(machine: Machine, since: str) -> bool:
    lines = (entry.get("STANDFAST_OBSERVATION", "") for entry in machine.journal(since=since, _SYSTEMD_UNIT=DETECTOR))
    return any('"figure":"memory"' in line for line in lines)


def time_of(machine: Machine) -> float:
    return float(machine.run("date +%s.%N").stdout)


# The watch over the watchers: from here on the notifier has a webhook, and the check little patience.
CHECK = "standfast-check.service"
SECRET_PATH = "ping-7f3a9c"
_CHECK_TOML = f"""
look_again_after_s = 0.3
canary_timeout_s = 2
[deadman]
url = "http://127.0.0.1:9998/{SECRET_PATH}"
"""
_NOTIFIER_TOML = f"""
aggregation_window_s = 1
recovery_hold_s = 0.1
[channels.webhook]
url = "{URL}"
"""
# So that what systemd does in 40 s is seen in 3.
_QUICK_WATCHDOG = "[Service]\nWatchdogSec=2\nTimeoutAbortSec=1\n"


@pytest.fixture(scope="module")
def inbox(machine: Machine) -> Inbox:
    """Whoever is told, and the dead-man's switch."""
    found = Inbox(machine)
    machine.write("/etc/standfast/check.toml", _CHECK_TOML)
    machine.write("/etc/standfast/notifier.toml", _NOTIFIER_TOML)
    machine.write(f"/srv/deadman/{SECRET_PATH}", "ok")
    serve = "python3 -u -m http.server --bind 127.0.0.1 --directory /srv/deadman 9998"
    machine.run(f"systemd-run --quiet --unit=deadman {serve}; until ss -ltn | grep -q 127.0.0.1:9998; do :; done")
    machine.run(["systemctl", "stop", "standfast-check.timer"])
    machine.run(["systemctl", "restart", NOTIFIER])
    machine.wait_unit(NOTIFIER)
    return found


def check(machine: Machine) -> dict[str, bool | None]:
    """Run the check, without fear of a start limit; what it found of the watchers, by type and unit."""
    machine.run(["systemctl", "reset-failed", CHECK], check=False)
    machine.run(["systemctl", "start", CHECK], timeout_s=130)
    answers = json.loads(machine.read("/run/standfast/check/status.json"))["answers"]
    return {f"{one['type']} {one['unit']}": one["well"] for one in answers}


def pings(machine: Machine) -> int:
    return len([one for one in machine.journal(_SYSTEMD_UNIT="deadman.service") if SECRET_PATH in one["MESSAGE"]])


def told(inbox: Inbox, error_type: str) -> list[str]:
    return [letter.kind for letter in inbox.letters() if error_type in letter.types]


def error_log(machine: Machine, columns: str, where: str) -> list[list[Any]]:
    query = f"SELECT {columns} FROM {where}"
    script = f"""
import json, sqlite3
print(json.dumps(sqlite3.connect("file:/var/lib/standfast/notifier/notifier.db?mode=ro", uri=True).execute(
    {query!r}).fetchall()))
"""
    found: list[list[Any]] = json.loads(machine.run(["python3", "-"], stdin=script).stdout)
    return found


def test_a_canary_comes_through_to_nobody_and_leaves_no_heap(machine: Machine, inbox: Inbox) -> None:
    for _ in range(2):
        found = check(machine)
        assert set(found.values()) <= {True, None}, found
        assert found[f"CANARY_LOST {NOTIFIER}"] is True
    assert error_log(machine, "count(*)", "outbox WHERE channel = 'canary'") == [[1]]
    assert inbox.letters() == []
    assert pings(machine) == 2
    said = machine.run(f"journalctl _SYSTEMD_UNIT={CHECK} --output=json --all").stdout
    assert said
    assert SECRET_PATH not in said


def test_while_the_notifier_is_dead_the_check_tells_by_itself_once(machine: Machine, inbox: Inbox) -> None:
    # What it tells it over is what notifier.toml was when it was last correct.
    machine.write("/etc/standfast/notifier.toml", "[channels.webhook]\nurl = 7\n")
    machine.run(f"systemctl mask --runtime {NOTIFIER} && systemctl kill --signal=KILL {NOTIFIER}")
    machine.wait_unit(NOTIFIER, "failed")
    try:
        say_critical(machine, "FLEET_TROUBLE")
        assert check(machine)[f"WATCHER_DOWN {NOTIFIER}"] is False
        letter = inbox.wait(lambda one: one.about("problem", "WATCHER_DOWN", NOTIFIER), "the dead notifier")
        assert "told by the check timer" in letter.body["text"]
        assert check(machine)[f"CONFIGURATION_BAD {NOTIFIER}"] is False
        inbox.wait(lambda one: one.about("problem", "CONFIGURATION_BAD", NOTIFIER), "its configuration")
        assert told(inbox, "WATCHER_DOWN") == ["problem"]
        # What others log as critical meanwhile is passed on, once.
        assert told(inbox, "FLEET_TROUBLE") == ["problem"]
        assert pings(machine) == 2
    finally:
        machine.write("/etc/standfast/notifier.toml", _NOTIFIER_TOML)
        machine.run(f"systemctl unmask --runtime {NOTIFIER} && systemctl reset-failed {NOTIFIER}")
        machine.run(["systemctl", "start", NOTIFIER])
    check(machine)
    inbox.wait(lambda one: one.about("recovery", "WATCHER_DOWN", NOTIFIER), "its return")
    # The notifier has read what the check logged meanwhile, and tells none of it again.
    columns = "occurrence_count, notification_count, is_resolved"
    where = "error_notifications_log WHERE error_type = 'WATCHER_DOWN'"
    wait_until(lambda: error_log(machine, columns, where) == [[2, 0, 1]], "both looks and the end in the error log")
    say_critical(machine, "MORE")
    inbox.wait(lambda one: "MORE" in one.types, "what is told later than all else would have been")
    assert told(inbox, "WATCHER_DOWN") == ["problem", "recovery"]
    assert told(inbox, "CONFIGURATION_BAD") == ["problem", "recovery"]
    assert told(inbox, "FLEET_TROUBLE") == ["problem", "problem"]  # the second by the notifier, whose problem it is
    assert pings(machine) == 3


def say_critical(machine: Machine, error_type: str) -> None:
    entry = "MESSAGE=trouble\nPRIORITY=2\nSTANDFAST=1\nSTANDFAST_EVENT=problem\nSTANDFAST_SEVERITY=critical\n"
    machine.run("logger --journald", stdin=entry + f"STANDFAST_TYPE={error_type}\nSTANDFAST_UNIT=fleet.service\n")


def test_a_notifier_that_hangs_is_told_by_the_check(machine: Machine, inbox: Inbox) -> None:
    say_critical(machine, "DELIVERED_BEFORE")
    inbox.wait(lambda one: "DELIVERED_BEFORE" in one.types, "what it tells before it hangs")
    machine.run(f"systemctl kill --signal=STOP {NOTIFIER}")
    try:
        assert check(machine)[f"CANARY_LOST {NOTIFIER}"] is False
        inbox.wait(lambda one: one.about("problem", "CANARY_LOST", NOTIFIER), "the lost canary")
        assert told(inbox, "DELIVERED_BEFORE") == ["problem"], "what was delivered is not told again"
    finally:
        machine.run(f"systemctl kill --signal=CONT {NOTIFIER}")
    assert check(machine)[f"CANARY_LOST {NOTIFIER}"] is True
    inbox.wait(lambda one: one.about("recovery", "CANARY_LOST", NOTIFIER), "its end")
    assert told(inbox, "CANARY_LOST") == ["problem", "recovery"]


def test_a_detector_that_hangs_is_ended_by_its_watchdog_and_that_is_told(machine: Machine, inbox: Inbox) -> None:
    check(machine)
    drop_in = f"/run/systemd/system/{DETECTOR}.d/quick.conf"
    machine.write(drop_in, _QUICK_WATCHDOG)
    machine.run(f"systemctl daemon-reload && systemctl restart {DETECTOR}")
    before = machine.wait_unit(DETECTOR)
    since = machine.cursor()
    machine.run(["kill", "-STOP", before["MainPID"]])
    machine.wait_unit(DETECTOR, "active", NRestarts=str(int(before["NRestarts"]) + 1))
    assert machine.journal(since=since, UNIT=DETECTOR, UNIT_RESULT="watchdog")
    assert check(machine)[f"WATCHER_RESTARTING {DETECTOR}"] is False
    letter = inbox.wait(lambda one: one.about("problem", "WATCHER_RESTARTING", DETECTOR), "its restart")
    assert f"systemd had to restart {DETECTOR} once, at " in letter.body["text"]
    assert "WATCHER_RESTARTING" in machine.run("standfastctl status", check=False).stdout


def test_a_secret_that_cannot_be_decrypted_is_told_all_the_same(machine: Machine, inbox: Inbox) -> None:
    secret = "/etc/standfast/credentials/telegram-bot-token.standfast-notifier"
    machine.run("standfastctl secret set telegram-bot-token", stdin="123:hush")
    machine.run(f"head -c 100 {secret} > /run/spoilt && cp /run/spoilt {secret}")
    before, begun_s = pings(machine), time.monotonic()
    machine.run(f"systemctl restart {NOTIFIER}", check=False)
    machine.run(f"systemctl start {CHECK}", check=False)
    letter = inbox.wait(lambda one: one.about("problem", "CHECK_FAILED", CHECK), "the check that failed")
    assert "the secret telegram-bot-token cannot be decrypted (243/CREDENTIALS)" in letter.body["text"]
    inbox.wait(lambda one: one.about("problem", "WATCHER_DOWN", NOTIFIER), "the notifier that does not start")
    assert (
        f"the secret telegram-bot-token in {secret} cannot be decrypted"
        in machine.run("standfastctl doctor", check=False).stdout
    )
    restarts = int(machine.run(f"systemctl show -P NRestarts {NOTIFIER}").stdout)
    assert restarts <= 1 + (time.monotonic() - begun_s) / 8, (
        "it is not tried each second: it stays so until somebody acts"
    )
    machine.run("standfastctl secret remove telegram-bot-token")
    machine.wait_unit(NOTIFIER)
    assert pings(machine) == before
    check(machine)
    inbox.wait(lambda one: one.about("recovery", "CHECK_FAILED", CHECK), "its end")


def test_stopping_the_slice_stops_all_and_is_quiet(machine: Machine, inbox: Inbox) -> None:
    before = len(inbox.letters())
    machine.run("systemctl start standfast-check.timer && systemctl stop standfast.slice")
    states = "--state=active,activating,deactivating"
    assert machine.run(f"systemctl list-units --no-legend {states} 'standfast*'").stdout == ""
    machine.run("systemctl start standfast.target")
    machine.wait_unit(NOTIFIER)
    say_critical(machine, "AFTER_ALL")
    inbox.wait(lambda one: "AFTER_ALL" in one.types, "what is told later than all else would have been")
    told_of = {name for letter in inbox.letters()[before:] if letter.kind != "shutdown" for name in letter.types}
    assert told_of <= {"AFTER_ALL", "WATCHER_RESTARTING"}  # the latter from before, when the notifier did not start


def test_pause_resume_and_kill_survive_a_restart(machine: Machine) -> None:
    buyer = paper_agent(machine, "buyer", "Buyer", drop_in="[Service]\nRestartSec=100ms\n")
    machine.run(["standfastctl", "pause", "buyer"])
    buyer.start()
    buyer.wait("ACTIVE")
    buyer.logged("the agent is paused by root")
    assert (buyer.status["paused"], buyer.status["flat"]) == (True, True)
    machine.run(["standfastctl", "resume", "buyer"])
    wait_until(lambda: bool(buyer.status["positions"]), "a position")
    machine.run(["standfastctl", "kill", "buyer"])
    buyer.wait("ERROR", "KILLED")
    held = buyer.status["positions"]
    machine.run(["kill", "-KILL", buyer.show("MainPID")])
    machine.wait_unit(buyer.unit, "active", NRestarts="1")
    buyer.mark()
    machine.run(["systemctl", "reload", buyer.unit])
    wait_until(lambda: buyer.status["state"] == "ERROR", "ERROR again")
    assert [one["quantity"] for one in buyer.status["positions"]] == [one["quantity"] for one in held]
    buyer.stop()
    end = buyer.event("shutdown")
    assert ": held (killed), open: +" in end["MESSAGE"]
    assert end["STANDFAST_TYPE"] == "KILLED"
    buyer.start()
    wait_until(lambda: buyer.status["state"] == "ERROR", "killed after the stop too")
    assert [one["quantity"] for one in buyer.status["positions"]] == [one["quantity"] for one in held]
    machine.run(["standfastctl", "resume", "buyer"])
    buyer.wait("ACTIVE")
    buyer.stop()
