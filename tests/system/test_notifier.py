"""The notifier on a real systemd, journal and agent: the seven scenarios of the earlier system, and what it hears."""

from __future__ import annotations

import json
import re
from functools import partial
from typing import Any

import pytest

from tests.system.inbox import URL, Inbox, Letter
from tests.system.machine import Entry, Machine
from tests.system.stage import wait_until

NOTIFIER = "standfast-notifier.service"
AGENT = "standfast-agent@seven.service"
FAULTS = "/srv/seven/faults"
WINDOW_S = 3
ROWS = 3000
QUERY_MS = 50.0
# Throttle windows as they are by default: no repeat of these minutes may be told.
_NOTIFIER_TOML = f"""
aggregation_window_s = {WINDOW_S}
recovery_hold_s = 1
flood_limit = {10 * ROWS}
[channels.webhook]
url = "{URL}"
"""
_AGENT_TOML = f"""
[paper]
faults_file = "{FAULTS}"
tick_interval_s = 0.2
[startup]
confirm_delay_s = 0.2
"""
_EMIT_MANY = """
import sys
from systemd import journal
for number in range(int(sys.argv[1])):
    for kind in ("problem", "resolved"):
        journal.send(f"number {number}", PRIORITY="4", STANDFAST="1", STANDFAST_EVENT=kind,
                     STANDFAST_TYPE=f"OLD_{number}", STANDFAST_UNIT="old.service")
"""
# The query of the earlier system's own test, as it stands in the earlier programs.
_OLD_QUERY = """
SELECT error_type, error_message, first_occurrence, occurrence_count FROM error_notifications_log
WHERE is_resolved = 0 ORDER BY last_occurrence DESC
"""
_TIME_QUERY = f'''
import sqlite3, statistics, time
connection = sqlite3.connect("file:/var/lib/standfast/notifier/notifier.db?mode=ro", uri=True)
def took_ms():
    started = time.perf_counter()
    connection.execute("""{_OLD_QUERY}""").fetchall()
    return (time.perf_counter() - started) * 1000
print(statistics.median(took_ms() for _ in range(20)))
'''


@pytest.fixture(scope="module")
def inbox(machine: Machine) -> Inbox:
    """The notifier with a webhook, and whoever reads what arrives there."""
    found = Inbox(machine)
    machine.write("/etc/standfast/notifier.toml", _NOTIFIER_TOML)
    machine.run(["systemctl", "reload-or-restart", NOTIFIER])
    machine.wait_unit(NOTIFIER)
    return found


def say(machine: Machine, kind: str, error_type: str, unit: str = "seven.service", severity: str = "warning") -> None:
    """What any program of the host can log."""
    fields = {"STANDFAST_EVENT": kind, "STANDFAST_TYPE": error_type, "STANDFAST_UNIT": unit}
    fields["STANDFAST_SEVERITY"] = severity
    lines = [f"MESSAGE=[HEALTH-CHECK] {error_type} at attempt 1 of 4", "PRIORITY=4", "STANDFAST=1"]
    lines += [f"{name}={value}" for name, value in fields.items()]
    machine.run("logger --journald", stdin="\n".join(lines) + "\n")


def query(machine: Machine, sql: str) -> list[list[Any]]:
    script = f"""
import json, sqlite3
connection = sqlite3.connect("file:/var/lib/standfast/notifier/notifier.db?mode=ro", uri=True)
print(json.dumps(connection.execute({sql!r}).fetchall()))
"""
    found: list[list[Any]] = json.loads(machine.run(["python3", "-"], stdin=script).stdout)
    return found


def counts(machine: Machine, error_type: str) -> list[list[Any]]:
    """(occurrences, notifications, resolved) of each row of a type."""
    columns = "occurrence_count, notification_count, is_resolved"
    return query(machine, f"SELECT {columns} FROM error_notifications_log WHERE error_type = '{error_type}'")


def names(error_type: str, letter: Letter) -> bool:
    return error_type in letter.types


def told(inbox: Inbox, error_type: str) -> list[Letter]:
    return [letter for letter in inbox.letters() if error_type in letter.types]


def test_1_a_first_occurrence_is_told(machine: Machine, inbox: Inbox) -> None:
    say(machine, "problem", "OPENALGO_DOWN")
    letter = inbox.wait(lambda one: one.about("problem", "OPENALGO_DOWN", "seven.service"), "the problem")
    assert letter.body["host"] == machine.name
    assert letter.body["text"].startswith(f"{machine.name}: ")
    wait_until(lambda: counts(machine, "OPENALGO_DOWN") == [[1, 1, 0]], "1 occurrence, 1 notification")


