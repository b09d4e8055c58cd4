import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.unit.overview import statuses

from standfast.moments import iso
from standfast.overview import documents
from standfast.overview.problems import problems
from standfast.overview.snapshot import Snapshot, Source

NOW = datetime.fromisoformat(statuses.AT) + timedelta(seconds=5)
HELD = [{"symbol": "NSE:SBIN", "product": "MIS", "quantity": -1}]
NEXT = "2026-11-23T15:04:08+00:00"
GONE = Source(None, "It is not running; start it")


def shot(
    detector: dict[str, Any] | None = None, notifier: dict[str, Any] | None = None, **agents: dict[str, Any]
) -> Snapshot:
    return Snapshot(
        NOW,
        Source(detector if detector is not None else statuses.detector()),
        Source(notifier if notifier is not None else statuses.notifier()),
        {name: Source(status) for name, status in agents.items()},
    )


def waits(since: str, failing: str = "cannot connect") -> dict[str, Any]:
    at = f"2026-11-23T{since}.000+00:00"
    return {"name": "sms", "queued": 21, "oldest_queued": at, "refusing": "", "failing": failing}


def test_the_detector_report_has_exactly_the_keys_that_programs_rely_on() -> None:
    status = documents.failure_detector_status(shot(statuses.detector(something_new=1)))

    assert status is not None
    assert list(status) == [
        *("failure_level", "level", "reasons", "root_cause", "mode", "can_restart", "last_restart", "restart_count"),
        *("restart_history", "supervisor_status", "databases", "critical_files_healthy", "critical_files"),
        *("service_health", "sms_enabled", "sms_configured", "checked_at"),
    ]


def test_whether_sms_is_set_up_is_the_notifiers_knowledge() -> None:
    status = documents.failure_detector_status(shot(notifier=statuses.notifier(channels=[{"name": "sms"}])))

    assert status is not None
    assert (status["sms_enabled"], status["sms_configured"]) == (True, True)


def test_without_a_detector_there_is_no_report_and_no_level() -> None:
    snapshot = Snapshot(NOW, GONE, GONE)

    assert documents.failure_detector_status(snapshot) is None
    assert documents.errors(snapshot) is None
    assert documents.everything(snapshot) == {
        "level": "UNKNOWN",
        "detector": None,
        "agents": {},
        "stopped_agents": {},
        "notifier": None,
        "silences": [],
        "problems": ["It is not running; start it", "It is not running; start it"],
    }


def test_everything_has_what_the_command_line_promises() -> None:
    rows = [statuses.error(), statuses.error(error_type="DATABASE_LOCKED")]
    holds = {"flat": False, "positions": [{"symbol": "NSE:SBIN", "quantity": 5}], "orders": []}
    behind = {"unknown_orders": [], "broker_asked_at": statuses.AT, "gateway": "openalgo", "paused_why": "by root"}
    paper = statuses.agent(paused=True, **holds, **behind)
    found = documents.everything(shot(notifier=statuses.notifier(*rows, queued=2), paper=paper))

    assert found["level"] == "NONE"
    assert found["detector"] == documents.failure_detector_status(shot())
    assert found["agents"] == {
        "paper": {"state": "ACTIVE", "entered_at": statuses.AT, "reason": "", "paused": True, **holds, **behind}
    }
    assert found["notifier"] == {"unresolved": 2, "queued": 2, "last_delivered": None}


def test_errors_are_counted_and_stripped_to_the_promised_keys() -> None:
    found = documents.errors(shot(notifier=statuses.notifier({**statuses.error(), "id": 7})))

    assert found == {"unresolved_count": 1, "unresolved_errors": [statuses.error()]}


