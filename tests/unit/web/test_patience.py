"""Clients that keep a connection for nothing lose it, and keep the service neither from ending nor from answering."""

from __future__ import annotations

import contextlib
import socket
import time
from pathlib import Path

from tests.browser import fleets
from tests.unit.overview import statuses
from tests.unit.web.serving import Service

from standfast.web.patience import CROWD, Client, Patience

FIRST, SECOND = object(), object()
PIPELINED = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n" * 200


def test_who_asks_for_nothing_is_waited_for_and_then_no_more() -> None:
    patience = Patience(15, 120)
    silent = Client(1, None, is_answered=False, waiting_bytes=0)

    assert patience.lost_with([silent], 0) == []
    assert patience.lost_with([silent], 14) == []
    assert patience.lost_with([silent], 15) == [1]


def test_in_a_crowd_the_silent_make_room_and_who_listens_stays() -> None:
    patience = Patience(15, 120)
    listener = Client(0, FIRST, is_answered=True, waiting_bytes=0)
    crowd = [listener, *(Client(number, None, is_answered=False, waiting_bytes=0) for number in range(1, CROWD + 1))]

    assert patience.lost_with(crowd, 0) == []
    assert patience.lost_with(crowd[:-1], 1) == []
    assert patience.lost_with(crowd, 1) == list(range(1, CROWD))  # the last one has only just come again


def test_each_request_begins_the_waiting_anew() -> None:
    patience = Patience(15, 120)
    for number, request in enumerate((FIRST, SECOND, FIRST, SECOND)):
        assert patience.lost_with([Client(1, request, is_answered=False, waiting_bytes=0)], number * 14) == []


def test_who_takes_its_answer_slowly_goes_on_and_who_takes_nothing_does_not() -> None:
    patience = Patience(15, 120)
    for at in range(0, 1000, 100):
        assert patience.lost_with([Client(1, FIRST, is_answered=True, waiting_bytes=9_000 - at)], at) == []
    stuck = Client(1, FIRST, is_answered=True, waiting_bytes=7)
    assert [patience.lost_with([stuck], at) for at in (1000, 1119, 1120)] == [[], [], [1]]


def test_who_listens_for_changes_may_do_so_in_silence() -> None:
    patience = Patience(15, 120)
    assert [patience.lost_with([Client(1, FIRST, is_answered=True, waiting_bytes=0)], at) for at in (0, 9999)] == [
        [],
        [],
    ]


def test_stuck_clients_keep_the_service_neither_from_answering_nor_from_ending(tmp_path: Path) -> None:
    fleets.hundreds(tmp_path)
    service = Service(tmp_path, idle_limit_s=1, patience_s=1)
    with contextlib.ExitStack() as stack:
        for sent in (b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: localhost\r\n", PIPELINED):
            stuck = stack.enter_context(socket.create_connection(("127.0.0.1", service.port)))
            stuck.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
            stuck.sendall(sent)
        assert service.get("/api/status").status_code == 200
        assert service.process.wait(20) == 0
    service.end()


def test_a_head_that_comes_byte_by_byte_comes_to_no_end(tmp_path: Path) -> None:
    statuses.put_all(tmp_path)
    with (
        Service(tmp_path, patience_s=1) as service,
        socket.create_connection(("127.0.0.1", service.port), timeout=10) as slow,
    ):
        began_s = time.monotonic()
        with contextlib.suppress(ConnectionError):
            while time.monotonic() < began_s + 10:
                slow.sendall(b"x")
                time.sleep(0.1)
        assert time.monotonic() - began_s < 5
