"""What a master restart restarts, in which order, and what it leaves alone."""

from __future__ import annotations

from dataclasses import replace

from tests.unit.detector.make import ITSELF, JOB, failed, inactive, pending, starting, stopping, up

from standfast.detector.config import DetectorConfig, Scope, Watch
from standfast.detector.engine import Engine
from standfast.detector.model import OWN_UNITS, Observation, State
from standfast.detector.reading import Meaning
from standfast.detector.restart.known import Known
from standfast.detector.restart.plan import AGENTS_ALONE, NOT_AFFECTED, Item, Plan, make_plan
from standfast.detector.restart.report import (
    UnitReport,
    Up,
    Verdict,
    ended,
    nothing,
    plan_lines,
    started,
    unit_lines,
    verdict,
)
from standfast.events import Severity


def plan(
    *seen: Observation,
    watch: tuple[Watch, ...] = (Watch("*.service"),),
    hints: dict[str, Meaning] | None = None,
    after: dict[str, list[str]] | None = None,
    scope: Scope = Scope.ALL,
    counted: tuple[str, ...] = (),
    wants: dict[str, list[str]] | None = None,
) -> Plan:
    engine = Engine(DetectorConfig(watch=watch))
    step = engine.step(State(), seen, 100, scheduled=False)
    told = Known(meanings=hints or {}, failed=frozenset(counted))
    return make_plan(step.assessment.facts.units, step.state.units, told, after or {}, wants or {}, scope)


def names(found: Plan) -> str:
    return " ".join(unit.removesuffix(".service") for unit in found.units)


def alone(found: Plan) -> dict[str, str]:
    return {item.unit.removesuffix(".service"): item.why for item in found.left_alone}


def test_active_and_failed_ones_are_restarted_and_stopped_ones_are_not() -> None:
    found = plan(
        up(0, "a"),
        failed(0, "b", ended_by=ITSELF),
        pending(0, "c"),
        failed(0, "d", ended_by=JOB),
        inactive(0, "e", ended_by=ITSELF),
        inactive(0, "f"),
        failed(0, "g"),
    )
    assert names(found) == "a b c"
    assert alone(found) == {
        "d": "stopped by its operator",
        "e": "ended by itself",
        "f": "not running",
        "g": "failed before anybody looked, and nothing says by whose doing",
    }


def test_what_went_along_is_restarted_too() -> None:
    found = plan(failed(0, "a", ended_by=ITSELF, since=90.0), inactive(0, "b", needs="a", ended_by=JOB, since=90.1))
    assert names(found) == "a b"


def test_the_running_detector_knows_more_of_what_is_down() -> None:
    seen = (up(0, "a"), inactive(0, "b", ended_by=JOB), failed(0, "c"), failed(0, "d", ended_by=ITSELF))
    hints = {
        "a.service": Meaning.STOPPED,  # it has been started since
        "b.service": Meaning.TAKEN_ALONG,
        "c.service": Meaning.GIVEN_UP,
        "d.service": Meaning.STOPPED,
    }
    assert names(plan(*seen, hints=hints)) == "a b c"


def test_what_has_a_job_is_somebody_elses() -> None:
    found = plan(up(0, "a"), starting(0, "b"), stopping(0, "c"), up(0, "d", job="restart"))
    assert names(found) == "a"
    assert alone(found) == {
        "b": "a start job is queued",
        "c": "a stop job is queued",
        "d": "a restart job is queued",
    }


def test_agents_oneshots_and_the_exempted_are_never_in_it() -> None:
    watch = (Watch("*.service"), Watch("x.service", restart=False), Watch("standfast-agent@two.service", restart=True))
    found = plan(
        up(0, "standfast-agent@one"),
        up(0, "standfast-agent@two"),
        up(0, "x"),
        up(0, "job", unit_type="oneshot"),
        watch=watch,
    )
    assert names(found) == "standfast-agent@two"


