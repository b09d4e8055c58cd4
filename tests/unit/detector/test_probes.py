"""Probes against real files, sockets, children and databases, well and not."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
import socket
import socketserver
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from standfast.detector.check_tables import HttpCheck
from standfast.detector.finding import Finding
from standfast.detector.model import Outcome
from standfast.detector.prober import look
from standfast.detector.probes.base import Probe, connection_error, is_local, private_places
from standfast.detector.probes.command import CommandProbe
from standfast.detector.probes.file import FileProbe
from standfast.detector.probes.http import HttpProbe
from standfast.detector.probes.sqlite import SqliteProbe
from standfast.detector.probes.tcp import TcpProbe

OK, FAIL, UNKNOWN = Outcome.OK, Outcome.FAIL, Outcome.UNKNOWN
NOBODY = 65534


def probed(probe: Probe, timeout_s: float = 5.0) -> Finding:
    return asyncio.run(look(probe, timeout_s))


@contextmanager
def server(answer: bytes, hangs: bool = False) -> Iterator[int]:
    """A server that answers the first lines of any request with those bytes, or never."""
    held = threading.Event()

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.recv(65536)
            if hangs:
                held.wait(10)
            self.request.sendall(answer)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as found:
        threading.Thread(target=found.serve_forever, args=(0.01,), daemon=True).start()
        try:
            yield found.server_address[1]
        finally:
            held.set()
            found.shutdown()


def http(url: str, **more: Any) -> HttpProbe:
    return HttpProbe(HttpCheck(url=url, **more))


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


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


@pytest.mark.parametrize(
    ("number", "outcome"),
    [(errno.EMFILE, UNKNOWN), (errno.ENFILE, UNKNOWN), (errno.ENOMEM, UNKNOWN), (errno.EIO, FAIL)],
)
def test_a_detector_without_a_free_descriptor_takes_no_file_for_damaged(
    number: int, outcome: Outcome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A critical file that is gone at three looks is a cascade."""

    def refuse(*arguments: object) -> int:
        raise OSError(number, os.strerror(number))

    (tmp_path / "ports.json").write_text("{}")
    monkeypatch.setattr("standfast.detector.probes.file.os.open", refuse)
    assert FileProbe(str(tmp_path / "ports.json")).look_now() == Finding(outcome, os.strerror(number))


def test_which_addresses_are_this_hosts() -> None:
    assert is_local("127.0.0.1")
    assert is_local("localhost")
    assert not is_local("192.0.2.1")


FILES = [
    ("a.json", b'{"a": 1}', OK, "8 bytes"),
    ("a.json", b'{"a": ', FAIL, "not JSON"),
    ("a.json", b"\xff\xfe\x00", FAIL, "not JSON"),
    ("a.json", b"[" * 100_000, FAIL, "not JSON"),
    ("a.json", b"", FAIL, "not JSON"),
    ("a.toml", b"a = 1\n", OK, "6 bytes"),
    ("a.toml", b"a = \n", FAIL, "not TOML"),
    ("a.toml", b"\xff", FAIL, "not TOML"),
    ("a.txt", b"\x00\xff", OK, "2 bytes"),
]


