"""The detector on a real systemd: cascades, master restarts and their limits, and what was on record replayed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.system.inbox import URL, Inbox
from tests.system.machine import Entry, Machine
from tests.system.stage import unix_s, wait_until

DETECTOR = "standfast-detector.service"
MASTER = "standfast-master-restart.service"
HANDS_OFF = "MASTER_RESTART_HANDS_OFF"
NOT_ASKED = "MASTER_RESTART_NOT_ASKED"
TRIO = ("victim@1.service", "victim@2.service", "victim@3.service")
FIVE = (*TRIO, "victim@4.service", "victim@5.service")
# Of these two, which are there for milliseconds, one may be seen where the other was.
IN_PASSING = {"gap", "running"}
# What is killed is given up at once; with a file of its name in /srv/broken it does not start again.
VICTIM = """
[Service]
ExecStartPre=test ! -e /srv/broken/%i
ExecStart=sleep infinity
"""
# What crashes a moment after each start, until systemd gives it up.
LOOPING = """
[Unit]
StartLimitBurst=3
[Service]
ExecStartPre=
ExecStart=
ExecStart=sh -c 'test ! -e /srv/broken/%i || { sleep 0.2; exit 1; }; exec sleep infinity'
Restart=on-failure
RestartSec=1
"""
# What crashes a second after its start, the first time, and is up for good right after.
STUMBLING = """
[Service]
ExecStartPre=
ExecStart=
ExecStart=sh -c 'rm /srv/broken/%i 2>/dev/null || exec sleep infinity; sleep 1; exit 1'
Restart=on-failure
RestartSec=100ms
"""
# What systemd starts again, three times within a minute.
LIMITED = """
[Unit]
StartLimitIntervalSec=60
StartLimitBurst=3
[Service]
Restart=on-failure
RestartSec=100ms
"""
DETECTOR_TOML = """
mode = "act"
check_interval_s = 2
clock_grace_s = 0
[restart]
min_gap_s = 6
settle_s = 1
[[watch]]
unit = "victim@*.service"
"""
NOTIFIER_TOML = f"""
aggregation_window_s = 1
[channels.webhook]
url = "{URL}"
"""


@pytest.fixture(scope="module")
def inbox(machine: Machine) -> Inbox:
    """Five units that can be killed and broken, a detector that may act, and where its messages go."""
    found = Inbox(machine)
    machine.write("/etc/systemd/system/victim@.service", VICTIM)
    machine.write("/etc/standfast/detector.toml", DETECTOR_TOML)
    machine.write("/etc/standfast/notifier.toml", NOTIFIER_TOML)
    machine.run(["mkdir", "/srv/broken"])
    machine.run(f"systemctl daemon-reload && systemctl start {' '.join(FIVE)}")
    machine.run(f"systemctl restart standfast-notifier && systemctl restart {DETECTOR}")
    return found


def kill(machine: Machine, *units: str) -> str:
    """SIGKILL units; the position in the journal before."""
    since = machine.cursor()
    machine.run(["systemctl", "kill", "--signal=KILL", *units])
    return since


def detector(machine: Machine) -> dict[str, Any]:
    """What the detector says of itself; after its start that is there a moment later than it is ready."""
    path = "/run/standfast/detector/status.json"
    found: dict[str, Any] = json.loads(machine.run(f"until cat {path} 2>/dev/null; do sleep 0.05; done").stdout)
    return found


def runs(machine: Machine) -> list[tuple[str, bool]]:
    """The master restarts that the detector remembers: how they ended, and whether it asked for them."""
    return [(run["result"], run["automatic"]) for run in detector(machine)["restart_history"]]


def restarted(machine: Machine, since: str, how: str = "COMPLETED") -> dict[str, Any]:
    """Wait for the end of a master restart; its data."""
    entry = machine.wait_journal(since=since, STANDFAST_TYPE=f"MASTER_RESTART_{how}")
    found: dict[str, Any] = json.loads(entry["STANDFAST_DATA"])
    return found


def begun(machine: Machine, since: str) -> str:
    """Wait for the beginning of a master restart; what is said of it."""
    return machine.wait_journal(since=since, STANDFAST_TYPE="MASTER_RESTART_STARTED")["MESSAGE"]


def refused(machine: Machine, since: str, reason: str) -> Entry:
    """Wait for the detector's word that it asks for no master restart."""
    return machine.wait_journal(
        lambda entry: entry.get("STANDFAST_TYPE") == NOT_ASKED and reason_of(entry) == reason,
        since=since,
        _SYSTEMD_UNIT=DETECTOR,
    )


def reason_of(entry: Entry) -> str:
    """The word for the reason of a decision."""
    found: str = json.loads(entry["STANDFAST_DATA"])["reason"]
    return found


