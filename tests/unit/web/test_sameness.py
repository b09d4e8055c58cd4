"""What only moves with time is no difference, for who asks and for who listens; that a daemon falls silent is one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.unit.overview import statuses
from tests.unit.overview.test_snapshot import NOW, shot, waits
from tests.unit.web.serving import Service
from tests.unit.web.test_events import events, listen

from standfast.moments import iso
from standfast.overview.documents import everything
from standfast.overview.snapshot import Source
from standfast.web.sameness import same, seen, still, tag

LATER = iso(NOW + timedelta(seconds=20))
UNIT = "trade_manager.service"
DOCUMENTS = (
    *("/api/status", "/api/failure_detector_status", "/api/units", f"/api/units/{UNIT}", "/api/agents"),
    *("/api/errors", "/api/restarts", "/api/timeline"),
)


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    statuses.put_all(tmp_path)
    with Service(tmp_path, now=statuses.AT) as service:
        yield service


def looked_again(**changes: Any) -> dict[str, Any]:
    """The detector's status after one more look that found all as it was."""
    found = statuses.detector(checked_at=LATER, next_look=LATER, late_s=0.3, **changes)
    found["service_health"][UNIT]["last_check"] = found["databases"]["trades"]["last_check"] = LATER
    return found


def test_moments_are_left_out_at_any_depth_and_nothing_else() -> None:
    value = {"checked_at": "x", "since": "x", "rows": [{"last_check": None, "healthy": None}], "n": 1}
    assert still(value) == {"since": "x", "rows": [{"healthy": None}], "n": 1}
    # An agent may be called as a moment is.
    assert still({"last_check": {"state": "ACTIVE"}}) == {"last_check": {"state": "ACTIVE"}}


def test_what_a_stranger_nested_very_deep_is_stood() -> None:
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    one, other = shot(paper={"state": "ACTIVE", "x": deep}), shot(paper={"state": "ERROR", "x": deep})
    assert seen(one) != seen(other)


def test_one_more_look_or_tick_is_no_difference() -> None:
    one = shot(statuses.detector(), paper=statuses.agent(last_tick_at=statuses.AT))
    other = shot(looked_again(), paper=statuses.agent(last_tick_at=LATER, checked_at=LATER))
    assert seen(one) == seen(other)
    assert same(one.detector, other.detector)
    assert tag(everything(one), one) == tag(everything(other), other)
    assert not same(one.detector, Source(None, "gone"))


@pytest.mark.parametrize(
    "other",
    [
        shot(statuses.detector(reasons=["x"])),
        shot(looked_again(notes=["the disk is full"])),
        shot(notifier=statuses.notifier(queued=1)),
        shot(paper=statuses.agent()),
        replace(shot(), idle={"paper": ""}),
        replace(shot(), agents_trouble="cannot look"),
        replace(shot(), detector=Source(None, "gone")),
    ],
)
def test_all_else_is(other: Any) -> None:
    assert seen(other) != seen(shot())


def test_a_daemon_that_fell_silent_is_a_difference_once() -> None:
    silent, longer = (replace(shot(), now=NOW + timedelta(seconds=after)) for after in (200, 205))
    assert len({seen(shot()), seen(silent)}) == 2
    assert seen(silent) == seen(longer)
    units: dict[str, Any] = {"units": []}
    assert tag(units, shot()) != tag(units, silent) == tag(units, longer)


def test_what_has_waited_for_too_long_is_a_difference() -> None:
    found = shot(notifier=statuses.notifier(channels=[waits("15:00:00")]))
    one, other = (replace(found, now=NOW + timedelta(seconds=after)) for after in (5, 15))
    assert seen(one) != seen(other)


def test_nothing_is_sent_again_for_a_look_that_found_all_as_it_was(service: Service, tmp_path: Path) -> None:
    tags = {path: service.get(path).headers["etag"] for path in DOCUMENTS}
    with listen(service) as answer:
        told = events(answer)
        first = next(told)
        statuses.put(tmp_path, "detector", looked_again())
        statuses.put(tmp_path, "agent/paper", statuses.agent(last_tick_at=LATER, checked_at=LATER))
        for path, etag in tags.items():
            again = service.get(path, **{"If-None-Match": etag})
            assert (path, again.status_code, again.content) == (path, 304, b"")
            assert service.get(path).status_code == 200
        assert service.get("/api/status").json()["detector"]["checked_at"] == LATER
        statuses.put(tmp_path, "detector", looked_again(failure_level="WARNING", level=1))
        # The very next event is that of the change.
        second = next(told)
        assert (first["level"], second["level"]) == ("NONE", "WARNING")
    assert service.get("/api/status", **{"If-None-Match": tags["/api/status"]}).status_code == 200
