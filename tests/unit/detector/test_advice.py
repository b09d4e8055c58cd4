"""What people are told to do about a cascade, and that it is the present step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tests.unit.detector.make import config, failed, inactive, pending, starting, up
from tests.unit.detector.talk import Talk, ran

from standfast.detector.check_tables import PostgresqlDatabase, SqliteDatabase
from standfast.detector.config import Cause, Mode, RestartSettings
from standfast.detector.databases import restore
from standfast.detector.firsts import why_they_failed
from standfast.detector.limits import asked
from standfast.detector.model import (
    CheckObservation,
    FileObservation,
    Observation,
    Outcome,
    RestartObservation,
    RunResult,
    UnitObservation,
)
from standfast.detector.status import status
from standfast.events import Kind
from standfast.unit_names import MASTER_RESTART


def test_a_database_that_fails_is_named_by_its_file_with_what_mends_it() -> None:
    talk = Talk(database=(SqliteDatabase(name="trades", path="/srv/fleet/trades.db"),))
    talk.see(CheckObservation(100, "trades", "", Outcome.FAIL, "not a SQLite database"))
    (event,) = [one for one in talk.events if one.type == "FLEET_CRITICAL"]
    assert event.message == "database check fails: trades (/srv/fleet/trades.db: not a SQLite database)"
    assert event.action == "Stop what writes to /srv/fleet/trades.db, then put it back or restore it from its backup"


def test_a_postgresql_server_is_named_by_where_it_is() -> None:
    database = PostgresqlDatabase(name="orders", database="book", host="db.example", port=5433)
    assert "server of book on db.example:5433" in restore((database,), {"orders": "refused"})
    assert restore((database,), {}) == ""


TOGETHER = (
    "They failed together: journalctl -u a -u b -u c; "
    "when that is mended: systemctl reset-failed a b c && systemctl start a b c. "
)


def next_step(talk: Talk) -> str:
    talk.see(failed(100, "a"), failed(100, "b"), failed(100, "c"))
    (event,) = [one for one in talk.events if one.type == "CASCADING_FAILURE"]
    return event.action


def test_what_is_to_be_done_in_observe_is_a_step_that_a_person_can_take() -> None:
    assert next_step(Talk(Mode.OBSERVE)) == (
        f"{TOGETHER}Or restart all by hand: standfastctl plan, then "
        'systemctl start standfast-master-restart. To have it asked for: mode = "act" in detector.toml'
        ", then systemctl reload standfast-detector"
    )


def test_what_is_to_be_done_in_the_gap_is_to_wait_and_until_when() -> None:
    step = next_step(ran(-50))
    assert step == (
        f"{TOGETHER}Or wait: the last master restart was at "
        "23:59:10 UTC; if this lasts it is asked for again after 00:04:10 UTC. "
        "By hand at once: standfastctl plan, then systemctl start standfast-master-restart"
    )


def test_what_is_to_be_done_in_observe_is_the_same_in_the_gap() -> None:
    talk = ran(-50)
    talk.mind.reconfigure(config("a", "b", "c", "d", mode=Mode.OBSERVE))
    assert next_step(talk) == next_step(Talk(Mode.OBSERVE))


def test_what_is_to_be_done_while_hands_are_off_is_to_look_and_release() -> None:
    held = (
        f"{TOGETHER}"
        "Look at a.service, b.service, c.service by hand, then standfastctl release; "
        "else no automatic one until {} UTC"
    )
    assert next_step(ran(-900, -800, -700)) == held.format("00:48:20")
    short = RestartSettings(cooldown_s=60)
    # Hands are on again, but three an hour are enough: until the first of them is an hour ago.
    assert next_step(ran(-900, -800, -700, restart=short)) == held.format("00:45:00")


def test_what_is_to_be_done_about_a_set_that_was_restarted_in_vain_is_to_mend_its_root_cause() -> None:
    units = frozenset({"a.service", "b.service", "c.service"})
    talk = Talk(restart=RestartSettings(max_per_hour=9))
    talk.mind.state = replace(talk.mind.state, runs=asked(asked((), -900, units), -400, units))
    assert next_step(talk) == (
        f"{TOGETHER}"
        "Find the root cause, mend it, then standfastctl release: where they still fail a master restart follows"
    )


def test_a_cascade_whose_next_step_became_another_is_said_in_the_present_words() -> None:
    talk = Talk(Mode.OBSERVE)
    talk.see(failed(100, "a"), failed(100, "b"), failed(100, "c"))
    talk.see(up(101, "d"))
    talk.mind.reconfigure(config("a", "b", "c", "d", mode=Mode.ACT))
    for at in (102, 103, 104):
        talk.see(up(at, "d"))
    talk.see(RestartObservation(105, RunResult.STARTED, "one"))
    talk.see(RestartObservation(106, RunResult.FAILURE, "one"))
    talk.see(up(107, "d"))
    steps = [event.action for event in talk.events if event.type == "CASCADING_FAILURE"]
    assert [step.removeprefix(TOGETHER).partition(";")[0].removeprefix("They") for step in steps] == [
        "Or restart all by hand: standfastctl plan, then systemctl start standfast-master-restart. "
        'To have it asked for: mode = "act" in detector.toml, then systemctl reload standfast-detector',
        "A master restart was asked for",
        "Or wait: the last master restart was at 00:01:42 UTC",
    ]
    kinds = [event.kind for event in talk.events if event.type == "CASCADING_FAILURE"]
    assert kinds == [Kind.PROBLEM, Kind.UPDATE, Kind.UPDATE], "it occurred once, and is not over"
    news = [event.message for event in talk.events if event.kind is Kind.UPDATE]
    assert news[-1].startswith(f"CASCADING_FAILURE goes on. {TOGETHER}Or wait: the last master")


def test_what_is_told_of_the_unit_that_failed_first() -> None:
    talk = Talk()
    talk.see(failed(60, "c"))
    talk.see(failed(100, "a"), failed(100, "b"))
    event = next(event for event in talk.events if event.type == "CASCADING_FAILURE")
    assert event.message.endswith(". c.service failed first, after it a.service, b.service by themselves")
    assert event.action.endswith(
        "Why c.service failed: journalctl -u c.service; a.service, b.service too, by themselves: journalctl -u a -u b"
    )
    talk.see(RestartObservation(101, RunResult.STARTED, "one"), up(101, "c"))
    talk.see(RestartObservation(102, RunResult.FAILURE, "one"), failed(102, "c"))
    again = next(event for event in reversed(talk.events) if event.kind is Kind.UPDATE)
    assert again.type == "CASCADING_FAILURE"
    assert "c.service failed first" in again.data["words"], "after a restart all fail anew: what began it stays"
    assert "Why c.service failed" in again.action


def test_the_unit_to_look_at_stays_the_same_while_a_cascade_lasts() -> None:
    talk = Talk()
    talk.see(failed(100, "a"), failed(100, "b"), failed(100, "c"))
    talk.see(RestartObservation(101, RunResult.STARTED, "one"), replace(starting(101), unit=MASTER_RESTART))
    talk.see(up(102, "a"), up(102, "b"), up(102, "c"))
    talk.see(failed(103, "c"))
    talk.see(failed(104, "a"), failed(104, "b"))
    talk.see(replace(inactive(105), unit=MASTER_RESTART), RestartObservation(105, RunResult.FAILURE, "one"))
    said = [event for event in talk.events if event.type == "CASCADING_FAILURE"]
    both = "They failed together: journalctl -u a -u b -u c"
    assert [both in event.action for event in said] == [True] * 2
    assert not [event for event in said if "failed first" in f"{event.message} {event.data}"], (
        "all failed at the same time"
    )


def gone(mode: Mode, looks: int, *observations: Observation) -> str:
    """The next step after so many looks at a file that is not there."""
    talk = Talk(mode, critical_files=("/f.json",))
    if observations:
        talk.see(*observations)
    for look in range(looks):
        talk.see(FileObservation(100 + 10 * look, "/f.json", False, "missing"), scheduled=True)
    return next(one.action for one in talk.events if one.type == "CASCADING_FAILURE" and "/f.json" in one.action)


def test_what_is_to_be_done_about_a_critical_file_is_to_put_it_back() -> None:
    words = gone(Mode.ACT, 3)
    assert words.startswith("Put /f.json back or correct it, else a master restart follows at the seventh look (~00:0")
    # It says how to put it right before it says what a restart would do, which mends no file.
    assert gone(Mode.OBSERVE, 3).startswith("Put /f.json back or correct it. Or restart all")


def test_a_cascade_that_has_just_begun_says_after_how_many_looks_a_master_restart_follows() -> None:
    """Whoever is woken up decides by it whether there is time to look."""
    talk = Talk()
    for number in range(1, 6):  # critical at five looks in a row, asked for at seven
        for unit in "abc":
            talk.see(pending(number * 30.0, unit, n=number), scheduled=unit == "c")
    (event,) = [one for one in talk.events if one.type == "CASCADING_FAILURE"]
    assert event.action.startswith("A master restart follows if it lasts for 2 more looks (until ~00:03:30 UTC)")


def test_a_cascade_of_those_that_were_restarted_in_vain_promises_no_master_restart() -> None:
    units = frozenset({"a.service", "b.service", "c.service"})
    talk = Talk(restart=RestartSettings(max_per_hour=9))
    talk.mind.state = replace(talk.mind.state, runs=asked(asked((), -900, units), -400, units))
    for number in range(1, 6):
        for unit in "abc":
            turn = talk.see(pending(number * 30.0, unit, n=number), scheduled=unit == "c")
    (event,) = [one for one in talk.events if one.type == "CASCADING_FAILURE"]
    assert event.action.startswith("No master restart follows: these were restarted in vain. Find the root cause")
    found = status(turn.step, talk.mind.engine.config, 150.0, told=talk.mind.told)
    assert (found["can_restart"], found["gap_until"]) == (False, None)
    assert found["restart_blocked"].endswith("a human must look; none follows by itself before 00:45:00 UTC")


def test_where_units_are_no_cause_of_a_master_restart_none_is_promised_for_them() -> None:
    talk = Talk(restart=RestartSettings(causes=(Cause.FILES,)))
    assert next_step(talk).startswith("No master restart follows for units")


def needing(at: float, n: int, crashed: Callable[..., UnitObservation]) -> list[UnitObservation]:
    """b needs a, c needs nobody; b ended by itself, and first."""
    more: dict[str, Any] = {"n": n, "main_exit": "status 1"}
    return [crashed(at, "b", needs="a", since=at - 0.03, **more), crashed(at, "a", **more), crashed(at, "c", **more)]


def test_where_nobody_is_clearly_first_all_that_failed_by_themselves_are_to_be_looked_at() -> None:
    """One that is first in the alphabet need have done no harm."""
    talk = Talk()
    talk.see(*needing(100, 0, failed))
    (event,) = [one for one in talk.events if one.type == "CASCADING_FAILURE"]
    assert event.action.endswith("They failed together: journalctl -u b -u a -u c")
    assert "took along" not in event.message
    assert event.data["root_cause"] == ["b.service", "a.service", "c.service"]


def test_those_that_make_the_level_are_named_before_one_that_has_only_just_failed() -> None:
    talk = Talk()
    turn = talk.see(pending(100, "a"), failed(100, "b"), failed(100, "c"))
    (event,) = [one for one in talk.events if one.type == "FLEET_CRITICAL"]
    mended = "when that is mended: systemctl reset-failed a b c && systemctl start a b c"
    assert event.action == f"They failed together: journalctl -u b -u c -u a; {mended}"
    found = status(turn.step, talk.mind.engine.config, 100.0, told=talk.mind.told)
    assert found["root_cause"] == found["failed_first"] == ["b.service", "c.service", "a.service"]


def test_of_very_many_that_failed_together_a_command_has_the_first() -> None:
    many = [f"{number}.service" for number in range(10)]
    assert why_they_failed(many).endswith("-u 6 -u 7 (and 2 more)")


def test_the_report_of_a_master_restart_is_not_waited_for_when_it_has_come() -> None:
    """Some of it may have been up for a moment, so that nothing is decided yet."""
    talk = Talk()
    talk.see(failed(100, "a"), failed(100, "b"), failed(100, "c"))
    talk.see(RestartObservation(101, RunResult.STARTED, "one"), replace(starting(101), unit=MASTER_RESTART))
    talk.see(up(102, "a", invocation_id="2"), up(102, "b", invocation_id="2"), up(102, "c", invocation_id="2"))
    talk.see(failed(108, "b", invocation_id="2"), failed(108, "c", invocation_id="2"))
    talk.see(pending(109, "a", invocation_id="2"))
    before = len(talk.events)
    turn = talk.see(replace(inactive(110), unit=MASTER_RESTART), RestartObservation(110, RunResult.FAILURE, "one"))
    assert turn.step.assessment.held
    assert turn.step.decision is None
    (event,) = (one for one in talk.events[before:] if one.type == "CASCADING_FAILURE")
    assert (event.kind, event.action.partition(";")[0]) == (
        Kind.UPDATE,
        "They failed together: journalctl -u a -u b -u c",
    )
    talk.see(up(106, "d"))
    assert not [one for one in talk.events[before:] if one.type == "CASCADING_FAILURE"][1:], "it is said once"


def test_what_crashed_once_before_and_runs_again_is_not_the_first_of_those_that_are_down() -> None:
    talk = Talk()
    talk.see(pending(90, "d"))
    talk.see(up(91, "d", n=1, invocation_id="2"))
    talk.see(failed(100, "b"), failed(100.5, "c"))
    (event,) = (one for one in talk.events if one.type == "FLEET_CRITICAL")
    assert event.action.startswith("They failed together: journalctl -u b -u c; ")
    talk.see(failed(101, "a"))
    (event,) = (one for one in talk.events if one.type == "CASCADING_FAILURE")
    assert event.action.endswith(
        "They failed together: journalctl -u b -u c -u a; d.service too, by itself: journalctl -u d"
    )


def test_who_waits_for_a_master_restart_that_does_not_come_is_told_once() -> None:
    talk = ran(-50)
    assert "if this lasts it is asked for again after 00:04:10 UTC" in next_step(talk)
    for at in (110, 140, 170):
        talk.see(up(at, "a"), scheduled=True)
    news = [event for event in talk.events if event.data.get("news")]
    (eased,) = news
    assert (eased.kind, eased.type, eased.level) == (Kind.UPDATE, "CASCADING_FAILURE", "CRITICAL")
    words = "It has eased to CRITICAL: no master restart follows while that stays so. 2 critical units fail: b.service"
    assert str(eased.data["words"]).startswith(words)
    assert eased.message.startswith(f"CASCADING_FAILURE goes on. {words}")
    assert eased.action == (
        "They failed together: journalctl -u b -u c; "
        "when that is mended: systemctl reset-failed b c && systemctl start b c"
    )
    talk.see(failed(180, "a"))
    for at in (190, 220, 250):
        talk.see(up(at, "a"), scheduled=True)
    assert [event for event in talk.events if event.data.get("news")] == news, "what was told last holds still"


def test_who_was_told_to_act_by_hand_waits_for_no_master_restart() -> None:
    for talk in (Talk(Mode.OBSERVE), ran(-900, -800, -700), ran(-50, restart=RestartSettings(causes=(Cause.FILES,)))):
        next_step(talk)
        for at in (110, 140, 170):
            talk.see(up(at, "a"), scheduled=True)
        assert [event.level for event in talk.events if event.kind is Kind.UPDATE] == ["CRITICAL"]
        assert not [event for event in talk.events if event.data.get("news")]
