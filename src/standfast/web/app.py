"""The HTTP application: the dashboard, the JSON documents and the metrics, each made once for all who ask at a time."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, TypeVar

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from standfast import __version__
from standfast.errors import StandfastError
from standfast.overview import snapshot as shots
from standfast.overview.documents import errors, everything, failure_detector_status
from standfast.overview.snapshot import Snapshot, Source
from standfast.web import documents, metrics, openapi, sameness, timeline
from standfast.web.answers import (
    FOR_EVER,
    JSON,
    NOT_FOUND,
    UNAVAILABLE,
    json_text,
    trouble,
    unavailable,
    version,
    versioned,
)
from standfast.web.assets import ASSETS, Asset
from standfast.web.changes import Changes
from standfast.web.dashboard import dashboard, missing_page, unavailable_page
from standfast.web.events import Change, News, stream
from standfast.web.guard import Guard
from standfast.web.look import Look
from standfast.web.unit_page import unit_page

log = logging.getLogger(__name__)

Answer = Callable[[Request], Awaitable[Response]]
Document = Callable[[Snapshot], Mapping[str, Any] | None]
T = TypeVar("T")

# How many of a unit's last lines are on its own page.
UNIT_LINES: Final = 50

_CANNOT: Final = "cannot make sense of the status files; see journalctl -u standfast-status"
_DETECTOR_DOCUMENTS: Final[Mapping[str, Document]] = {
    "/api/failure_detector_status": failure_detector_status,
    "/api/units": documents.units,
    "/api/restarts": documents.restarts,
}
_OTHER_DOCUMENTS: Final[Mapping[str, Document]] = {
    "/api/status": everything,
    "/api/errors": errors,
    "/api/agents": documents.agents,
}


class Site:
    """All that is answered; `changes` must be closed at the end."""

    def __init__(self, look: Look) -> None:
        self._look = look
        self._kept: dict[str, tuple[object, Any]] = {}
        self.changes: Changes[Change] = Changes(News(look))

    def application(self) -> Starlette:
        """The ASGI application."""
        answers: Mapping[str, Answer] = {
            "/": self._dashboard,
            "/units/{name}": self._unit_page,
            "/api/units/{name}": self._unit,
            "/api/timeline": self._timeline,
            "/api/events": self._events,
            "/api/openapi.json": self._describe,
            "/metrics": self._metrics,
        }
        routes: list[BaseRoute] = [Route(path, _safe(answer)) for path, answer in answers.items()]
        documented = {**_DETECTOR_DOCUMENTS, **_OTHER_DOCUMENTS}
        routes += [Route(path, _safe(self._document(path, make))) for path, make in documented.items()]
        routes += [Route(asset.path, _static(asset)) for asset in ASSETS]
        handlers = {404: _not_found, 405: _not_allowed}
        return Starlette(routes=routes, middleware=[Middleware(Guard)], exception_handlers=handlers)

    def _document(self, path: str, make: Document) -> Answer:
        async def answer(request: Request) -> Response:
            snapshot = await asyncio.to_thread(self._look.ended if make is everything else self._look.snapshot)
            text, tag = self._made(path, snapshot, lambda: _tagged(make(snapshot), snapshot))
            return versioned(request, text, JSON, tag) if text else unavailable(_source(path, snapshot).trouble)

        return answer

    async def _dashboard(self, request: Request) -> Response:
        scene = await asyncio.to_thread(self._look.scene)
        html = self._made("/", scene, lambda: dashboard(scene))
        return versioned(request, html, "text/html", _page_tag(html))

    async def _unit_page(self, request: Request) -> Response:
        name = request.path_params["name"]
        scene = await asyncio.to_thread(self._look.scene)
        if name not in shots.watched(scene.snapshot):
            return _no_unit(request, scene.snapshot)
        lines = await asyncio.to_thread(self._look.lines, name, UNIT_LINES)
        html = unit_page(scene, name, lines)
        return versioned(request, html, "text/html", _page_tag(html))

    async def _unit(self, request: Request) -> Response:
        name = request.path_params["name"]
        snapshot = await asyncio.to_thread(self._look.snapshot)
        if name not in shots.watched(snapshot):
            return _no_unit(request, snapshot)
        lines = await asyncio.to_thread(self._look.lines, name, UNIT_LINES)
        text, tag = _tagged(documents.unit(snapshot, name, lines), snapshot)
        return versioned(request, text, JSON, tag)

    async def _timeline(self, request: Request) -> Response:
        hours = request.query_params.get("hours", str(openapi.HOURS))
        if not _is_hours(hours):
            return trouble(f"hours is no number from 1 to {openapi.HOURS}", 400)
        scene = await asyncio.to_thread(self._look.scene)
        if scene.history.trouble:
            return unavailable(scene.history.trouble)
        found = timeline.document(timeline.within(scene.history, int(hours)))
        happened = {key: found[key] for key in ("complete", "events")}
        return versioned(request, json_text(found), JSON, sameness.tag(happened, scene.snapshot))

    async def _metrics(self, request: Request) -> Response:
        snapshot = await asyncio.to_thread(self._look.snapshot)
        text = self._made("/metrics", snapshot, lambda: metrics.exposition(snapshot, __version__))
        return Response(text.encode(), headers={"Content-Type": metrics.CONTENT_TYPE})

    async def _describe(self, request: Request) -> Response:
        text = self._made("/api/openapi.json", openapi, lambda: json_text(openapi.document(__version__)))
        return versioned(request, text, JSON)

    async def _events(self, request: Request) -> Response:
        return stream(self.changes, request.method)

    def _made(self, name: str, of: object, make: Callable[[], T]) -> T:
        """A body, made only when what it is made of is another than the last time."""
        kept = self._kept.get(name)
        if kept is not None and kept[0] is of:
            known: T = kept[1]
            return known
        made = make()
        self._kept[name] = (of, made)
        return made


def _tagged(content: Mapping[str, Any] | None, snapshot: Snapshot) -> tuple[str, str]:
    """A document and its version; both empty where there is none."""
    return (json_text(content), sameness.tag(content, snapshot)) if content is not None else ("", "")


def _source(path: str, snapshot: Snapshot) -> Source:
    """Whose silence it is when there is no such document."""
    return snapshot.detector if path in _DETECTOR_DOCUMENTS else snapshot.notifier


def _page_tag(html: str) -> str:
    """A weak version of a page: at what moment it was made is no difference."""
    return f'W/"{version(html.rpartition("<footer>")[0])}"'


def _is_hours(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 3 and 1 <= int(text) <= openapi.HOURS


def _static(asset: Asset) -> Answer:
    async def answer(request: Request) -> Response:
        headers = {"Cache-Control": FOR_EVER, "Content-Type": asset.media_type}
        return Response(asset.body, headers=headers)

    return answer


def _safe(answer: Answer) -> Answer:
    async def safe(request: Request) -> Response:
        try:
            return await answer(request)
        except StandfastError as error:
            return _unavailable(request, str(error))
        except Exception:  # whatever a status file holds, the service answers and goes on
            log.exception("Cannot answer %s", request.url.path)
            return _unavailable(request, _CANNOT)

    return safe


def _unavailable(request: Request, words: str) -> Response:
    """503, as a page where a page was asked for."""
    if request.url.path.startswith(("/api/", "/metrics")):
        return unavailable(words)
    return HTMLResponse(unavailable_page(words), UNAVAILABLE)


def _no_unit(request: Request, snapshot: Snapshot) -> Response:
    if snapshot.detector.status is None:
        return _unavailable(request, snapshot.detector.trouble)
    return _missing(request, "no such unit is watched", "/api/units lists those that are")


async def _not_found(request: Request, error: Exception) -> Response:
    return _missing(request, "there is no such page", "/ and /api/openapi.json are good places to begin")


def _missing(request: Request, what: str, where: str) -> Response:
    """404: a page for who asks for one, JSON for programs."""
    is_page = not request.url.path.startswith("/api/") and "text/html" in request.headers.get("accept", "")
    return HTMLResponse(missing_page(what), NOT_FOUND) if is_page else trouble(f"{what}; {where}", NOT_FOUND)


async def _not_allowed(request: Request, error: Exception) -> Response:
    return trouble("this service only shows: use GET or HEAD", 405, {"Allow": "GET, HEAD"})
