"""The doctor where things are stopped, and on secrets that are not root's alone: it says no more than is so."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.ctl.test_doctor_rules import findings, healthy, own, unit

from standfast.ctl import credentials
from standfast.ctl.doctor.facts import RESIDENT, Loose, Reach
from standfast.ctl.doctor.finding import Gravity
from standfast.ctl.doctor.gather import reach, secrets
from standfast.unit_names import DETECTOR, NOTIFIER, TARGET, agent_unit

PAPER = agent_unit("paper")


def test_where_all_is_stopped_one_command_starts_it() -> None:
    stopped = {name: unit(name, ActiveState="inactive") for name in RESIDENT}
    (found,) = findings("units", replace(healthy(), units={**healthy().units, **stopped}))
    assert found.what == f"{', '.join(RESIDENT)} do not run"
    assert found.step.startswith(f"systemctl start {TARGET} (it starts the enabled agents too")


def test_where_one_is_stopped_it_alone_is_started() -> None:
    (found,) = findings("units", replace(healthy(), **own(DETECTOR, ActiveState="inactive")))
    assert (found.what, found.step) == (f"{DETECTOR} does not run", f"systemctl start {DETECTOR}")
    (found,) = findings("units", replace(healthy(), **own(TARGET, ActiveState="inactive")))
    assert "those stopped by hand" in found.step
    (found,) = findings("units", replace(healthy(), **own(NOTIFIER, ActiveState="failed")))
    assert "has failed" in found.what


@pytest.mark.parametrize(
    ("state", "flag", "what", "step"),
    [
        (
            "enabled",
            "",
            "agent paper is stopped, until the next boot or start of standfast.target",
            f"if it is to run: systemctl start {PAPER}",
        ),
        (
            "enabled",
            "paused by alice",
            "agent paper is stopped, until the next boot or start of standfast.target; it is paused by alice",
            "start",
        ),
        ("disabled", "", "agent paper is configured and does not run", f"if it is to: systemctl enable --now {PAPER}"),
        ("enabled", "killed by alice", "agent paper does not run, and is killed by alice", "standfastctl resume paper"),
        (
            "disabled",
            "killed by alice",
            "agent paper does not run, and is killed by alice",
            "standfastctl resume paper",
        ),
    ],
)
def test_an_agent_that_is_stopped_may_be_so_on_purpose(state: str, flag: str, what: str, step: str) -> None:
    facts = replace(healthy(), **own(PAPER, ActiveState="inactive", UnitFileState=state), flags={"paper": flag})
    (found,) = findings("units", facts)
    assert (found.gravity, found.what) == (Gravity.NOTE, what)
    assert step in found.step


@pytest.mark.parametrize("idle", [True, False])
def test_what_nothing_speaks_to_now_is_a_note(idle: bool) -> None:
    asked = [("the OpenAlgo of agent paper", "127.0.0.1", 1), ("the channel webhook", "127.0.0.1", 1)]
    gateway, channel = reach.reached(asked, {"paper"} if idle else ())
    assert (gateway.is_needed, channel.is_needed) == (not idle, True)
    (found,) = findings("reach", replace(healthy(), reached=(gateway,)))
    assert found.gravity is (Gravity.NOTE if idle else Gravity.WRONG)
    assert findings("reach", replace(healthy(), reached=(Reach("x", "y"),))) == []


@pytest.mark.parametrize("path", ["/var/lib/standfast", "/var/log/journal"])
def test_a_full_disk_is_looked_through_where_it_is_full(path: str) -> None:
    (found,) = findings("disk", replace(healthy(), free_shares={path: 0.01}))
    assert f'du -xh "$(findmnt -no TARGET -T {path})"' in found.step
    assert ("journalctl --vacuum" in found.step) == (path == "/var/log/journal")


@pytest.mark.parametrize("around", [0o700, 0o755])
def test_only_a_secret_that_others_could_read_must_be_changed(
    around: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "token.standfast-notifier"
    file.touch()
    monkeypatch.setattr(credentials, "DIRECTORY", tmp_path)
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr(secrets, "_user", lambda uid: "" if uid == os.getuid() else "nobody")
    tmp_path.chmod(around)
    file.chmod(0o644)
    found = secrets.loose()
    steps = [one.step for one in findings("credentials", replace(healthy(), loose_credentials=found))]
    assert any("have the secret changed" in one for one in steps) == (around == 0o755)
    assert f"chmod go= {file}" in steps[-1]
    file.chmod(0o600)
    assert [one.path for one in secrets.loose()] == ([str(tmp_path)] if around == 0o755 else [])


def test_a_secret_of_somebody_elses_is_wrong() -> None:
    loose = Loose("/c/token", "nobody", was_open=False)
    (found,) = findings("credentials", replace(healthy(), loose_credentials=(loose,)))
    assert found.what == "/c/token belongs to nobody, not to root"
    assert found.step == "chown root:root /c/token && chmod go= /c/token"
