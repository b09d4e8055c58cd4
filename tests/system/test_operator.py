"""What an operator does on the first day, as root, as an administrator of Standfast and as nobody in particular.

The tests build on each other, and end with a search for secrets through a machine on which everything went wrong.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import pytest

from tests.system.machine import Machine
from tests.system.scolding import (
    AGENT,
    CHANNELS,
    CREDENTIALS,
    HOOK,
    KEY,
    NOTIFIER,
    PASSWORD,
    SCAN,
    SECRETS,
    SIGNING,
    STORED,
    scold,
    seen,
)
from tests.system.stage import wait_until
from tests.system.tree import PROVIDERS

DETECTOR = "standfast-detector.service"
# What every channel and check needs, each with its secret.
MORE = PROVIDERS
OLD_ENV = """
# The earlier system's settings.
export STARTUP_RETRY_DELAY_BASE=20
NOTIFICATION_AGGREGATION_WINDOW=90
OPENALGO_HOST=127.0.0.1:5000
OPENALGO_API_KEY=imported-hush
TELEGRAM_ENABLED=false
TELEGRAM_BOT_TOKEN=never-hush
UNHEARD_OF=stranger-hush
"""


@pytest.fixture(scope="module", autouse=True)
def people(machine: Machine) -> None:
    machine.run("useradd -m alice && useradd -m bob && usermod -aG standfast-admin,systemd-journal alice")


def ctl(machine: Machine, *words: str, user: str = "root", stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Run standfastctl in the machine as a user; it never ends with a traceback."""
    as_user = ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups"] if user != "root" else []
    result = machine.run([*as_user, "standfastctl", *words], check=False, stdin=stdin)
    assert "Traceback" not in result.stderr
    return result


def wrong(machine: Machine) -> list[tuple[str, str]]:
    """What the doctor finds wrong: (rule, what)."""
    result = ctl(machine, "doctor", "--json")
    found = [(one["rule"], one["what"]) for one in json.loads(result.stdout)["findings"] if one["gravity"] == "wrong"]
    assert result.returncode == (1 if found else 0)
    return found


@contextmanager
def changed(machine: Machine, path: str, text: str) -> Iterator[None]:
    """A file with another text for a while."""
    before = machine.read(path)
    machine.write(path, text)
    try:
        yield
    finally:
        machine.write(path, before)


@pytest.mark.parametrize("user", ["root", "alice", "bob"])
def test_nothing_is_wrong_with_a_fresh_installation(machine: Machine, user: str) -> None:
    machine.wait_journal(STANDFAST_STATE="ACTIVE", STANDFAST_UNIT="standfast-agent@paper.service")
    result = ctl(machine, "doctor", user=user)
    assert (result.returncode, "Nothing is wrong with this installation" in result.stdout) == (0, True), result.stdout
    assert ("Not looked at: " in result.stdout) == (user != "root")


def test_the_units_are_shown_to_anybody(machine: Machine) -> None:
    row = re.compile(r"standfast-agent@paper.service +(healthy|settling) +0 of 3/5/7 .* critical")
    wait_until(lambda: row.search(ctl(machine, "units", user="bob").stdout) is not None, "the agent to be shown", 5)
    result = ctl(machine, "units", user="bob")
    assert result.returncode == 0, result.stderr
    assert re.search(r"(counted again in \d+ s|No failure counts now: nothing is judged now)", result.stdout)
    assert "is not watched" in ctl(machine, "units", "nonesuch").stderr


def test_a_file_that_its_daemon_may_not_read_is_a_mistake(machine: Machine) -> None:
    path = "/etc/standfast/agents/paper.toml"
    machine.run(["chmod", "0600", path])
    roots, bobs, found = ctl(machine, "check-config"), ctl(machine, "check-config", user="bob"), wrong(machine)
    machine.run(["chmod", "0644", path])
    assert roots.returncode == bobs.returncode == 1
    assert f"{path}: expected a file that user standfast-agent may read, found {path} is root:root 0600" in roots.stdout
    assert f"{path}: only its daemon and root may read it; try: sudo standfastctl check-config" in bobs.stdout
    assert [rule for rule, _ in found] == ["configuration"]
    assert ctl(machine, "check-config").returncode == 0