def test_our_own_watchers_are_never_in_it_whatever_is_configured() -> None:
    units = sorted(name.removesuffix(".service") for name in OWN_UNITS if name.endswith(".service"))
    watch = tuple(Watch(f"{unit}.service", restart=True) for unit in units)
    assert plan(*(up(0, unit) for unit in units), watch=watch).restarted == ()


def test_order_holds_over_a_unit_that_is_left_alone() -> None:
    after = {"a.service": ["b.service"], "b.service": ["c.service"]}
    found = plan(up(0, "a"), inactive(0, "b", ended_by=JOB), up(0, "c"), after=after)
    assert found.units == ("c.service", "a.service")


def test_order_follows_after() -> None:
    after = {"a.service": ["b.service", "basic.target"], "b.service": ["c.service"], "c.service": []}
    assert names(plan(up(0, "a"), up(0, "b"), up(0, "c"), up(0, "d"), after=after)) == "c d b a"


def test_a_circle_ends() -> None:
    after = {"a.service": ["b.service"], "b.service": ["a.service"]}
    assert names(plan(up(0, "a"), up(0, "b"), after=after)) == "a b"


def test_only_the_affected() -> None:
    found = plan(
        failed(0, "a", ended_by=ITSELF), up(0, "b", needs="a"), up(0, "c", needs="b"), up(0, "d"), scope=Scope.AFFECTED
    )
    assert names(found) == "a b c"
    assert alone(found) == {"d": 'not affected (scope = "affected")'}


def test_what_is_up_and_fails_is_called_so_and_affected() -> None:
    """The detector knows what a look at systemd does not show; of one that came up since it knows less."""
    hints = {"a.service": Meaning.CHECK_FAILED, "b.service": Meaning.LOOPING, "c.service": Meaning.GIVEN_UP}
    found = plan(up(0, "a"), up(0, "b"), up(0, "c"), hints=hints, scope=Scope.AFFECTED)
    assert found.restarted == (Item("a.service", "check failed"), Item("b.service", "looping"))
    assert found.failing == ("a.service", "b.service")
    assert alone(found) == {"c": 'not affected (scope = "affected")'}


def test_one_that_crashes_again_and_again_fails_between_two_crashes_too() -> None:
    """Of three that crash in turn, two may be up at the very moment of the restart that is made for them."""
    found = plan(pending(0, "a"), up(0, "b"), up(0, "d"), counted=("a.service", "b.service"), scope=Scope.AFFECTED)
    assert found.failing == ("a.service", "b.service")
    assert found.restarted == (Item("a.service", "crashed"), Item("b.service", "up now, failing at the looks before"))
    assert alone(found) == {"d": NOT_AFFECTED}
    # Whoever stopped one since wants it so.
    assert plan(failed(0, "a", ended_by=JOB), counted=("a.service",)).failing == ()


def test_the_plan_in_words() -> None:
    lines = plan_lines(plan(up(0, "a"), failed(0, "b", ended_by=JOB)))
    assert lines == [
        "Would restart 1 unit, in this order:",
        "   1. a.service (healthy)",
        "Left alone:",
        "      b.service: stopped by its operator",
    ]
    assert plan_lines(Plan((), ())) == ["Nothing would be restarted."]


def test_the_events() -> None:
    event = started(plan(up(0, "a"), failed(0, "b", ended_by=JOB)))
    assert (event.type, event.severity.value) == ("MASTER_RESTART_STARTED", "critical")
    assert event.data["left_alone"] == {"b.service": "stopped by its operator"}
    good, bad = UnitReport("a.service", True, 0.5, "up"), UnitReport("b.service", False, None, "its start failed")
    event = ended((good, bad), 12.34, Plan((), ()), 10)
    assert event.type == "MASTER_RESTART_PARTIAL"
    assert event.message == (
        "Master restart: 1 of 2 units are up after 12.3 s, 10 s of them to see that they stay up; "
        "not up: b.service (its start failed)"
    )
    assert event.data["units"]["a.service"] == {"ok": True, "took_s": 0.5, "why": "up", "up_since": None}
    assert (event.severity, ended((good,), 1, Plan((), ()), 0).severity) == (Severity.CRITICAL, Severity.INFO)
    assert unit_lines((good, replace(bad, took_s=0.02))) == [
        "a.service: up after 0.5 s",
        "b.service: not up, its start failed",
    ]


