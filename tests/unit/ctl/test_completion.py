"""Completion: what is offered for a line, and that each shell's own file asks for it and shows it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.unit.overview import statuses

from standfast import paths
from standfast.ctl import names
from standfast.ctl.__main__ import COMMANDS
from standfast.ctl.completion import FILES, candidates
from standfast.overview.reading import read_snapshot

SCRIPTS = Path(__file__).parents[3] / "packaging/completions"


def offered(*words: str) -> list[str]:
    return [line if line == FILES else line.partition("\t")[0] for line in candidates(COMMANDS, words)]


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    runtime = tmp_path / "run/standfast"
    unresolved = statuses.error(id=7)
    statuses.put(runtime, "notifier", statuses.notifier(unresolved, silences=[{"id": "00ff00ff"}]))
    statuses.put(runtime, "detector", statuses.detector(service_health={"standfast-agent@paper.service": {}}))
    agents = tmp_path / "etc/standfast/agents"
    agents.mkdir(parents=True)
    (agents / "paper.toml").touch()
    (agents / "paper.paused").touch()
    monkeypatch.setattr(paths, "AGENTS_CONFIG", agents)
    read = read_snapshot
    monkeypatch.setattr(names, "read_snapshot", lambda now: read(now, runtime))
    return tmp_path


@pytest.mark.usefixtures("host")
@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["unsi"], ["unsilence"]),
        (["check-config", ""], [FILES]),
        (["check-config", "--as", "not"], ["notifier"]),
        (["kill", ""], ["paper"]),
        (["kill", "paper", ""], []),
        (["kill", "--why", "x", "p"], ["paper"]),
        (["kill", "--why", ""], []),
        (["kill", "paper", "--w"], ["--why"]),
        (["ack", ""], ["7"]),
        (["unsilence", "00"], ["00ff00ff"]),
        (["silence", "--unit", "standfast-agent@"], ["standfast-agent@paper.service"]),
        (["silence", "--type", ""], ["OPENALGO_DOWN"]),
        (["silence", "--unit", "x", "--un"], []),
        (["units", "a.service", "standfast"], ["standfast-agent@paper.service"]),
        (["test-notify", "--channel", ""], ["journal"]),
        (["secret", "s"], ["set"]),
        (["secret", "set", "smtp"], ["smtp-password"]),
        (["secret", "set", "openalgo-api-key", "--agent", ""], ["paper"]),
        (["import-env", "--dry-run", ""], [FILES]),
        (["nonsense", ""], []),
        (["history", "-n", ""], []),
    ],
)
def test_what_is_offered(words: list[str], found: list[str]) -> None:
    assert offered(*words) == found


def test_every_command_and_all_of_its_options_are_offered() -> None:
    assert {command.name for command in COMMANDS} <= set(offered(""))
    for command in COMMANDS:
        assert "--help" in offered(command.name, "-")


def test_each_name_that_is_completed_is_an_argument() -> None:
    import argparse

    for command in COMMANDS:
        parser = argparse.ArgumentParser()
        command.configure(parser)
        assert command.names.keys() <= {action.dest for action in parser._actions}, command.name


def test_a_host_on_which_nothing_runs_offers_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(paths, "AGENTS_CONFIG", tmp_path / "none")
    read = read_snapshot
    monkeypatch.setattr(names, "read_snapshot", lambda now: read(now, tmp_path))
    assert [offered("kill", ""), offered("ack", ""), offered("units", "")] == [[], [], []]


BASH = """
. "$1"
COMP_LINE=$2 COMP_POINT=${#2}
compopt() { :; }
_standfastctl
printf '%s\\n' "${COMPREPLY[@]}"
"""
FISH = 'source $argv[1]; complete -C "$argv[2]"'
SHELLS = {
    "bash": ["bash", "--norc", "-c", BASH, "bash", str(SCRIPTS / "bash/standfastctl")],
    "fish": ["fish", "--no-config", "-c", FISH, str(SCRIPTS / "fish/standfastctl.fish")],
}
LINES = [
    ("standfastctl unsi", "unsilence"),
    ("standfastctl kill p", "paper"),
    ("standfastctl secret set --agent ", "paper"),
    ("standfastctl silence --sev", "--severity"),
]


@pytest.fixture
def program(host: Path) -> dict[str, str]:
    """An environment in which `standfastctl` is this checkout's, over a root of its own."""
    path = host / "bin/standfastctl"
    path.parent.mkdir()
    python_path = os.pathsep.join(sys.path)
    words = f"STANDFAST_ROOT={host} PYTHONPATH={python_path} exec {sys.executable} -m standfast.ctl"
    path.write_text(f'#!/bin/sh\n{words} "$@"\n')
    path.chmod(0o755)
    return {"PATH": f"{path.parent}:{os.environ['PATH']}", "HOME": str(host), "LANG": "C.UTF-8", "TERM": "dumb"}


def asked(shell: str, line: str, environment: dict[str, str]) -> list[str]:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    done = subprocess.run([*SHELLS[shell], line], env=environment, capture_output=True, text=True, timeout=60)
    return [one.partition("\t")[0] for one in done.stdout.splitlines()]


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(("line", "found"), LINES)
def test_a_shell_shows_it(shell: str, line: str, found: str, program: dict[str, str]) -> None:
    assert asked(shell, line, program) == [found]


def test_bash_completes_behind_the_sign_at_which_its_words_end(program: dict[str, str]) -> None:
    assert asked("bash", "standfastctl units standfast-agent@", program) == ["paper.service"]


@pytest.mark.skipif(shutil.which("zsh") is None, reason="zsh is not installed")
def test_zsh_can_read_its_file() -> None:
    subprocess.run(["zsh", "-n", str(SCRIPTS / "zsh/_standfastctl")], check=True, timeout=60)
