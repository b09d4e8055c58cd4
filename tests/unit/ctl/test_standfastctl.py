"""The command as people and scripts call it: a child process over a root of its own."""

import json
import os
import pty
import shutil
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest
from tests.unit.overview import statuses

from standfast import moments
from standfast.ctl.layout import WIDTH


def now() -> str:
    return moments.iso(datetime.now(UTC))


def command(root: Path, *words: str) -> tuple[list[str], dict[str, str]]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "STANDFAST_ROOT": str(root)}
    return [sys.executable, "-m", "standfast.ctl", *words], environment


def run(root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    line, environment = command(root, *words)
    return subprocess.run(line, env=environment, capture_output=True, text=True, timeout=30)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    runtime = tmp_path / "run/standfast"
    statuses.put(runtime, "detector", statuses.detector(checked_at=now()))
    statuses.put(runtime, "notifier", statuses.notifier(checked_at=now()))
    statuses.put(runtime, "agent/paper", statuses.agent(checked_at=now()))
    config = tmp_path / "etc/standfast"
    (config / "agents").mkdir(parents=True)
    (config / "detector.toml").write_text('mode = "observe"\n')
    (config / "notifier.toml").write_text("aggregation_window_s = 60\n")
    (config / "agents/paper.toml").write_text('gateway = "paper"\n')
    return tmp_path


def test_status_of_a_host_on_which_all_is_well(root: Path) -> None:
    result = run(root, "status")

    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("NONE: All watched units stand\n")
    assert "trade_manager.service  healthy" in result.stdout
    assert "\x1b" not in result.stdout


def test_status_is_1_when_something_is_wrong_and_says_it_first(root: Path) -> None:
    statuses.put(
        root / "run/standfast", "agent/paper", statuses.agent(state="ERROR", reason="bad key", checked_at=now())
    )

    result = run(root, "status")

    assert result.returncode == 1
    assert result.stdout.splitlines()[1].startswith("- Agent paper needs you: bad key. When it is mended: systemctl")


def test_status_as_json_has_the_promised_keys(root: Path) -> None:
    result = run(root, "status", "--json")
    found: dict[str, Any] = json.loads(result.stdout)

    assert result.returncode == 0
    assert list(found) == ["level", "detector", "agents", "stopped_agents", "notifier", "silences", "problems"]
    assert found["level"] == "NONE"
    assert found["detector"]["service_health"]["trade_manager.service"]["port"] == 8002
    assert list(found["agents"]["paper"]) == [
        *("state", "entered_at", "reason", "paused", "flat", "positions", "orders"),
        *("unknown_orders", "broker_asked_at", "gateway", "paused_why"),
    ]
    assert list(found["notifier"]) == ["unresolved", "queued", "last_delivered"]


def test_status_of_a_host_on_which_nothing_runs(tmp_path: Path) -> None:
    result = run(tmp_path, "status")

    assert result.returncode == 1
    assert result.stdout.startswith(
        "UNKNOWN: Nobody is watching\n"
        "- Neither the failure detector nor the notifier is running; to start all of it: systemctl start "
        "standfast.target"
    )


def at_a_terminal(root: Path, **environ: str) -> str:
    """What `standfastctl status` shows a person."""
    line, environment = command(root, "status")
    main, child = pty.openpty()
    process = subprocess.Popen(line, env={**environment, "TERM": "xterm", "COLUMNS": "160", **environ}, stdout=child)
    os.close(child)
    shown = b""
    while chunk := _read(main):
        shown += chunk
    os.close(main)
    assert process.wait(30) == 0
    return shown.decode()


def test_a_terminal_is_shown_tables_in_colour(root: Path) -> None:
    shown = at_a_terminal(root)
    assert "\x1b[32mNONE: All watched units stand" in shown
    assert "\x1b[2mUnit" in shown


def test_no_color_is_heeded(root: Path) -> None:
    shown = at_a_terminal(root, NO_COLOR="1")
    assert "\x1b[3" not in shown  # neither a colour nor italics
    assert "\x1b[2mUnit" in shown  # a terminal is one all the same


def _read(fd: int) -> bytes:
    try:
        return os.read(fd, 65536)
    except OSError:  # EIO: the terminal's other end was closed
        return b""


def test_who_says_nothing_is_shown_what_there_is_to_say(root: Path) -> None:
    result = run(root)
    assert (result.returncode, result.stdout) == (2, "")
    assert "show the failure level, units, agents, errors and restarts" in result.stderr


@pytest.mark.parametrize(
    ("word", "said"),
    [("sttus", 'there is no command "sttus"; did you mean status?'), ("xyzzy", "invalid choice: 'xyzzy'")],
)
def test_a_slip_in_a_command_says_what_it_is_like(root: Path, word: str, said: str) -> None:
    result = run(root, word, "--json")
    assert result.returncode == 2
    assert said in result.stderr


def test_a_reader_that_has_seen_enough_is_no_error(root: Path) -> None:
    line, environment = command(root, "status")
    process = subprocess.Popen(line, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    with process.stderr as stderr:
        assert "Traceback" not in stderr.read()
    assert process.wait(30) == 0


def test_the_installed_configuration_is_correct(root: Path) -> None:
    result = run(root, "check-config")

    assert result.returncode == 0, result.stdout
    assert [line.rpartition(": ")[2] for line in result.stdout.splitlines()] == [
        "correct (detector)",
        "correct (notifier)",
        "not there, the defaults hold (check)",
        "correct (agent)",
    ]


def test_every_mistake_is_a_line(root: Path) -> None:
    path = root / "etc/standfast/agents/paper.toml"
    path.write_text('gatewy = "paper"\n[waiting]\ncheck_interval_s = "soon"\n')

    result = run(root, "check-config", str(path))

    assert result.returncode == 1
    assert result.stdout.splitlines() == [
        f'{path}:1: gatewy: expected a known key, found "gatewy"; did you mean "gateway"?',
        f"{path}:3: waiting.check_interval_s: expected a duration "
        '(seconds, or text like "90s", "5min", "2h"), found "soon"',
    ]


def test_the_environment_files_are_checked_with_the_installed_files(root: Path) -> None:
    (root / "etc/standfast/environment").write_text("STANDFAST_CHECK_INTERVAL_S=often\n")
    (root / "etc/standfast/agents/paper.environment").write_text("STANDFAST_LIVE=perhaps\n")

    result = run(root, "check-config")

    assert result.returncode == 1
    assert "environment variable STANDFAST_CHECK_INTERVAL_S: check_interval_s: expected a duration" in result.stdout
    assert "environment variable STANDFAST_LIVE: live: expected true or false" in result.stdout

    named = run(root, "check-config", str(root / "etc/standfast/detector.toml"))
    assert named.returncode == 0


def test_what_is_there_and_read_by_nobody_is_a_mistake(root: Path) -> None:
    (root / "etc/standfast/environment").write_text("STANDFAST_AGGREGATON_WINDOW_S=5\nSTANDFAST_STATUS_IDLE_S=60\n")
    (root / "etc/standfast/notifier.json").write_text("{}")
    (root / "etc/standfast/agents/algo.json").write_text('{"gateway": "paper"}')

    result = run(root, "check-config")

    assert result.returncode == 1
    lines = [line.removeprefix(f"{root}/etc/standfast/") for line in result.stdout.splitlines()]
    assert [line for line in lines if ": correct (" not in line and "not there" not in line] == [
        f"notifier.json: expected one file of this name, found {root}/etc/standfast/notifier.toml, "
        "which is the one that is read; remove one",
        "environment: STANDFAST_AGGREGATON_WINDOW_S: expected the variable of a plain key, "
        'found "STANDFAST_AGGREGATON_WINDOW_S"; did you mean STANDFAST_AGGREGATION_WINDOW_S?',
    ]


def test_the_earlier_names_are_checked_and_their_secrets_pointed_out_once(root: Path) -> None:
    text = "NOTIFICATION_THROTTLE_BROKER=soon\nOPENALGO_API_KEY=hush\nTELEGRAM_BOT_TOKEN=hush\nUNKNOWN=1\n"
    (root / "etc/standfast/environment").write_text(text)
    (root / "etc/standfast/agents/algo.toml").write_text("")

    result = run(root, "check-config")
    as_json = json.loads(run(root, "check-config", "--json").stdout)

    assert result.returncode == 1
    assert "NOTIFICATION_THROTTLE_BROKER: throttle_s.broker: expected a duration" in result.stdout
    for name in ("OPENALGO_API_KEY", "TELEGRAM_BOT_TOKEN"):
        assert result.stdout.count(f"environment variable {name}: a secret is not read") == 1
    assert "hush" not in result.stdout
    (mistake,) = (one for file in as_json["files"] for one in file["mistakes"])
    file = root / "etc/standfast/environment"
    assert mistake["source"] == f"{file}: environment variable NOTIFICATION_THROTTLE_BROKER"


def test_a_file_of_any_name_is_checked_as_what_the_user_says(root: Path) -> None:
    path = root / "new.toml"
    path.write_text('mode = "act"\n')

    guessed = run(root, "check-config", str(path))
    assert (guessed.returncode, "correct (detector)" in guessed.stdout) == (0, True)
    assert run(root, "check-config", str(path), "--as", "detector").returncode == 0
    wrong = run(root, "check-config", str(path), "--as", "agent")
    assert wrong.returncode == 1
    assert 'found "mode"' in wrong.stdout


def test_a_file_that_is_not_there_is_a_mistake(root: Path) -> None:
    result = run(root, "check-config", str(root / "detector.toml"))

    assert result.returncode == 1
    assert "expected a configuration file, found none" in result.stdout


AS_NOBODY = """
import os, sys
from standfast.ctl.__main__ import main
from standfast.ctl.configuration import SHAPES
for shape in SHAPES.values():
    shape()  # the checkout may be root's alone
os.setgroups([]); os.setgid(65534); os.setuid(65534)
raise SystemExit(main(sys.argv[1:]))
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can try what another user may do")
def test_it_works_as_any_user_and_says_what_that_user_may_not_read(root: Path) -> None:
    with tempfile.TemporaryDirectory() as public:
        os.chmod(public, 0o755)
        shutil.copytree(root, public, dirs_exist_ok=True, copy_function=shutil.copy)
        os.chmod(public, 0o755)
        Path(public, "etc/standfast/agents/paper.toml").chmod(0o640)
        _, environment = command(Path(public))
        status, config = (
            subprocess.run(
                [sys.executable, "-c", AS_NOBODY, word], env=environment, capture_output=True, text=True, timeout=30
            )
            for word in ("status", "check-config")
        )

    assert status.returncode == 0, status.stderr
    assert config.returncode == 1, config.stderr
    assert "Permission denied" in config.stdout
    assert "try: sudo standfastctl check-config" in config.stdout


EACH_AS_NOBODY = """
import io, json, os, sys, contextlib
from standfast.ctl.__main__ import COMMANDS, main
from standfast.ctl.configuration import SHAPES
import standfast.ctl.doctor.gather.everything, standfast.ctl.of_files, standfast.ctl.replayed, standfast.detector.replay
import standfast.detector.recorded, standfast.detector.restart.survey, standfast.detector.restart.report
for shape in SHAPES.values():
    shape()
os.setgroups([]); os.setgid(65534); os.setuid(65534)
for line in json.loads(sys.argv[1]):
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()) as said:
        try:
            code = main(line)
        except SystemExit as end:
            code = end.code
    print(json.dumps([line, int(code), said.getvalue()]))
"""
WORDS: Final = (
    *(["status"], ["status", "--json"], ["units"], ["errors", "--json"], ["history"], ["ack", "7"], ["resolve", "7"]),
    *(["silence", "--unit", "a", "--for", "1h"], ["unsilence", "00ff00ff"], ["test-notify"], ["plan"], ["release"]),
    *(["replay", "--since", "-1h"], ["replay", "--history", "/"], ["pause", "paper"], ["resume", "paper"]),
    *(["kill", "paper"], ["secret", "list"], ["secret", "set", "smtp-password"], ["import-env", "--dry-run", "/"]),
    *(["check-config"], ["check-config", "/"], ["check-config", "--json"], ["doctor"], ["doctor", "--json"]),
)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can try what another user may do")
def test_where_everything_is_shut_every_command_says_so_in_a_line(root: Path) -> None:
    with tempfile.TemporaryDirectory() as public:
        os.chmod(public, 0o755)
        shutil.copytree(root, public, dirs_exist_ok=True, copy_function=shutil.copy)
        os.chmod(public, 0o755)
        for shut in ("etc/standfast", "run/standfast", "var/lib/standfast"):
            Path(public, shut).mkdir(parents=True, exist_ok=True)
            Path(public, shut).chmod(0o700)
        _, environment = command(Path(public))
        done = subprocess.run(
            [sys.executable, "-c", EACH_AS_NOBODY, json.dumps(WORDS)],
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
        )
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line for line, _, _ in told] == [*WORDS], done.stderr
    for line, code, said in told:
        assert code == 1 or (code == 2 and line[:2] == ["check-config", "/"]), (line, code, said)
        assert "Errno" not in said
        assert not said or said.startswith((f"standfastctl {line[0]}: ", "Waiting ")), (line, said)


def test_an_output_that_is_full_is_one_line(root: Path) -> None:
    line, environment = command(root, "status")
    with open("/dev/full", "w") as full:
        done = subprocess.run(line, env=environment, stdout=full, stderr=subprocess.PIPE, text=True, timeout=30)
    assert done.returncode == 1
    assert done.stderr == "standfastctl status: cannot go on: No space left on device; mend that, or use sudo\n"


def test_errors_are_listed_with_the_numbers_that_other_commands_take(root: Path) -> None:
    runtime = root / "run/standfast"
    assert run(root, "errors").returncode == 0

    statuses.put(runtime, "notifier", statuses.notifier(statuses.error(id=7), unresolved=300, checked_at=now()))
    listed = run(root, "errors")
    as_json = json.loads(run(root, "errors", "--json").stdout)

    assert listed.returncode == 1
    assert "  7   OPENALGO_DOWN  standfast-agent@paper.service" in listed.stdout
    assert max(map(len, listed.stdout.splitlines())) <= WIDTH
    assert listed.stdout.endswith("when it began and ended: standfastctl history\n")
    assert listed.stdout.startswith("Unresolved errors:")
    assert "These are the newest 1 of 300." in listed.stdout
    assert (as_json["unresolved_count"], as_json["unresolved_errors"][0]["id"]) == (300, 7)


@pytest.mark.parametrize(
    "words", [["errors"], ["ack", "1"], ["silence", "--type", "A", "--for", "1h"], ["test-notify"]]
)
def test_a_notifier_that_does_not_run_is_said_in_one_line(root: Path, words: list[str]) -> None:
    (root / "run/standfast/notifier/status.json").unlink()

    result = run(root, *words)

    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.count("\n") == 1
    assert result.stderr.startswith(f"standfastctl {words[0]}: ")


@pytest.mark.parametrize(
    "words",
    [
        *([], ["nonsense"], ["status", "--jso"], ["check-config", "--as", "agent"]),
        *(["silence", "--for", "1h"], ["silence", "--type", "A"], ["silence", "--type", "A", "--for", "soon"]),
        *(["ack"], ["ack", "first"], ["resolve", "0"], ["unsilence", "all"], ["kill"], ["history", "-n", "0"]),
    ],
)
def test_a_wrong_call_is_2_with_a_word_of_help(root: Path, words: list[str]) -> None:
    result = run(root, *words)

    assert result.returncode == 2
    assert result.stderr
    assert "Traceback" not in result.stderr


def test_a_word_too_many_is_told_with_the_usage_of_its_command(root: Path) -> None:
    result = run(root, "plan", "8", "--hard")

    assert result.returncode == 2
    assert result.stderr.startswith("usage: standfastctl plan ")
    assert result.stderr.endswith("standfastctl plan: error: unrecognized arguments: 8 --hard\n")