def test_2_a_repeat_is_counted_and_throttled(machine: Machine, inbox: Inbox) -> None:
    say(machine, "problem", "OPENALGO_DOWN")
    wait_until(lambda: counts(machine, "OPENALGO_DOWN") == [[2, 1, 0]], "2 occurrences, 1 notification")
    # What is told later than the repeat would have been proves that the repeat was not.
    say(machine, "problem", "LATER")
    inbox.wait(lambda one: one.about("problem", "LATER"), "the later problem")
    assert len(told(inbox, "OPENALGO_DOWN")) == 1


def test_3_a_recovery_is_told_once_with_its_count(machine: Machine, inbox: Inbox) -> None:
    say(machine, "resolved", "OPENALGO_DOWN")
    letter = inbox.wait(lambda one: one.about("recovery", "OPENALGO_DOWN"), "the recovery")
    assert letter.body["events"][0]["occurrences"] == 2
    assert letter.body["events"][0]["resolved"] is True
    wait_until(lambda: counts(machine, "OPENALGO_DOWN") == [[2, 2, 1]], "resolved, and its recovery counted")
    assert len(told(inbox, "OPENALGO_DOWN")) == 2


def test_4_a_permanent_error_of_an_agent_is_told_with_what_to_do(machine: Machine, inbox: Inbox) -> None:
    machine.write(FAULTS, "bad_key")
    machine.write("/etc/standfast/agents/seven.toml", _AGENT_TOML)
    machine.run(["systemctl", "start", AGENT])
    letter = inbox.wait(lambda one: one.about("problem", "OPENALGO_AUTH_FAILED", AGENT), "the permanent error")
    assert letter.body["events"][0]["action"]
    assert letter.body["events"][0]["action"] in letter.body["text"]
    assert machine.wait_unit(AGENT)["NRestarts"] == "0"
    assert len(told(inbox, "OPENALGO_AUTH_FAILED")) == 1


def test_5_three_types_within_the_window_are_one_message(machine: Machine, inbox: Inbox) -> None:
    types = ("WEBSOCKET_DOWN", "BROKER_NOT_LOGGED_IN", "DATABASE_LOCKED")
    for error_type in types:
        say(machine, "problem", error_type, "three.service")
    letter = inbox.wait(lambda one: one.kind == "aggregate", "the aggregate")
    assert letter.title == "MULTIPLE ERRORS DETECTED"
    assert sorted(letter.types) == sorted(types)
    wait_until(lambda: [counts(machine, one) for one in types] == [[[1, 1, 0]]] * 3, "one notification each")
    assert [len(told(inbox, one)) for one in types] == [1, 1, 1]


def test_6_a_graceful_shutdown_ends_with_a_message(machine: Machine, inbox: Inbox) -> None:
    machine.write(FAULTS, "")
    machine.run(["systemctl", "reload", AGENT])
    machine.wait_journal(STANDFAST_STATE="ACTIVE", STANDFAST_UNIT=AGENT)
    machine.run(["systemctl", "stop", AGENT])
    letter = inbox.wait(lambda one: one.kind == "shutdown" and AGENT in one.units, "the final message")
    assert "flat" in letter.body["text"]


def test_6_a_flat_restart_wakes_nobody_and_a_stop_closes_what_the_agent_waited_for(
    machine: Machine, inbox: Inbox
) -> None:
    def ends() -> int:
        return len([one for one in inbox.letters() if one.kind == "shutdown"])

    before, since = ends(), machine.cursor()
    machine.run(["systemctl", "start", AGENT])
    machine.wait_journal(since=since, STANDFAST_STATE="ACTIVE", STANDFAST_UNIT=AGENT)
    since = machine.cursor()
    machine.run(["systemctl", "restart", AGENT])
    machine.wait_journal(since=since, STANDFAST_STATE="ACTIVE", STANDFAST_UNIT=AGENT)
    machine.write(FAULTS, "bad_key")
    machine.run(["systemctl", "reload", AGENT])
    wait_until(lambda: len(told(inbox, "OPENALGO_AUTH_FAILED")) == 3, "a second problem after the first one's end")
    machine.run(["systemctl", "stop", AGENT])
    wait_until(lambda: ends() == before + 1, "the end of the stop, and no other")
    closed = "SELECT is_resolved, ended_by FROM error_notifications_log WHERE error_type = 'OPENALGO_AUTH_FAILED'"
    wait_until(lambda: query(machine, closed)[-1] == [1, "closed: the agent was stopped"], "the closed problem")
    kinds = [letter.kind for letter in told(inbox, "OPENALGO_AUTH_FAILED")]
    assert kinds == ["problem", "recovery", "problem"]
    assert "the agent was stopped" in machine.run("standfastctl errors", check=False).stdout