@pytest.mark.parametrize(("name", "content", "outcome", "detail"), FILES)
def test_file(tmp_path: Path, name: str, content: bytes, outcome: Outcome, detail: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    finding = probed(FileProbe(str(path)))
    assert finding.outcome is outcome
    assert detail in finding.detail


def test_a_file_that_is_missing_a_directory_a_pipe_or_old(tmp_path: Path) -> None:
    assert probed(FileProbe(str(tmp_path / "none"))) == Finding(FAIL, "missing")
    assert probed(FileProbe(str(tmp_path))).outcome is FAIL
    os.mkfifo(tmp_path / "pipe")
    assert probed(FileProbe(str(tmp_path / "pipe"))) == Finding(FAIL, "not a regular file")
    old = tmp_path / "old"
    old.write_text("x")
    os.utime(old, (0, time.time() - 100))
    assert probed(FileProbe(str(old), max_age_s=50)).outcome is FAIL
    assert probed(FileProbe(str(old), max_age_s=500)).outcome is OK


@contextmanager
def as_nobody() -> Iterator[None]:
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def test_what_the_detector_may_not_read_is_unknown(tmp_path: Path) -> None:
    secret = tmp_path / "secret.json"
    secret.write_text("{}")
    secret.chmod(0)
    tmp_path.chmod(0o755)
    for parent in tmp_path.parents[:2]:
        parent.chmod(0o755)
    with as_nobody():
        assert FileProbe(str(secret)).look_now().outcome is UNKNOWN
        assert SqliteProbe(str(secret), 1).look_now().outcome is UNKNOWN


def test_places_that_only_this_service_has() -> None:
    mounts = (
        "36 35 98:0 / / rw,noatime shared:1 - ext3 /dev/root rw\n"
        "40 36 0:25 /systemd-private-0ab-standfast-detector.service-x/tmp /tmp rw shared:2 - tmpfs tmpfs rw\n"
        "41 36 8:1 /var/tmp/systemd-private-0ab-standfast-detector.service-y/tmp /var/tmp rw - ext4 /dev/sda1 rw\n"
    )
    assert private_places(mounts) == ["/tmp", "/var/tmp"]


def database(path: Path, journal: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA journal_mode={journal}")
    connection.execute("CREATE TABLE trades (id INTEGER PRIMARY KEY, text TEXT)")
    connection.executemany("INSERT INTO trades (text) VALUES (?)", [("x" * 500,)] * 200)
    connection.commit()
    return connection


@pytest.mark.parametrize("journal", ["wal", "delete"])
@pytest.mark.parametrize("deep", [False, True])
def test_sqlite_reads(tmp_path: Path, journal: str, deep: bool) -> None:
    path = tmp_path / "trades.db"
    with closing(database(path, journal)):
        assert probed(SqliteProbe(str(path), 5, deep=deep)) == Finding(OK, "1 tables and indexes")
    assert probed(SqliteProbe(str(path), 5, deep=deep)).outcome is OK


def test_sqlite_that_is_missing_or_something_else(tmp_path: Path) -> None:
    path = tmp_path / "trades.db"
    assert probed(SqliteProbe(str(path), 5)) == Finding(FAIL, "missing")
    path.write_text("what is this, and how did it come here?")
    assert probed(SqliteProbe(str(path), 5)) == Finding(FAIL, "not a SQLite database")


@pytest.mark.parametrize("journal", ["wal", "delete"])
def test_sqlite_that_is_damaged(tmp_path: Path, journal: str) -> None:
    path = tmp_path / "trades.db"
    database(path, journal).close()
    with path.open("r+b") as file:
        file.seek(100)
        file.write(b"\xff" * 3000)  # the schema's page
    assert probed(SqliteProbe(str(path), 5)).outcome is FAIL


def test_a_large_database_that_takes_longer_than_the_time_is_not_damaged(tmp_path: Path) -> None:
    path = tmp_path / "trades.db"
    with closing(database(path, "wal")) as owner:
        owner.executemany("INSERT INTO trades (text) VALUES (?)", [("x" * 500,)] * 50_000)
        owner.commit()
        assert probed(SqliteProbe(str(path), 0.001, deep=True)).outcome is UNKNOWN
        assert probed(SqliteProbe(str(path), 30, deep=True), timeout_s=0.001).outcome is UNKNOWN


def test_sqlite_that_its_owner_has_locked_is_unknown(tmp_path: Path) -> None:
    path = tmp_path / "trades.db"
    with closing(database(path, "delete")) as owner:
        owner.execute("BEGIN EXCLUSIVE")
        assert probed(SqliteProbe(str(path), 5)).outcome is UNKNOWN


def test_nothing_that_is_probed_is_ever_written(tmp_path: Path) -> None:
    plain, log, config = tmp_path / "plain.db", tmp_path / "log.db", tmp_path / "config.json"
    database(plain, "delete").close()
    database(log, "wal").close()
    config.write_text("{}")
    with closing(database(tmp_path / "open.db", "wal")):
        before = fingerprint(tmp_path)
        for path in (plain, log, tmp_path / "open.db"):
            for _ in range(20):
                probed(SqliteProbe(str(path), 5, deep=True))
        for _ in range(20):
            probed(FileProbe(str(config)))
        # The shared memory beside an open log holds its readers' marks; the database and the log are its content.
        assert {name: found for name, found in fingerprint(tmp_path).items() if not name.endswith("-shm")} == {
            name: found for name, found in before.items() if not name.endswith("-shm")
        }


def fingerprint(directory: Path) -> dict[str, tuple[str, int]]:
    return {
        path.name: (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns)
        for path in directory.iterdir()
    }


@pytest.mark.parametrize(
    ("script", "outcome", "detail"),
    [
        ("exit 0", OK, ""),
        ("echo fine", OK, "fine"),
        ("echo first; echo 'it is broken' >&2; exit 3", FAIL, "exit 3: first it is broken"),
        ("kill -9 $$", FAIL, "killed by signal 9"),
        ("head -c 100000 /dev/zero | tr '\\0' x; exit 1", FAIL, "exit 1: " + "x" * 400),
    ],
)
def test_command(script: str, outcome: Outcome, detail: str) -> None:
    assert probed(CommandProbe(("/bin/sh", "-c", script))) == Finding(outcome, detail)


def test_a_command_that_is_not_there_is_unknown() -> None:
    assert probed(CommandProbe(("/no/such/thing",))).outcome is UNKNOWN


def test_a_command_that_hangs_is_ended_with_its_children(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    script = f"sleep 60 & echo $! > {pids}; sleep 60"
    assert probed(CommandProbe(("/bin/sh", "-c", script)), timeout_s=0.5) == Finding(FAIL, "no answer within 0.5 s")
    child = int(pids.read_text())
    deadline = time.monotonic() + 5
    while Path(f"/proc/{child}").exists() and "Z" not in Path(f"/proc/{child}/stat").read_text().split()[2]:
        assert time.monotonic() < deadline
        os.sched_yield()


def test_a_probe_that_breaks_is_unknown() -> None:
    class Broken:
        async def look(self) -> Finding:
            raise RuntimeError("oh")

        def silence(self, timeout_s: float) -> Finding:
            return Finding(FAIL)

    assert probed(Broken()) == Finding(UNKNOWN, "the probe broke: oh")


@pytest.mark.parametrize("make", [lambda: FileProbe("/f.json"), lambda: SqliteProbe("/trades.db", 0.2, deep=True)])
def test_a_read_that_hangs_is_unknown_and_takes_one_thread_only(
    make: Callable[[], FileProbe | SqliteProbe], monkeypatch: pytest.MonkeyPatch
) -> None:
    let_go = threading.Event()
    begun: list[threading.Thread] = []

    def hang(self: object) -> Finding:
        begun.append(threading.current_thread())
        let_go.wait(30)
        return Finding(OK)

    monkeypatch.setattr(FileProbe, "_look", hang)
    monkeypatch.setattr(SqliteProbe, "_look", hang)

    async def looks() -> list[Finding]:
        probe = make()
        found = [await look(probe, 0.1) for _ in range(3)]
        let_go.set()
        begun[0].join(10)
        return [*found, await look(probe, 5)]

    found = asyncio.run(looks())
    assert [finding.outcome for finding in found] == [UNKNOWN, UNKNOWN, UNKNOWN, OK]
    assert found[1].detail == "an earlier look at it still hangs"
    assert len(begun) == 2


def test_many_hung_reads_hold_up_no_other_and_not_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    well = tmp_path / "well.json"
    well.write_text("{}")
    let_go = threading.Event()
    really_look = FileProbe._look

    def hang(self: FileProbe) -> Finding:
        if self._path != well:
            let_go.wait(30)
        return really_look(self)

    monkeypatch.setattr(FileProbe, "_look", hang)

    async def looks() -> list[Finding]:
        hung = [look(FileProbe(f"/dead/{number}"), 0.1) for number in range(40)]
        return [*await asyncio.gather(*hung), await look(FileProbe(str(well)), 5)]

    began = time.monotonic()
    found = asyncio.run(looks())
    assert time.monotonic() - began < 10
    let_go.set()
    assert {finding.outcome for finding in found[:-1]} == {UNKNOWN}
    assert found[-1].outcome is OK
