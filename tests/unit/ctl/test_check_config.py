"""What check-config says of a configuration that is correct, on a host that lacks what it needs."""

from __future__ import annotations

import argparse
import importlib.util
import io
import os
import random
import re
from pathlib import Path

import pytest
from tests.unit.foundation.test_config_fuzzed import TEXTS, spoilt_text

from standfast import paths
from standfast.ctl.check_config import COMMAND
from standfast.ctl.command import Exit, UsageError
from standfast.ctl.configuration import installed, judge, known_variables, strangers
from standfast.ctl.doctor.facts import Unit
from standfast.ctl.doctor.gather import host, secrets, units
from standfast.ctl.screen import Screen
from standfast.ctl.systemctl import SystemctlError
from standfast.unit_names import NOTIFIER

CHECK = '[[database]]\nkind = "postgresql"\nname = "trades"\ndatabase = "trades"\n'


def checked(path: Path) -> tuple[Exit, str]:
    said = io.StringIO()
    result = COMMAND.run(
        argparse.Namespace(file=path, program="detector", json=False, quiet=False), Screen(said, terminal=False)
    )
    return result, said.getvalue()


def test_a_library_that_is_not_installed_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "detector.toml"
    path.write_text(CHECK)
    assert checked(path)[0] is Exit.OK
    really_find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "psycopg" else really_find(name))
    result, said = checked(path)
    assert result is Exit.WRONG
    assert said == (
        f'{path}: expected the library of checks of kind "postgresql", which find nothing out without it, found none; '
        "apt install python3-psycopg\n"
    )
    path.write_text("")
    assert checked(path)[0] is Exit.OK


def test_every_variable_that_the_environment_file_shows_is_known() -> None:
    shown = (Path(__file__).parents[3] / "packaging/etc/standfast/environment").read_text()
    names = set(re.findall(r"^#(STANDFAST_[A-Z_]+)=", shown, re.MULTILINE))
    assert len(names) > 3
    assert names <= known_variables()


def agents_mistakes(path: Path, text: str) -> list[str]:
    path.write_text(text)
    said = io.StringIO()
    COMMAND.run(argparse.Namespace(file=path, program="agent", json=False, quiet=False), Screen(said, terminal=False))
    return re.findall(rf"{re.escape(str(path))}(?::\d+)?: (\S+): expected", said.getvalue())


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ('gateway = "openalgoo"\nsymbols = ["SBIN"]', ["gateway", "symbols[1]"]),
        ('gatway = "openalgo"\nlive = true\nsymbols = []', ["gatway", "symbols"]),
        ("callback_timeout_s = -1\n[openalgo]\nurl = 'x'\nrequest_timeout_s = 0\n[session]\nstart = 'noon'", None),
    ],
)
def test_a_wrong_key_hides_no_mistake_about_others(tmp_path: Path, text: str, keys: list[str] | None) -> None:
    found = agents_mistakes(tmp_path / "bot.toml", text)
    wanted = keys or ["callback_timeout_s", "openalgo.request_timeout_s", "openalgo.url", "session.start"]
    assert sorted(found) == sorted(wanted)


def test_what_depends_on_a_wrong_key_is_not_guessed(tmp_path: Path) -> None:
    path = tmp_path / "bot.toml"
    assert agents_mistakes(path, 'gateway = "paper"\nlive = true') == ["live"]
    assert agents_mistakes(path, 'gateway = "openalgoo"\nlive = true') == ["gateway"]


@pytest.mark.parametrize(
    ("text", "program"),
    [
        ("[[watch]]\nunit = 'a.service'", "detector"),
        ("symbols = ['NSE:SBIN']\nwhatever = 1", "agent"),
        ("[channels.journal]", "notifier"),
        ("[deadman]", "check"),
        ("", None),
        ("whatever = 1", None),
        ("no toml", None),
    ],
)
def test_what_a_file_is_for_is_told_by_its_keys(text: str, program: str | None, tmp_path: Path) -> None:
    path = tmp_path / "tried.toml"
    path.write_text(text)
    said = io.StringIO()
    arguments = argparse.Namespace(file=path, program=None, json=True, quiet=False)
    if program is None:
        with pytest.raises(UsageError, match="add --as agent"):
            COMMAND.run(arguments, Screen(said, terminal=False))
    else:
        COMMAND.run(arguments, Screen(said, terminal=False))
        assert f'"program": "{program}"' in said.getvalue()


@pytest.mark.parametrize("name", ["environment", "agents/bot.environment"])
def test_an_environment_file_is_no_configuration_file(name: str, tmp_path: Path) -> None:
    arguments = argparse.Namespace(file=tmp_path / name, program=None, json=False, quiet=False)
    with pytest.raises(UsageError, match="run standfastctl check-config without FILE"):
        COMMAND.run(arguments, Screen(io.StringIO(), terminal=False))


