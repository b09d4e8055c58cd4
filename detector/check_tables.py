"""The tables of health checks, told apart by their `kind`. Pure.

What all of them say is said once, in `Pace`; a kind adds what it looks at, and what to call it.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Final, Literal

from standfast.config import AtLeast, Duration
from standfast.config.urls import is_url, origin, shown_url

Interval = Annotated[float, Duration(1.0)]
Timeout = Annotated[float, Duration(0.1)]
Count = Annotated[int, AtLeast(1)]
Mistakes = Iterator[tuple[str, str, str]]

HIGHEST_PORT: Final = 65535
_HOST_NAME: Final = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")
# The path of a socket must fit into the kernel's sockaddr_un (see unix(7)).
LONGEST_SOCKET_DIRECTORY: Final = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace(ABC):
    """How often a check runs, how long a look may take, and how many must fail in a row until it counts."""

    name: str = ""
    interval_s: Interval = 30.0
    timeout_s: Timeout = 5.0
    failures: Count = 1

    @property
    @abstractmethod
    def target(self) -> str:
        """What it looks at, in a word."""

    @property
    def label(self) -> str:
        """What messages and status call this check."""
        return self.name or self.target


@dataclass(frozen=True, slots=True, kw_only=True)
class PathPace(Pace):
    """The pace of a look at a file."""

    path: str

    @property
    def target(self) -> str:
        """The file."""
        return self.path

    def mistakes(self) -> Mistakes:
        """A daemon has no working directory worth the name."""
        yield from _absolute("path", self.path)


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpCheck(Pace):
    """GET the URL: answered within the time, with a wanted status, with a text in it.

    Attributes:
        tls_warn_days: so long before its certificate expires a server is worth a warning; 0 for never.
        ca_file: certificates to trust instead of the host's, also a server's own.
        tls_name: the name that the certificate must be for, where it is not the URL's host.
    """

    kind: Literal["http"] = "http"
    url: str
    status: tuple[int, ...] = ()
    contains: str = ""
    tls_warn_days: Annotated[int, AtLeast(0)] = 14
    ca_file: str = ""
    tls_name: str = ""

    @property
    def target(self) -> str:
        """The address, without what may be a secret in it."""
        return shown_url(self.url)

    def mistakes(self) -> Mistakes:
        """Only these two schemes are spoken, and only one of them has certificates."""
        if not is_url(self.url, ("http", "https")):
            yield "url", 'a URL like "http://127.0.0.1:8001/health"', origin(self.url)
        if self.ca_file:
            yield from _absolute("ca_file", self.ca_file)
        if self.tls_name and not _HOST_NAME.fullmatch(self.tls_name):
            yield "tls_name", 'a host name like "bot.example"', f'"{self.tls_name}"'


@dataclass(frozen=True, slots=True, kw_only=True)
class TcpCheck(Pace):
    """Connect to a port."""

    kind: Literal["tcp"] = "tcp"
    port: Count
    host: str = "127.0.0.1"

    @property
    def target(self) -> str:
        """The address."""
        return f"{self.host}:{self.port}"

    def mistakes(self) -> Mistakes:
        """There are no ports above this."""
        yield from _possible(self.port)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecCheck(Pace):
    """Run a command inside the detector's own sandbox: exit 0 is well."""

    kind: Literal["exec"] = "exec"
    command: tuple[str, ...]

    @property
    def target(self) -> str:
        """The command."""
        return " ".join(self.command)

    def mistakes(self) -> Mistakes:
        """No shell is involved, so the program is named in full."""
        if not self.command or not self.command[0].startswith("/"):
            yield "command", "an array that starts with a program's absolute path", f"{list(self.command)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileCheck(PathPace):
    """A file that is there, is readable, parses, and is not too old."""

    kind: Literal["file"] = "file"
    max_age_s: Annotated[float, Duration()] = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SqliteCheck(PathPace):
    """Open a SQLite database read-only and read its schema."""

    kind: Literal["sqlite"] = "sqlite"


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresqlCheck(Pace):
    """Connect to a PostgreSQL server, in a session that cannot write, and select 1.

    Attributes:
        host: an address, or the directory of a server's socket.
        password_credential: the systemd credential with the password; "" where none is needed.
        passfile: a file of passwords as libpq reads it (see the manual of PostgreSQL, "The Password File"), for where
            the credential holds none.
    """

    kind: Literal["postgresql"] = "postgresql"
    database: str
    host: str = "/run/postgresql"
    port: Count = 5432
    user: str = "standfast"
    password_credential: str = ""
    passfile: str = ""

    @property
    def target(self) -> str:
        """The database and where it is; never how to get in."""
        where = f"port {self.port}" if self.host.startswith("/") else f"{self.host}:{self.port}"
        return f"{self.database} on {where}"

    def mistakes(self) -> Mistakes:
        """An address, not a connection string: one of those might hold a password."""
        yield from _possible(self.port)
        if "=" in self.database or "://" in self.database:
            yield "database", 'the name of a database, with "host", "port" and "user" beside it', "a connection string"
        if self.host.startswith("/") and len(self.host) > LONGEST_SOCKET_DIRECTORY:
            yield "host", f"a directory of at most {LONGEST_SOCKET_DIRECTORY} characters", f'"{self.host}"'
        if self.passfile:
            yield from _absolute("passfile", self.passfile)


Check = HttpCheck | TcpCheck | ExecCheck | FileCheck | SqliteCheck | PostgresqlCheck


@dataclass(frozen=True, slots=True, kw_only=True)
class SqliteDatabase(SqliteCheck):
    """A SQLite database that the fleet as a whole needs."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresqlDatabase(PostgresqlCheck):
    """A PostgreSQL database that the fleet as a whole needs."""

    name: str


Database = SqliteDatabase | PostgresqlDatabase


def _absolute(key: str, path: str) -> Mistakes:
    """A daemon has no working directory worth the name."""
    if not path.startswith("/"):
        yield key, "an absolute path", f'"{path}"'


def _possible(port: int) -> Mistakes:
    if port > HIGHEST_PORT:
        yield "port", f"a port, 1 to {HIGHEST_PORT}", str(port)
