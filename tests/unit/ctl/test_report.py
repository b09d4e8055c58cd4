from datetime import timedelta
from typing import Any

import pytest
from tests.unit.overview import statuses
from tests.unit.overview.test_snapshot import GONE, NOW, shot

from standfast import __version__
from standfast.ctl.hosted import Host, listed
from standfast.ctl.report import Report, report
from standfast.ctl.table import Cell, Table
from standfast.moments import from_iso, iso
from standfast.overview.holdings import holdings
from standfast.overview.snapshot import Snapshot, Source
from standfast.overview.tones import Tone
from standfast.time_words import moment


def table(found: Report, title: str) -> Table:
    return next(one for one in found.tables if one.title == title)


def words(row: tuple[Cell, ...]) -> list[str]:
    return [cell.text for cell in row]


@pytest.mark.parametrize(
    ("level", "tone", "headline"),
    [
        ("NONE", Tone.GOOD, "All watched units stand"),
        ("WARNING", Tone.WARNING, "All watched units stand, but no reason is given"),
        ("CRITICAL", Tone.BAD, "All watched units stand, but no reason is given"),
        ("CASCADING", Tone.BAD, "All watched units stand, but no reason is given"),
        ("a word of a later version", Tone.WARNING, "Nobody is watching"),
    ],
)
def test_the_level_is_said_in_words(level: str, tone: Tone, headline: str) -> None:
    found = report(shot(statuses.detector(failure_level=level)))

    assert (found.tone, found.headline) == (tone, headline)


def test_a_problem_besides_the_level_shows_in_the_headline() -> None:
    found = report(shot(paper=statuses.agent(state="ERROR", reason="bad key")))

    assert found.level == "NONE"
    assert found.tone == Tone.BAD
    assert "agent paper needs you" in found.headline


def test_a_unit_tells_what_systemd_says_of_it() -> None:
    health = {
        "a.service": {"status": "healthy", "active_state": "active", "sub_state": "running", "result": "success"},
        "b.service": {
            "status": "given up",
            "failing": True,
            "why": "systemd has given up on it",
            "consecutive_failures": 7,
            "active_state": "failed",
            "sub_state": "failed",
            "result": "exit-code",
            "restarts": 3,
            "port": None,
            "tier": "critical",
            "last_check": statuses.AT,
        },
        "c.service": "nonsense",
    }
    units = table(report(shot(statuses.detector(service_health=health))), "Units")

    assert words(units.rows[0])[:4] == ["a.service", "healthy", "unknown", "active/running"]
    assert words(units.rows[1]) == [
        *(
            "b.service",
            "given up: systemd has given up on it",
            "7",
            "failed, exit-code",
            "3",
            "critical",
            "none",
        ),
        "{at}",
    ]
    assert units.rows[1][1].tone == Tone.BAD
    assert set(words(units.rows[2])[1:6]) == {"unknown"}


def test_a_fleet_that_is_not_watched_says_so() -> None:
    found = report(Snapshot(NOW, GONE, GONE))

    assert [one.empty for one in found.tables if not one.rows] == [
        "Unknown: the failure detector tells nothing.",
        "No agent is running.",
        "Unknown: the notifier tells nothing.",
        "Unknown: the failure detector tells nothing.",
        "Unknown: the failure detector tells nothing.",
    ]


