"""standfastctl as installed: the daemons do what it asks for, and it says so; who may not is told what to do."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.system.inbox import URL, Inbox
from tests.system.machine import Machine
from tests.system.operating import ctl, errors, number, problem
from tests.system.stage import wait_until

NOTIFIER = "standfast-notifier"
HANDS_OFF = "MASTER_RESTART_HANDS_OFF"
_CHANNELS = f"""
aggregation_window_s = 1
[channels.journal]
[channels.webhook]
url = "{URL}"
"""
_DEAD_WEBHOOK = """
aggregation_window_s = 1
[channels.journal]
[channels.webhook]
url = "http://127.0.0.1:9/hook"
"""


@pytest.fixture(scope="module")
def inbox(machine: Machine) -> Inbox:
    """Two channels, and two people: alice is an administrator of Standfast, bob is nobody."""
    machine.run("useradd -m alice && useradd -m bob && usermod -aG standfast-admin,systemd-journal alice")
    found = Inbox(machine)
    configure(machine, _CHANNELS)
    return found


def configure(machine: Machine, notifier_toml: str) -> None:
    machine.write("/etc/standfast/notifier.toml", notifier_toml)
    machine.run(["systemctl", "restart", NOTIFIER])


def test_a_test_is_sent_and_each_channel_answers(machine: Machine, inbox: Inbox) -> None:
    result = ctl(machine, "test-notify", user="alice")
    # Each is told as it comes.
    told = sorted(result.stdout.splitlines())
    assert (result.returncode, told) == (0, ["journal: delivered", "webhook: delivered"]), result.stderr
    letter = inbox.wait(lambda letter: letter.kind == "test", "the test")
    assert "alice" in letter.body["text"]


def test_a_test_of_one_channel(machine: Machine, inbox: Inbox) -> None:
    result = ctl(machine, "test-notify", "--channel", "webhook", "--json")
    assert result.returncode == 0, result.stderr
    found = json.loads(result.stdout)
    assert found["channels"] == {"webhook": {"result": "delivered", "detail": ""}}
    inbox.wait(lambda letter: letter.body["id"] == found["id"], "the same id")


def test_a_test_of_a_channel_that_is_not_there(machine: Machine, inbox: Inbox) -> None:
    result = ctl(machine, "test-notify", "--channel", "pigeon")
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr == (
        "standfastctl test-notify: cannot send a test: this channel is not configured; "
        "see [channels] in notifier.toml; configured: journal, webhook\n"
    )


@pytest.fixture
def dead_webhook(machine: Machine, inbox: Inbox) -> Iterator[None]:
    configure(machine, _DEAD_WEBHOOK)
    yield
    configure(machine, _CHANNELS)
    inbox.wait(lambda letter: letter.kind == "test", "the test that was queued")


@pytest.mark.usefixtures("dead_webhook")
def test_a_channel_that_does_not_deliver_is_told(machine: Machine) -> None:
    result = ctl(machine, "test-notify")
    assert result.returncode == 1
    journal, webhook = sorted(result.stdout.splitlines())
    assert journal == "journal: delivered"
    assert webhook.startswith("webhook: not delivered, the notifier goes on trying: ")


@pytest.mark.usefixtures("inbox")
def test_a_problem_is_acknowledged_and_resolved(machine: Machine) -> None:
    found = problem(machine, "BOILER_COLD")
    listed = ctl(machine, "errors")
    assert listed.returncode == 1
    assert f"  {found} " in listed.stdout

    acknowledged = ctl(machine, "ack", str(found), user="alice")
    assert acknowledged.returncode == 0, acknowledged.stderr
    assert acknowledged.stdout.startswith(f"Acknowledged: {found} (BOILER_COLD, fleet.service).")
    machine.wait_journal(STANDFAST_COMMAND=str(found), STANDFAST_RESULT="DONE")

    other = problem(machine, "BOILER_HOT")
    resolved = ctl(machine, "resolve", str(found), str(other))
    assert resolved.returncode == 0, resolved.stderr
    assert f"Resolved: {found} (BOILER_COLD, fleet.service).\nResolved: {other} (BOILER_HOT, " in resolved.stdout
    again = ctl(machine, "resolve", str(found))
    assert (again.returncode, again.stderr) == (
        1,
        f"standfastctl resolve: cannot resolve {found}: no unresolved problem has this number; "
        "see standfastctl errors\n",
    )


def test_a_silence_holds_until_it_is_ended(machine: Machine, inbox: Inbox) -> None:
    words = ["--unit", "quiet_one", "--for", "2h", "--why", "a new disk"]
    result = ctl(machine, "silence", *words, user="alice")
    assert result.returncode == 0, result.stderr
    assert "unit quiet_one.service. Monitoring goes on." in result.stdout
    assert "nothing that is known now matches quiet_one.service; it is silenced all the same" in result.stderr
    result = ctl(machine, "silence", *words, user="alice")
    assert "It takes the place of the silence that was in force for the same." in result.stdout
    silence_id = result.stdout.split()[-1]
    row = f"{silence_id}  unit quiet_one.service"
    wait_until(lambda: row in ctl(machine, "errors").stdout, "the notifier to show the silence")

    found = problem(machine, "DISK_SLOW", "quiet_one.service")
    problem(machine, "DISK_LOUD", "loud_one.service")
    inbox.wait(lambda letter: "DISK_LOUD" in letter.types, "what is not silenced")
    assert len(errors(machine)["silences"]) == 1
    (held,) = (row for row in errors(machine)["unresolved_errors"] if row["id"] == found)
    assert held["silenced"] is True
    assert not any("DISK_SLOW" in letter.types for letter in inbox.letters())

    later = ctl(machine, "silence", "--unit", "later_one", "--in", "1h", "--for", "10min")
    assert later.stdout.startswith("Silenced from "), later.stderr
    wait_until(lambda: len(errors(machine)["silences"]) == 2, "the notifier to show the later silence")
    (planned,) = (one for one in errors(machine)["silences"] if one["unit"] == "later_one.service")
    assert datetime.fromisoformat(planned["end"]) - datetime.fromisoformat(planned["start"]) == timedelta(minutes=10)
    assert planned["start"] > held["last_occurrence"]

    ended = ctl(machine, "unsilence", silence_id)
    assert ended.returncode == 0, ended.stderr
    inbox.wait(lambda letter: "DISK_SLOW" in letter.types, "what the silence held back")
    again = ctl(machine, "unsilence", silence_id)
    assert again.returncode == 1
    assert "no silence has this id; those in force are in standfastctl errors" in again.stderr


@pytest.mark.usefixtures("inbox")
@pytest.mark.parametrize(
    "words", [["test-notify"], ["ack", "1"], ["resolve", "1"], ["silence", "--type", "X", "--for", "1h"]]
)
def test_who_may_not_is_told_what_to_do(machine: Machine, words: list[str]) -> None:
    result = ctl(machine, *words, user="bob")
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.count("\n") == 1
    assert "only root and the members of standfast-admin may, and bob is none; use sudo" in result.stderr


@pytest.mark.usefixtures("inbox")
def test_who_cannot_see_the_answer_is_told_what_to_do(machine: Machine) -> None:
    result = machine.run(
        "setpriv --reuid=alice --regid=alice --clear-groups standfastctl silence --type X --for 1h", check=False
    )
    assert result.returncode == 1
    assert "alice may not read the journal; use sudo, or let an administrator run" in result.stderr


@pytest.mark.usefixtures("inbox")
def test_a_notifier_that_does_not_run_is_said_at_once(machine: Machine) -> None:
    machine.run(["systemctl", "stop", NOTIFIER])
    try:
        result = ctl(machine, "test-notify")
    finally:
        machine.run(["systemctl", "start", NOTIFIER])
    assert (result.returncode, result.stderr) == (
        1,
        "standfastctl test-notify: The notifier is not running, or its status file is gone; see which, and start it: "
        "systemctl status standfast-notifier; systemctl start standfast-notifier\n",
    )


@pytest.mark.usefixtures("inbox")
def test_the_history_is_what_those_said_who_have_a_say(machine: Machine) -> None:
    found = problem(machine, "PUMP_DRY")
    assert ctl(machine, "resolve", str(found), user="alice").returncode == 0
    forged = "MESSAGE=all is lost\nSTANDFAST=1\nSTANDFAST_EVENT=problem\nSTANDFAST_TYPE=FORGED\n"
    machine.run("setpriv --reuid=bob --regid=bob --init-groups logger --journald", stdin=forged)
    machine.run("journalctl --sync")

    table = ctl(machine, "history", user="alice")
    assert table.returncode == 0, table.stderr
    assert "FORGED" not in table.stdout
    assert "command  RESOLVE" in table.stdout
    # The machine is younger than the day that is asked of.
    begin = machine.run("journalctl -o short-unix -q | head -n 1 | cut -d. -f1").stdout.strip()
    asked = ctl(machine, "history", "--since", "1d", "--unit", "nothing.service").stdout
    words = machine.run(f"date -d @{begin} '+The journal begins at %Y-%m-%d %H:%M:%S'").stdout.strip()
    assert words in asked
    assert "The journal begins" not in ctl(machine, "history", "--since", "1s").stdout
    happened = json.loads(ctl(machine, "history", "--json", "-n", "2").stdout)
    assert [(one["event"], one["type"], one["by"]) for one in happened] == [
        ("problem", "PUMP_DRY", "root"),
        ("command", "RESOLVE", "alice"),
    ]
    assert ctl(machine, "resolve", "999999").returncode == 1
    machine.run("journalctl --sync")
    (last,) = json.loads(ctl(machine, "history", "--json", "-n", "1").stdout)
    assert last["message"] == "Request: resolve problem 999999 (refused: no unresolved problem has this number)"
    only = json.loads(ctl(machine, "history", "--type", "PUMP_*", "--since", "5min", "--json").stdout)
    assert [one["message"] for one in only] == ["it broke"]


AGENT = "standfast-agent@paper.service"


def agent(machine: Machine) -> dict[str, Any]:
    """What the agent says of itself."""
    found: dict[str, Any] = json.loads(machine.read("/run/standfast/agent/paper/status.json"))
    return found


def test_a_paused_agent_stays_paused_over_a_restart_until_it_is_resumed(machine: Machine) -> None:
    machine.wait_journal(STANDFAST_STATE="ACTIVE", STANDFAST_UNIT=AGENT)
    paused = ctl(machine, "pause", "paper", "--why", "earnings today")
    assert paused.returncode == 0, paused.stderr
    assert re.match(r"Agent paper is paused by root at [^;]+: earnings today; no new orders", paused.stdout)
    assert agent(machine)["paused"] is True
    machine.wait_journal(lambda entry: "paused by root" in entry["MESSAGE"] and "earnings today" in entry["MESSAGE"])
    (command,) = json.loads(ctl(machine, "history", "--type", "PAUSE", "--json").stdout)
    assert (command["unit"], command["by"]) == (AGENT, "root")

    machine.run(["systemctl", "restart", AGENT])
    wait_until(lambda: agent(machine)["paused"] is True, "the agent to be paused after its restart")
    resumed = ctl(machine, "resume", "paper")
    assert resumed.returncode == 0, resumed.stderr
    assert agent(machine)["paused"] is False
    assert machine.run("ls /etc/standfast/agents").stdout.split() == ["paper.toml"]


def test_an_agent_whose_new_configuration_is_refused_is_paused_all_the_same(machine: Machine) -> None:
    path = "/etc/standfast/agents/paper.toml"
    good = machine.read(path)
    machine.write(path, "nope = 1\n" + good)
    try:
        paused = ctl(machine, "pause", "paper")
        assert (paused.returncode, agent(machine)["paused"]) == (0, True), paused.stderr
        assert ctl(machine, "resume", "paper").returncode == 0
    finally:
        machine.write(path, good)
        machine.run(["systemctl", "reload", AGENT])


def test_a_killed_agent_stays_in_error_until_it_is_resumed(machine: Machine) -> None:
    killed = ctl(machine, "kill", "paper")
    assert killed.returncode == 0, killed.stderr
    assert agent(machine)["state"] == "ERROR"
    machine.run(["systemctl", "reload", AGENT])
    machine.run(["systemctl", "restart", AGENT])
    wait_until(lambda: agent(machine)["state"] == "ERROR", "the agent to be killed after its restart")

    since = machine.cursor()
    resumed = ctl(machine, "resume", "paper")
    assert resumed.returncode == 0, resumed.stderr
    machine.wait_journal(since=since, STANDFAST_STATE="ACTIVE", STANDFAST_UNIT=AGENT)


def test_an_agent_that_does_not_run_is_paused_from_its_start(machine: Machine) -> None:
    machine.run(["systemctl", "stop", AGENT])
    paused = ctl(machine, "pause", "paper")
    assert paused.returncode == 0, paused.stderr
    assert paused.stdout.startswith("Agent paper does not run; when it is started, it is paused.")
    machine.run(["systemctl", "start", AGENT])
    wait_until(lambda: agent(machine)["paused"] is True, "the agent to be paused")
    assert ctl(machine, "resume", "paper").returncode == 0


@pytest.mark.usefixtures("inbox")
@pytest.mark.parametrize("word", ["pause", "kill", "resume"])
def test_only_root_pauses_and_kills(machine: Machine, word: str) -> None:
    machine.run("touch /etc/standfast/agents/paper.paused")
    result = ctl(machine, word, "paper", user="alice")
    machine.run("rm /etc/standfast/agents/paper.paused")
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.endswith(": Permission denied; only root may, use sudo\n")
    assert agent(machine)["paused"] is False


def test_an_agent_that_is_not_there(machine: Machine) -> None:
    result = ctl(machine, "kill", "papier")
    assert (result.returncode, result.stderr) == (
        1,
        'standfastctl kill: cannot find an agent "papier": no configuration /etc/standfast/agents/papier.toml; '
        "there are: paper\n",
    )


FLEET_TOML = """
mode = "observe"
clock_grace_s = 0
[restart]
settle_s = 0
[[watch]]
unit = "main.service"
[[watch]]
unit = "feed.service"
"""
MASTER = "standfast-master-restart.service"


@pytest.fixture(scope="module")
def fleet(machine: Machine) -> None:
    """Two watched units; by name the second would be the first."""
    unit = "[Service]\nExecStart=sleep infinity\n"
    machine.write("/etc/systemd/system/main.service", unit)
    machine.write("/etc/systemd/system/feed.service", f"[Unit]\nAfter=main.service\n{unit}")
    machine.write("/etc/standfast/detector.toml", FLEET_TOML)
    machine.run(["systemctl", "daemon-reload"])
    machine.run(["systemctl", "start", "main.service", "feed.service"])
    machine.run(["systemctl", "restart", "standfast-detector"])


@pytest.mark.usefixtures("fleet", "inbox")
@pytest.mark.parametrize("user", ["root", "bob"])
def test_the_plan_is_in_order_and_changes_nothing(machine: Machine, user: str) -> None:
    before = machine.wait_unit("main.service")
    plan = ctl(machine, "plan", user=user)
    assert plan.returncode == 0, plan.stderr
    head, first, second, _, stance, by_hand = plan.stdout.splitlines()
    assert head == "Would restart 2 units, in this order:"
    assert (first, second) == ("   1. main.service (healthy)", "   2. feed.service (healthy)")
    assert stance.startswith("The detector's mode is observe: ")
    assert by_hand == "By hand: systemctl start standfast-master-restart"
    assert machine.wait_unit("main.service") == before
    found = json.loads(ctl(machine, "plan", "--json", user=user).stdout)
    units = [item["unit"] for item in found["restarted"]]
    assert (units, found["detector"]["mode"]) == (["main.service", "feed.service"], "observe")


@pytest.mark.usefixtures("fleet", "inbox")
def test_what_still_fails_is_on_the_list_again_though_it_was_resolved(machine: Machine) -> None:
    machine.run(["systemctl", "kill", "--signal=KILL", "feed.service"])
    wait_until(lambda: number(machine, "UNIT_FAILING") > 0, "the detector to say that it fails")
    since = machine.cursor()
    resolved = ctl(machine, "resolve", str(number(machine, "UNIT_FAILING")), user="alice")
    assert resolved.returncode == 0, resolved.stderr
    assert "What goes on is not over" in resolved.stdout
    entry = machine.wait_journal(since=since, STANDFAST_EVENT="problem", STANDFAST_TYPE="UNIT_FAILING")
    assert entry["STANDFAST_UNIT"] == "feed.service"
    wait_until(lambda: number(machine, "UNIT_FAILING") > 0, "it to be on the list again")
    machine.run(["systemctl", "start", "feed.service"])
    wait_until(lambda: number(machine, "UNIT_FAILING") == 0, "it to be over")


@pytest.mark.usefixtures("fleet")
def test_of_five_within_an_hour_three_are_made_and_then_a_release_is_needed(machine: Machine, inbox: Inbox) -> None:
    made = [machine.run(["systemctl", "start", MASTER], check=False).returncode == 0 for _ in range(5)]
    assert made == [True, True, True, False, False]
    wait_until(lambda: detector(machine)["hold_until"] is not None, "the detector to be on hold", timeout_s=45)
    told = inbox.wait(lambda one: one.about("problem", HANDS_OFF), "hands are off").body["text"]
    assert "3 manual restarts within the hour: no automatic one until " in told

    bobs = ctl(machine, "release", user="bob")
    assert (bobs.returncode, bobs.stdout) == (1, "")
    assert "only root and the members of standfast-admin may, and bob is none" in bobs.stderr

    alices = ctl(machine, "release", user="alice")
    assert alices.returncode == 0, alices.stderr
    assert alices.stdout.startswith("Released: ")
    assert "systemd's own limit on it is lifted too" in alices.stdout
    assert detector(machine)["can_restart"] is True
    elsewhere = ["setpriv", "--reuid=alice", "--regid=alice", "--init-groups", "systemctl", "--no-ask-password"]
    assert machine.run([*elsewhere, "reset-failed", "standfast-check.service"], check=False).returncode != 0
    assert machine.run([*elsewhere, "start", MASTER], check=False).returncode != 0
    machine.run(["systemctl", "start", MASTER])
    four = ["success"] * 4
    wait_until(lambda: [one["result"] for one in detector(machine)["restart_history"]] == four, "four in the ledger")
    assert len([one for one in inbox.letters() if one.about("problem", HANDS_OFF)]) == 1


def detector(machine: Machine) -> dict[str, Any]:
    """What the detector says of itself."""
    found: dict[str, Any] = json.loads(machine.read("/run/standfast/detector/status.json"))
    return found
