"""The postgresql probe before a real server, well, stopped, frozen, starting, and not for us."""

from __future__ import annotations

import asyncio
import base64
import builtins
import os
import pwd
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from tests.unit.detector.probing import free_port

from standfast.detector.check_tables import PostgresqlCheck
from standfast.detector.finding import Finding
from standfast.detector.model import Outcome
from standfast.detector.prober import look
from standfast.detector.probes.postgresql import PostgresqlProbe, _words

OK, FAIL, UNKNOWN = Outcome.OK, Outcome.FAIL, Outcome.UNKNOWN
PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
UNPRIVILEGED = pwd.getpwnam("nobody")
SECRET = "s3cret of the trades"
RULES = """
local all boss trust
local all all scram-sha-256
host all boss 127.0.0.1/32 trust
host all all 127.0.0.1/32 scram-sha-256
"""
TABLE = """
CREATE TABLE trades (id integer PRIMARY KEY, text text);
INSERT INTO trades SELECT n, 'x' FROM generate_series(1, 1000) n;
CREATE ROLE watcher LOGIN PASSWORD 's3cret of the trades';
CHECKPOINT;
"""


@dataclass
class Server:
    """A PostgreSQL server of the test's own, run by a user without rights."""

    directory: Path
    port: int

    def run(self, program: str, *arguments: str) -> str:
        """Run one of its programs as the user whose server it is."""
        user, group = (UNPRIVILEGED.pw_uid, UNPRIVILEGED.pw_gid) if os.geteuid() == 0 else (None, None)
        done = subprocess.run(
            [str(PROGRAMS[-1].with_name(program)), *arguments],
            capture_output=True,
            text=True,
            timeout=60,
            cwd="/",
            user=user,
            group=group,
            extra_groups=[] if user else None,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    @property
    def data(self) -> str:
        return str(self.directory / "data")

    def start(self) -> None:
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": self.port,
            "unix_socket_directories": self.directory,
            "fsync": "off",
            "autovacuum": "off",  # it writes by itself; what is proven here is who does not
        }
        options = " ".join(f"-c {name}={value}" for name, value in settings.items())
        # Its output goes to a file: the server would hold a pipe open for ever.
        self.run("pg_ctl", "-D", self.data, "-w", "-o", options, "-l", str(self.directory / "log"), "start")

    def stop(self) -> None:
        self.run("pg_ctl", "-D", self.data, "-w", "-m", "immediate", "stop")

    def select(self, query: str) -> str:
        return self.run("psql", "-h", "127.0.0.1", "-p", str(self.port), "-U", "boss", "-d", "postgres", "-Atc", query)

    @property
    def pid(self) -> int:
        return int((self.directory / "data/postmaster.pid").read_text().split()[0])

    def probe(self, **more: Any) -> PostgresqlProbe:
        settings = {"host": "127.0.0.1", "port": self.port, "database": "postgres", "user": "boss", **more}
        return PostgresqlProbe(PostgresqlCheck(**settings))

    def found(self, timeout_s: float = 5.0, **more: Any) -> Finding:
        return asyncio.run(look(self.probe(timeout_s=timeout_s, **more), timeout_s))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    if not PROGRAMS:
        pytest.skip("not installed: postgresql (packaging/prepare python)")
    directory = tmp_path_factory.mktemp("postgresql")
    for parent in (directory, *directory.parents[:2]):
        parent.chmod(0o755)
    if os.geteuid() == 0:
        os.chown(directory, UNPRIVILEGED.pw_uid, UNPRIVILEGED.pw_gid)
    found = Server(directory, free_port())
    found.run("initdb", "-D", found.data, "-U", "boss", "-A", "trust", "-N")
    (directory / "data/pg_hba.conf").write_text(RULES)
    found.start()
    try:
        found.select(TABLE)
        yield found
    finally:
        found.stop()


@pytest.mark.parametrize("way", ["127.0.0.1", "localhost", "socket"])
def test_it_answers(server: Server, way: str) -> None:
    found = server.found(host=str(server.directory) if way == "socket" else way)
    assert (found.outcome, found.detail[:11]) == (OK, "PostgreSQL ")


@pytest.mark.parametrize("way", ["127.0.0.1", "socket"])
def test_nobody_listens(server: Server, tmp_path: Path, way: str) -> None:
    place = "127.0.0.1" if way == "127.0.0.1" else str(tmp_path)
    assert server.found(host=place, port=free_port()).outcome is FAIL


def test_a_name_that_nobody_knows_says_nothing_of_the_server(server: Server) -> None:
    assert server.found(host="no-such-host.invalid").outcome is UNKNOWN