def test_7_the_old_query_is_quick_on_a_long_log(machine: Machine, inbox: Inbox) -> None:
    machine.run(["python3", "-", str(ROWS)], stdin=_EMIT_MANY)
    old = "SELECT count(*) FROM error_notifications_log WHERE error_type LIKE 'OLD_%' AND is_resolved = 1"
    wait_until(lambda: query(machine, old) == [[ROWS]], f"{ROWS} rows", timeout_s=60)
    unresolved = {row[0] for row in query(machine, _OLD_QUERY)}
    assert unresolved == {"LATER", "WEBSOCKET_DOWN", "BROKER_NOT_LOGGED_IN", "DATABASE_LOCKED"}
    took_ms = float(machine.run(["python3", "-"], stdin=_TIME_QUERY).stdout)
    print(f"{machine.debian}: the unresolved of {ROWS} rows in {took_ms:.2f} ms")
    assert took_ms < QUERY_MS
    assert not [one for one in inbox.letters() if "old.service" in one.units], "over before their window closed"


def test_a_restart_of_journald_loses_nothing(machine: Machine, inbox: Inbox) -> None:
    for number, command in enumerate(("systemctl restart", "systemctl kill --signal=KILL")):
        say(machine, "problem", f"BEFORE_{number}", "journald.service", "critical")
        machine.run(f"{command} systemd-journald")
        wait_until(lambda: machine.run("logger x", check=False).returncode == 0, "journald to be there again")
        say(machine, "problem", f"AFTER_{number}", "journald.service", "critical")
        for error_type in (f"BEFORE_{number}", f"AFTER_{number}"):
            inbox.wait(partial(names, error_type), error_type)
            assert len(told(inbox, error_type)) == 1


def test_strangers_are_refused_and_their_commands_logged(machine: Machine, inbox: Inbox) -> None:
    since = machine.cursor()
    command = "MESSAGE=x\nPRIORITY=4\nSTANDFAST=1\nSTANDFAST_EVENT=command\nSTANDFAST_TYPE=SILENCE\n"
    data = 'STANDFAST_DATA={"id": "0123456789abcdef", "unit": "*", "end": "2099-01-01T00:00:00+00:00"}\n'
    machine.run("runuser -u nobody -- logger --journald", stdin=command + data)
    entry = machine.wait_journal(
        lambda one: one["MESSAGE"].startswith("Refused a command"), since=since, SYSLOG_IDENTIFIER="standfast-notifier"
    )
    assert "nobody" in entry["MESSAGE"]
    assert json.loads(machine.read("/run/standfast/notifier/status.json"))["silences"] == []


def test_a_new_administrator_needs_no_reload(machine: Machine, inbox: Inbox) -> None:
    machine.run("useradd carol")
    command = "MESSAGE=x\nPRIORITY=4\nSTANDFAST=1\nSTANDFAST_EVENT=command\nSTANDFAST_TYPE=UNSILENCE\n"
    command += 'STANDFAST_DATA={"id": "0123456789abcdef"}\n'
    for first, answer in (("", "Refused a command"), ("gpasswd --add carol standfast-admin; ", "Command UNSILENCE")):
        since = machine.cursor()
        machine.run(f"{first}runuser -u carol -- logger --journald", stdin=command)
        machine.wait_journal(partial(says, answer), since=since, SYSLOG_IDENTIFIER="standfast-notifier")


def says(words: str, entry: Entry) -> bool:
    return words in entry["MESSAGE"]