@pytest.mark.parametrize(
    ("snapshot", "words"),
    [
        (shot(), []),
        (shot(paper=statuses.agent()), []),
        (shot(statuses.detector(notes=["cannot remember: the disk is full"])), ["cannot remember: the disk is full"]),
        (
            shot(statuses.detector(failure_level="CRITICAL", level=2, reasons=["2 critical units fail", "a file"])),
            ["Failure level CRITICAL: 2 critical units fail; a file; see journalctl -t standfast-detector"],
        ),
        (
            shot(
                statuses.detector(failure_level="WARNING", reasons=["x"], root_cause=["a\\x2db.service", "c.service"])
            ),
            ["Failure level WARNING: x; see journalctl -u 'a\\x2db'"],
        ),
        (
            shot(
                statuses.detector(
                    failure_level="CRITICAL",
                    reasons=["x"],
                    root_cause=["b", "c", "d"],
                    failed_together=True,
                    failed_first=["b", "c"],
                )
            ),
            ["Failure level CRITICAL: x; they failed together, see journalctl -u b -u c"],
        ),
        (
            shot(
                statuses.detector(
                    failure_level="CRITICAL",
                    reasons=["x"],
                    service_health={
                        f"{name}.service": {"status": "taken along", "failing": True, "consecutive_failures": 7}
                        for name in "bc"
                    },
                )
            ),
            ["Failure level CRITICAL: x; start them: systemctl start b c"],
        ),
        (
            shot(paper=statuses.agent(state="ERROR", reason="bad key", flat=True)),
            ["Agent paper needs you: bad key. When it is mended: systemctl reload standfast-agent@paper"],
        ),
        (
            shot(paper=statuses.agent(state="ERROR", reason="bad key", flat=False)),
            [
                "Agent paper needs you: bad key. When it is mended: systemctl reload standfast-agent@paper",
                "Agent paper holds open positions",
            ],
        ),
        (
            shot(paper=statuses.agent(state="ERROR", reason="bad key", flat=False, orders=[{"symbol": "SBIN"}])),
            [
                "Agent paper needs you: bad key. When it is mended: systemctl reload standfast-agent@paper",
                "Agent paper has pending orders",
            ],
        ),
        (
            shot(statuses.detector(reload_refused="not reloaded: detector.toml:3"), paper=statuses.agent()),
            ["The failure detector is not reloaded: detector.toml:3; correct that, then: systemctl reload standfast-d"],
        ),
        (
            shot(paper=statuses.agent(reload_refused="not reloaded: paper.toml:3")),
            ["The agent paper is not reloaded: paper.toml:3; correct that, then: systemctl reload standfast-agent@p"],
        ),
        (
            shot(paper=statuses.agent(state="WAITING", reason="gateway down")),
            ["Agent paper waits: gateway down. It looks again by itself"],
        ),
        (
            shot(paper=statuses.agent(state="WAITING", reason="gateway down", next_check_at=NEXT)),
            ["Agent paper waits: gateway down; it looks again at 15:04:08 UTC. At once: systemctl reload"],
        ),
        (
            shot(paper=statuses.agent(state="WAITING", reason="gateway down", failure={"action": "See to it."})),
            ["Agent paper waits: gateway down. See to it."],
        ),
        (
            shot(paper=statuses.agent(state="WAITING", reason="gateway down", flat=False, positions=HELD)),
            ["Agent paper waits: gateway down; it has -1 NSE:SBIN MIS. It looks again by itself"],
        ),
        (
            shot(paper=statuses.agent(state="WAITING", reason="gateway down", flat=None)),
            ["Agent paper waits: gateway down; whether it holds anything is not known. It looks again by itself"],
        ),
        (shot(paper=statuses.agent(state="WAITING", reason="market closed until Tue 09:15 IST")), []),
        (shot(paper=statuses.agent(state="STARTING", reason="checking the dependencies", flat=None)), []),
        (
            shot(paper=statuses.agent(state="STARTING", reason="attempt 2 failed: ORDERS_UNSETTLED: x", flat=None)),
            ["Agent paper starts and does not trade yet: attempt 2 failed: ORDERS_UNSETTLED: x; whether it holds anyt"],
        ),
        (shot(paper=statuses.agent(paused=True)), []),
        (
            shot(paper=statuses.agent(paused=True, flat=False, positions=HELD)),
            [
                "Agent paper is paused, and has -1 NSE:SBIN MIS: its strategy's orders are refused, those that would "
                "close it too; to let it trade on: standfastctl resume paper; to have it closed: systemctl stop standf"
            ],
        ),
        (
            shot(paper=statuses.agent(paused=True, paused_why="by root: news", flat=False, positions=HELD)),
            ["Agent paper is paused by root: news, and has -1 NSE:SBIN MIS"],
        ),
        (
            shot(paper=statuses.agent(state="ERROR", reason="paper", flat=False, positions=HELD, gateway="paper")),
            ["Agent paper needs you: paper.", "Agent paper holds open positions (-1 NSE:SBIN MIS) while it is idle"],
        ),
        (
            shot(paper=statuses.agent(state="ERROR", reason="killed", paused=True, flat=False, positions=HELD)),
            [
                "Agent paper needs you: killed.",
                "Agent paper holds open positions (-1 NSE:SBIN MIS) while it is idle; look at them at your broker",
            ],
        ),
        (
            shot(paper=statuses.agent(waits_for_restart=["parameters", "symbols"])),
            ["Agent paper trades on with the earlier parameters, symbols; to take up the new: systemctl restart"],
        ),
        (
            shot(notifier=statuses.notifier(channels=[{"name": "sms", "refusing": "HTTP 401", "failing": "HTTP 401"}])),
            ["Channel sms refused its latest message, or gave it up: HTTP 401; see [channels.sms] in notifier.toml, "],
        ),
        (shot(notifier=statuses.notifier(channels=[waits("14:59:55")])), []),
        (shot(notifier=statuses.notifier(channels=[waits("14:59:00", failing="")])), []),
        (
            shot(notifier=statuses.notifier(channels=[waits("14:59:40")])),
            ["Channel sms does not deliver (21 queued, the oldest for 25 s): cannot connect; see [channels.sms]"],
        ),
        (
            shot(notifier=statuses.notifier(channels=[waits("14:50:00", failing="")])),
            ["Channel sms does not deliver (21 queued, the oldest for 10 min): not tried yet; see [channels.sms]"],
        ),
        (shot(notifier=statuses.notifier(statuses.error())), ["1 unresolved error; see"]),
        (
            shot(notifier=statuses.notifier(statuses.error(), statuses.error(unit="b"))),
            ["2 unresolved errors; see"],
        ),
        (
            shot(statuses.detector(checked_at="2026-11-23T14:50:05.000+00:00")),
            ["The failure detector has said nothing for 10 min; look"],
        ),
    ],
)
def test_what_is_wrong_is_a_line_each(snapshot: Snapshot, words: list[str]) -> None:
    found = problems(snapshot)

    assert len(found) == len(words)
    assert all(line.startswith(start) for line, start in zip(found, words, strict=True)), found