@pytest.mark.parametrize(
    "more", [{"user": "stranger"}, {"database": "none"}, {"user": "watcher"}], ids=["role", "database", "password"]
)
def test_not_being_let_in_says_nothing_of_the_server(server: Server, more: dict[str, Any]) -> None:
    found = server.found(**more)
    assert found.outcome is UNKNOWN
    assert found.detail.startswith("it does not let the detector in: ")


def test_the_password_of_a_credential_opens_and_is_never_said(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    (tmp_path / "postgresql-password").write_text(f"{SECRET}\n")
    probe = server.probe(user="watcher", password_credential="postgresql-password")
    assert asyncio.run(look(probe, 5)).outcome is OK
    (tmp_path / "postgresql-password").write_text("another secret")
    refused = asyncio.run(look(probe, 5))
    assert refused.outcome is UNKNOWN
    assert "another secret" not in refused.detail


def test_a_credential_that_is_not_there(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    found = server.found(user="watcher", password_credential="postgresql-password")
    assert found.outcome is UNKNOWN
    assert "standfastctl secret set postgresql-password" in found.detail


def test_the_password_of_a_passfile_opens(server: Server, tmp_path: Path) -> None:
    passfile = tmp_path / "pgpass"
    passfile.write_text(f"127.0.0.1:{server.port}:*:watcher:{SECRET}\n")
    passfile.chmod(0o600)
    assert server.found(user="watcher", passfile=str(passfile)).outcome is OK


def test_a_server_that_is_frozen_fails_within_the_time_and_goes_on_failing(server: Server) -> None:
    async def looks() -> list[Finding]:
        probe = server.probe(timeout_s=0.5)
        return [await look(probe, 0.5) for _ in range(3)]

    os.kill(server.pid, signal.SIGSTOP)
    try:
        began = time.monotonic()
        assert asyncio.run(looks()) == [Finding(FAIL, "no answer within 0.5 s")] * 3
        assert time.monotonic() - began < 3
    finally:
        os.kill(server.pid, signal.SIGCONT)


def test_nothing_is_ever_written(server: Server) -> None:
    """Neither into the database's log, through which every change goes, nor into a row."""
    state = "SELECT pg_current_wal_insert_lsn(), sum(hashtext(trades::text)), max(xmin::text), count(*) FROM trades"
    before = server.select(state)
    for _ in range(20):
        assert server.found().outcome is OK
    assert server.select(state) == before
    server.select("INSERT INTO trades VALUES (0, 'y')")
    assert server.select(state) != before


def test_the_session_could_not_write(server: Server) -> None:
    import psycopg

    with psycopg.connect(**server.probe()._address(), autocommit=True) as session:
        assert session.execute("SHOW statement_timeout").fetchone() == ("5s",)
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            session.execute("INSERT INTO trades VALUES (-1, 'z')")


def test_what_a_server_says_is_without_the_password_however_it_puts_it() -> None:
    coded = base64.b64encode(f"watcher:{SECRET}".encode()).decode()
    for repeated in (SECRET, quote(SECRET), coded):
        assert _words(ValueError(f"no\n {repeated} here"), SECRET) == "no *** here"


def test_without_the_library_it_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    really_import = builtins.__import__

    def refuse(name: str, *arguments: Any, **more: Any) -> Any:
        if name.startswith("psycopg"):
            raise ImportError(name)
        return really_import(name, *arguments, **more)

    monkeypatch.setattr(builtins, "__import__", refuse)
    probe = PostgresqlProbe(PostgresqlCheck(database="trades"))
    assert probe.look_now() == Finding(UNKNOWN, "it needs a library that is not installed: apt install python3-psycopg")


def test_a_server_that_shuts_down_and_is_down_fails_and_comes_back(server: Server) -> None:
    """The last of this file: it takes the server down."""
    import psycopg

    with psycopg.connect(**server.probe()._address()):
        os.kill(server.pid, signal.SIGTERM)  # it waits for this session to end, and takes no other
        finding = wait_for(server, FAIL)
        assert finding.detail.startswith("it takes no connections: ")
        server.stop()
    for place in ("127.0.0.1", str(server.directory)):
        assert server.found(host=place).outcome is FAIL
    server.start()
    assert server.found().outcome is OK


def wait_for(server: Server, outcome: Outcome) -> Finding:
    """What is found once the server has heard the signal."""
    deadline = time.monotonic() + 10
    while (finding := server.found()).outcome is not outcome:
        assert time.monotonic() < deadline, finding
    return finding