def test_a_cascade_is_answered_twice_and_the_third_time_a_human_is_asked(machine: Machine, inbox: Inbox) -> None:
    since = kill(machine, *TRIO)
    data = restarted(machine, since)
    assert sorted(data["units"]) == sorted(FIVE)
    assert all(unit["ok"] for unit in data["units"].values())
    assert 1 <= data["took_s"] < 10
    since = kill(machine, *TRIO)
    refused(machine, since, "gap")
    restarted(machine, since)
    since = kill(machine, *TRIO)
    refused(machine, since, "same-set")
    letter = inbox.wait(lambda one: one.about("problem", HANDS_OFF), "hands are off")
    assert (
        f"2 master restarts within the hour did not help {', '.join(sorted(TRIO))} even for 6 s" in letter.body["text"]
    )
    assert "standfastctl release" in letter.body["text"]
    assert runs(machine) == [("success", True)] * 2
    machine.run(["standfastctl", "release"])
    restarted(machine, since)
    inbox.wait(lambda one: one.about("recovery", HANDS_OFF), "hands are on again")
    wait_until(lambda: detector(machine)["failure_level"] == "NONE", "the cascade to be over")
    assert runs(machine) == [("success", True)] * 3


def live_outcomes(machine: Machine, since_s: float) -> list[tuple[float, str]]:
    """What the detector said and did: its levels, and the reasons of its decisions."""
    found = []
    for entry in machine.journal(_SYSTEMD_UNIT=DETECTOR):
        message = entry["MESSAGE"]
        if unix_s(entry) < since_s:
            continue
        if entry.get("STANDFAST_EVENT") == "level":
            found.append((unix_s(entry), entry["STANDFAST_LEVEL"]))
        elif "Asking for a master restart" in message:
            found.append((unix_s(entry), "cascade"))
        elif entry.get("STANDFAST_TYPE") == NOT_ASKED:
            found.append((unix_s(entry), reason_of(entry)))
    return found


def replayed(machine: Machine, since_s: float, *words: str) -> list[tuple[float, str]]:
    lines = machine.run(["standfastctl", "replay", "--since", f"@{since_s:.3f}", "--json", *words]).stdout.splitlines()
    return [(line["at"], line.get("level") or line["reason"]) for line in map(json.loads, lines)]


@pytest.mark.usefixtures("inbox")
def test_what_happened_replays_to_the_same_and_with_other_rules_to_other(machine: Machine) -> None:
    """Over the test before: the cascade, the gap, the same set, the release."""
    started = machine.journal(UNIT=DETECTOR, MESSAGE_ID="7d4958e842da4a758f6c1cdc7b36dcc5")[-1]
    since_s = unix_s(started)
    live, again = live_outcomes(machine, since_s), replayed(machine, since_s)
    print(f"{machine.debian}: live {live}\nreplayed {again}")
    assert {"gap"} < {what for _, what in live} & {what for _, what in again}
    live, again = ([one for one in outcomes if one[1] not in IN_PASSING] for outcomes in (live, again))
    assert [what for _, what in again] == [what for _, what in live]
    assert max(abs(one - other) for (one, _), (other, _) in zip(live, again, strict=True)) < 1
    assert {"cascade", "same-set", "CASCADING", "NONE"} <= {what for _, what in live}

    machine.write("/srv/calm.toml", f'{DETECTOR_TOML}tier = "important"\n')
    calm = {what for _, what in replayed(machine, since_s, "--config", "/srv/calm.toml")}
    assert {"CRITICAL", "NONE"} <= calm <= {"CRITICAL", "WARNING", "NONE"}
    shown = machine.run(["standfastctl", "replay", "--since", "-1h", "--config", "/srv/calm.toml"]).stdout
    assert "The detector's observations begin at " in shown
    assert "Where /srv/calm.toml and the installed configuration differ:" in shown
    assert "/srv/calm.toml: master restarts: 0 asked for; CRITICAL for " in shown
    assert "the installed configuration: master restarts: 3 asked for; CASCADING for " in shown


