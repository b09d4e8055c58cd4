"""The OpenAPI document of the API. Pure.

Kept by hand, from small builders: Starlette's own generator wants YAML in docstrings. The tests
hold it against the routes, the answers and a fuzzer.
"""

from collections.abc import Mapping
from typing import Any, Final

from standfast.web.schemas import SCHEMAS, ref
from standfast.web.timeline import SPAN

JSON: Final = "application/json"
HOURS: Final = int(SPAN.total_seconds() // 3600)

_DESCRIPTION: Final = (
    "What Standfast's daemons see, read from their status files and the journal. It only reads. It is answered on "
    "this host's loopback, to the names 127.0.0.1, localhost and [::1]. Every JSON document has an ETag; a request "
    "with If-None-Match is answered 304 when nothing changed."
)
_AWAY: Final = "The daemon that knows is not running, or its status is bad."
_HOURS: Final = {
    "name": "hours",
    "in": "query",
    "description": "How far back.",
    "schema": {"type": "integer", "minimum": 1, "maximum": HOURS, "default": HOURS},
}
_NAME: Final = {
    "name": "name",
    "in": "path",
    "required": True,
    "description": "A watched unit.",
    "example": "trade_manager.service",
    "schema": {"type": "string"},
}
_ETAG: Final = {"ETag": {"description": "The version of this answer.", "schema": {"type": "string"}}}


def document(version: str) -> dict[str, Any]:
    """The body of `GET /api/openapi.json`."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "Standfast", "version": version, "description": _DESCRIPTION, "license": {"name": "MIT"}},
        "servers": [{"url": "/"}],
        "paths": {path: {"get": operation} for path, operation in _OPERATIONS.items()},
        "components": {"schemas": SCHEMAS},
    }


def _operation(name: str, summary: str, answers: Mapping[str, Any], *parameters: Mapping[str, Any]) -> dict[str, Any]:
    has_version = "headers" in answers["200"]
    not_changed = {"304": {"description": "Not changed.", "headers": _ETAG}} if has_version else {}
    return {
        "operationId": name,
        "summary": summary,
        "parameters": list(parameters),
        "responses": {**answers, **not_changed, "503": _trouble(_AWAY)},
    }


def _answer(schema: Mapping[str, Any], media: str = JSON) -> dict[str, Any]:
    version = {"headers": _ETAG} if media == JSON else {}
    return {"200": {"description": "As of now.", **version, "content": {media: {"schema": schema}}}}


def _trouble(description: str) -> dict[str, Any]:
    return {"description": description, "content": {JSON: {"schema": ref("Trouble")}}}


_OPERATIONS: Final[Mapping[str, dict[str, Any]]] = {
    "/api/status": _operation("status", "Everything in short", _answer(ref("Status"))),
    "/api/failure_detector_status": _operation(
        "failureDetectorStatus", "The detector's report, in the shape of the earlier system", _answer(ref("Detector"))
    ),
    "/api/errors": _operation("errors", "The unresolved problems", _answer(ref("Errors"))),
    "/api/units": _operation("units", "The watched units", _answer(ref("Units"))),
    "/api/units/{name}": _operation(
        "unit",
        "A watched unit, what needs it, and its last lines in the journal",
        {**_answer(ref("UnitInFull")), "404": _trouble("No such unit is watched.")},
        _NAME,
    ),
    "/api/agents": _operation("agents", "The agents", _answer(ref("Agents"))),
    "/api/restarts": _operation("restarts", "The master restarts, and what is allowed now", _answer(ref("Restarts"))),
    "/api/timeline": _operation(
        "timeline",
        "What happened in the last hours",
        {**_answer(ref("Timeline")), "400": _trouble("The hours are no number from 1 on.")},
        _HOURS,
    ),
    "/api/events": _operation(
        "events",
        "Server-sent events: one named `status` at once and after each change, its data a Change as JSON",
        {
            "200": {
                "description": "A stream that does not end by itself.",
                "content": {"text/event-stream": {"schema": {"type": "string"}}},
            }
        },
    ),
    "/api/openapi.json": _operation("openapi", "This document", _answer({"type": "object"})),
    "/metrics": _operation("metrics", "The same for Prometheus", _answer({"type": "string"}, "text/plain")),
}

PATHS: Final = frozenset(_OPERATIONS)
