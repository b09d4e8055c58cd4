"""Whether a PostgreSQL server takes a connection and answers, in a session that cannot write.

Whether anybody listens is found out first, with a plain socket: the library tells that only in words,
in the language of the host. A server that answers and does not let the detector in is unknown: it
lets others in, or it does not, and nothing here can tell.
"""

import asyncio
import math
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from standfast import paths
from standfast.detector.check_tables import PostgresqlCheck
from standfast.detector.finding import Finding
from standfast.detector.model import Outcome
from standfast.detector.probes.aside import Aside
from standfast.detector.probes.base import BROKEN, HANGING, connection_error, missing, timed_out
from standfast.errors import StandfastError
from standfast.scrub import scrubbed

if TYPE_CHECKING:
    import psycopg

PACKAGE: Final = "python3-psycopg"
SHOWN: Final = 300
LOCAL: Final = "localhost"
# libpq takes whole seconds, and waits at least so long.
SHORTEST_CONNECT_S: Final = 2
# SQLSTATE class 42 (access rule violation) and 28 (authorization): about the detector, not about the server.
_OWN_FAULTS: Final = ("42", "28")


class PasswordError(StandfastError):
    """The password that a check names is not there."""


class PostgresqlProbe:
    """Connects, selects 1, and hangs up again; the library is imported at the first look."""

    def __init__(self, check: PostgresqlCheck) -> None:
        self._check = check
        self._is_socket = check.host.startswith("/")
        self._aside = Aside(self.look_now, HANGING, BROKEN)

    async def look(self) -> Finding:
        """Ok when the server answers; fail when it takes nobody in; unknown when it is only the detector."""
        found = await self._aside.run()
        # While a look hangs the server is as silent as it was: saying less would end the failure.
        return await asyncio.to_thread(self.silence, self._check.timeout_s) if found is HANGING else found

    def silence(self, timeout_s: float) -> Finding:
        """A server on this host that does not answer hangs."""
        return timed_out(self._host, timeout_s)

    def look_now(self) -> Finding:
        """The same, at once."""
        try:
            import psycopg
        except ImportError:
            return Finding(Outcome.UNKNOWN, f"it needs a library that is not installed: apt install {PACKAGE}")
        unheard = self._knock()
        if unheard is not None:
            return unheard
        try:
            password = _password(self._check.password_credential)
        except PasswordError as error:
            return Finding(Outcome.UNKNOWN, str(error))
        try:
            with psycopg.connect(**self._address(), password=password, autocommit=True) as connection:
                return self._ask(connection)
        except psycopg.errors.ConnectionTimeout:
            return self.silence(self._check.timeout_s)
        except psycopg.OperationalError as error:
            return self._refused(_words(error, password))

    @property
    def _host(self) -> str:
        return LOCAL if self._is_socket else self._check.host

    def _knock(self) -> Finding | None:
        """What a plain connection says of it, None when it was taken."""
        path = Path(self._check.host, f".s.PGSQL.{self._check.port}")
        try:
            if self._is_socket:
                with socket.socket(socket.AF_UNIX) as knocking:
                    knocking.settimeout(self._check.timeout_s)
                    knocking.connect(str(path))
            else:
                socket.create_connection((self._check.host, self._check.port), self._check.timeout_s).close()
        except FileNotFoundError:
            found = missing(path)
            return found if found.outcome is Outcome.UNKNOWN else Finding(found.outcome, f"nobody listens at {path}")
        except OSError as error:
            return connection_error(error, self._host)
        return None

    def _address(self) -> dict[str, Any]:
        check = self._check
        limit_ms = math.ceil(check.timeout_s * 1000)
        address = {
            "host": check.host,
            "port": check.port,
            "dbname": check.database,
            "user": check.user,
            "connect_timeout": max(math.ceil(check.timeout_s), SHORTEST_CONNECT_S),
            "application_name": "standfast",
            "options": f"-c default_transaction_read_only=on -c statement_timeout={limit_ms}",
        }
        return {**address, "passfile": check.passfile} if check.passfile else address

    def _ask(self, connection: "psycopg.Connection[Any]") -> Finding:
        import psycopg

        try:
            connection.execute("SELECT 1").fetchone()
        except psycopg.Error as error:
            is_own = (error.sqlstate or "").startswith(_OWN_FAULTS)
            return Finding(Outcome.UNKNOWN if is_own else Outcome.FAIL, _words(error, None))
        return Finding(Outcome.OK, f"PostgreSQL {connection.info.server_version // 10000}")

    def _refused(self, words: str) -> Finding:
        """What it says that a server that listens did not let the detector in."""
        from psycopg import pq
        from psycopg.conninfo import make_conninfo

        answer = pq.PGconn.ping(make_conninfo(**self._address()).encode())
        if answer == pq.Ping.REJECT:  # it is starting, shutting down or recovering
            return Finding(Outcome.FAIL, f"it takes no connections: {words}")
        if answer == pq.Ping.NO_RESPONSE:
            return Finding(timed_out(self._host, 0).outcome, words)
        return Finding(Outcome.UNKNOWN, f"it does not let the detector in: {words}")


def _password(credential: str) -> str | None:
    """The password of a systemd credential, None when the check names none.

    Raises:
        PasswordError: there is none, and what to do.
    """
    if not credential:
        return None
    path = paths.credential(credential)
    try:
        secret = path.read_text().strip() if path is not None else ""
    except (OSError, UnicodeDecodeError):
        secret = ""
    if not secret:
        raise PasswordError(
            f'there is no credential "{credential}": standfastctl secret set {credential}, then restart the detector'
        )
    return secret


def _words(error: Exception, password: str | None) -> str:
    """The library's or the server's words on one line, without the password should they ever hold it."""
    return " ".join(scrubbed(str(error), password or "").split())[:SHOWN]