def test_a_unit_that_never_comes_up_makes_it_partial(machine: Machine, inbox: Inbox) -> None:
    machine.run("touch /srv/broken/4")
    since = kill(machine, "victim@4.service")
    machine.wait_journal(lambda entry: "given up" in entry["MESSAGE"], since=since, STANDFAST_UNIT="victim@4.service")
    assert machine.run(["systemctl", "start", MASTER], check=False).returncode != 0
    assert "Master restart by hand of 5 units" in begun(machine, since)
    data = restarted(machine, since, "PARTIAL")
    assert {unit: report["ok"] for unit, report in data["units"].items()} == {
        unit: unit != "victim@4.service" for unit in FIVE
    }
    assert data["units"]["victim@4.service"]["why"] == "its start failed"
    letter = inbox.wait(lambda one: one.about("restart", "MASTER_RESTART_PARTIAL"), "it was partial")
    assert "4 of 5 units are up" in letter.body["text"]
    assert "not up: victim@4.service (its start failed)" in letter.body["text"]
    wait_until(lambda: runs(machine)[-1] == ("partial", False), "the run in the ledger")
    assert detector(machine)["restart_count"] == 2  # since the release
    machine.run("rm /srv/broken/4 && systemctl start victim@4.service")
    wait_until(lambda: "reset-failed" in (detector(machine)["left_failed"] or {}).get("clears", ""), "what clears it")
    assert "and all is well now: systemctl reset-failed" in machine.run("standfastctl status", check=False).stdout


def test_a_detector_killed_in_the_middle_of_a_master_restart(machine: Machine, inbox: Inbox) -> None:
    before = runs(machine)
    seen = inbox.letters()
    since = kill(machine, *TRIO)
    assert "by hand" not in begun(machine, since)
    machine.run(["systemctl", "kill", "--signal=KILL", DETECTOR])
    restarted(machine, since)
    inbox.wait(lambda one: one not in seen and one.about("restart", "MASTER_RESTART_COMPLETED"), "it was done")
    machine.wait_unit(DETECTOR)
    wait_until(lambda: detector(machine)["failure_level"] == "NONE", "the cascade to be over")
    assert runs(machine) == [*before, ("success", True)]
    assert detector(machine)["restart_count"] == 3
    told = [one.types for one in inbox.letters()[len(seen) :] if one.kind == "restart"]
    assert told == [["MASTER_RESTART_STARTED"], ["MASTER_RESTART_COMPLETED"]]
    starts = machine.journal(since=since, UNIT=MASTER, MESSAGE_ID="7d4958e842da4a758f6c1cdc7b36dcc5")
    assert len(starts) == 1


@pytest.mark.usefixtures("inbox")
def test_after_three_in_an_hour_both_locks_hold(machine: Machine) -> None:
    """systemd's own limit refuses a human; where somebody lifts it, the ledger still holds the detector."""
    assert machine.run(["systemctl", "start", MASTER], check=False).returncode != 0
    machine.run(["systemctl", "reset-failed", MASTER])
    since = kill(machine, *TRIO)
    refused(machine, since, "hold")
    assert detector(machine)["can_restart"] is False
    machine.run(["standfastctl", "release"])
    restarted(machine, since)
    machine.run(["systemctl", "start", MASTER])


def all_asleep(machine: Machine) -> bool:
    """Whether each has gone on to what it does for ever; a unit counts as started before."""
    look = f"for pid in $(systemctl show --value -p MainPID {' '.join(FIVE)}); do cat /proc/$pid/comm; done"
    return machine.run(look).stdout.split() == ["sleep"] * len(FIVE)


@pytest.mark.usefixtures("inbox")
def test_what_falls_again_after_a_master_restart_has_never_been_well(machine: Machine) -> None:
    drop_in = "/etc/systemd/system/victim@.service.d/looping.conf"
    machine.write(drop_in, LOOPING)
    numbers = "1 2 3"
    machine.run(f"systemctl daemon-reload && systemctl restart {' '.join(FIVE)}")
    wait_until(lambda: all_asleep(machine), "each to have found that it is not broken")
    machine.run(f"cd /srv/broken && touch {numbers}")
    wait_until(lambda: detector(machine)["failure_level"] == "NONE", "all to be well")
    machine.run(["standfastctl", "release"])
    since = kill(machine, *TRIO)
    restarted(machine, since, "PARTIAL")
    refused(machine, since, "gap")
    said = [entry for entry in machine.journal(since=since, _SYSTEMD_UNIT=DETECTOR) if "STANDFAST_EVENT" in entry]
    assert [entry["STANDFAST_LEVEL"] for entry in said if entry["STANDFAST_EVENT"] == "level"][-1] == "CASCADING"
    ended = {entry["STANDFAST_TYPE"] for entry in said if entry["STANDFAST_EVENT"] == "resolved"}
    assert "CASCADING_FAILURE" not in ended
    machine.run(f"cd /srv/broken && rm {numbers} && rm {drop_in} && systemctl daemon-reload")
    machine.run(f"systemctl reset-failed {' '.join(TRIO)}; systemctl restart {' '.join(TRIO)}")
    wait_until(lambda: detector(machine)["failure_level"] == "NONE", "the cascade to be over")
    machine.run(["standfastctl", "release"])


