"""What a unit's state means: every row of the table in docs/design.md, and the orders in which systemd shows it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.unit.detector.make import (
    ITSELF,
    JOB,
    failed,
    folded,
    inactive,
    pending,
    reading,
    starting,
    stopping,
    up,
)

from standfast.detector.check_tables import HttpCheck
from standfast.detector.config import Watch
from standfast.detector.model import CheckObservation, Ending, Observation, Outcome, UnitObservation
from standfast.detector.reading import Meaning

CHECKED = Watch("a.service", check=(HttpCheck(url="http://127.0.0.1:80/", name="http"),))

ROWS: list[tuple[str, Meaning, list[UnitObservation]]] = [
    ("active", Meaning.HEALTHY, [up(0)]),
    ("reloading", Meaning.HEALTHY, [up(0, active_state="reloading", job="reload")]),
    ("refreshing (257)", Meaning.HEALTHY, [up(0, active_state="refreshing")]),
    ("maintenance", Meaning.HEALTHY, [up(0, active_state="maintenance")]),
    ("starting within its grace", Meaning.SETTLING, [inactive(0), starting(1)]),
    ("a start job queued", Meaning.SETTLING, [inactive(0, job="start")]),
    ("a restart job, going down", Meaning.SETTLING, [up(0), stopping(1, job="restart")]),
    ("a restart job, between stop and start", Meaning.SETTLING, [up(0), inactive(1, job="restart")]),
    ("a restart job, stopped ugly", Meaning.SETTLING, [up(0), failed(1, job="restart")]),
    ("being stopped", Meaning.STOPPED, [up(0), stopping(1)]),
    ("stopped clean", Meaning.STOPPED, [up(0), stopping(1), inactive(2)]),
    ("stopped, ends failed on SIGTERM", Meaning.STOPPED, [up(0), stopping(1), failed(2)]),
    ("stopped, ends failed, job seen only while up", Meaning.STOPPED, [up(0, job="stop"), failed(1)]),
    ("stopped, ends failed, job seen only at the end", Meaning.STOPPED, [up(0), failed(1, job="stop")]),
    ("stopped, ends failed, told by signals", Meaning.STOPPED, [up(0), failed(1, ended_by=JOB)]),
    ("stopped while systemd was about to restart it", Meaning.STOPPED, [up(0), pending(1), failed(2, job="stop")]),
    ("stopped, then nothing for long", Meaning.STOPPED, [up(0), stopping(1), failed(2), failed(3000)]),
    ("never started", Meaning.STOPPED, [inactive(0)]),
    ("exit 0, no restart", Meaning.FINISHED, [up(0), inactive(1)]),
    ("crashed, restart pending", Meaning.CRASHED, [up(0), pending(1)]),
    (
        "crashed, failed before the restart (257)",
        Meaning.CRASHED,
        [up(0), failed(1, sub_state="failed-before-auto-restart")],
    ),
    ("crashed, its ExecStopPost= runs", Meaning.CRASHED, [up(0), stopping(1, job="", result="signal")]),
    ("crashed, and stopped while that runs", Meaning.STOPPED, [up(0), stopping(1, job="stop", result="signal")]),
    ("goes down by itself in order", Meaning.SETTLING, [up(0), stopping(1, job="")]),
    ("crashed, systemd's own restart job queued", Meaning.CRASHED, [up(0), pending(1, job="restart")]),
    ("given up", Meaning.GIVEN_UP, [up(0), failed(1)]),
    ("given up after crashes", Meaning.GIVEN_UP, [up(0), pending(1), up(2, n=1), failed(3, n=1)]),
    ("its start failed, first sight", Meaning.CRASHED, [inactive(0), starting(1), failed(2)]),
    ("its start failed, next line", Meaning.GIVEN_UP, [inactive(0), starting(1), failed(2), failed(30)]),
    ("its restart's start failed", Meaning.GIVEN_UP, [up(0), failed(1, job="restart"), failed(2), failed(30)]),
    (
        "failed anew in a run nobody saw",
        Meaning.GIVEN_UP,
        [
            up(0, invocation_id="1"),
            stopping(1, invocation_id="1"),
            failed(2, invocation_id="1"),
            failed(9, invocation_id="2"),
        ],
    ),
    ("failed before anybody looked", Meaning.UNKNOWN, [failed(0)]),
    ("failed before, and the journal knows it was stopped", Meaning.STOPPED, [failed(0, ended_by=JOB)]),
    ("failed before, and the journal knows it was not", Meaning.GIVEN_UP, [failed(0, ended_by=ITSELF)]),
    ("restarted between two looks", Meaning.LOOPING, [up(0), up(1, n=2)]),
    ("restarted by its operator", Meaning.HEALTHY, [up(0, n=3, invocation_id="1"), up(1, n=0, invocation_id="2")]),
    ("not found", Meaning.UNKNOWN, [inactive(0, load_state="not-found")]),
    ("masked", Meaning.UNKNOWN, [up(0), inactive(1, load_state="masked")]),
    ("a state of tomorrow", Meaning.UNKNOWN, [up(0, active_state="daydreaming")]),
    ("no answer about it", Meaning.UNKNOWN, [up(0, active_state="")]),
    ("oneshot, last run well", Meaning.HEALTHY, [inactive(0, unit_type="oneshot")]),
    ("oneshot, runs", Meaning.HEALTHY, [starting(0, unit_type="oneshot")]),
    (
        "oneshot, last run failed",
        Meaning.LAST_RUN_FAILED,
        [starting(0, unit_type="oneshot"), failed(1, unit_type="oneshot")],
    ),
    (
        "oneshot, stopped while it ran",
        Meaning.HEALTHY,
        [starting(0, unit_type="oneshot"), failed(1, job="stop", unit_type="oneshot")],
    ),
    ("failure cleared", Meaning.SETTLING, [up(0), failed(1), inactive(2)]),
]


def test_how_the_last_run_of_a_oneshot_ended_is_said_as_far_as_it_is_known() -> None:
    run: dict[str, Any] = {"unit_type": "oneshot", "invocation_id": "1"}
    runs = starting(0, **run)
    said = [
        reading(runs).why,
        reading(runs, inactive(1, **run)).why,
        reading(runs, failed(1, job="stop", **run)).why,
        reading(runs, failed(1, **run), inactive(2, **run)).why,
        reading(inactive(1, unit_type="oneshot")).why,
    ]
    assert said == [
        "it runs",
        "its last run succeeded",
        "its last run was stopped",
        "its last run succeeded, or its failure was cleared",
        "no run of it is known",
    ]


@pytest.mark.parametrize(("meaning", "seen"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_a_state_means(meaning: Meaning, seen: list[UnitObservation]) -> None:
    assert reading(*seen).meaning is meaning


LATER: list[tuple[str, Meaning, Watch, list[UnitObservation]]] = [
    ("starts for longer than its grace", Meaning.OVERDUE, Watch("a.service", grace_s=30), [inactive(0), starting(1)]),
    ("waits in a job for longer", Meaning.OVERDUE, Watch("a.service"), [inactive(0), inactive(1, job="start")]),
    ("starts for long, as it may", Meaning.SETTLING, Watch("a.service", grace_s=90), [inactive(0), starting(1)]),
    ("stopped, must run", Meaning.MUST_RUN, Watch("a.service", must_run=True), [up(0), stopping(1), inactive(2)]),
    ("finished, must run", Meaning.MUST_RUN, Watch("a.service", must_run=True), [up(0), inactive(1)]),
    ("never started, must run", Meaning.MUST_RUN, Watch("a.service", must_run=True), [inactive(0)]),
    ("failure cleared and nothing done", Meaning.STOPPED, Watch("a.service"), [up(0), failed(1), inactive(2)]),
    ("takes long to stop", Meaning.STOPPED, Watch("a.service"), [up(0), stopping(1)]),
    ("its restart was cancelled", Meaning.GIVEN_UP, Watch("a.service"), [up(0), pending(1, restart_s=5)]),
    ("its restart is not due yet", Meaning.CRASHED, Watch("a.service"), [up(0), pending(1, restart_s=45)]),
    ("nobody knows when it is due", Meaning.CRASHED, Watch("a.service"), [up(0), pending(1)]),
    ("its restart waits in a job", Meaning.CRASHED, Watch("a.service"), [up(0), pending(1, job="start", restart_s=5)]),
    (
        "its restart was cancelled in the queue",
        Meaning.GIVEN_UP,
        Watch("a.service"),
        [
            up(0),
            pending(1, restart_s=5),
            pending(6, sub_state="auto-restart-queued", job="start", restart_s=5),
            pending(20, sub_state="auto-restart-queued", restart_s=5),
        ],
    ),
    (
        "it crashes again and again",
        Meaning.CRASHED,
        Watch("a.service"),
        [up(0), pending(1, restart_s=5), starting(6, n=1), pending(40, n=1, restart_s=40)],
    ),
]


@pytest.mark.parametrize(("meaning", "watch", "seen"), [row[1:] for row in LATER], ids=[row[0] for row in LATER])
def test_a_minute_later_it_means(meaning: Meaning, watch: Watch, seen: list[UnitObservation]) -> None:
    assert reading(*seen, now=seen[-1].at + 60, watch=watch).meaning is meaning


def test_must_run_waits_for_the_grace() -> None:
    watch = Watch("a.service", must_run=True, grace_s=30)
    assert reading(up(0), stopping(1), inactive(2), now=30, watch=watch).meaning is Meaning.STOPPED


def test_a_start_that_goes_over_several_states_has_one_grace() -> None:
    seen = [up(0), stopping(10, job="restart"), inactive(20, job="restart"), starting(35)]
    assert reading(*seen).meaning is Meaning.SETTLING
    assert reading(*seen, now=41).meaning is Meaning.OVERDUE


TAKEN_ALONG: list[tuple[str, Meaning, list[Observation]]] = [
    (
        "BindsTo, after the first crash",
        Meaning.TAKEN_ALONG,
        [up(0, "b"), up(0, needs="b"), pending(5, "b"), inactive(5.1, needs="b", job="", ended_by=JOB)],
    ),
    (
        "Requires, the needed unit given up",
        Meaning.TAKEN_ALONG,
        [up(0, "b"), up(0, needs="b"), failed(5, "b"), stopping(5.1, needs=("b.service",)), inactive(5.2, needs="b")],
    ),
    (
        "the needed unit is up again already",
        Meaning.TAKEN_ALONG,
        [up(0, "b"), up(0, needs="b"), up(5.3, "b", n=1), inactive(5.1, needs="b", ended_by=JOB)],
    ),
    (
        "seen before its cause",
        Meaning.TAKEN_ALONG,
        [up(0, "b"), up(0, needs="b"), failed(5, "b"), inactive(4.9, needs="b", ended_by=JOB)],
    ),
    (
        "at one remove",
        Meaning.TAKEN_ALONG,
        [
            up(0, "c"),
            up(0, "b", needs="c"),
            up(0, needs="b"),
            failed(5, "c"),
            inactive(5, "b", needs="c"),
            inactive(5, needs="b"),
        ],
    ),
    (
        "its start found no ground",
        Meaning.TAKEN_ALONG,
        [
            inactive(0, "b"),
            inactive(0, needs="b", job="start"),
            starting(0, "b"),
            failed(4, "b"),
            inactive(4, needs="b"),
        ],
    ),
    (
        "systemd says dependency",
        Meaning.TAKEN_ALONG,
        [inactive(0, needs="b", job_result="dependency", ended_by=ITSELF)],
    ),
    (
        "stopped long after the failure",
        Meaning.STOPPED,
        [
            up(0, "b"),
            up(0, needs="b"),
            pending(5, "b"),
            up(6, "b", n=1),
            up(60, needs="b", job="stop"),
            inactive(61, needs="b"),
        ],
    ),
    (
        "the needed unit was stopped too",
        Meaning.STOPPED,
        [up(0, "b"), up(0, needs="b"), stopping(5, "b"), stopping(5), failed(6, "b"), inactive(6, needs="b")],
    ),
    (
        "its process was killed too, and systemd stopped it before it saw that",
        Meaning.GIVEN_UP,
        [up(0, "b"), up(0, needs="b"), pending(5, "b"), failed(5, needs="b", result="signal", ended_by=Ending.JOB)],
    ),
    (
        "it did not end well, be it that systemd stopped it",
        Meaning.GIVEN_UP,
        [up(0, "b"), up(0, needs="b"), pending(5, "b"), failed(5, needs="b", ended_by=Ending.JOB)],
    ),
    (
        "what it needs ended well, and systemd stopped it with that",
        Meaning.FINISHED,
        [up(0, "b"), up(0, needs="b"), inactive(5, "b"), inactive(5, needs="b", ended_by=Ending.JOB)],
    ),
    (
        "what it needs crashes again later",
        Meaning.GIVEN_UP,
        [up(0, "b"), up(0, needs="b"), pending(5, needs="b"), failed(5.1, "b"), inactive(6, needs="b")],
    ),
    (
        "both were stopped, and neither ended well",
        Meaning.STOPPED,
        [up(0, "b"), up(0, needs="b"), failed(5, "b", ended_by=Ending.JOB), failed(5, needs="b", ended_by=Ending.JOB)],
    ),
    (
        "it had crashed before anybody looked",
        Meaning.GIVEN_UP,
        [failed(5, "b"), inactive(5, needs="b", result="exit-code", main_exit="status 1", job_result="dependency")],
    ),
    (
        "it had crashed, was started with the others, and went down with it",
        Meaning.TAKEN_ALONG,
        [
            up(0, "b", invocation_id="1"),
            up(0, needs="b", invocation_id="1"),
            failed(5, needs="b", invocation_id="1"),
            failed(19, "b", invocation_id="2"),
            inactive(20, needs="b", invocation_id="2", ended_by=Ending.JOB),
        ],
    ),
    ("needs nothing that failed", Meaning.STOPPED, [up(0, "b"), up(0), failed(5, "b"), stopping(5.1), inactive(5.2)]),
]


@pytest.mark.parametrize(("meaning", "seen"), [row[1:] for row in TAKEN_ALONG], ids=[row[0] for row in TAKEN_ALONG])
def test_taken_along(meaning: Meaning, seen: list[Observation]) -> None:
    assert reading(*seen).meaning is meaning


def test_units_that_need_each_other_in_a_circle_end_the_search() -> None:
    seen = [up(0, "b", needs="a"), up(0, needs="b"), inactive(1, "b", needs="a"), inactive(1, needs="b")]
    assert reading(*seen).meaning is Meaning.FINISHED


@pytest.mark.parametrize(
    ("meaning", "now", "state"),
    [
        (Meaning.CHECK_FAILED, 40.0, up(0)),
        (Meaning.HEALTHY, 10.0, up(0)),  # within its grace after a start
        (Meaning.HEALTHY, 40.0, up(0, active_state="reloading")),
        (Meaning.STOPPED, 40.0, inactive(0)),  # a stopped unit answers no checks
    ],
)
def test_a_failing_check(meaning: Meaning, now: float, state: UnitObservation) -> None:
    check = CheckObservation(0, "http", "a.service", Outcome.FAIL, "refused")
    assert reading(check, state, now=now, watch=CHECKED).meaning is meaning


def test_a_check_that_is_configured_no_more_says_nothing() -> None:
    check = CheckObservation(0, "http of before", "a.service", Outcome.FAIL, "refused")
    assert reading(check, up(0), now=40.0, watch=CHECKED).meaning is Meaning.HEALTHY


def test_a_check_of_the_run_before_says_nothing_of_this_one() -> None:
    check = CheckObservation(50, "http", "a.service", Outcome.FAIL, "refused")
    seen: list[Observation] = [up(0), check, stopping(60, job="restart"), starting(61), up(62)]
    assert reading(*seen, now=600, watch=CHECKED).meaning is Meaning.HEALTHY


@pytest.mark.parametrize("outcome", [Outcome.OK, Outcome.UNKNOWN])
def test_a_check_that_does_not_fail_harms_nobody(outcome: Outcome) -> None:
    check = CheckObservation(0, "http", "a.service", outcome)
    assert reading(check, up(0), now=100, watch=CHECKED).meaning is Meaning.HEALTHY


def test_what_an_unloaded_unit_needs_is_remembered() -> None:
    state = folded(up(0, needs="b", unit_type="notify"), inactive(1))
    seen = state.units["a.service"].seen
    assert (seen.needs, seen.unit_type) == (("b.service",), "notify")


def test_a_unit_that_crashed_by_itself_is_not_said_to_have_gone_down_with_what_it_needs() -> None:
    """Whoever mends the unit that it needs has it down again a moment later."""
    crashed = pending(5, needs="b", main_exit="status 3")
    found = reading(up(0, "b"), up(0, needs="b"), crashed, failed(5.1, "b"), inactive(6, needs="b"))
    assert (found.meaning, found.final) == (Meaning.GIVEN_UP, True)
    assert found.why == "it ended with status 3, and is not started again while b.service is down"


def test_what_ends_by_sigterm_of_whomsoever_is_said_to_have_ended_by_that() -> None:
    found = reading(up(0), inactive(5, main_exit="SIGTERM", ended_by=Ending.ITSELF))
    assert (found.meaning, found.why) == (Meaning.FINISHED, "ended by SIGTERM")


def test_a_unit_that_stays_down_though_what_it_needs_is_mended_is_said_to() -> None:
    down = inactive(6, needs="b", result="exit-code", main_exit="status 3")
    found = reading(up(0, "b"), up(0, needs="b"), failed(5.1, "b"), down, up(60, "b"), replace(down, at=61))
    assert (found.meaning, found.final) == (Meaning.GIVEN_UP, False)
    assert found.why == "it ended with status 3, and is not started again by itself, though b.service is up"


def test_what_was_stopped_with_another_that_was_started_without_it_is_said_to_be() -> None:
    down = inactive(5, needs="b", ended_by=Ending.JOB)
    found = reading(up(0, "b"), up(0, needs="b"), down, inactive(5.1, "b", ended_by=Ending.JOB), up(9, "b"), down)
    assert (found.meaning, found.why) == (Meaning.STOPPED, "stopped with b.service, which is up again")
    assert reading(up(0, "b"), up(0, needs="b"), down).why == "stopped by its operator"
