"""The OpenAPI document of the API. Pure.

Kept by hand, from small builders: Starlette's own generator wants YAML in docstrings. The tests
hold it against the routes, the answers and a fuzzer.
"""

from collections.abc import Mapping
from typing import Any, Final

from standfast.web.headers import HEADERS
from standfast.web.schemas import SCHEMAS, ref
from standfast.web.timeline import SPAN

JSON: Final = "application/json"
HOURS: Final = int(SPAN.total_seconds() // 3600)


def _header(description: str, kind: str = "string") -> dict[str, Any]:
    return {"description": description, "schema": {"type": kind}}


_DESCRIPTION: Final = (
    "What Standfast's daemons see, read from their status files and the journal. It only reads. It is answered on "
    "this host's loopback, to the names 127.0.0.1, localhost and [::1]. Every JSON document has an ETag; a request "
    "with If-None-Match is answered 304 when nothing changed but the times of the last look, check or tick. HEAD is "
    "answered wherever GET is, every other method 405."
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
_IF_NONE_MATCH: Final = {
    "name": "If-None-Match",
    "in": "header",
    "description": "The ETag of what the client has already; it is answered 304 when that is still so.",
    "schema": {"type": "string"},
}
_ETAG: Final = _header("The version of this answer.")
_ALWAYS: Final = {
    "Cache-Control": _header("Whether it may be kept: never without asking again."),
    **{name: _header(f"Always: {value}") for name, value in HEADERS.items()},
}
_EVERYBODYS: Final = {
    "403": "A page of another site asks (Sec-Fetch-Site).",
    "421": "The Host header names no loopback address.",
}


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
    has_version = "ETag" in answers["200"]["headers"]
    not_changed = {"304": {"description": "Not changed.", "headers": {"ETag": _ETAG, **_ALWAYS}}} if has_version else {}
    refused = {status: _trouble(description) for status, description in _EVERYBODYS.items()}
    away = _trouble(_AWAY, {"Retry-After": _header("After how many seconds to ask again.", "integer")})
    return {
        "operationId": name,
        "summary": summary,
        "parameters": [*parameters, *([_IF_NONE_MATCH] if has_version else [])],
        "responses": {**answers, **not_changed, **refused, "503": away},
    }


def _answer(schema: Mapping[str, Any], media: str = JSON) -> dict[str, Any]:
    headers = {"ETag": _ETAG, **_ALWAYS} if media == JSON else _ALWAYS
    return {"200": {"description": "As of now.", "headers": headers, "content": {media: {"schema": schema}}}}


def _trouble(description: str, headers: Mapping[str, Any] | None = None) -> dict[str, Any]:
    known = {**(headers or {}), **_ALWAYS}
    return {"description": description, "headers": known, "content": {JSON: {"schema": ref("Trouble")}}}


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
                "description": "A stream that ends after a quarter of an hour, for the client to come again.",
                "headers": {**_ALWAYS, "X-Accel-Buffering": _header("Always: no")},
                "content": {"text/event-stream": {"schema": {"type": "string"}}},
            }
        },
    ),
    "/api/openapi.json": _operation("openapi", "This document", _answer({"type": "object"})),
    "/metrics": _operation("metrics", "The same for Prometheus", _answer({"type": "string"}, "text/plain")),
}

PATHS: Final = frozenset(_OPERATIONS)
