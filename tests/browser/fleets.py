"""Fleets in every state that the dashboard must show: what the daemons would write, and what the journal would hold."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from standfast.clock import utc_now
from standfast.moments import iso
from standfast.time_words import clock
from tests.unit.overview import statuses
from tests.unit.web.serving import happening, line

NEEDS: dict[str, tuple[str, ...]] = {
    "main_app": (),
    "trade_manager": (),
    "btc_price_watchdog": (),
    "kalshi_api_watchdog": (),
    "trade_executor": ("trade_manager",),
    "trade_initiator": ("trade_manager",),
    "active_trade_supervisor": ("trade_manager",),
    "unified_production_coordinator": ("trade_manager", "btc_price_watchdog"),
    "auto_entry_supervisor": ("trade_initiator", "unified_production_coordinator"),
}
AFTER = {
    "main_app": ("trade_manager",),
    "trade_executor": ("trade_manager", "kalshi_api_watchdog"),
    "auto_entry_supervisor": ("trade_initiator", "unified_production_coordinator", "trade_manager"),
}
CASCADE = ("trade_manager", "trade_executor", "trade_initiator", "active_trade_supervisor")
EVIL = "</script><script>alert(1)</script>\"'&<b>"

Fleet = Callable[[Path], None]

GIVEN_UP = "it ended with status 1, and no restart is pending"
CRASHED = "ended with status 1; systemd is going to restart it"


def service(name: str) -> str:
    return f"{name}.service"


def unit(name: str, at: datetime, **changes: Any) -> dict[str, Any]:
    return {
        "status": "healthy",
        "failing": False,
        "why": "",
        "consecutive_failures": 0,
        "last_check": iso(at),
        "load_state": "loaded",
        "active_state": "active",
        "sub_state": "running",
        "result": "success",
        "restarts": 0,
        "port": 8001 + list(NEEDS).index(name) if name in NEEDS else None,
        "tier": "critical",
        "needs": [service(one) for one in NEEDS.get(name, ())],
        "after": [service(one) for one in AFTER.get(name, ())],
        "restart": True,
        "checks": {},
        "thresholds": {"warning": 3, "critical": 5, "cascading": 7},
        **changes,
    }


def given_up(name: str, at: datetime, why: str = GIVEN_UP) -> dict[str, Any]:
    down = {"active_state": "failed", "sub_state": "failed", "result": "exit-code", "restarts": 3}
    return unit(name, at, status="given up", failing=True, why=why, consecutive_failures=7, **down)


def taken_along(name: str, at: datetime) -> dict[str, Any]:
    why = "went down with trade_manager.service"
    return unit(name, at, status="taken along", failing=True, why=why, consecutive_failures=7, active_state="inactive",
                sub_state="dead")  # fmt: skip


def health(at: datetime, **changed: dict[str, Any]) -> dict[str, Any]:
    return {service(name): changed.get(name) or unit(name, at) for name in NEEDS}


def write(runtime: Path, detector: Any, notifier: Any, agents: dict[str, Any], journal: Any) -> None:
    for where, status in {"detector": detector, "notifier": notifier}.items():
        if status is None:
            (runtime / where / "status.json").unlink(missing_ok=True)
        else:
            statuses.put(runtime, where, status)
    for name, status in agents.items():
        statuses.put(runtime, f"agent/{name}", status)
    (runtime / "journal.json").write_text(json.dumps(journal))


def detector(at: datetime, **changes: Any) -> dict[str, Any]:
    return statuses.detector(
        **{
            "mode": "act",
            "service_health": health(at),
            "checked_at": iso(at),
            "took_along": {},
            "restart_blocked": "",
            "max_per_hour": 3,
            "hold_until": None,
            "gap_until": None,
            "decision": None,
            "notes": [],
            "late_s": 0.004,
            "supervisor_status": {"status": "ok", "running": 9, "failed": 0, "system_state": "running"},
            **changes,
        }
    )


def notifier(at: datetime, *errors: dict[str, Any], **changes: Any) -> dict[str, Any]:
    delivered = iso(at - timedelta(minutes=3))
    channels = [
        {"name": "telegram", "queued": 0, "last_delivered": delivered, "failing": ""},
        {"name": "email", "queued": 0, "last_delivered": None, "failing": ""},
    ]
    more = {"channels": channels, "silences": [], "deliveries": {"telegram": {"delivered": 12}}, "checked_at": iso(at)}
    return statuses.notifier(*errors, **{**more, **changes})


def agent(at: datetime, **changes: Any) -> dict[str, Any]:
    entered = iso(at - timedelta(hours=5))
    return statuses.agent(**{"checked_at": iso(at), "entered_at": entered, "live": False, **changes})


def quiet_day(at: datetime) -> list[dict[str, str]]:
    return [
        happening(at - timedelta(hours=5), "state", "Agent paper: STARTING -> ACTIVE: all checks passed"),
        happening(at - timedelta(hours=9, minutes=2), "level", "Failure level NONE, was WARNING", level="NONE",
                  previous_level="WARNING"),
        happening(at - timedelta(hours=9, minutes=40), "level", "Failure level WARNING, was NONE: main_app fails",
                  level="WARNING", previous_level="NONE", severity="warning"),
    ]  # fmt: skip


def none(runtime: Path) -> None:
    at = utc_now()
    write(runtime, detector(at), notifier(at), {"paper": agent(at)}, {"happenings": quiet_day(at)})


def unseen(runtime: Path) -> None:
    at = utc_now()
    write(runtime, detector(at, service_health={}), notifier(at), {}, {"happenings": quiet_day(at)})


def warning(runtime: Path) -> None:
    at = utc_now()
    row = unit("main_app", at, status="crashed", failing=True, why=CRASHED,
               consecutive_failures=5, restarts=11, sub_state="auto-restart", active_state="activating")  # fmt: skip
    reason = "critical unit fails: main_app.service (crashed)"
    changed = detector(at, failure_level="WARNING", level=1, reasons=[reason],
                       root_cause=[service("main_app")], service_health=health(at, main_app=row))  # fmt: skip
    changes = [
        happening(at - timedelta(minutes=4), "level", f"Failure level WARNING, was NONE: {reason}",
                  level="WARNING", previous_level="NONE", severity="warning"),
        *quiet_day(at),
    ]  # fmt: skip
    lines = {service("main_app"): [line(at, "cannot bind 127.0.0.1:8001: address in use", 3), line(at, "exiting", 6)]}
    held = {"acknowledged": True, "error_type": "UNIT_FAILING", "unit": service("main_app"), "id": 3}
    errors = notifier(at, statuses.error(**held))
    write(runtime, changed, errors, {"paper": agent(at)}, {"happenings": changes, "lines": lines})


def critical(runtime: Path) -> None:
    at = utc_now()
    rows = {name: given_up(name, at) for name in ("main_app", "btc_price_watchdog")}
    reason = f"2 critical units fail: {', '.join(f'{service(name)} (given up)' for name in rows)}"
    changed = detector(at, failure_level="CRITICAL", level=2, reasons=[reason],
                       root_cause=[service(name) for name in rows], service_health=health(at, **rows))  # fmt: skip
    waiting = agent(at, state="WAITING", reason="OPENALGO_DOWN: the gateway does not answer", flat=False,
                    failure={"action": "start OpenAlgo, or wait: it goes on by itself"},
                    positions=[{"symbol": "NSE:SBIN", "quantity": 5}])  # fmt: skip
    errors = notifier(at, statuses.error(id=4, action="systemctl start openalgo"))
    write(runtime, changed, errors, {"paper": waiting}, {"happenings": quiet_day(at)})


def cascading(runtime: Path, **changes: Any) -> None:
    at = utc_now()
    rows = {name: taken_along(name, at) for name in CASCADE[1:]}
    rows["trade_manager"] = given_up("trade_manager", at)
    rows["btc_price_watchdog"] = unit("btc_price_watchdog", at, status="settling", active_state="activating")
    failing = f"{service('trade_manager')} (given up), " + ", ".join(
        f"{service(one)} (taken along)" for one in CASCADE[1:]
    )
    reasons = [f"4 critical units fail: {failing}"]
    restarted = f"Master restart of 4 units: {', '.join(map(service, CASCADE))}"
    took_along = f"{service('trade_manager')} took along {', '.join(map(service, CASCADE[1:]))}"
    status = {
        "failure_level": "CASCADING", "level": 3, "reasons": reasons, "root_cause": [service("trade_manager")],
        "took_along": {service("trade_manager"): [service(name) for name in CASCADE[1:]]},
        "service_health": health(at, **rows), "restart_count": 1, "can_restart": False,
        "restart_blocked": "the last one was less than 5 min ago",
        "gap_until": iso(at + timedelta(minutes=3)),
        "decision": {"allowed": False, "reason": "gap", "why": "the last master restart was less than 5 min ago"},
        "restart_history": [
            {"at": iso(at - timedelta(hours=7)), "result": "success", "automatic": False, "units": []},
            {"at": iso(at - timedelta(minutes=2)), "result": "partial", "automatic": True,
             "units": [service(name) for name in CASCADE],
             "because_of": [service(name) for name in CASCADE]},
        ],
        "supervisor_status": {"status": "ok", "running": 5, "failed": 4, "system_state": "degraded"},
        **changes,
    }  # fmt: skip
    day = [
        happening(at - timedelta(seconds=20), "message",
                  "CRITICAL: CASCADING_FAILURE standfast-detector.service (delivered by telegram)"),
        happening(at - timedelta(seconds=21), "level", f"Failure level CASCADING, was CRITICAL: {reasons[0]}",
                  level="CASCADING", previous_level="CRITICAL", severity="critical"),
        happening(at - timedelta(minutes=2), "restart", restarted, severity="critical",
                  type="MASTER_RESTART_STARTED"),
        happening(at - timedelta(minutes=6), "level", "Failure level CRITICAL, was NONE: 2 critical units fail",
                  level="CRITICAL", previous_level="NONE", severity="critical"),
        happening(at - timedelta(minutes=6), "watch", f"trade_manager.service is given up: {GIVEN_UP}",
                  severity="warning"),
        *quiet_day(at),
    ]  # fmt: skip
    lines = {
        service("trade_manager"): [
            line(at - timedelta(minutes=7), "session 4711 open, 3 positions", 6),
            line(at - timedelta(minutes=6, seconds=3), "sqlite3.OperationalError: disk I/O error", 3),
            line(
                at - timedelta(minutes=6, seconds=2), "trade_manager.service: Main process exited, status=1/FAILURE", 5
            ),
            line(at - timedelta(minutes=6), "trade_manager.service: Start request repeated too quickly.", 4),
        ],
        service("trade_executor"): [line(at - timedelta(minutes=6), "Stopping trade_executor.service...", 6)],
    }
    cascade = {"error_type": "CASCADING_FAILURE", "severity": "critical", "unit": "standfast-detector.service",
               "id": 7, "occurrence_count": 1,
               "error_message": f"{reasons[0]}. {took_along}", "first_occurrence": iso(at - timedelta(seconds=21)),
               "last_occurrence": iso(at - timedelta(seconds=21)),
               "action": f"Wait: the last master restart was at {clock(at - timedelta(minutes=2))}; if this lasts it "
                         f"is asked for again after {clock(at + timedelta(minutes=3))}. "
                         "Why trade_manager.service failed: journalctl -u trade_manager.service"}  # fmt: skip
    momentum = "standfast-agent@momentum.service"
    silence = {"id": "6f1d20aa", "unit": momentum, "type": "", "severity": "", "end": iso(at + timedelta(hours=1)),
               "why": "new version", "by": "root"}  # fmt: skip
    times = {"first_occurrence": iso(at - timedelta(hours=2)), "last_occurrence": iso(at - timedelta(minutes=9))}
    slow = {"error_type": "STRATEGY_SLOW", "unit": momentum, "error_message": "42 ticks were dropped", "id": 5}
    errors = (statuses.error(**cascade), statuses.error(**times, **slow, silenced=True))
    known = notifier(at, *errors, silences=[silence])
    agents = {"paper": agent(at), "momentum": agent(at, live=True, paused=True, flat=False,
              positions=[{"symbol": "NSE:RELIANCE", "quantity": -10}])}  # fmt: skip
    write(runtime, detector(at, **status), known, agents, {"happenings": day, "lines": lines})


def hands_off(runtime: Path) -> None:
    at = utc_now()
    cascading(
        runtime,
        restart_count=3,
        hold_until=iso(at + timedelta(minutes=41)),
        restart_blocked="hands off after 3 within an hour",
        decision={"allowed": False, "reason": "hold", "why": "hands off for another 41 min"},
    )


def observed(runtime: Path) -> None:
    decision = {"allowed": False, "reason": "observe", "why": 'mode is "observe": it would have been asked for'}
    cascading(runtime, mode="observe", can_restart=True, restart_blocked="", gap_until=None, decision=decision)


def detector_down(runtime: Path) -> None:
    none(runtime)
    (runtime / "detector/status.json").unlink()


def notifier_down(runtime: Path) -> None:
    none(runtime)
    (runtime / "notifier/status.json").unlink()


def nothing_judged(runtime: Path) -> None:
    """Just after a boot."""
    at = utc_now()
    until = clock(at + timedelta(seconds=90))
    held = f"the host booted at {clock(at - timedelta(seconds=30))}; judged again from the first look after {until} on"
    status = detector(at, reasons=[f"nothing is judged now: {held}"], can_restart=False, restart_blocked=held)
    write(runtime, status, notifier(at), {"paper": agent(at)}, {"happenings": []})


def agents_in_need(runtime: Path) -> None:
    """One that cannot say what it holds, one in error that holds, and one that waits for its gateway."""
    at = utc_now()
    held = [{"symbol": "NSE:SBIN", "product": "MIS", "quantity": 5}]
    action = "Look at them at your broker, then: systemctl reload standfast-agent@infy"
    agents = {
        "infy": agent(at, state="ERROR", reason="STRATEGY_ERROR: on_tick raised ValueError (mybot.py:17)", live=True,
                      flat=False, positions=held, failure={"type": "STRATEGY_ERROR", "action": action}),
        "tcs": agent(at, state="WAITING", reason="OPENALGO_DOWN: OpenAlgo cannot be reached", flat=None,
                     failure={"type": "OPENALGO_DOWN", "action": "See that it runs. The agent looks every 5 min"}),
        "paper": agent(at),
    }  # fmt: skip
    named = {"unit": "standfast-agent@infy.service", "error_message": "on_tick raised ValueError (mybot.py:17)"}
    urgent = statuses.error(id=9, error_type="STRATEGY_ERROR", severity="critical", action=action, **named)
    waits = statuses.error(id=8, action="See that it runs", occurrence_count=1, unit="standfast-agent@tcs.service")
    failing = {"name": "telegram", "queued": 2, "last_delivered": None, "failing": "api.telegram.org does not answer"}
    known = notifier(at, waits, urgent, channels=[failing])
    write(runtime, detector(at), known, agents, {"happenings": quiet_day(at)})


def no_agents(runtime: Path) -> None:
    at = utc_now()
    write(runtime, detector(at), notifier(at), {}, {"happenings": [], "trouble": ""})


def hundreds(runtime: Path) -> None:
    at = utc_now()
    rows = {f"bot-{number:03}@eu\\x2dwest.service": unit(f"bot-{number}", at) for number in range(400)}
    for number in (7, 8, 9):
        rows[f"bot-{number:03}@eu\\x2dwest.service"] = given_up(f"bot-{number}", at)
    names = list(rows)
    for number in range(1, 90):
        rows[names[number]]["needs"] = [names[number // 2]]
    status = detector(at, failure_level="CASCADING", level=3, reasons=["3 critical units fail"],
                      root_cause=names[7:10], service_health=rows)  # fmt: skip
    write(runtime, status, notifier(at), {f"bot{number}": agent(at) for number in range(40)}, {"happenings": []})


def hostile(runtime: Path) -> None:
    at = utc_now()
    row = given_up("main_app", at, why=EVIL)
    status = detector(at, failure_level="WARNING", level=1, reasons=[EVIL], root_cause=[EVIL], mode=EVIL,
                      service_health={f"{EVIL}.service": {**row, "needs": [f"{EVIL}2"]}, f"{EVIL}2": row},
                      critical_files={EVIL: {"healthy": False, "detail": EVIL}}, restart_blocked=EVIL,
                      predictions=[{"message": EVIL}])  # fmt: skip
    known = notifier(at, statuses.error(error_type=EVIL, unit=EVIL, error_message=EVIL, action=EVIL))
    day = {"happenings": [happening(at, EVIL, EVIL)], "lines": {f"{EVIL}.service": [line(at, EVIL, 3)]}}
    write(runtime, status, known, {"x": agent(at, state=EVIL, reason=EVIL)}, day)


ALL: dict[str, tuple[Fleet, str]] = {
    "none": (none, "NONE"),
    "warning": (warning, "WARNING"),
    "critical": (critical, "CRITICAL"),
    "cascading": (cascading, "CASCADING"),
    "hands-off": (hands_off, "CASCADING"),
    "observe": (observed, "CASCADING"),
    "detector-down": (detector_down, "UNKNOWN"),
    "notifier-down": (notifier_down, "NONE"),
    "nothing-judged": (nothing_judged, "NONE"),
    "agents-in-need": (agents_in_need, "NONE"),
    "no-agents": (no_agents, "NONE"),
    "hundreds": (hundreds, "CASCADING"),
    "hostile": (hostile, "WARNING"),
}
