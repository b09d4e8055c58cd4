"""The tables of health checks, told apart by their `kind`. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Final, Literal

from standfast.config import AtLeast, Duration
from standfast.config.urls import is_url

Interval = Annotated[float, Duration(1.0)]
Timeout = Annotated[float, Duration(0.1)]
Count = Annotated[int, AtLeast(1)]

HIGHEST_PORT: Final = 65535


@dataclass(frozen=True, slots=True)
class HttpCheck:
    """GET the URL: answered within the time, with a wanted status, with a text in it."""

    kind: Literal["http"]
    url: str
    name: str = ""
    interval_s: Interval = 30.0
    timeout_s: Timeout = 5.0
    failures: Count = 1
    status: tuple[int, ...] = ()
    contains: str = ""

    @property
    def label(self) -> str:
        """What messages and status call this check."""
        return self.name or self.url

    def mistakes(self) -> Iterator[tuple[str, str, str]]:
        """Only these two schemes are spoken."""
        if not is_url(self.url, ("http", "https")):
            yield "url", 'a URL like "http://127.0.0.1:8001/health"', f'"{self.url}"'


@dataclass(frozen=True, slots=True)
class TcpCheck:
    """Connect to a port."""

    kind: Literal["tcp"]
    port: Count
    host: str = "127.0.0.1"
    name: str = ""
    interval_s: Interval = 30.0
    timeout_s: Timeout = 5.0
    failures: Count = 1

    @property
    def label(self) -> str:
        """What messages and status call this check."""
        return self.name or f"{self.host}:{self.port}"

    def mistakes(self) -> Iterator[tuple[str, str, str]]:
        """There are no ports above this."""
        if self.port > HIGHEST_PORT:
            yield "port", f"a port, 1 to {HIGHEST_PORT}", str(self.port)


@dataclass(frozen=True, slots=True)
class ExecCheck:
    """Run a command inside the detector's own sandbox: exit 0 is well."""

    kind: Literal["exec"]
    command: tuple[str, ...]
    name: str = ""
    interval_s: Interval = 30.0
    timeout_s: Timeout = 5.0
    failures: Count = 1

    @property
    def label(self) -> str:
        """What messages and status call this check."""
        return self.name or " ".join(self.command)

    def mistakes(self) -> Iterator[tuple[str, str, str]]:
        """No shell is involved, so the program is named in full."""
        if not self.command or not self.command[0].startswith("/"):
            yield "command", "an array that starts with a program's absolute path", f"{list(self.command)}"


@dataclass(frozen=True, slots=True)
class FileCheck:
    """A file that is there, is readable, parses, and is not too old."""

    kind: Literal["file"]
    path: str
    name: str = ""
    interval_s: Interval = 30.0
    timeout_s: Timeout = 5.0
    failures: Count = 1
    max_age_s: Annotated[float, Duration()] = 0.0

    @property
    def label(self) -> str:
        """What messages and status call this check."""
        return self.name or self.path

    def mistakes(self) -> Iterator[tuple[str, str, str]]:
        """A daemon has no working directory worth the name."""
        if not self.path.startswith("/"):
            yield "path", "an absolute path", f'"{self.path}"'


@dataclass(frozen=True, slots=True)
class SqliteCheck:
    """Open a SQLite database read-only and read its schema."""

    kind: Literal["sqlite"]
    path: str
    name: str = ""
    interval_s: Interval = 30.0
    timeout_s: Timeout = 5.0
    failures: Count = 1

    @property
    def label(self) -> str:
        """What messages and status call this check."""
        return self.name or self.path

    def mistakes(self) -> Iterator[tuple[str, str, str]]:
        """A daemon has no working directory worth the name."""
        if not self.path.startswith("/"):
            yield "path", "an absolute path", f'"{self.path}"'


Check = HttpCheck | TcpCheck | ExecCheck | FileCheck | SqliteCheck


@dataclass(frozen=True, slots=True)
class SqliteDatabase:
    """A SQLite database that the fleet as a whole needs."""

    kind: Literal["sqlite"]
    name: str
    path: str
    interval_s: Interval = 30.0
    timeout_s: Timeout = 5.0
    failures: Count = 1

    @property
    def label(self) -> str:
        """What messages and status call this check."""
        return self.name

    def mistakes(self) -> Iterator[tuple[str, str, str]]:
        """A daemon has no working directory worth the name."""
        if not self.path.startswith("/"):
            yield "path", "an absolute path", f'"{self.path}"'