def test_errors_restarts_and_checks_have_their_rows() -> None:
    restart = {"at": statuses.AT, "result": "success", "automatic": True, "units": ["a", "b"],
               "because_of": ["b"]}  # fmt: skip
    found = report(
        shot(
            statuses.detector(
                restart_history=[{"at": statuses.AT, "result": "failure"}, restart],
                critical_files={"/srv/a.json": {"healthy": False, "detail": "missing"}},
                databases={"trades": {"status": "ok", "healthy": True, "detail": ""}},
            ),
            statuses.notifier(statuses.error(acknowledged=True)),
        )
    )

    assert words(table(found, "Master restarts").rows[0])[1:] == ["success", "the detector", "a, b; because of b"]
    assert words(table(found, "Unresolved errors").rows[0])[0] == "OPENALGO_DOWN (acknowledged)"
    assert [words(row) for row in table(found, "Files and databases").rows] == [
        ["/srv/a.json", "critical file", "fail", "missing"],
        ["trades", "database", "ok", ""],
    ]


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ({"flat": True}, "nothing"),
        ({"flat": None}, "not known"),
        ({"flat": False}, "positions that it does not name"),
        (
            {
                "flat": False,
                "positions": [{"symbol": "NSE:SBIN", "product": "MIS", "quantity": 5}, {"symbol": "NSE:INFY"}],
            },
            "+5 NSE:SBIN MIS, unknown NSE:INFY",
        ),
        (
            {"flat": False, "positions": [{"symbol": "NSE:SBIN", "product": "MIS", "quantity": 2.5}]},
            "+2.5 NSE:SBIN MIS",
        ),
        ({"flat": False, "orders": [{}, {}]}, "2 orders pending"),
        (
            {"flat": None, "positions": [{"symbol": "NSE:SBIN", "quantity": -5}], "orders": [{}]},
            "-5 NSE:SBIN, 1 order pending, not known whether that is all",
        ),
        ({"flat": False, "positions": "odd", "orders": 3}, "positions that it does not name"),
    ],
)
def test_what_an_agent_holds(status: dict[str, Any], words: str) -> None:
    assert holdings(Source(status)) == words


def test_a_moment_among_words_is_by_the_clock_of_the_host() -> None:
    at = from_iso("2026-11-23T15:40:00Z")
    assert Cell("until {at}", at=at).words == f"until {moment(at, None)}"
    assert Cell("{at} of a stranger's").words == "{at} of a stranger's"


def test_an_odd_state_of_systemd_says_what_names_its_cause_and_no_time_since_nobody_knows_since_when() -> None:
    odd = statuses.detector(supervisor_status={"system_state": "degraded"})
    cell = dict(report(shot(odd)).facts)["systemd"]
    assert (cell.text, cell.at) == ("degraded at the last look; see: systemctl --failed", None)


@pytest.mark.parametrize(
    ("now", "said"),
    [
        ("running", "running"),
        ("degraded", "degraded; see: systemctl --failed"),
        ("starting", "starting; see: systemctl list-jobs"),
    ],
)
def test_what_systemd_says_now_counts_rather_than_what_the_detector_heard(now: str, said: str) -> None:
    heard = statuses.detector(supervisor_status={"system_state": "degraded"})
    assert dict(report(shot(heard), Host(now)).facts)["systemd"].text == said


def test_the_units_that_make_systemd_degraded_are_named_and_how_it_forgets_those_that_are_gone() -> None:
    lines = [
        "cron.service loaded failed failed Regular background",
        "main_app.service not-found failed failed main_app",
    ]
    said = dict(report(shot(), listed("degraded", lines)).facts)["systemd"].text
    assert said == (
        "degraded: cron.service, main_app.service failed; gone, and to be forgotten: "
        "systemctl reset-failed main_app.service; see: systemctl --failed"
    )
    many = [f"{one}.service loaded failed failed {one}" for one in "abcde"]
    assert listed("degraded", many, ("a.service", "b.service")).failed == tuple(f"{one}.service" for one in "cdeab")
    assert listed("degraded", [*many, ""]).why == "a.service, b.service, c.service and 2 more failed"


@pytest.mark.parametrize(
    ("causes", "others"),
    [
        (["a"], None),
        (["a", "b"], "b (by itself)"),
        (["a", "b", "c"], "b, c (each by itself)"),
        ([*"abcdefghijk"], "b, c, d, e, f, g, h, i and 2 more (each by itself)"),
    ],
)
def test_one_failed_first_and_the_others_too(causes: list[str], others: str | None) -> None:
    facts = dict(report(shot(statuses.detector(failure_level="CASCADING", level=3, root_cause=causes))).facts)
    assert facts["Failed first"].text == "a"
    assert (facts["Failed too"].text if "Failed too" in facts else None) == others


