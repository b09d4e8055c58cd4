"""The status file has what its readers were promised."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from tests.unit.detector.make import Watcher, config, failed, inactive, pending, up
from tests.unit.detector.talk import Talk

from standfast.detector.announce import Told
from standfast.detector.check_tables import SqliteDatabase, TcpCheck
from standfast.detector.config import DetectorConfig, Mode, Watch
from standfast.detector.limits import asked
from standfast.detector.model import (
    CheckObservation,
    ClockEvent,
    ClockObservation,
    FileObservation,
    Outcome,
    ReleaseObservation,
    Run,
    RunResult,
)
from standfast.detector.problem import Problem
from standfast.detector.status import status
from standfast.unit_names import MASTER_RESTART

PROMISED = {
    "failure_level", "level", "reasons", "root_cause", "mode", "can_restart", "last_restart", "restart_count",
    "restart_history", "supervisor_status", "databases", "critical_files_healthy", "critical_files", "service_health",
    "checked_at",
}  # fmt: skip
OF_A_UNIT = {
    "status", "consecutive_failures", "last_check", "active_state", "sub_state", "result", "restarts", "port", "tier",
}  # fmt: skip


def settings() -> DetectorConfig:
    checked = Watch("a.service", check=(TcpCheck(port=8001),))
    return replace(
        config("b", "c"),
        mode=Mode.OBSERVE,
        watch=(checked, *config("b", "c").watch),
        critical_files=("/f.json",),
        database=(SqliteDatabase(name="trades", path="/trades.db"),),
    )


def test_every_promised_key() -> None:
    watcher = Watcher(settings())
    step = watcher.see(*(up(0, unit) for unit in "abc"), scheduled=True)
    found = json.loads(json.dumps(status(step, settings(), 1.0)))
    assert found.keys() >= PROMISED
    assert found["service_health"]["a.service"].keys() >= OF_A_UNIT
    assert found["service_health"]["a.service"]["port"] == 8001
    assert found["supervisor_status"] == {"status": "ok", "running": 3, "failed": 0, "system_state": ""}
    assert (found["can_restart"], found["restart_blocked"], found["max_per_hour"]) == (True, "", 3)
    assert found["released_at"] is None
    assert found["service_health"]["a.service"]["thresholds"] == {"warning": 3, "critical": 5, "cascading": 7}
    assert found["checked_at"] == "1970-01-01T00:00:01.000+00:00"
    assert found["next_look"] is None
    assert status(step, settings(), 1.0, next_look=31.0)["next_look"] == "1970-01-01T00:00:31.000+00:00"


def test_what_is_only_for_showing() -> None:
    step = Watcher(settings()).see(*(up(0, unit) for unit in "abc"), scheduled=True)
    found = status(step, settings(), 1.0, after={"a.service": ("b.service",)}, late_s=0.1234)
    assert found["service_health"]["a.service"]["after"] == ["b.service"]
    assert found["service_health"]["b.service"]["after"] == []
    assert (found["late_s"], found["check_interval_s"]) == (0.123, 30)


def test_after_a_boot_no_restart_is_said_to_be_possible() -> None:
    watcher = Watcher(settings())
    watcher.see(ClockObservation(0, ClockEvent.BOOT), *(failed(1, unit) for unit in "abc"))
    step = watcher.see(*(failed(10, unit) for unit in "abc"), scheduled=True)
    found = status(step, settings(), 10.0)
    until = "the host booted at 00:00:00 UTC; judged again from the first look after 00:02:00 UTC on"
    assert (found["failure_level"], found["reasons"]) == ("NONE", [f"nothing is judged now: {until}"])
    assert (found["can_restart"], found["restart_blocked"]) == (False, until)


def test_a_cascade() -> None:
    watcher = Watcher(settings())
    watcher.state = replace(watcher.state, runs=(Run(-100, RunResult.PARTIAL, automatic=True),))
    watcher.see(*(up(0, unit) for unit in "abc"), scheduled=True)
    watcher.see(FileObservation(10, "/f.json", False, "missing"))
    watcher.see(CheckObservation(10, "trades", "", Outcome.FAIL, "damaged"))
    watcher.see(ReleaseObservation(-200))
    step = watcher.see(*(failed(10, unit) for unit in "abc"))
    found = status(step, settings(), 10.0)
    assert (found["failure_level"], found["level"]) == ("CASCADING", 3)
    assert found["root_cause"] == ["a.service", "b.service", "c.service"]
    assert (found["can_restart"], found["restart_count"]) == (False, 1)  # within the gap
    assert found["released_at"] == "1969-12-31T23:56:40.000+00:00"
    assert found["decision"]["reason"] == "gap"
    assert found["restart_blocked"] == "the last one was less than 5 min ago"
    assert found["gap_until"] == "1970-01-01T00:03:20.000+00:00"
    assert found["databases"]["trades"]["healthy"] is False
    assert found["critical_files"]["/f.json"]["healthy"] is True  # not three looks in a row yet
    assert found["service_health"]["b.service"]["status"] == "given up"
    assert found["service_health"]["b.service"]["start_refused"] is False
    (run,) = found["restart_history"]
    assert (run["result"], run["units"], run["because_of"]) == ("partial", None, None)  # which they were is not known


def test_what_a_master_restart_restarted_is_told_from_what_it_was_asked_for() -> None:
    watcher = Watcher(settings())
    asked = Run(-9000, RunResult.SUCCESS, True, frozenset({"b"}), restarted=frozenset({"a", "b"}))
    by_hand = Run(-8000, RunResult.SUCCESS, False, frozenset({"c"}))
    watcher.state = replace(watcher.state, runs=(asked, by_hand))
    found = status(watcher.see(*(up(0, unit) for unit in "abc"), scheduled=True), settings(), 0.0)["restart_history"]
    assert [(one["units"], one["because_of"]) for one in found] == [(["a", "b"], ["b"]), (["c"], None)]


def test_the_first_that_failed_is_the_one_that_the_message_named_as_long_as_it_fails() -> None:
    told = Told((Problem("CASCADING_FAILURE", first="c.service"),))
    watcher = Watcher(settings())
    watcher.see(*(up(0, unit) for unit in "abc"), scheduled=True)
    step = watcher.see(*(failed(10, unit) for unit in "abc"))
    assert status(step, settings(), 10.0, told=told)["root_cause"] == ["c.service", "a.service", "b.service"]
    watcher.see(up(20, "c", invocation_id="2"))
    assert status(watcher.look(), settings(), 30.0, told=told)["root_cause"] == ["a.service", "b.service"]


def test_of_restarts_that_systemd_refuses_again_and_again_only_the_last_is_shown() -> None:
    watcher = Watcher(settings())
    made = Run(-4000, RunResult.SUCCESS, automatic=True)
    refused = [Run(-at, RunResult.REFUSED, automatic=True) for at in (900, 600, 300)]
    watcher.state = replace(watcher.state, runs=(made, *refused))
    found = status(watcher.see(*(up(0, unit) for unit in "abc"), scheduled=True), settings(), 0.0)
    assert [(one["at"][11:19], one["result"]) for one in found["restart_history"]] == [
        ("22:53:20", "success"),
        ("23:55:00", "refused"),
    ]
    assert found["last_restart"] == found["restart_history"][0]["at"]


def test_a_master_restart_that_is_left_failed_while_all_is_well_is_a_note_with_its_step() -> None:
    watcher = Watcher(settings())
    watcher.see(*(up(0, unit) for unit in "abc"), scheduled=True)
    left = replace(failed(10), unit=MASTER_RESTART)
    assert status(watcher.see(left), settings(), 10.0)["left_failed"] == {
        "what": "The last master restart failed",
        "clears": "systemctl reset-failed standfast-master-restart clears that",
    }
    assert status(watcher.see(replace(inactive(20), unit=MASTER_RESTART)), settings(), 20.0)["left_failed"] is None
    watcher.state = replace(watcher.state, runs=tuple(Run(at, RunResult.FAILURE, True) for at in (-900, -500, -100)))
    assert status(watcher.see(replace(left, at=25)), settings(), 25.0)["left_failed"] == {
        "what": "The last master restart failed",
        "clears": "standfastctl release clears that, and allows automatic ones again",
    }, "one step does both"
    by_hand = tuple(Run(at, RunResult.SUCCESS, automatic=False, restarted=frozenset(("a.service",)))
                    for at in (-900, -500, -100))  # fmt: skip
    watcher.state = replace(watcher.state, runs=by_hand)
    found = status(watcher.see(replace(left, at=26)), settings(), 26.0)["left_failed"]
    assert found["what"] == "systemd refused a further master restart"
    step = watcher.see(pending(28, "a"))
    assert status(step, settings(), 28.0)["left_failed"] is None, "what it restarted does not stand"
    step = watcher.see(*(failed(30, unit) for unit in "abc"), replace(left, at=30))
    assert status(step, settings(), 30.0)["left_failed"] is None, "what fails is told first"


@pytest.mark.parametrize(
    ("is_held", "said"),
    [
        pytest.param(
            False, "restarts within the hour did not help a.service, b.service, c.service even for 5 min", id="decided"
        ),
        pytest.param(True, "a human looks after what failed again", id="what failed is up for a moment"),
    ],
)
def test_what_is_handed_over_waits_for_no_time(is_held: bool, said: str) -> None:
    """Within the gap too: that the time passes brings no master restart."""
    trio = frozenset(f"{unit}.service" for unit in "abc")
    talk = Talk()
    talk.mind.state = replace(talk.mind.state, runs=asked(asked((), -900, trio), -100, trio))
    turn = talk.see(*(failed(100, unit) for unit in "abc"))
    if is_held:
        turn = talk.see(*(up(110, unit) for unit in "abc"))
    found = status(turn.step, talk.mind.engine.config, 111.0, told=talk.mind.told)
    assert found["failure_level"] == "CASCADING"
    assert said in found["restart_blocked"]
    assert "a.service, b.service, c.service" in found["restart_blocked"], "for whom"
    assert "before 00:45:00 UTC" in found["restart_blocked"], "until when"
    assert (found["hold_until"], found["gap_until"]) == (None, None)


def test_who_failed_first_is_not_known_of_what_one_look_found() -> None:
    watcher = Watcher(settings())
    watcher.see(*(up(0, unit) for unit in "abc"), scheduled=True)
    step = watcher.see(failed(10, "b"), failed(10, "c"))
    assert status(step, settings(), 10.0)["failed_together"] is True
    watcher = Watcher(settings())
    watcher.see(*(up(0, unit) for unit in "abc"), scheduled=True)
    watcher.see(failed(10, "b"))
    assert status(watcher.look(), settings(), 10.0)["failed_together"] is False, "one alone is the first"
    assert status(watcher.see(failed(13, "c")), settings(), 13.0)["failed_together"] is False


def test_for_whom_no_master_restart_follows_is_said_while_all_is_well_too() -> None:
    trio = frozenset(f"{unit}.service" for unit in "abc")
    watcher = Watcher(settings())
    watcher.state = replace(watcher.state, runs=asked(asked((), -900, trio), -400, trio))
    step = watcher.see(*(up(0, unit) for unit in "abc"), scheduled=True)
    assert status(step, settings(), 0.0)["not_for"] == (
        "not for a.service, b.service, c.service together before 00:45:00 UTC, unless released"
    )
    released = watcher.see(ReleaseObservation(1))
    assert status(released, settings(), 1.0)["not_for"] == ""


@pytest.mark.parametrize("is_clear", [True, False])
def test_whether_one_failed_first_is_said_as_the_message_had_it(is_clear: bool) -> None:
    watcher = Watcher(settings())
    watcher.see(*(up(0, unit) for unit in "abc"), scheduled=True)
    watcher.see(failed(10, "a"))
    step = watcher.see(failed(13, "b"), failed(13, "c"))
    others = () if is_clear else ("b.service", "c.service")
    told = Told((Problem("CASCADING_FAILURE", first="a.service", is_first_clear=is_clear, others=others),))
    assert status(step, settings(), 13.0, told=told)["failed_together"] is not is_clear