def test_a_file_that_the_master_restart_may_not_read_is_a_mistake(machine: Machine) -> None:
    path = "/etc/standfast/detector.toml"
    machine.run(f"chown standfast {path} && chmod 0600 {path}")
    result = ctl(machine, "check-config")
    machine.run(f"chown root {path} && chmod 0644 {path}")
    assert "root without rights over others' files (the master restart) may read" in result.stdout


def test_a_mistake_leaves_the_old_configuration_and_says_so(machine: Machine) -> None:
    with changed(machine, "/etc/standfast/detector.toml", "mdoe = 'act'\n"):
        assert machine.run(["systemctl", "reload", DETECTOR], check=False).returncode != 0
        status = machine.wait_unit(DETECTOR)["StatusText"]
        assert "; not reloaded, what was in force stays so: /etc/standfast/detector.toml:1: mdoe" in status
        ((rule, what),) = wrong(machine)
        assert (rule, what.rpartition("; ")[2]) == (
            "configuration",
            "standfast-detector runs on with its earlier configuration",
        )
        (mistake,) = (one for file in _check(machine) for one in file["mistakes"])
        assert (mistake["key"], mistake["hint"]) == ("mdoe", 'did you mean "mode"?')
    machine.run(["systemctl", "reload", DETECTOR])
    wait_until(lambda: wrong(machine) == [], "the doctor to find nothing wrong")


SHIPPED: Final = ("detector.toml", "notifier.toml", "check.toml", "agents/paper.toml")


@pytest.mark.parametrize("file", SHIPPED)
def test_all_defaults_and_examples_of_a_file_in_force_lack_secrets_alone(machine: Machine, file: str) -> None:
    path = f"/tmp/all/{file}"
    machine.run(f"mkdir -p /tmp/all/agents && sed -E 's/^#([^ ])/\\1/' /etc/standfast/{file} >{path}")
    (found,) = json.loads(ctl(machine, "check-config", path, "--json").stdout)["files"]
    assert [one for one in found["mistakes"] if "python3-psycopg" not in one["hint"]] == []
    # The fleet of the examples is not there: that is only noted.
    lacking = [one for one in found["findings"] if one["gravity"] == "wrong"]
    assert any(" is missing" in one["what"] for one in found["findings"]) is (file == "detector.toml")
    assert [one for one in lacking if "standfastctl secret set " not in one["step"]] == []
    named = {one["step"].split()[3] for one in lacking}
    channels = {"telegram-bot-token", "twilio-auth-token"}
    assert named == {"notifier.toml": channels, "detector.toml": {"postgresql-password"}}.get(file, set())


def _check(machine: Machine) -> list[dict[str, list[dict[str, str]]]]:
    found: list[dict[str, list[dict[str, str]]]] = json.loads(ctl(machine, "check-config", "--json").stdout)["files"]
    return found


def test_the_doctor_finds_what_is_broken(machine: Machine) -> None:
    rule = "/usr/share/polkit-1/rules.d/60-standfast.rules"
    machine.write("/etc/systemd/system/standfast-notifier.service.d/odd.conf", "[Service]\nPrivateUsers=no\n")
    machine.run(f"mv {rule} /root/ && systemctl disable --now standfast-check.timer && chmod 0644 {CREDENTIALS}")
    watching = "critical_files = ['/root/x', '/nonesuch']\n[[watch]]\nunit = 'nonesuch.service'\n"
    with changed(machine, "/etc/standfast/detector.toml", watching):
        found = wrong(machine)
    machine.run(f"mv /root/60-standfast.rules {rule}; rm /etc/systemd/system/standfast-notifier.service.d/odd.conf")
    machine.run(f"systemctl daemon-reload; systemctl enable --now standfast-check.timer; chmod 0700 {CREDENTIALS}")
    machine.run(["systemctl", "restart", "polkit"])
    assert {rule for rule, _ in found} == {"units", "drop-ins", "permission", "credentials", "watched", "files"}
    assert len(found) == 8, found  # the timer neither runs nor is enabled, and two files
    assert wrong(machine) == []


