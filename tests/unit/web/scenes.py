"""Scenes for the tests of the dashboard's parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from tests.unit.overview import statuses

from standfast.overview.snapshot import Snapshot, Source
from standfast.web.scene import Scene
from standfast.web.timeline import Happening, History, Line

NOW = datetime.fromisoformat(statuses.AT) + timedelta(seconds=5)
GONE = Source(None, "It is not running; start it")


def scene(
    detector: dict[str, Any] | None = None,
    notifier: dict[str, Any] | None = None,
    happenings: Sequence[Happening] = (),
    lines: Mapping[str, Sequence[Line]] | None = None,
    trouble: str = "",
    agents: Mapping[str, dict[str, Any]] | None = None,
) -> Scene:
    since = NOW - timedelta(days=1)
    return Scene(
        Snapshot(
            NOW,
            Source(detector if detector is not None else statuses.detector()),
            Source(notifier if notifier is not None else statuses.notifier()),
            {name: Source(status) for name, status in (agents or {}).items()},
        ),
        History(since, NOW, tuple(happenings), trouble=trouble, watched_since=since),
        lines or {},
        "box1",
    )


def ago(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)
