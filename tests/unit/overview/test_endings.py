"""How agents that do not run ended."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.unit.overview.test_idle import PAPER, UNVERIFIED, resting

from standfast.agent.messages import Messages
from standfast.ctl.report import report
from standfast.events import Event, Kind
from standfast.moments import iso
from standfast.overview.documents import everything
from standfast.overview.ending import Ending, ending
from standfast.overview.endings import endings
from standfast.overview.idle import idle
from standfast.overview.problems import problems
from standfast.overview.snapshot import Snapshot
from standfast.overview.tones import Tone

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
FLAT = "flat (nothing was open)"


def stopped(verdict: str, words: str) -> Event:
    message = f"Agent paper stopped from ACTIVE in 0.01 s: {words}"
    return Event(Kind.SHUTDOWN, message, state="SHUTDOWN", unit=PAPER, data={"verdict": verdict})


KILLED = replace(
    stopped("held (killed)", ""),
    message="Agent paper (killed by root at 07:19:53 UTC: it has stopped (open: no)) stopped from ERROR in 0.02 s: "
    "held (killed), open: -1 NSE:SBIN MIS",
)


def killed(held: str) -> Event:
    return Messages("paper").ended_unclean("signal KILL", held)


def ended(flag: str = "", **found: Ending) -> Snapshot:
    return replace(resting(flag), endings=found)


def agents(*errors: dict[str, Any], **found: Ending) -> list[str]:
    snapshot = replace(resting("", None, *errors), endings=found)
    (row,) = next(one for one in report(snapshot).tables if one.title == "Agents").rows
    return [cell.text for cell in row]


@pytest.mark.parametrize(
    ("last", "words", "is_flat"),
    [
        (stopped("flat", FLAT), f"stopped from ACTIVE in 0.01 s: {FLAT}", True),
        (stopped("held (killed)", "held (killed)"), "stopped from ACTIVE in 0.01 s: held (killed)", False),
        (KILLED, "stopped from ERROR in 0.02 s: held (killed), open: -1 NSE:SBIN MIS", False),
        (Event(Kind.STATE, "Agent paper: STARTING -> ACTIVE", state="ACTIVE"), "its end was not told", False),
        # It began to end, and was killed.
        (Event(Kind.STATE, "Agent paper: ACTIVE -> SHUTDOWN", state="SHUTDOWN"), "its end was not told", False),
        (killed("+1 NSE:SBIN MIS"), "did not end in order (signal KILL); by its own books it holds +1", False),
        (killed(""), "did not end in order (signal KILL); by its own books it holds nothing", True),
        (Event(Kind.SHUTDOWN, "of a later version"), "of a later version", False),
    ],
)
def test_the_last_word_tells_of_the_end(last: Event, words: str, is_flat: bool) -> None:
    found = ending(last, NOW)
    assert found.words.startswith(words)
    is_known = last.kind is Kind.SHUTDOWN or bool(last.type)
    assert (found.at, found.is_flat) == (NOW if is_known else None, is_flat)
    assert found.is_told is (last.kind is Kind.SHUTDOWN)


@pytest.mark.parametrize(
    ("last", "holds"),
    [
        (killed("+5 NSE:SBIN MIS"), "+5 NSE:SBIN MIS by its own books"),
        (killed("not known whether flat"), "unknown while it does not run"),
        (KILLED, "-1 NSE:SBIN MIS by its own books"),
        (stopped("held (killed)", "held (killed), open: -1 NSE:SBIN MIS"), "-1 NSE:SBIN MIS by its own books"),
        (stopped("unverified", "unverified (the books could not be read)"), "unknown while it does not run"),
        (
            stopped("unverified", "unverified (no gateway); as far as is known it holds +5 NSE:SBIN MIS"),
            "+5 NSE:SBIN MIS by its own books",
        ),
        (
            killed("nothing for certain, not known whether BUY 1 NSE:SBIN MIS was taken"),
            "by its own books nothing for certain, not known whether BUY 1 NSE:SBIN MIS was taken",
        ),
    ],
)
def test_what_it_held_by_its_own_books_is_shown_with_since_when(last: Event, holds: str) -> None:
    shown = agents(paper=ending(last, NOW))
    assert (shown[2], shown[-1]) == ("{at}", holds)


def test_one_that_systemd_starts_again_is_down_with_what_it_holds_by_its_books() -> None:
    row = {"status": "crashed", "failing": True, "why": "KILL"}
    held = replace(resting("", row), endings={"paper": ending(killed("+5 NSE:SBIN MIS"), NOW)})
    (line,) = problems(held)
    assert line.startswith(
        "Agent paper is down (crashed: KILL); by its own books it holds +5 NSE:SBIN MIS, and nothing"
    )


def test_the_end_that_a_problem_tells_is_not_said_twice() -> None:
    words = "stopped from WAITING in 5.01 s: unverified (the books could not be read)"
    last = ending(stopped("unverified", "x"), NOW)
    told = {**UNVERIFIED, "error_message": f"Agent paper {words}"}
    assert agents(told, paper=replace(last, words=words))[3] == f"POSITIONS_UNVERIFIED: Agent paper {words}"


def test_an_agent_that_stopped_is_shown_with_how_and_what_it_held() -> None:
    flat = ending(stopped("flat", FLAT), NOW)
    assert agents(paper=flat) == [
        *("paper", "stopped", "{at}", f"stopped from ACTIVE in 0.01 s: {FLAT}", "no", "nothing when it stopped")
    ]
    # What is not settled is believed rather than its own word.
    assert agents(UNVERIFIED, paper=flat)[-1] == "unknown while it does not run"
    assert agents(paper=replace(flat, is_flat=False))[-1] == "unknown while it does not run"
    assert list(idle(ended(other=flat))) == []
    untold = ending(Event(Kind.STATE, "x", state="ACTIVE"), NOW)
    assert agents(paper=untold)[2:4] == ["unknown", untold.words]
    assert agents(UNVERIFIED, paper=untold)[3] == "POSITIONS_UNVERIFIED: 1 NSE:SBIN may be open"
    assert [one.tone for one in idle(ended(paper=untold))] == [Tone.WARNING]


@pytest.mark.parametrize(
    ("last", "words"),
    [
        (stopped("flat", FLAT), f"; it stopped from ACTIVE in 0.01 s: {FLAT}. To let it trade again: "),
        (
            stopped("held", "held (killed)"),
            "; it stopped from ACTIVE in 0.01 s: held (killed); look at your broker. ",
        ),
        (Event(Kind.STATE, "x", state="ACTIVE"), "; it does not run, so what it holds is only to be seen at your bro"),
        (
            killed("+1 NSE:SBIN MIS"),
            "; it did not end in order (signal KILL); by its own books it holds +1 NSE:SBIN MIS; look at your broker. ",
        ),
        (killed(""), "; it did not end in order (signal KILL); by its own books it holds nothing. To let"),
    ],
)
def test_of_one_that_was_killed_and_stopped_its_last_word_says_what_is_open(last: Event, words: str) -> None:
    (line,) = problems(ended("killed by alice", paper=ending(last, NOW)))
    assert line.startswith(f"Agent paper is killed by alice{words}")


def test_one_that_was_resumed_and_not_started_still_needs_somebody() -> None:
    told = {**UNVERIFIED, "error_type": "KILLED", "severity": "warning"}
    found = {"paper": ending(KILLED, NOW)}
    (line, _) = problems(replace(resting("", None, told), endings=found))
    assert line == (
        "Agent paper was killed and resumed, and does not run: nothing manages what it holds; it stopped from ERROR in "
        "0.02 s: held (killed), open: -1 NSE:SBIN MIS; look at your broker. "
        "To let it trade again: systemctl start standfast-agent@paper"
    )
    (line, _) = problems(replace(resting("killed by root", None, told), endings=found))
    assert line.startswith("Agent paper is killed by root; it stopped"), "once is enough"
    assert problems(replace(resting(""), endings=found)) == [], "a human resolved it, and knows"


def test_programs_are_told_of_the_end_too() -> None:
    told = ending(stopped("flat", FLAT), NOW)
    words = f"stopped from ACTIVE in 0.01 s: {FLAT}"
    assert everything(ended("paused by bob", paper=told))["stopped_agents"] == {
        "paper": {
            "state": "stopped",
            "ended_at": iso(NOW),
            "ended": words,
            "flat": True,
            "flag": "paused by bob",
            "reason": f"paused by bob; {words}",
        }
    }
    untold = everything(ended(paper=ending(Event(Kind.STATE, "x", state="ACTIVE"), NOW)))["stopped_agents"]["paper"]
    assert (untold["ended_at"], untold["flat"]) == (None, None)
    assert everything(resting())["stopped_agents"] == {}


class Reader:
    """A journal with entries of one unit; the oldest first."""

    def __init__(self, *entries: dict[str, Any]) -> None:
        self.entries, self.matches = entries, dict[str, str]()

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def flush_matches(self) -> None:
        self.matches = {}

    def add_match(self, **matches: str) -> None:
        self.matches |= matches

    def seek_tail(self) -> None:
        pass

    def get_previous(self) -> dict[str, Any]:
        return self.entries[-1] if self.entries and self.matches["_SYSTEMD_UNIT"] == PAPER else {}


def entries() -> Iterator[dict[str, Any]]:
    for event in (Event(Kind.STATE, "x", state="SHUTDOWN"), stopped("flat", FLAT)):
        fields = {"STANDFAST": "1", "STANDFAST_EVENT": event.kind.value, "MESSAGE": f"[SHUTDOWN] {event.message}"}
        yield {**fields, "STANDFAST_DATA": '{"verdict": "flat"}', "__REALTIME_TIMESTAMP": NOW}


def test_the_last_word_is_read_of_each_agent() -> None:
    found = endings(["paper", "other"], lambda: Reader(*entries()))
    assert found == {"paper": Ending(NOW, f"stopped from ACTIVE in 0.01 s: {FLAT}", is_flat=True, is_told=True)}


def test_without_a_journal_nothing_is_known() -> None:
    def refused() -> Reader:
        raise PermissionError(13, "Permission denied")

    assert endings(["paper"], refused) == {}