def test_what_is_up_again_at_the_end_is_not_called_down() -> None:
    """A human may have mended them while it ran, and would be sent to look at units that are well."""
    good = UnitReport("a.service", True, 0.5, "up")
    again = UnitReport("b.service", False, 0.5, "did not stay up", Up(1_000_000_000.0, 8.1))
    by_others = UnitReport("c.service", False, 0.5, "job: canceled", Up(1_000_000_000.0, 8000.0))
    bad = UnitReport("d.service", False, None, "its start failed")
    nothing_planned = Plan((), ())
    event = ended((good, again), 10.06, nothing_planned, 10)
    assert (event.type, event.severity) == ("MASTER_RESTART_PARTIAL", Severity.CRITICAL)
    assert event.message == (
        "Master restart: 2 of 2 units are up after 10.1 s, 10 s of them to see that they stay up; "
        "not yet for 10 s: b.service (did not stay up; up since 01:46:40 UTC)"
    )
    assert event.action == "standfastctl status shows whether b.service stays up"
    assert event.data["units"]["b.service"]["up_since"] == "2001-09-09T01:46:40.000+00:00"
    event = ended((again, by_others), 10.06, nothing_planned, 10)
    assert event.type == "MASTER_RESTART_FAILED", "it is no work of this restart that they are up"
    assert event.message == (
        "Master restart: 2 of 2 units are up after 10.1 s; "
        "not yet for 10 s: b.service (did not stay up; up since 01:46:40 UTC); "
        "up all the same: c.service (job: canceled; up since 01:46:40 UTC)"
    )
    assert event.action == "standfastctl status shows whether b.service, c.service stay up"
    event = ended((again, bad), 10.06, nothing_planned, 10)
    assert event.message.startswith("Master restart: 1 of 2 units are up after 10.1 s; not yet for 10 s: b.service")
    assert event.message.endswith("; not up: d.service (its start failed)")
    assert event.action == "systemctl status d.service; standfastctl status shows whether b.service stays up"
    assert unit_lines((again,)) == ["b.service: did not stay up; up since 01:46:40 UTC"]


def test_the_beginning_says_what_fails_and_what_failed_first() -> None:
    found = plan(up(0, "a"), failed(0, "b", ended_by=ITSELF), failed(0, "c", ended_by=ITSELF))
    assert started(replace(found, root_causes=("c.service",))).message == (
        "Master restart of 3 units (failing: b.service, c.service; first: c.service): a.service, b.service, c.service"
    )
    both = plan(failed(0, "b", ended_by=ITSELF), failed(0, "c", ended_by=ITSELF))
    assert started(replace(both, root_causes=("c.service",))).message == (
        "Master restart of 2 units (all failing; first: c.service): b.service, c.service"
    )
    assert started(both).message == "Master restart of 2 units (all failing): b.service, c.service"
    three = replace(plan(*(failed(0, unit, ended_by=ITSELF) for unit in "abc")), root_causes=("c.service", "a.service"))
    assert "(all failing; each by itself: c.service, a.service)" in started(three).message
    # That all of them failed first would tell nothing.
    assert "first" not in started(replace(found, root_causes=("b.service", "c.service"))).message
    assert started(plan(up(0, "a"))).message == "Master restart of 1 unit: a.service"
    assert started(plan(up(0, "a")), is_by_hand=True).message == "Master restart by hand of 1 unit: a.service"