def test_of_what_one_look_found_no_one_failed_first() -> None:
    found = statuses.detector(failure_level="CASCADING", level=3, root_cause=["a", "b"], failed_together=True)
    facts = dict(report(shot(found)).facts)
    assert facts["Failed together"].text == "a, b (each by itself)"
    assert not {"Failed first", "Failed too"} & set(facts)
    later = {**found, "root_cause": ["a", "b", "c"], "failed_first": ["a", "b"]}
    facts = dict(report(shot(later)).facts)
    assert facts["Failed together"].text == "a, b (each by itself)"
    assert facts["Failed too"].text == "c (by itself)"


def test_an_older_version_is_remarked_and_no_problem() -> None:
    running = statuses.agent(version="0.0.9")
    found = report(shot(statuses.detector(version=__version__), statuses.notifier(version=__version__), paper=running))
    assert found.problems == ()
    assert found.remarks == (
        f"The agent paper runs 0.0.9, installed is {__version__}: restart it when it suits: "
        "systemctl restart standfast-agent@paper",
    )
    assert "The agent paper runs an older version," in report(shot(paper=statuses.agent())).remarks[-1]
    assert report(Snapshot(NOW, GONE, GONE)).remarks == ()


ODD: list[Any] = [None, 7, "x", [], {}, [None, 3, "x"], {"a": None}, {"a": {"b": []}}, {"a": []}, [{"a": {}}], True]


@pytest.mark.parametrize("odd", ODD, ids=str)
def test_no_odd_value_stops_the_report(odd: Any) -> None:
    for key in statuses.detector():
        report(shot(statuses.detector(**{key: odd})))
    for key in statuses.notifier():
        report(shot(notifier=statuses.notifier(**{key: odd})))
    for key in statuses.agent():
        report(shot(paper=statuses.agent(**{key: odd})))
    for key in statuses.error():
        report(shot(notifier=statuses.notifier(statuses.error(**{key: odd}))))
    for key in statuses.detector()["service_health"]["trade_manager.service"]:
        report(shot(statuses.detector(service_health={"a.service": {key: odd}})))


def test_in_a_cascade_the_first_line_is_about_it() -> None:
    channel = {"name": "sms", "refusing": "the daily cap of 2 is reached"}
    found = report(
        shot(statuses.detector(failure_level="CASCADING", reasons=["x"]), statuses.notifier(channels=[channel]))
    )
    assert [line.split()[0] for line in found.problems] == ["Failure", "Channel"]


def test_a_unit_that_has_just_begun_to_fail_shows_without_alarm() -> None:
    health = {"a.service": {"status": "crashed", "failing": True}, "b.service": {"status": "healthy", "failing": False}}
    found = report(shot(statuses.detector(service_health=health, root_cause=["a.service"])))

    assert (found.level, found.tone) == ("NONE", Tone.WARNING)
    assert found.headline == "Failing, but not for long enough to raise the level: a.service"
    assert "Failed first" not in dict(found.facts)

    unsettled = statuses.notifier(statuses.error(error_type="MONEY_9", unit="bot9.service", severity="critical"))
    both = report(shot(statuses.detector(service_health=health), unsettled))
    assert (
        both.headline
        == "Failing, but not for long enough to raise the level: a.service; MONEY_9 of bot9 is not resolved"
    )

    # Nothing is judged just after a boot; then it is not for the time that it is no worry.
    why = (
        "nothing is judged now: the host booted at 02:09:56 UTC; judged again from the first look after 02:11:56 UTC on"
    )
    found = report(shot(statuses.detector(service_health=health, root_cause=["a.service"], reasons=[why])))
    assert found.headline == f"Failing, but {why}: a.service"


BOOTED = "the host booted at 02:09:56 UTC; judged again from the first look after 02:11:56 UTC on"