def test_a_rule_that_grants_the_detector_too_much_is_found(machine: Machine) -> None:
    rule = "/etc/polkit-1/rules.d/00-generous.rules"
    yes = 'if (subject.user === "standfast") { return polkit.Result.YES; }'
    machine.write(rule, f"polkit.addRule(function (action, subject) {{ {yes} }});\n")
    machine.run(["systemctl", "restart", "polkit"])
    found = wrong(machine)
    machine.run(["rm", rule])
    machine.run(["systemctl", "restart", "polkit"])
    assert [what.partition(":")[0] for _, what in found] == [
        "polkit lets the detector start any unit, not only the master restart"
    ]
    assert wrong(machine) == []


def test_an_old_env_is_turned_into_configuration_and_credentials(machine: Machine) -> None:
    machine.write("/home/alice/.env", OLD_ENV)
    refused = ctl(machine, "import-env", "/home/alice/.env", user="alice")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.endswith("only root may; run it with sudo, or --dry-run\n")
    tried = ctl(machine, "import-env", "/home/alice/.env", "--dry-run", user="alice")
    assert tried.returncode == 0, tried.stderr
    assert "imported" not in machine.run("ls -R /etc/standfast").stdout

    done = ctl(machine, "import-env", "/home/alice/.env")
    assert done.returncode == 0, done.stderr
    assert re.search(r"OPENALGO_API_KEY +stored +credential openalgo-api-key", done.stdout)
    assert re.search(r"UNHEARD_OF +not understood", done.stdout)
    assert "hush" not in tried.stdout + done.stdout
    assert "aggregation_window_s = 90\n" in machine.read("/etc/standfast/notifier.toml")
    assert "retry_delay_base_s = 20\n" in machine.read("/etc/standfast/agents/openalgo.toml")
    (copy,) = re.findall(r"What was there before: (\S+)", done.stdout)
    assert "aggregation_window_s = 60\n" in machine.read(copy)
    assert ctl(machine, "check-config").returncode == 0

    again = ctl(machine, "import-env", "/home/alice/.env")
    assert again.returncode == 0
    assert "Nothing was to be written." in again.stdout


def test_an_imported_key_reaches_its_agent_until_it_is_removed(machine: Machine) -> None:
    held = "/run/credentials/standfast-agent@openalgo.service/openalgo-api-key"
    machine.run(["systemctl", "start", "standfast-agent@openalgo"])
    assert machine.read(held) == "imported-hush"
    assert "imported-hush" not in machine.run(f"cat {CREDENTIALS}/*").stdout
    listed = json.loads(ctl(machine, "secret", "list", "--json").stdout)
    assert listed == [{"name": "openalgo-api-key", "unit": "standfast-agent@openalgo.service", "encrypted": True}]
    for words in (["list"], ["remove", "openalgo-api-key"], ["set", "openalgo-api-key"]):
        refused = ctl(machine, "secret", *words, user="alice", stdin="hush\n")
        assert (refused.returncode, "only root may" in refused.stderr) == (1, True), refused.stderr

    removed = ctl(machine, "secret", "remove", "openalgo-api-key", "--agent", "openalgo")
    assert removed.returncode == 0, removed.stderr
    assert ctl(machine, "secret", "remove", "openalgo-api-key", "--agent", "openalgo").returncode == 1
    machine.run(["systemctl", "restart", "standfast-agent@openalgo"])
    assert machine.read(held) == "\n"  # what stands for none
    assert (
        "credentials",
        "standfast-agent@openalgo.service needs the secret openalgo-api-key, and there is none",
    ) in wrong(machine)
    machine.run("systemctl stop standfast-agent@openalgo; rm /etc/standfast/agents/openalgo.toml /home/alice/.env")