def test_a_mistake_in_an_environment_file_names_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    agents = tmp_path / "agents"
    agents.mkdir()
    for name, value in {"CONFIG": tmp_path, "AGENTS_CONFIG": agents}.items():
        monkeypatch.setattr(paths, name, value)
    for name in ("DETECTOR", "NOTIFIER", "CHECK"):
        monkeypatch.setattr(paths, f"{name}_CONFIG", tmp_path / f"{name.lower()}.toml")
    shared, own = tmp_path / "environment", agents / "bot.environment"
    (agents / "bot.toml").write_text("")
    shared.write_text("# all\nSTANDFAST_CHECK_INTERVAL_S=soon\nno assignment\n")
    own.write_text("STANDFAST_LIVE=perhaps\nA=1 \\\n 2\n")
    mistakes = [str(one) for file in installed().files for one in judge(file).mistakes]
    assert [line.split(": ")[:2] for line in mistakes] == [
        [str(shared), "environment variable STANDFAST_CHECK_INTERVAL_S"],
        [str(own), "environment variable STANDFAST_LIVE"],
    ]
    assert [str(one) for one in strangers()] == [
        f"{shared}:3: expected NAME=value, found a line that nobody reads; correct it, or begin it with #"
    ]


def test_a_channel_whose_library_is_not_there_is_not_correct(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, no_systemd: None
) -> None:
    path = tmp_path / "notifier.toml"
    path.write_text('[channels.telegram]\nchat_id = "1"\nbot_token_file = "/dev/null"\n')
    monkeypatch.setattr(host, "modules", frozenset)
    result, lines = shown(path, "notifier")
    assert result is Exit.WRONG
    assert any("the channel telegram is configured, but its library is not installed" in line for line in lines)


@pytest.mark.parametrize(
    ("text", "without", "handed"),
    [
        ('[channels.webhook]\nurl = "http://h"', Exit.OK, Exit.OK),
        ('[channels.webhook]\nurl = "http://h"\nsecret_file = "/no/file"', Exit.WRONG, Exit.WRONG),
        ('[channels.webhook]\nurl = "http://h"\nsecret_credential = "mine"', Exit.OK, Exit.WRONG),
        ('[channels.telegram]\nchat_id = "1"', Exit.OK, Exit.OK),
        ('[channels.telegram]\nchat_id = "1"\nbot_token_file = "/no/file"', Exit.WRONG, Exit.WRONG),
        ('[channels.telegram]\nchat_id = "1"\nbot_token_credential = "empty"', Exit.OK, Exit.WRONG),
    ],
)
def test_a_reload_of_the_notifier_fails_for_a_secret_that_is_not_there(
    text: str, without: Exit, handed: Exit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "notifier.toml"
    path.write_text(text)
    (tmp_path / "telegram-bot-token").write_text("1:abc")
    (tmp_path / "empty").write_bytes(paths.NO_CREDENTIAL)
    arguments = argparse.Namespace(file=path, program="notifier", json=False, quiet=True)
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    assert COMMAND.run(arguments, Screen(io.StringIO(), terminal=False)) is without
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert COMMAND.run(arguments, Screen(io.StringIO(), terminal=False)) is handed


def shown(path: Path, program: str) -> tuple[Exit, list[str]]:
    said = io.StringIO()
    arguments = argparse.Namespace(file=path, program=program, json=False, quiet=False)
    return COMMAND.run(arguments, Screen(said, terminal=False)), said.getvalue().splitlines()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[shutdown]\ntimeout_s = 10", "shutdown.timeout_s = 10 to end, and systemd kills it after TimeoutStopSec=10"),
        ('strategy = "standfast.agent.watching:WatchOnyl"', "has no class WatchOnyl, but WatchOnly;"),
    ],
)
def test_what_a_right_file_names_wrongly(text: str, words: str, tmp_path: Path, no_systemd: None) -> None:
    path = tmp_path / "bot.toml"
    path.write_text(text)
    result, lines = shown(path, "agent")
    assert result is Exit.WRONG
    assert len(lines) == 1
    assert lines[0].startswith(f"{path}: agent bot ")
    assert words in lines[0]
    path.write_text("")
    assert shown(path, "agent") == (Exit.OK, [f"{path}: correct (agent)"])


DETECTOR_FILE = """critical_files = ["/etc/os-release", "/no/such/file"]
[[watch]]
unit = "gone.service"
thresholds = { critical = 2 }
[[watch]]
unit = "standfast-agent@*.service"
[[watch]]
unit = "bot*.service"
[[database]]
kind = "sqlite"
name = "trades"
path = "/no/such/trades.db"
"""