def test_a_fleet_that_is_not_judged_yet_is_not_said_to_be_well() -> None:
    blind = {"reasons": [f"nothing is judged now: {BOOTED}"], "can_restart": False, "restart_blocked": BOOTED}
    found = report(shot(statuses.detector(**blind)))
    assert (found.tone, found.headline) == (Tone.PLAIN, f"All watched units stand; nothing is judged now: {BOOTED}")
    # No restart follows when the time has passed.
    expected = f"not now: while nothing is judged none is asked for ({BOOTED})"
    assert dict(found.facts)["Master restart"].text == expected
    needy = report(shot(statuses.detector(**blind, notes=["the disk is full"])))
    assert (needy.tone, needy.headline) == (Tone.WARNING, f"{found.headline}; something needs a look")


def test_what_crashed_and_runs_again_is_not_said_to_fail_until_the_next_look() -> None:
    again = {"a.service": {"status": "looping", "failing": True, "consecutive_failures": 1}}
    found = report(shot(statuses.detector(service_health=again)))
    assert (found.tone, found.headline) == (
        Tone.WARNING,
        "Crashed since the last look, and restarted by systemd: a.service",
    )
    both = report(
        shot(statuses.detector(service_health={**again, "b.service": {"status": "given up", "failing": True}}))
    )
    assert both.headline == (
        "Failing, but not for long enough to raise the level: b.service; crashed, and restarted by systemd: a.service"
    )
    (row,) = next(table for table in found.tables if table.title == "Units").rows
    assert row[1].words.startswith("restarted"), "once is no loop"
    loops = {"a.service": {"status": "looping", "failing": True, "consecutive_failures": 2}}
    found = report(shot(statuses.detector(service_health=loops)))
    assert found.headline == "Failing, but not for long enough to raise the level: a.service"
    down = {"status": "given up", "failing": True, "consecutive_failures": 7}
    worse = report(shot(statuses.detector(failure_level="WARNING", service_health={**again, "b.service": down})))
    assert worse.headline == "b is failing"


LEAK = "memory of bot.service grows 50 MiB/h over the last 3 h; reaches MemoryMax 512 MiB in about 4 h"


def test_what_is_only_foreseen_is_no_failure_yet() -> None:
    foreseen = {"failure_level": "WARNING", "reasons": [LEAK], "predictions": [{"message": LEAK}]}
    shown = report(shot(statuses.detector(**foreseen)))
    assert (shown.tone, shown.headline) == (
        Tone.WARNING,
        "All watched units stand, but not for good if it goes on like this",
    )
    assert any(LEAK in problem for problem in shown.problems)
    assert len([problem for problem in shown.problems if LEAK in problem]) == 1


def test_what_is_foreseen_is_said_beside_what_fails() -> None:
    status = {"failure_level": "CRITICAL", "reasons": ["two fail"], "predictions": [{"message": LEAK}, {}, 3]}
    shown = report(shot(statuses.detector(**status)))
    assert shown.headline == "All watched units stand, but two fail"
    assert f"Foreseen: {LEAK}" in shown.problems


def test_a_silence_is_said_with_its_end_and_how_to_end_it() -> None:
    end, begin = NOW + timedelta(hours=1), NOW + timedelta(minutes=1)
    one = {"id": "00ff00ff", "unit": "a.service", "type": "", "start": iso(NOW), "end": iso(end), "why": "a new disk"}
    silences = [
        {**one, "by": "alice"},
        {"unit": "", "type": "DISK_*", "severity": "critical", "start": iso(begin), "end": iso(end)},
        {**one, "end": iso(NOW)},
    ]
    found = report(shot(notifier=statuses.notifier(silences=silences)))

    until = moment(end, None)
    assert found.remarks[:-2] == (
        f"Silenced until {until}: unit a.service (a new disk; by alice); to end it: standfastctl unsilence 00ff00ff",
        f"Silenced from {moment(begin, None)} until {until}: type DISK_*, severity critical "
        "(no reason given; by nobody knows whom)",
    )
    assert found.tone == Tone.GOOD
