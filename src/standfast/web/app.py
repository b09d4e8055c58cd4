"""The HTTP application: three JSON documents and a page, made afresh from the status files for each request."""

import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from standfast.web import snapshot as shots
from standfast.web.guard import Guard
from standfast.web.page import page, unavailable_page
from standfast.web.report import report
from standfast.web.snapshot import Snapshot

log = logging.getLogger(__name__)

Look = Callable[[], Snapshot]
Endpoint = Callable[[Request], Awaitable[Response]]
Document = Callable[[Snapshot], Response]

UNAVAILABLE: Final = 503


def application(look: Look) -> Starlette:
    """The application; `look` reads the status files."""
    documents: Mapping[str, Document] = {
        "/": _page,
        "/api/failure_detector_status": _failure_detector_status,
        "/api/errors": _errors,
        "/api/status": _everything,
    }
    return Starlette(
        routes=[Route(path, _endpoint(look, document, path)) for path, document in documents.items()],
        middleware=[Middleware(Guard)],
        exception_handlers={404: _not_found, 405: _not_allowed},
    )


def _endpoint(look: Look, document: Document, path: str) -> Endpoint:
    async def answer(request: Request) -> Response:
        try:
            return document(look())
        except Exception:  # whatever a status file holds, the service answers and goes on
            log.exception("Cannot make %s of the status files", path)
            text = "cannot make sense of the status files; see journalctl -u standfast-status"
            return _unavailable(text) if path != "/" else HTMLResponse(unavailable_page(text), UNAVAILABLE)

    return answer


def _page(snapshot: Snapshot) -> Response:
    return HTMLResponse(page(report(snapshot), snapshot.now))


def _failure_detector_status(snapshot: Snapshot) -> Response:
    status = shots.failure_detector_status(snapshot)
    return _json(status) if status is not None else _unavailable(snapshot.detector.trouble)


def _errors(snapshot: Snapshot) -> Response:
    errors = shots.errors(snapshot)
    return _json(errors) if errors is not None else _unavailable(snapshot.notifier.trouble)


def _everything(snapshot: Snapshot) -> Response:
    return _json(shots.everything(snapshot))


async def _not_found(request: Request, error: Exception) -> Response:
    return _json({"error": "there is no such page; / and /api/status are good places to begin"}, 404)


async def _not_allowed(request: Request, error: Exception) -> Response:
    return _json({"error": "this service only shows: use GET or HEAD"}, 405, {"Allow": "GET, HEAD"})


def _unavailable(trouble: str) -> Response:
    return _json({"error": trouble}, UNAVAILABLE)


def _json(content: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    text = json.dumps(content, indent=1, allow_nan=False) + "\n"
    return Response(text, status, headers, media_type=JSONResponse.media_type)