def test_a_secret_in_the_environment_is_pointed_out_and_not_read(machine: Machine) -> None:
    since = machine.cursor()
    machine.write("/etc/standfast/agents/paper.environment", "OPENALGO_API_KEY=stray-hush\nSHUTDOWN_TIMEOUT=8\n")
    machine.run(["systemctl", "restart", "standfast-agent@paper"])
    entry = machine.wait_journal(lambda entry: "OPENALGO_API_KEY" in entry["MESSAGE"], since=since)
    assert "move it with `standfastctl import-env FILE`" in entry["MESSAGE"]
    checked = ctl(machine, "check-config")
    assert (checked.returncode, "OPENALGO_API_KEY: a secret is not read" in checked.stdout) == (1, True)
    machine.run("rm /etc/standfast/agents/paper.environment; systemctl restart standfast-agent@paper")
    assert "stray-hush" not in machine.run("journalctl --all --output=export").stdout


def test_bash_completes_what_the_package_installs(machine: Machine) -> None:
    script = "/usr/share/bash-completion/completions/standfastctl"
    line = "standfastctl kill p"
    ask = f"source {script}; COMP_LINE={line!r} COMP_POINT={len(line)}; _standfastctl; echo ${{COMPREPLY[@]}}"
    assert machine.run(["bash", "-c", ask]).stdout == "paper\n"
    for path in ("zsh/vendor-completions/_standfastctl", "fish/vendor_completions.d/standfastctl.fish"):
        machine.run(["test", "-s", f"/usr/share/{path}"])


@pytest.fixture(scope="module")
def scolded(machine: Machine) -> Machine:
    """Everything with a secret has met everything that refuses it and repeats it."""
    scold(machine)
    return machine


def test_the_search_finds_what_is_there(scolded: Machine) -> None:
    scolded.run("logger -t planted", stdin="sf-planted-in-the-journal")
    scolded.write("/var/lib/planted", f'{{"a": "{KEY}"}}')
    scolded.run(f"printf 'mailer\\0%s' '{PASSWORD}' | base64 > /tmp/planted; touch /run/planted")
    sleeper = scolded.spawn(["sh", "-c", 'echo $$; A=$1 exec tail --follow /run/planted "$2"', "sh", SIGNING, HOOK])
    assert sleeper.stdout is not None
    pid = sleeper.stdout.readline().strip()
    wait_until(lambda: scolded.read(f"/proc/{pid}/cmdline").startswith("tail"), "the sleeper to be seen")
    found = dict(seen(scolded, "sf-planted-in-the-journal"))
    scolded.run(f"kill {pid}; rm /run/planted /var/lib/planted /tmp/planted")
    by_place = {re.sub(r"\d+", "PID", place): secret for place, secret in found.items()}
    assert by_place == {
        "the journal": "sf-planted-in-the-journal",
        "/var/lib/planted": KEY,
        "/tmp/planted": PASSWORD,
        "/proc/PID/environ": SIGNING,
        "/proc/PID/cmdline": HOOK,
    }


def test_no_secret_is_anywhere_else(scolded: Machine) -> None:
    assert seen(scolded) == []


@pytest.mark.parametrize(
    "words",
    [
        "status --json",
        "units --json",
        "errors --json",
        "history --json",
        "plan --json",
        "doctor --json",
        "check-config --json",
        "secret list --json",
        "test-notify --channel email --json",
    ],
)
def test_no_command_shows_a_secret(scolded: Machine, words: str) -> None:
    result = scolded.run(f"standfastctl {words}", check=False)
    assert json.loads(result.stdout)
    assert [secret for secret in SECRETS if secret in result.stdout + result.stderr] == []


