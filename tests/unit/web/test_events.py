"""Server-sent events on real sockets: what is so, each change, a bounded number of listeners, an end at the stop."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from tests.unit.overview import statuses
from tests.unit.web.scenes import NOW, scene
from tests.unit.web.serving import Service

from standfast.web import events as streaming
from standfast.web.changes import LISTENERS, Changes
from standfast.web.events import Change, Stream, change, stream

ASK = b"GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    statuses.put_all(tmp_path)
    with Service(tmp_path, now=statuses.AT) as service:
        yield service


def listen(service: Service) -> requests.Response:
    return requests.get(f"{service.url}/api/events", stream=True, timeout=10)


def events(answer: requests.Response) -> Iterator[dict[str, Any]]:
    lines = answer.iter_lines(chunk_size=1)
    return (json.loads(line.removeprefix(b"data: ")) for line in lines if line.startswith(b"data: "))


def test_what_is_so_comes_at_once_and_each_change_after_it(service: Service, tmp_path: Path) -> None:
    with listen(service) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        found = events(answer)
        first = next(found)
        assert (first["level"], first["headline"]) == ("NONE", "All watched units stand")
        statuses.put(tmp_path, "detector", statuses.detector(failure_level="CRITICAL", level=2))
        second = next(found)
        assert second["level"] == "CRITICAL"
        (tmp_path / "detector/status.json").unlink()
        third = next(found)
        assert third["level"] == "UNKNOWN"
        assert len({first["version"], second["version"], third["version"]}) == 3


def test_a_daemon_that_says_nothing_more_is_a_change_too() -> None:
    """No file changes then: time alone makes the difference."""
    one, later = scene().snapshot, replace(scene().snapshot, now=NOW + timedelta(minutes=3))

    assert change(one) != change(later)
    assert change(one) == change(replace(one, now=NOW + timedelta(seconds=30)))


def test_as_many_as_may_listen_and_the_next_is_told_to_ask(service: Service) -> None:
    answers = [listen(service) for _ in range(LISTENERS)]
    streams = [events(answer) for answer in answers]
    assert [next(stream)["level"] for stream in streams] == ["NONE"] * LISTENERS
    refused = service.get("/api/events")
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
    streams.clear()
    for answer in answers:
        answer.close()
    # Whoever leaves makes room; the service sees it as soon as its socket tells.
    found = next(answer for answer in iter(lambda: listen(service), None) if answer.status_code == 200)
    assert next(events(found))["level"] == "NONE"
    found.close()


def test_a_reader_that_leaves_does_not_keep_the_service_running(tmp_path: Path) -> None:
    statuses.put_all(tmp_path)
    service = Service(tmp_path, idle_limit_s=1)
    with listen(service) as answer:
        assert next(events(answer))["level"] == "NONE"
    assert service.process.wait(10) == 0
    service.end()


def test_a_stream_ends_some_time_for_a_reader_that_lives_comes_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "GOES_ON_FOR_S", 0)

    async def read() -> list[str]:
        changes = Changes(lambda: Change("NONE", "well", "1"))
        answer = stream(changes)
        assert isinstance(answer, Stream)
        return [str(part) async for part in answer.body_iterator]

    parts = asyncio.run(read())
    assert [part.split(":")[0] for part in parts] == ["retry", "event"]


def test_the_stop_ends_the_streams(tmp_path: Path) -> None:
    statuses.put_all(tmp_path)
    service = Service(tmp_path)
    with listen(service) as answer:
        lines = answer.iter_lines(chunk_size=1)
        assert next(line for line in lines if line.startswith(b"event:"))
        assert service.end() == 0
        # It ends in good order: one that is broken off would raise.
        assert [line[:5] for line in lines if line] == [b"data:"]


def test_who_never_reads_costs_no_memory_and_keeps_nobody_waiting(service: Service, tmp_path: Path) -> None:
    with socket.create_connection(("127.0.0.1", service.port)) as silent, listen(service) as answer:
        silent.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
        silent.sendall(ASK)
        found = events(answer)
        for number in range(5):
            next(found)
            statuses.put(tmp_path, "detector", statuses.detector(reasons=[str(number)], failure_level="WARNING"))
        assert service.pss_mib() < 60
