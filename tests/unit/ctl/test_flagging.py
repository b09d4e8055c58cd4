"""pause, kill and resume: the flags beside an agent's configuration, and whether the agent took them up."""

import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from standfast import paths
from standfast.agent.flags import FlagKind, flag_path, parse
from standfast.ctl import flagging
from standfast.ctl.__main__ import main
from standfast.events import Event
from standfast.overview.ending import Ending
from standfast.overview.snapshot import Snapshot, Source

NOW = datetime(2026, 11, 26, 10, 0, tzinfo=UTC)


@pytest.fixture
def agents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(paths, "AGENTS_CONFIG", tmp_path)
    (tmp_path / "paper.toml").write_text("")
    (tmp_path / "json.json").write_text("{}")
    return tmp_path


def test_a_flag_is_what_the_agent_reads(agents: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUDO_USER", "alice")
    config = flagging.agent_config("paper")
    flagging.put(config, FlagKind.KILLED, "too wild")
    path = flag_path(config, FlagKind.KILLED)
    assert path.stat().st_mode & 0o777 == 0o644
    assert str(parse(path.read_text())).startswith("by alice at 20")
    assert parse(path.read_text()).why == "too wild"

    flagging.put(config, FlagKind.KILLED, "")
    assert parse(path.read_text()).why == "too wild", "who says no reason takes none away"
    monkeypatch.setenv("SUDO_USER", "bob")
    flagging.put(config, FlagKind.KILLED, "and mad")
    assert str(parse(path.read_text())).startswith("by bob at 20")
    assert parse(path.read_text()).why == "and mad"

    (agents / "paper.paused").touch()
    assert flagging.take_away(config) == (FlagKind.PAUSED, FlagKind.KILLED)
    assert flagging.take_away(config) == ()
    assert sorted(path.name for path in agents.iterdir()) == ["json.json", "paper.toml"]


@pytest.mark.usefixtures("agents")
@pytest.mark.parametrize("name", ["nobody", "", "../paper", ".", "a/b", "-x\n", "paper.toml"])
def test_an_agent_without_a_configuration_is_none(name: str) -> None:
    with pytest.raises(flagging.FlagError, match="there are: json, paper"):
        flagging.agent_config(name)


@pytest.mark.usefixtures("agents")
def test_an_agent_may_be_configured_in_json() -> None:
    assert flagging.agent_config("json").name == "json.toml"


def test_a_full_or_missing_directory_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(flagging.FlagError, match=r"^cannot change .*paused: No such file or directory$"):
        flagging.put(tmp_path / "gone/paper.toml", FlagKind.PAUSED, "")


def reloaded(monkeypatch: pytest.MonkeyPatch, code: int, *states: dict[str, Any]) -> list[str]:
    """An agent that runs, and whose reload ends with `code`; what is noted in the journal."""
    noted: list[str] = []

    def asked(verb: str, *_: str) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess([verb], code if verb == "reload" else 0, "", "Access denied\n")

    def say(event: Event) -> bool:
        noted.append(event.type or "")
        return True

    said = iter((*states, *[states[-1]] * 9))
    monkeypatch.setattr(flagging, "systemctl", asked)
    monkeypatch.setattr(flagging, "say", say)
    monkeypatch.setattr(flagging, "_status", lambda name: Source(next(said)))
    return noted


def down(monkeypatch: pytest.MonkeyPatch, ended: Ending) -> None:
    """An agent that does not run, and how it ended."""
    found = Snapshot(NOW, Source(None), Source(None), idle={"paper": ""})
    ended_with = subprocess.CompletedProcess(["is-active"], 3, "", "")
    monkeypatch.setattr(flagging, "systemctl", lambda *words: ended_with)
    monkeypatch.setattr(flagging, "say", lambda event: True)
    monkeypatch.setattr(flagging, "read_snapshot", lambda now: found)
    monkeypatch.setattr(flagging, "endings", lambda names: {"paper": ended})


HELD = [{"symbol": "NSE:SBIN", "product": "MIS", "quantity": -1}]
FREE = {"state": "ACTIVE", "paused": False}


@pytest.mark.usefixtures("agents")
def test_a_resume_that_systemd_refuses_is_no_success(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    noted = reloaded(monkeypatch, 1, FREE)
    assert main(["resume", "paper"]) == 1
    told = capsys.readouterr()
    assert "cannot reload standfast-agent@paper.service: Access denied; agent paper is as it was; try sudo" in told.err
    assert (told.out, noted) == ("", [])


@pytest.mark.usefixtures("agents")
def test_a_resume_that_had_nothing_to_do_is_noted_after_the_reload(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    noted = reloaded(monkeypatch, 0, FREE)
    assert main(["resume", "paper"]) == 0
    assert capsys.readouterr().out == (
        "Agent paper was neither paused nor killed.\n"
        "It was reloaded all the same. It looks at its dependencies first; standfastctl status shows what it does.\n"
    )
    assert noted == ["RELOAD"]


@pytest.mark.usefixtures("agents")
def test_a_resume_that_had_nothing_to_do_of_one_that_does_not_run_says_so_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    down(monkeypatch, Ending(NOW, "stopped", is_flat=True, is_told=True))
    assert main(["resume", "paper"]) == 0
    assert capsys.readouterr().out == (
        "Agent paper was neither paused nor killed, and does not run.\n"
        "Holds: nothing when it stopped.\n"
        "To let it trade again: systemctl start standfast-agent@paper\n"
    )


@pytest.mark.parametrize(
    ("flags", "was"),
    [(["killed"], "killed"), (["paused"], "paused"), (["killed", "paused"], "paused and killed")],
)
def test_a_resume_of_one_that_does_not_run_says_what_it_undid_and_what_is_left_open(
    flags: list[str], was: str, agents: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for flag in flags:
        (agents / f"paper.{flag}").touch()
    down(monkeypatch, Ending(NOW, "ended unclean", held="+1 NSE:SBIN MIS (on paper)"))
    assert main(["resume", "paper"]) == 0
    assert capsys.readouterr().out == (
        f"Agent paper was {was}; that is undone, and it does not run.\n"
        "Holds: +1 NSE:SBIN MIS (on paper) by its own books; nothing manages that until it runs again.\n"
        "To let it trade again: systemctl start standfast-agent@paper\n"
    )


def test_flags_are_taken_up_though_the_configuration_is_refused(agents: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (agents / "paper.paused").touch()
    noted = reloaded(monkeypatch, 1, {**FREE, "paused": True}, FREE)
    assert main(["resume", "paper", "--why", "it is past"]) == 0
    assert noted == ["RESUME"]


@pytest.mark.parametrize(
    ("status", "more"),
    [
        ({"flat": True}, ""),
        (
            {"flat": False, "positions": HELD},
            "It has -1 NSE:SBIN MIS; orders of its strategy that would close it are refused as well. "
            "To have it closed: systemctl stop standfast-agent@paper\n",
        ),
    ],
)
@pytest.mark.usefixtures("agents")
def test_a_pause_says_what_it_leaves_open(
    status: dict[str, Any], more: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    reloaded(monkeypatch, 0, {**FREE, **status, "paused": True, "paused_why": "by root at noon: lunch"})
    assert main(["pause", "paper"]) == 0
    assert capsys.readouterr().out == (
        f"Agent paper is paused by root at noon: lunch; no new orders, all else goes on.\n{more}"
        "This outlives restarts. To end it: standfastctl resume paper\n"
    )


@pytest.mark.parametrize(
    ("status", "has"),
    [
        ({"flat": False, "positions": HELD}, "It has -1 NSE:SBIN MIS: positions are kept"),
        ({"flat": True, "broker_asked_at": None}, "It holds nothing by its own books; its broker was not asked yet."),
        ({"flat": None}, "Whether it holds anything is not known: positions are kept"),
        ({"flat": None, "positions": HELD}, "It has -1 NSE:SBIN MIS, not known whether that is all: positions"),
    ],
)
@pytest.mark.usefixtures("agents")
def test_a_kill_says_what_it_leaves_open_as_far_as_that_is_known(
    status: dict[str, Any], has: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    killed = {"state": "ERROR", "failure": {"type": "KILLED"}, "reason": "KILLED", **status}
    reloaded(monkeypatch, 0, killed)
    assert main(["kill", "paper"]) == 0
    assert has in capsys.readouterr().out