def test_what_a_critical_file_led_to_names_the_file_and_that_no_restart_mends_it() -> None:
    files = {"/f.json": "missing"}
    begun = started(replace(plan(up(0, "a")), files=files))
    assert begun.message == "Master restart of 1 unit for the critical file /f.json (missing): a.service"
    good, bad = UnitReport("a.service", True, 0.5, "up"), UnitReport("b.service", False, None, "its start failed")
    bad_file = Plan((), (), files=files)
    event = ended((good,), 2, bad_file, 0)
    assert event.message.endswith("after 2.0 s; it does not mend the critical file /f.json (missing)")
    assert event.action == "Put /f.json back or correct it"
    assert event.severity is Severity.WARNING, "something is left to do"
    assert ended((bad,), 2, bad_file, 1).action == "Put /f.json back or correct it; systemctl status b.service"


def test_verdicts() -> None:
    good = UnitReport("a.service", True, 0.5, "up")
    bad = replace(good, ok=False)
    assert verdict((good, good)) is Verdict.SUCCESS
    assert verdict((good, bad)) is Verdict.PARTIAL
    assert verdict((bad, bad)) is Verdict.FAILURE
    assert verdict(()) is Verdict.SUCCESS


def test_a_restart_of_nothing_says_so_and_what_to_do() -> None:
    event = nothing(Plan((), (Item("a.service", "restart = false"),)))
    assert event.message == "Master restart: nothing to restart; left alone: a.service (restart = false)"
    assert "restart = true" in event.action


def test_a_restart_of_nothing_where_nothing_is_affected_says_that() -> None:
    well = plan(up(0, "a"), up(0, "b"), inactive(0, "c"), scope=Scope.AFFECTED)
    event = nothing(well)
    assert event.message.endswith("nothing to restart; left alone: c.service (not running); 2 units not affected")
    assert event.action.startswith("Nothing fails, so nothing is affected; to restart what is well too")
    fails = nothing(Plan((), (Item("standfast-agent@a.service", AGENTS_ALONE), Item("b", NOT_AFFECTED)), ("x",)))
    assert "restart = true" in fails.action
    assert nothing(plan(inactive(0, "c"))).action.startswith("standfastctl plan says why")


def test_that_agents_are_left_alone_is_said_once_and_without_a_setting() -> None:
    agents = [up(0, f"standfast-agent@{name}") for name in ("dip", "paper")]
    watch = (Watch("standfast-agent@*.service", restart=False), Watch("*.service"))
    found = plan(up(0, "a"), *agents, watch=watch)
    assert started(found).message == "Master restart of 1 unit: a.service; agents are left alone"
    assert plan_lines(found)[-1] == "      standfast-agent@paper.service: agents are left alone"


def test_what_is_up_again_was_up_while_its_check_failed() -> None:
    """Whoever reads that all is up goes back to sleep, and nobody has asked the unit yet."""
    made = Plan((Item("a.service", "check failed"), Item("b.service", "crashed")), ())
    reports = tuple(UnitReport(f"{unit}.service", True, 0.5, "up") for unit in "ab")
    assert ended(reports, 10, made, 0).message == (
        "Master restart: 2 of 2 units are up after 10.0 s; whether they are well, their checks tell next: a.service"
    )


def test_what_needs_a_unit_that_its_operator_stopped_is_left_alone_with_it() -> None:
    found = plan(
        inactive(0, "a", ended_by=JOB),
        failed(0, "b", needs="a", ended_by=ITSELF),
        inactive(0, "c", needs="b", ended_by=JOB),
        failed(0, "d", ended_by=ITSELF),
    )
    assert names(found) == "d"
    assert alone(found)["b"] == "its start would start a.service, which is stopped"
    wanted = plan(inactive(0, "a", ended_by=JOB), failed(0, "b", ended_by=ITSELF), wants={"b.service": ["a.service"]})
    assert names(wanted) == ""


def test_what_is_down_is_not_said_to_be_up_for_a_moment() -> None:
    cleared = [failed(80, "a", ended_by=ITSELF), inactive(90, "a", ended_by=ITSELF)]
    found = plan(*cleared, counted=("a.service",))
    assert [item.why for item in found.restarted] == ["settling"]
