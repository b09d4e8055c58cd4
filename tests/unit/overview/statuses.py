"""Status files as the daemons write them, for the tests of the status service and of standfastctl."""

import copy
import json
from pathlib import Path
from typing import Any

AT = "2026-11-23T15:00:00.000+00:00"

_DETECTOR: dict[str, Any] = {
    "failure_level": "NONE",
    "level": 0,
    "reasons": [],
    "root_cause": [],
    "mode": "observe",
    "can_restart": True,
    "last_restart": None,
    "restart_count": 0,
    "restart_history": [],
    "supervisor_status": {"status": "ok", "running": 2, "failed": 0, "system_state": "running"},
    "databases": {"trades": {"status": "ok", "healthy": True, "detail": "", "last_check": AT}},
    "critical_files_healthy": True,
    "critical_files": {"/srv/fleet/ports.json": {"healthy": True, "detail": "", "consecutive_failures": 0}},
    "service_health": {
        "trade_manager.service": {
            "status": "healthy",
            "failing": False,
            "why": "",
            "consecutive_failures": 0,
            "last_check": AT,
            "active_state": "active",
            "sub_state": "running",
            "result": "success",
            "restarts": 0,
            "port": 8002,
            "tier": "critical",
        }
    },
    "checked_at": AT,
}
_NOTIFIER: dict[str, Any] = {
    "unresolved": 0,
    "unresolved_errors": [],
    "queued": 0,
    "last_delivered": None,
    "channels": [{"name": "journal", "queued": 0, "last_delivered": None, "failing": ""}],
    "checked_at": AT,
}
_AGENT: dict[str, Any] = {
    "state": "ACTIVE",
    "entered_at": AT,
    "reason": "",
    "paused": False,
    "flat": True,
    "checked_at": AT,
}
_ERROR: dict[str, Any] = {
    "severity": "warning",
    "error_type": "OPENALGO_DOWN",
    "unit": "standfast-agent@paper.service",
    "error_message": "the gateway does not answer",
    "first_occurrence": AT,
    "last_occurrence": AT,
    "occurrence_count": 3,
    "notification_count": 1,
    "acknowledged": False,
    "silenced": False,
}


def detector(**changes: Any) -> dict[str, Any]:
    return {**copy.deepcopy(_DETECTOR), **changes}


def notifier(*errors: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {**copy.deepcopy(_NOTIFIER), "unresolved": len(errors), "unresolved_errors": list(errors), **changes}


def agent(**changes: Any) -> dict[str, Any]:
    return {**_AGENT, **changes}


def error(**changes: Any) -> dict[str, Any]:
    return {**_ERROR, **changes}


def put(runtime: Path, where: str, status: object) -> Path:
    path = runtime / where / "status.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(status if isinstance(status, str) else json.dumps(status))
    return path


def put_all(runtime: Path, **agents: dict[str, Any]) -> None:
    """A host on which all is well."""
    put(runtime, "detector", detector())
    put(runtime, "notifier", notifier())
    for name, status in (agents or {"paper": agent()}).items():
        put(runtime, f"agent/{name}", status)