@pytest.mark.parametrize("odd", [None, 7, "x", [], {}, [None, 3, "x"], {"a": None}, {"a": {"b": []}}, True, "\x00<b>"])
@pytest.mark.parametrize("key", [*documents.DETECTOR_KEYS])
def test_no_odd_value_stops_the_rest_from_being_shown(key: str, odd: object) -> None:
    found = documents.everything(shot(statuses.detector(**{key: odd})))

    assert found["detector"][key] == (False if key.startswith("sms") else odd)
    assert json.loads(json.dumps(found)) == found


def test_programs_are_told_what_is_silenced_and_what_is_going_to_be() -> None:
    now, later, over = (iso(NOW + timedelta(hours=hours)) for hours in (0, 2, -1))
    row = {
        "id": "a1",
        "unit": "trade_*",
        "type": "",
        "severity": "",
        "start": now,
        "end": later,
        "why": "x",
        "by": "al",
    }
    listed = [{**row, "secret": 1}, {**row, "end": over}, {"id": "b2", "start": later}]
    found = documents.everything(shot(notifier=statuses.notifier(silences=listed)))["silences"]
    assert found == [row, {**dict.fromkeys(row), "id": "b2", "start": later}]


def test_more_errors_than_are_listed_are_counted() -> None:
    found = documents.errors(shot(notifier=statuses.notifier(statuses.error(), unresolved=700)))

    assert found is not None
    assert (found["unresolved_count"], len(found["unresolved_errors"])) == (700, 1)


def test_a_unit_that_does_not_exist_is_said_where_people_look() -> None:
    health = {"nope.service": {"status": "unknown", "why": "there is no such unit"}, "a.service": {"status": "healthy"}}
    found = problems(shot(detector=statuses.detector(service_health=health)))
    assert found == ["nope.service is watched in vain: there is no such unit; see [[watch]] in detector.toml"]


def test_a_channel_that_has_reached_its_cap_is_not_to_be_tested() -> None:
    channels = [
        {"name": "sms", "refusing": "the daily cap of 2 is reached"},
        {"name": "email", "refusing": "bad token"},
    ]
    capped, refused = problems(shot(notifier=statuses.notifier(channels=channels)))
    assert capped.endswith("the daily cap of 2 is reached; see [channels.sms] in notifier.toml")
    assert refused.endswith(
        "bad token; see [channels.email] in notifier.toml, then standfastctl test-notify --channel email"
    )


LEFT = {"what": "The last master restart failed", "clears": "systemctl reset-failed standfast-master-restart"}


def test_what_is_left_of_a_master_restart_is_the_last_of_all_lines_and_promises_no_more_than_is_so() -> None:
    """An agent that is down with a position stands before it, and nobody reads then that all is well."""
    well = problems(shot(statuses.detector(left_failed=LEFT)))
    clears = "systemctl reset-failed standfast-master-restart"
    assert well == [f"The last master restart failed, and all is well now: {clears}"]
    stands = f"The last master restart failed, and what it restarted stands now: {clears}"
    held = statuses.error(severity="critical", error_type="AGENT_ENDED_UNCLEAN")
    found = problems(shot(statuses.detector(left_failed=LEFT), statuses.notifier(held)))
    assert (len(found), found[-1]) == (2, stands)
    down = {"dip.service": {"status": "crashed", "failing": True}}
    assert problems(shot(statuses.detector(left_failed=LEFT, service_health=down)))[-1] == stands


def test_where_all_is_up_and_has_yet_to_stay_so_no_log_is_named() -> None:
    why = "what failed has yet to stay well: a.service (known by the look of 10:00:30 UTC)"
    found = problems(shot(statuses.detector(failure_level="CRITICAL", reasons=[why])))
    assert f"Failure level CRITICAL: {why}" in found
