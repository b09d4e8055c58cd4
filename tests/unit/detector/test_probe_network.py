"""The http and tcp probes before real sockets, well and not, and what errors on the way say."""

from __future__ import annotations

import asyncio
import time

import pytest
from tests.unit.detector.probing import free_port, http, probed, server

from standfast.detector.check_tables import HttpCheck
from standfast.detector.finding import Finding
from standfast.detector.model import Outcome
from standfast.detector.prober import look
from standfast.detector.probes.base import connection_error, is_local
from standfast.detector.probes.http import HttpProbe
from standfast.detector.probes.tcp import TcpProbe

OK, FAIL, UNKNOWN = Outcome.OK, Outcome.FAIL, Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("answer", "outcome", "detail"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\nall is well", OK, "status 200"),
        (b"HTTP/1.0 302 Found\r\n\r\n", OK, "status 302"),
        (b"HTTP/1.1 503 No\r\n\r\n", FAIL, "status 503"),
        (b"SSH-2.0-OpenSSH\r\n", FAIL, "answered something that is not HTTP"),
        (b"HTTP/1.1 xyz\r\n\r\n", FAIL, "answered something that is not HTTP"),
        (b"x" * 200_000, FAIL, "answered something that is not HTTP"),
        (b"", FAIL, "closed the connection without an answer"),
    ],
)
def test_http(answer: bytes, outcome: Outcome, detail: str) -> None:
    with server(answer) as port:
        assert probed(http(f"http://127.0.0.1:{port}/health")) == Finding(outcome, detail)


def test_http_wants_a_status_and_a_text() -> None:
    with server(b"HTTP/1.1 404 Gone\r\n\r\n" + b"." * 100_000 + b"the end") as port:
        url = f"http://localhost:{port}"
        assert probed(http(url, status=(404,), contains="the end")).outcome is OK
        assert probed(http(url, status=(200,))).outcome is FAIL
        assert (
            probed(http(url, status=(404,), contains="another end")).detail
            == "the answer does not contain 'another end'"
        )


def test_a_server_that_hangs_is_failing_and_the_look_ends() -> None:
    with server(b"", hangs=True) as port:
        began = time.monotonic()
        finding = probed(http(f"http://127.0.0.1:{port}/"), timeout_s=0.3)
        assert finding == Finding(FAIL, "no answer within 0.3 s")
        assert time.monotonic() - began < 3


def test_nobody_listens() -> None:
    port = free_port()
    assert probed(TcpProbe("127.0.0.1", port)).outcome is FAIL
    assert probed(http(f"http://127.0.0.1:{port}/")).outcome is FAIL


def test_somebody_listens() -> None:
    with server(b"") as port:
        assert probed(TcpProbe("127.0.0.1", port)).outcome is OK


def test_a_name_that_nobody_knows_says_nothing_of_the_service() -> None:
    assert probed(TcpProbe("no-such-host.invalid", 80)).outcome is UNKNOWN


@pytest.mark.parametrize(
    ("host", "error", "outcome"),
    [
        ("127.0.0.1", ConnectionRefusedError(111, "Connection refused"), FAIL),
        ("127.0.0.1", ConnectionResetError(104, "reset"), FAIL),
        ("127.0.0.1", PermissionError(13, "Permission denied"), UNKNOWN),
        ("192.0.2.1", ConnectionRefusedError(111, "Connection refused"), UNKNOWN),
        ("127.0.0.1", OSError(113, "No route to host"), UNKNOWN),
        ("127.0.0.1", OSError(24, "Too many open files"), UNKNOWN),
    ],
)
def test_what_an_error_on_the_way_says(host: str, error: OSError, outcome: Outcome) -> None:
    assert connection_error(error, host).outcome is outcome


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize(("is_here", "outcome"), [(True, FAIL), (False, UNKNOWN)])
def test_a_conversation_that_breaks_off_says_nothing_of_a_service_elsewhere(
    scheme: str, is_here: bool, outcome: Outcome, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("standfast.detector.probes.base.is_local", lambda host: is_here)
    with server(b"") as port:
        found = asyncio.run(look(HttpProbe(HttpCheck(url=f"{scheme}://127.0.0.1:{port}/")), 5.0))
    assert found.outcome is outcome
    assert found.detail


def test_which_addresses_are_this_hosts() -> None:
    assert is_local("127.0.0.1")
    assert is_local("localhost")
    assert not is_local("192.0.2.1")
