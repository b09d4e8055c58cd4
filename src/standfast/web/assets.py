"""The dashboard's style, script and icon: files of their own, so that the policy needs no exception for inline ones."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from standfast.web.answers import version

_DIRECTORY: Final = Path(__file__).with_name("static")
_TYPES: Final = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}


@dataclass(frozen=True, slots=True)
class Asset:
    """A file of the package under a path that changes with its content: a browser keeps it for ever."""

    path: str
    body: bytes
    media_type: str


def _asset(name: str) -> Asset:
    file = _DIRECTORY / name
    body = file.read_bytes()
    return Asset(f"/static/{file.stem}.{version(body)[:10]}{file.suffix}", body, _TYPES[file.suffix])


STYLE: Final = _asset("dashboard.css")
SCRIPT: Final = _asset("dashboard.js")
ICON: Final = _asset("icon.svg")
ASSETS: Final = (STYLE, SCRIPT, ICON)
