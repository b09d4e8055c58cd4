"""The real server on real sockets, started by a real socket activation."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from tests.unit.overview import statuses
from tests.unit.web.serving import Service


@pytest.fixture(scope="module")
def steady(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service whose host stays as it is."""
    runtime = tmp_path_factory.mktemp("steady")
    statuses.put_all(runtime)
    with Service(runtime, now=statuses.AT) as service:
        yield service


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    statuses.put_all(tmp_path)
    service = Service(tmp_path, now=statuses.AT)
    yield service
    assert service.end() == 0


def test_the_documents(steady: Service) -> None:
    detector = steady.get("/api/failure_detector_status")
    assert detector.status_code == 200
    assert detector.headers["content-type"] == "application/json"
    assert detector.json() == {**statuses.detector(), "sms_enabled": False, "sms_configured": False}

    assert steady.get("/api/errors").json() == {"unresolved_count": 0, "unresolved_errors": []}
    assert steady.get("/api/status").json()["agents"]["paper"]["state"] == "ACTIVE"

    page = steady.get("/")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "All watched units stand" in page.text
    assert "trade_manager.service" in page.text.replace("<wbr>", "")


def test_each_answer_is_of_this_moment(service: Service, tmp_path: Path) -> None:
    assert service.get("/api/status").json()["level"] == "NONE"
    statuses.put(tmp_path, "detector", statuses.detector(failure_level="CASCADING", level=3))
    assert service.get("/api/status").json()["level"] == "CASCADING"


def test_a_daemon_that_is_not_running_is_503_with_the_next_step(service: Service, tmp_path: Path) -> None:
    (tmp_path / "detector/status.json").unlink()
    (tmp_path / "notifier/status.json").unlink()

    for path, unit in (("failure_detector_status", "standfast-detector"), ("errors", "standfast-notifier")):
        answer = service.get(f"/api/{path}")
        assert answer.status_code == 503
        assert answer.json()["error"].endswith(
            "is not running, or its status file is gone; see which, and start it: "
            f"systemctl status {unit}; systemctl start {unit}"
        )
    assert service.get("/api/status").json()["level"] == "UNKNOWN"
    assert "Nobody is watching" in service.get("/").text


@pytest.mark.parametrize("text", ["{", "[]", "[" * 100_000, '{"failure_level": NaN, "level": Infinity}'])
def test_a_bad_status_file_is_503_and_the_service_goes_on(service: Service, tmp_path: Path, text: str) -> None:
    statuses.put(tmp_path, "detector", text)

    answer = service.get("/api/failure_detector_status")
    assert answer.status_code == 503
    assert "status file" in answer.json()["error"]

    statuses.put(tmp_path, "detector", statuses.detector())
    assert service.get("/api/failure_detector_status").status_code == 200


def test_even_a_bug_is_503_and_the_service_goes_on(service: Service, tmp_path: Path) -> None:
    (tmp_path / "raise").touch()
    assert service.get("/api/status").status_code == 503
    assert service.get("/").status_code == 503
    assert "cannot make sense" in service.get("/").text

    (tmp_path / "raise").unlink()
    assert service.get("/api/status").status_code == 200


def test_a_journal_that_cannot_be_read_is_said_and_the_rest_is_shown(service: Service, tmp_path: Path) -> None:
    (tmp_path / "journal.json").write_text('{"trouble": "no right to read the journal"}')

    for path in ("/api/units/trade_manager.service", "/api/timeline"):
        answer = service.get(path)
        assert (answer.status_code, answer.json()["error"]) == (503, "no right to read the journal")
    assert "no right to read the journal" in service.get("/units/trade_manager.service").text
    page = service.get("/")
    assert page.status_code == 200
    assert "Unknown: no right to read the journal." in page.text


def test_every_answer_carries_the_security_headers(steady: Service) -> None:
    for answer in (steady.get("/"), steady.get("/nothing"), steady.get("/", Host="evil.example")):
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; style-src 'self'; script-src 'self'")
        assert "unsafe" not in policy
        assert "sha256" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["cache-control"] in ("no-cache", "no-store")
        assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("GET", "/", {"Host": "localhost"}, 200),
        ("GET", "/", {"Host": "[::1]:3000"}, 200),
        ("GET", "/", {"Host": "rebound.example:3000"}, 421),
        ("HEAD", "/api/status", {}, 200),
        ("POST", "/api/status", {}, 405),
        ("DELETE", "/", {}, 405),
        ("OPTIONS", "/api/errors", {}, 405),
        ("GET", "/api/nothing", {}, 404),
        ("GET", "/api/status", {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}, 403),
        ("GET", "/", {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}, 200),
        ("GET", "/api/units/trade_manager.service", {}, 200),
        ("GET", "/units/trade_manager.service", {}, 200),
        ("GET", "/api/units/sshd.service", {}, 404),
        ("GET", "/units/sshd.service", {}, 404),
        ("GET", "/api/timeline?hours=3", {}, 200),
        ("GET", "/api/timeline?hours=0", {}, 400),
        ("GET", "/api/timeline?hours=-1e9", {}, 400),
        ("HEAD", "/api/events", {}, 200),
        ("HEAD", "/metrics", {}, 200),
    ],
)
def test_who_and_what_is_answered(
    steady: Service, method: str, path: str, headers: dict[str, str], status: int
) -> None:
    answer = steady.get(path, method, **headers)

    assert answer.status_code == status
    if status >= 400:
        assert answer.json()["error"]