# Into files, for the search; the events are read until there is one.
ASK_ALL = """
import contextlib, json, subprocess
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen
kept = Path("/tmp/asked")
kept.mkdir()
def get(path):
    with contextlib.suppress(HTTPError), urlopen(f"http://127.0.0.1:3000{path}", timeout=10) as answer:
        return answer.read1() if path == "/api/events" else answer.read()
def shown(*words):
    return subprocess.run(["systemctl", "--full", *words, "standfast*"], capture_output=True).stdout
agent = "standfast-agent@algo.service"
paths = [path.replace("{name}", agent) for path in json.loads(get("/api/openapi.json"))["paths"]]
answers = {path: get(path) for path in ["/", f"/units/{agent}", *paths]}
answers |= {word: shown(word) for word in ("show", "status", "cat", "list-units")}
for name, answer in answers.items():
    (kept / name.replace("/", "_")).write_bytes(answer or b"")
print(json.dumps({name: len(answer or b"") for name, answer in answers.items()}))
"""


def test_neither_the_page_nor_systemd_shows_a_secret(scolded: Machine) -> None:
    lengths = json.loads(scolded.run(["python3", "-c", ASK_ALL]).stdout)
    assert len(lengths) > 15
    assert [name for name, length in lengths.items() if length == 0] == []
    assert seen(scolded) == []


def test_everything_that_was_to_be_refused_was(scolded: Machine) -> None:
    """The search above is worth something only where the errors were met."""
    told = [entry["MESSAGE"] for entry in scolded.journal(SYSLOG_IDENTIFIER="standfast-agent")]
    assert any("403" in message or "apikey" in message for message in told), told[-20:]
    results = {
        (entry["STANDFAST_CHANNEL"], entry.get("STANDFAST_RESULT"))
        for entry in scolded.journal()
        if "STANDFAST_CHANNEL" in entry
    }
    assert {channel for channel, result in results if result != "delivered"} >= set(CHANNELS)
    status = json.loads(scolded.read("/run/standfast/detector/status.json"))
    (check,) = status["service_health"]["scolds.service"]["checks"].values()
    assert check["status"] == "fail"
    assert "password refused: ***" in status["databases"]["orders"]["detail"]


def test_the_check_ended_well_or_on_a_mistake(scolded: Machine) -> None:
    said = [entry["MESSAGE"] for entry in scolded.journal(UNIT="standfast-check.service")]
    assert any("Finished" in message for message in said)
    ends = [message for message in said if "Main process exited" in message]
    assert all("status=78/CONFIG" in message for message in ends), ends


def test_what_is_stored_is_encrypted_or_roots_alone(scolded: Machine) -> None:
    listed = scolded.run(
        "stat -c '%a %U %n' /etc/standfast/credentials /etc/standfast/credentials/*"
    ).stdout.splitlines()
    assert len(listed) == 1 + len(STORED)
    assert all(re.match(r"(600|700) root /", line) for line in listed), listed
    as_nobody = [
        "setpriv",
        "--reuid=nobody",
        "--clear-groups",
        "cat",
        "/etc/standfast/credentials/smtp-password.standfast-notifier",
    ]
    assert scolded.run(as_nobody, check=False).returncode != 0


def test_a_crash_leaves_no_core(scolded: Machine) -> None:
    since = scolded.cursor()
    pids = [scolded.wait_unit(unit)["MainPID"] for unit in (NOTIFIER, AGENT)]
    for pid in pids:
        assert re.search(r"Max core file size +0 +0 ", scolded.read(f"/proc/{pid}/limits"))
    scolded.run(["kill", "-ABRT", *pids])
    for unit in (NOTIFIER, AGENT):
        scolded.wait_journal(lambda entry: "Failed with result" in entry["MESSAGE"], since=since, UNIT=unit)
    assert seen(scolded) == []
    assert scolded.run(f"find / -xdev -name 'core*' -type f -newer {SCAN} -size +100k").stdout == ""