def test_hostile_content_is_bounded_and_shown_safely(machine: Machine, inbox: Inbox) -> None:
    script = r"""
from systemd import journal
fields = {
    "MESSAGE": b"up \xff\xfe \x1b[2J\x00\x07 " + b"A" * 65536, "PRIORITY": b"2", "STANDFAST": b"1",
    "STANDFAST_EVENT": b"problem", "STANDFAST_TYPE": b"HOSTILE", "STANDFAST_SEVERITY": b"critical",
    "STANDFAST_UNIT": b"evil\x1b[31m.service\n" * 1000, "STANDFAST_DATA": b"[" * 60000,
    "STANDFAST_ACTION": b"<b>*" + "\u202e".encode() * 9000,
}
journal.sendv(*(name.encode() + b"=" + value for name, value in fields.items()))
"""
    machine.run(["python3", "-"], stdin=script)
    letter = inbox.wait(lambda one: "HOSTILE" in one.types, "the hostile problem")
    text = str(letter.body["text"])
    assert len(text) < 4096
    assert all(character.isprintable() or character == "\n" for character in text)
    say(machine, "problem", "AFTER_HOSTILE")
    inbox.wait(lambda one: "AFTER_HOSTILE" in one.types, "the next problem")


# What follows takes the journal away under the notifier, and reboots.


def gaps(machine: Machine) -> int:
    """How many messages about lost entries there were."""
    (found,) = query(machine, "SELECT count(*) FROM messages WHERE body LIKE '%JOURNAL_GAP%'")
    return int(found[0])


def test_a_journal_that_was_rotated_meanwhile_is_read_on_and_one_that_was_vacuumed_is_told(
    machine: Machine, inbox: Inbox
) -> None:
    for command, is_lost in (("--rotate", False), ("--rotate --vacuum-size=1", True)):
        machine.run(["systemctl", "stop", NOTIFIER])
        say(machine, "problem", f"MEANWHILE_{is_lost}", "journal.service", "critical")
        machine.run(f"journalctl --sync && journalctl {command}")
        say(machine, "problem", f"THEN_{is_lost}", "journal.service", "critical")
        machine.run(["systemctl", "start", NOTIFIER])
        inbox.wait(partial(names, f"THEN_{is_lost}"), "what came then")
        assert len(told(inbox, f"MEANWHILE_{is_lost}")) == (0 if is_lost else 1)
        assert gaps(machine) == int(is_lost)
    gap = inbox.wait(lambda one: "JOURNAL_GAP" in one.types, "the gap")
    assert re.search(r"entries from 20.* to 20.* were removed", str(gap.body["text"])), gap.body["text"]
    (noted,) = json.loads(machine.run("standfastctl history --type JOURNAL_GAP --json").stdout)
    assert (noted["event"], noted["by"], noted["unit"]) == ("problem", "notifier", NOTIFIER)


def use_volatile_journal(machine: Machine) -> None:
    machine.write("/etc/systemd/journald.conf.d/volatile.conf", "[Journal]\nStorage=volatile\n")
    machine.run("systemctl restart systemd-journald && rm -r /var/log/journal")


def reboot(machine: Machine) -> Inbox:
    """Reboot, and listen again."""
    machine.reboot()
    machine.wait_unit(NOTIFIER)
    return Inbox(machine)


def test_a_journal_in_memory_loses_nothing_that_was_read_before_a_reboot(machine: Machine, inbox: Inbox) -> None:
    use_volatile_journal(machine)
    say(machine, "problem", "BEFORE_BOOT", "boot.service", "critical")
    inbox.wait(partial(names, "BEFORE_BOOT"), "the problem before")
    before = gaps(machine)
    later = reboot(machine)
    say(machine, "resolved", "BEFORE_BOOT", "boot.service")
    later.wait(lambda one: one.about("recovery", "BEFORE_BOOT"), "its recovery after")
    assert gaps(machine) == before


def test_what_a_journal_in_memory_held_unread_at_a_reboot_is_told_as_a_gap(machine: Machine, inbox: Inbox) -> None:
    before = gaps(machine)
    machine.write(f"/run/systemd/system/{NOTIFIER}.d/stay-away.conf", "[Service]\nRestart=no\n")
    machine.run(f"systemctl daemon-reload && systemctl kill --signal=KILL {NOTIFIER}")
    machine.wait_unit(NOTIFIER, "failed")
    say(machine, "problem", "LOST_IN_BOOT", "boot.service")
    later = reboot(machine)
    later.wait(lambda one: "JOURNAL_GAP" in one.types, "the gap")
    assert gaps(machine) == before + 1
    assert counts(machine, "LOST_IN_BOOT") == []