@pytest.mark.parametrize(
    ("path", "words"), [("/units/sshd.service", "No such unit is watched"), ("/nothing", "There is no such page")]
)
def test_a_browser_is_shown_a_page_where_there_is_nothing(steady: Service, path: str, words: str) -> None:
    browser = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    answer = steady.get(path, **browser)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert f">{words}</h1>" in answer.text
    assert '<a href="/">All of the fleet</a>' in answer.text
    assert steady.get(path).json()["error"].startswith(words.lower())
    assert steady.get("/api/units/sshd.service", **browser).json()["error"]


def test_who_has_the_newest_version_is_told_only_that(service: Service, tmp_path: Path) -> None:
    for path in ("/", "/api/status", "/api/units/trade_manager.service", "/api/openapi.json"):
        first = service.get(path)
        again = service.get(path, **{"If-None-Match": f'"other", {first.headers["etag"]}'})
        assert (first.status_code, again.status_code, again.content) == (200, 304, b"")
        assert again.headers["etag"] == first.headers["etag"]

    etag = service.get("/").headers["etag"]
    statuses.put(tmp_path, "detector", statuses.detector(failure_level="WARNING", level=1))
    assert service.get("/", **{"If-None-Match": etag}).status_code == 200


def test_the_style_and_the_script_may_be_kept_for_ever(steady: Service) -> None:
    paths = re.findall(r'(?:href|src)="(/static/[^"]+)"', steady.get("/").text)

    assert len(paths) == 3
    for path in paths:
        answer = steady.get(path)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
        assert answer.headers["content-type"].split(";")[0] in ("text/css", "text/javascript", "image/svg+xml")


def test_a_request_without_a_host_is_refused(steady: Service) -> None:
    with socket.create_connection(("127.0.0.1", steady.port), timeout=10) as connection:
        connection.sendall(b"GET /api/status HTTP/1.0\r\n\r\n")
        assert connection.makefile("rb").readline().split()[1] == b"421"


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"FOO / HTTP/1.1\r\nHost: localhost\r\n\r\n", b"405"),
        (b"TRACE / HTTP/1.1\r\nHost: localhost\r\n\r\n", b"405"),
        (b"CONNECT localhost:22 HTTP/1.1\r\nHost: localhost\r\n\r\n", b"404"),
        (b"OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n", b"404"),
        (b"GET http://evil.example/ HTTP/1.1\r\nHost: evil.example\r\n\r\n", b"421"),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n", b"4"),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 200_000 + b"\r\n\r\n", b"400"),
        (b"GET /" + b"x" * 200_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", b"400"),
        (b"GET /units/../../etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n", b"404"),
        (b"GET /units/%ff%00 HTTP/1.1\r\nHost: localhost\r\n\r\n", b"404"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", b"400"),
    ],
    ids=["unknown", "trace", "connect", "options", "absolute", "hosts", "header", "path", "up", "bytes", "tls"],
)
def test_odd_requests_are_refused_and_the_service_goes_on(steady: Service, sent: bytes, status: bytes) -> None:
    with socket.create_connection(("127.0.0.1", steady.port), timeout=10) as connection:
        with contextlib.suppress(ConnectionError):  # it may be refused before all of it is sent
            connection.sendall(sent)
        answer = connection.makefile("rb").readline()
    assert answer.split()[1].startswith(status)
    assert steady.get("/api/status").status_code == 200


def test_it_ends_when_idle_and_the_socket_goes_on_listening(tmp_path: Path) -> None:
    statuses.put_all(tmp_path)
    service = Service(tmp_path, idle_limit_s=0.5)
    assert service.get("/api/status").status_code == 200
    assert service.process.wait(10) == 0

    with socket.create_connection(("127.0.0.1", service.port), timeout=10):
        pass  # queued for the next activation
    service.end()


def test_sigterm_ends_it_at_once_also_with_a_connection_open(tmp_path: Path) -> None:
    statuses.put_all(tmp_path)
    service = Service(tmp_path, now=statuses.AT)
    with requests.Session() as session:
        assert session.get(service.url + "/api/status", timeout=10).status_code == 200
        assert service.end() == 0


def activated(tmp_path: Path, listen: bool) -> subprocess.CompletedProcess[str]:
    """`python -m standfast.web` as systemd starts it, with or without its socket, until SIGTERM."""
    notify = tmp_path / "notify"
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notified,
    ):
        notified.bind(str(notify))
        notified.settimeout(10)
        os.dup2(listener.fileno(), 3, inheritable=True) if listener.fileno() != 3 else None
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(sys.path),
            "STANDFAST_ROOT": str(tmp_path),
            "NOTIFY_SOCKET": str(notify),
        }
        given = 'LISTEN_FDS=1 LISTEN_PID=$$ exec "$0" -m standfast.web' if listen else 'exec "$0" -m standfast.web'
        process = subprocess.Popen(
            ["sh", "-c", given, sys.executable],
            env=environment,
            pass_fds=[3],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        told = b""
        if listen:
            while b"READY=1" not in told:
                told += notified.recv(4096)
            url = f"http://127.0.0.1:{listener.getsockname()[1]}/api/status"
            assert requests.get(url, timeout=10).json()["level"] == "UNKNOWN"
            process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=10)
        return subprocess.CompletedProcess("", process.returncode, out, err)


def test_socket_activation_tells_systemd_that_it_is_ready(tmp_path: Path) -> None:
    assert activated(tmp_path, listen=True).returncode == 0


def test_without_its_socket_it_says_how_to_start_it(tmp_path: Path) -> None:
    result = activated(tmp_path, listen=False)

    assert result.returncode == 1
    assert "start it with: systemctl start standfast-status.socket" in result.stderr
    assert "Traceback" not in result.stderr
