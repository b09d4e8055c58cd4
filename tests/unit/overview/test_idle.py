"""Agents that do not run: nothing of theirs that needs a human hides behind a fleet that stands."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.unit.overview import statuses
from tests.unit.overview.test_snapshot import NOW, shot

from standfast.ctl.report import report
from standfast.overview.idle import Idle, idle
from standfast.overview.problems import headline, problems
from standfast.overview.reading import read_snapshot
from standfast.overview.snapshot import Snapshot, watched
from standfast.overview.tones import Tone
from standfast.web.cards import agents
from standfast.web.scene import Scene
from standfast.web.timeline import History

PAPER = "standfast-agent@paper.service"
UNVERIFIED = statuses.error(
    error_type="POSITIONS_UNVERIFIED", unit=PAPER, error_message="1 NSE:SBIN may be open", severity="critical"
)


def resting(flag: str = "", row: dict[str, Any] | None = None, *errors: dict[str, Any]) -> Snapshot:
    health = {PAPER: row} if row else {}
    found = shot(statuses.detector(service_health=health), statuses.notifier(*errors))
    return replace(found, idle={"paper": flag})


def said(snapshot: Snapshot) -> tuple[Tone, str]:
    return headline(snapshot, problems(snapshot))


def test_what_an_agent_left_open_is_named_first_and_its_row_stays() -> None:
    snapshot = resting("", None, UNVERIFIED)
    tone, words = said(snapshot)
    assert (tone, words) == (
        Tone.BAD,
        "All watched units stand, but POSITIONS_UNVERIFIED of standfast-agent@paper is not resolved",
    )
    assert problems(snapshot) == [
        "1 unresolved error, critical: POSITIONS_UNVERIFIED of standfast-agent@paper; see standfastctl errors"
    ]
    (row,) = next(table for table in report(snapshot).tables if table.title == "Agents").rows
    assert [cell.text for cell in row] == [
        *("paper", "stopped", "unknown", "POSITIONS_UNVERIFIED: 1 NSE:SBIN may be open", "no"),
        "unknown while it does not run",
    ]


def test_what_somebody_took_on_alarms_no_more() -> None:
    snapshot = resting("", None, {**UNVERIFIED, "acknowledged": True})
    assert "POSITIONS_UNVERIFIED of standfast-agent@paper (acknowledged); see" in problems(snapshot)[0]
    tone, words = said(snapshot)
    assert (tone, words) == (Tone.WARNING, "All watched units stand, but something needs a look")


def test_of_many_critical_problems_some_are_named() -> None:
    rows = [{**UNVERIFIED, "unit": f"standfast-agent@{name}.service"} for name in "abcde"]
    assert "POSITIONS_UNVERIFIED of standfast-agent@c and 2 more are not resolved" in said(resting("", None, *rows))[1]


def test_a_killed_agent_that_is_stopped_says_who_killed_it() -> None:
    snapshot = resting("killed by alice: too wild")
    (line,) = problems(snapshot)
    assert line.startswith("Agent paper is killed by alice: too wild; it does not run")
    assert "standfastctl resume paper" in line
    assert [(one.state, one.tone) for one in idle(snapshot)] == [("stopped", Tone.WARNING)]


def test_one_that_is_killed_and_paused_stays_both() -> None:
    snapshot = resting("killed by alice; also paused by bob")
    (row,) = next(table for table in report(snapshot).tables if table.title == "Agents").rows
    assert [cell.text for cell in row][3:5] == ["killed by alice; also paused by bob", "yes"]
    (line,) = problems(snapshot)
    assert line.startswith("Agent paper is killed by alice; also paused by bob; ")
    assert "standfastctl resume paper (which ends the pause as well), then" in line


def test_an_agent_whose_process_was_killed_is_listed_and_a_problem() -> None:
    snapshot = resting("", {"status": "crashed", "failing": True, "why": "its process was killed (KILL)"})
    (line,) = problems(snapshot)
    assert line.startswith("Agent paper is down (crashed: its process was killed (KILL)); what it holds is not known")
    assert said(snapshot) == (Tone.WARNING, f"Failing, but not for long enough to raise the level: {PAPER}")
    assert [(one.state, one.tone) for one in idle(snapshot)] == [("crashed", Tone.BAD)]


def test_of_an_agent_that_systemd_refused_to_start_it_says_how_it_is_started() -> None:
    row = {"status": "given up", "failing": True, "why": "systemd refused to start it again"}
    (line,) = problems(resting("", {**row, "start_refused": True}))
    step = ". To start it again: systemctl reset-failed standfast-agent@paper && systemctl start standfast-agent@paper"
    assert line.endswith(f"systemctl status standfast-agent@paper{step}")
    (line,) = problems(resting("", row))
    assert "reset-failed" not in line


def test_of_an_agent_of_which_nobody_tells_there_is_nothing_to_say() -> None:
    assert list(idle(resting())) == []
    assert list(idle(resting("paused by alice"))) == [Idle("paper", "stopped", "paused by alice")]
    assert problems(resting("paused by alice")) == []


@pytest.mark.parametrize(
    ("states", "words"),
    [
        (["healthy", "stopped"], "Nothing fails (1 stopped)"),
        (["stopped", "stopped", "finished"], "Nothing fails (2 stopped, 1 finished)"),
        (
            ["unknown", "stopped"],
            "Nothing fails (1 stopped, 1 not there or not known), but something needs a look",
        ),
        (["healthy", "finished"], "Nothing fails (1 finished)"),
        (["healthy", "settling"], "All watched units stand"),
    ],
)
def test_what_is_stopped_is_not_said_to_stand(states: list[str], words: str) -> None:
    health = {f"bot-{number}.service": {"status": state} for number, state in enumerate(states)}
    assert said(shot(statuses.detector(service_health=health)))[1] == words


def test_what_was_stopped_with_another_and_not_started_with_it_is_said_to_be() -> None:
    left = {"status": "stopped", "why": "stopped with b.service, which is up again"}
    health = {"a.service": left, "b.service": {"status": "healthy"}, "c.service": {"status": "stopped"}}
    words = "Nothing fails (2 stopped, 1 of them with a unit which is up again)"
    assert said(shot(statuses.detector(service_health=health)))[1] == words


def test_an_instance_that_nobody_configured_is_no_unit() -> None:
    row = {"status": "stopped"}
    found = shot(statuses.detector(service_health={PAPER: row, "bot.service": row}))
    assert list(watched(found)) == ["bot.service"]
    assert list(watched(replace(found, idle={"paper": ""}))) == [PAPER, "bot.service"]
    failing = {PAPER: {"status": "crashed", "failing": True}}
    assert list(watched(shot(statuses.detector(service_health=failing)))) == [PAPER]


def test_the_page_shows_what_the_terminal_does() -> None:
    html = agents(Scene(resting("killed by <b>", None, UNVERIFIED), History(NOW, NOW), {}, "host"))
    assert "killed by &lt;b&gt;" in html
    assert "1 NSE:SBIN may be open" in html
    assert "Holds: unknown while it does not run." in html


def test_flags_are_read_beside_the_configuration(tmp_path: Path) -> None:
    for name in ("paper", "json", "on", "free"):
        (tmp_path / f"{name}.toml").touch()
    (tmp_path / "paper.killed").write_text('{"by": "alice", "at": "2026-11-23T15:00:00.000+00:00", "why": "too wild"}')
    (tmp_path / "json.paused").touch()
    (tmp_path / "json.killed").write_text("too wild")
    (tmp_path / "on.killed").touch()
    statuses.put(tmp_path / "run", "agent/on", statuses.agent())
    found = read_snapshot(NOW, tmp_path / "run", tmp_path).idle
    assert set(found) == {"paper", "json", "free"}
    assert found["paper"].startswith("killed by alice at 2026-11-23 ")
    assert found["paper"].endswith(": too wild")
    assert (found["json"], found["free"]) == ("killed too wild; also paused without a word why", "")