def why(machine: Machine, unit: str) -> str:
    """Why the detector calls it what it does."""
    found: str = detector(machine)["service_health"][unit]["why"]
    return found


def test_that_starts_by_hand_have_reached_the_start_limit_is_said_with_its_numbers(
    machine: Machine, inbox: Inbox
) -> None:
    """Also by a detector that was not there; and of one that is not to be restarted it is not said."""
    limited, plain = "victim@5.service", "victim@4.service"  # of the other people have heard within the hour
    drop_in = f"/etc/systemd/system/{limited}.d/limited.conf"
    machine.write(drop_in, LIMITED)
    machine.run(f"systemctl daemon-reload && systemctl reset-failed {limited}; systemctl stop {limited}")
    machine.run(f"for i in 1 2 3; do systemctl restart {limited}; done")
    wait_until(lambda: detector(machine)["failure_level"] == "NONE", "all to be well")
    since = kill(machine, limited)
    said = "it ended by SIGKILL, and systemd refused to restart it: its start limit is 3 starts within 1 min, those by "
    given_up = machine.wait_journal(lambda entry: "given up" in entry["MESSAGE"], since=since, STANDFAST_UNIT=limited)
    assert said in given_up["MESSAGE"]
    letter = inbox.wait(lambda one: limited in one.body["text"] and said in one.body["text"], "it is refused")
    assert f"systemctl reset-failed {limited} && systemctl start {limited}" in letter.body["text"]
    kill(machine, plain)
    wait_until(lambda: why(machine, plain) == "it ended by SIGKILL, and no restart is pending", "the other")
    machine.run(["systemctl", "restart", DETECTOR])
    wait_until(lambda: said in why(machine, limited), "another detector to find it")
    assert "no restart is pending" in why(machine, plain)
    assert machine.run(["systemctl", "start", limited], check=False).returncode != 0
    machine.run(f"systemctl reset-failed {limited} && systemctl start {limited} {plain}")
    wait_until(lambda: detector(machine)["failure_level"] == "NONE", "all to be well")
    machine.run(f"rm {drop_in} && systemctl daemon-reload")


@pytest.mark.usefixtures("inbox")
def test_that_systemd_refuses_a_start_is_known_by_the_end_of_its_job(machine: Machine) -> None:
    machine.write(
        "/etc/standfast/detector.toml", DETECTOR_TOML.replace("min_gap_s = 6", "min_gap_s = 1\nmax_per_hour = 9")
    )
    machine.run(f"systemctl reload {DETECTOR} && standfastctl release")
    for _ in range(3):
        machine.run(["systemctl", "start", MASTER])
    since = kill(machine, *TRIO)
    asked = machine.wait_journal(since=since, STANDFAST_TYPE="MASTER_RESTART_ASKED")
    told = machine.wait_journal(since=since, STANDFAST_TYPE="MASTER_RESTART_FAILED")
    assert "did not start: systemd refused it" in told["MESSAGE"]
    took_s = unix_s(told) - unix_s(asked)
    print(f"{machine.debian}: refused, and known after {took_s * 1000:.0f} ms")
    assert took_s < 2


def test_what_is_up_again_when_a_master_restart_ends_is_not_called_down(machine: Machine, inbox: Inbox) -> None:
    drop_in = "/etc/systemd/system/victim@4.service.d/stumbling.conf"
    machine.write(drop_in, STUMBLING)
    machine.write("/etc/standfast/detector.toml", DETECTOR_TOML.replace("settle_s = 1", "settle_s = 3"))
    machine.run(f"systemctl daemon-reload && systemctl restart {' '.join(FIVE)} && systemctl reload {DETECTOR}")
    wait_until(lambda: detector(machine)["failure_level"] == "NONE", "all to be well")
    machine.run("standfastctl release && touch /srv/broken/4")
    seen, since = inbox.letters(), machine.cursor()
    assert machine.run(["systemctl", "start", MASTER], check=False).returncode != 0
    at_its_end = machine.run(["systemctl", "is-active", *FIVE]).stdout.split()
    data = restarted(machine, since, "PARTIAL")
    assert at_its_end == ["active"] * len(FIVE)
    assert [unit for unit, report in data["units"].items() if report["up_since"]] == ["victim@4.service"]
    letter = inbox.wait(
        lambda one: one not in seen and one.about("restart", "MASTER_RESTART_PARTIAL"), "what came of it"
    )
    text = letter.body["text"]
    assert "5 of 5 units are up" in text
    assert "; not yet for 3 s: victim@4.service (did not stay up; up since " in text
    assert "not up" not in text
    assert "Next: standfastctl status shows whether victim@4.service stays up" in text
    machine.run(f"rm {drop_in} && systemctl daemon-reload && standfastctl release")