def test_what_the_detector_is_to_watch_and_this_host_has_not_is_noted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = Unit("gone.service", {"LoadState": "not-found"})
    monkeypatch.setattr(
        units, "described", lambda names: {name: gone if "gone" in name else Unit(name) for name in names}
    )
    monkeypatch.setattr(units, "matching", lambda globs: dict.fromkeys(globs, ()))
    path = tmp_path / "detector.toml"
    path.write_text(DETECTOR_FILE)
    result, lines = shown(path, "detector")
    assert result is Exit.OK
    assert [line.removeprefix(f"{path}: ").partition(";")[0] for line in lines if line.startswith(str(path))] == [
        "the thresholds of gone.service take warning along",
        "gone.service is watched, and this host has no such unit: nobody would hear of its death",
        'the watch for "bot*.service" fits no unit that is loaded: nobody would hear of a death',
        "the critical file /no/such/file is missing",
        "the database trades /no/such/trades.db is missing",
        "correct (detector)",
    ]
    assert lines[-1 if os.geteuid() == 0 else -2].endswith("see the notes above")


def test_where_systemd_cannot_be_asked_nothing_is_said_of_units(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unasked(names: list[str]) -> dict[str, Unit]:
        raise SystemctlError("no systemd here")

    monkeypatch.setattr(units, "described", unasked)
    path = tmp_path / "detector.toml"
    path.write_text('[[watch]]\nunit = "gone.service"\n[[watch]]\nunit = "bot*.service"\n')
    assert shown(path, "detector")[1][0] == f"{path}: correct (detector)"


@pytest.mark.parametrize("said", ["", 'secret_credential = "webhook-secret"'])
def test_a_secret_that_is_named_and_not_stored(said: str, tmp_path: Path, no_systemd: None) -> None:
    path = tmp_path / "notifier.toml"
    path.write_text(f'[channels.webhook]\nurl = "http://127.0.0.1/"\n{said}')
    result, lines = shown(path, "notifier")
    assert result is (Exit.WRONG if said else Exit.OK)
    assert any("standfastctl secret set webhook-secret" in line for line in lines) is bool(said)


@pytest.fixture
def no_systemd(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    bare = Unit(NOTIFIER, {"LoadState": "loaded"})
    monkeypatch.setattr(units, "described", lambda names: {NOTIFIER: bare} if NOTIFIER in names else {})
    monkeypatch.setattr(secrets, "_STORES", (tmp_path,))


def test_quietly_only_what_the_daemon_refuses_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "bot.toml"
    said = io.StringIO()
    arguments = argparse.Namespace(file=path, program="agent", json=False, quiet=True)
    for text, expected in (("[shutdown]\ntimeout_s = 10", Exit.OK), ("nope = 1", Exit.WRONG), ("= =", Exit.WRONG)):
        path.write_text(text)
        assert COMMAND.run(arguments, Screen(said, terminal=False)) is expected
    path.unlink()
    assert COMMAND.run(arguments, Screen(said, terminal=False)) is Exit.WRONG
    arguments.program = "detector"
    assert COMMAND.run(arguments, Screen(said, terminal=False)) is Exit.OK
    arguments.program = "agent"
    path.write_text("")
    monkeypatch.setenv("STANDFAST_LIVE", "perhaps")
    assert COMMAND.run(arguments, Screen(said, terminal=False)) is Exit.WRONG
    assert said.getvalue() == ""


def test_one_file_that_cannot_be_read_hides_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "agents").mkdir()
    (tmp_path / "environment").write_bytes(b"\xff")
    (tmp_path / "detector.toml").write_text("mode = 'act")
    (tmp_path / "agents/bot.toml").write_text("gatway = 'paper'")
    monkeypatch.setattr(paths, "CONFIG", tmp_path)
    monkeypatch.setattr(paths, "AGENTS_CONFIG", tmp_path / "agents")
    monkeypatch.setattr(paths, "DETECTOR_CONFIG", tmp_path / "detector.toml")
    said = io.StringIO()
    arguments = argparse.Namespace(file=None, program=None, json=False, quiet=False)
    assert COMMAND.run(arguments, Screen(said, terminal=False)) is Exit.WRONG
    for words in ("environment: expected a readable file", "detector.toml:1: expected TOML", "gatway"):
        assert words in said.getvalue()


@pytest.mark.parametrize("program", TEXTS)
def test_whatever_a_file_holds_it_is_judged_in_lines(program: str, tmp_path: Path, no_systemd: None) -> None:
    path = tmp_path / f"{program}.toml"
    results = set()
    for seed in range(60):
        chance = random.Random(seed)
        path.write_text(spoilt_text(TEXTS[program], chance), errors="replace")
        result, lines = shown(path, program)
        results.add(result)
        assert lines
        assert all(line.startswith(f"{path}") for line in lines)
    assert Exit.WRONG in results
