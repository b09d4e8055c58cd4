"""Whose certificates a check trusts, until when a server's holds, and what a refused one says.

There is no way to trust blindly: a server with a certificate of its own is trusted by naming that
certificate in `ca_file`, and then its expiry is known too, which an unverified one's is not.
"""

import os
import ssl

from standfast.detector.finding import Finding
from standfast.detector.model import Outcome
from standfast.errors import StandfastError

# X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, _SELF_SIGNED_CERT_IN_CHAIN, _UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
# _UNABLE_TO_VERIFY_LEAF_SIGNATURE (see verify(1ssl)): the host does not know who signed it.
_UNKNOWN_SIGNERS = frozenset({18, 19, 20, 21})


class TrustError(StandfastError):
    """The certificates to trust cannot be read."""


class Trust:
    """The certificates that a check trusts: the host's, or those of a file, read again when it changes."""

    def __init__(self, ca_file: str) -> None:
        self._ca_file = ca_file
        self._written_ns: tuple[int, ...] = ()
        self._context: ssl.SSLContext | None = None

    def context(self) -> ssl.SSLContext:
        """For a connection.

        Raises:
            TrustError: the file cannot be read, or holds no certificate.
        """
        try:
            written_ns = (os.stat(self._ca_file).st_mtime_ns,) if self._ca_file else _host_written_ns()
            if self._context is None or written_ns != self._written_ns:
                self._context = ssl.create_default_context(cafile=self._ca_file or None)
                self._written_ns = written_ns
        except ssl.SSLError as error:
            raise TrustError(f"ca_file {self._ca_file} holds no certificate") from error
        except OSError as error:
            raise TrustError(f"cannot read ca_file {self._ca_file}: {error.strerror}") from error
        return self._context


def _host_written_ns() -> tuple[int, ...]:
    """When the host's certificates were last written; a detector lives longer than they do."""
    paths = ssl.get_default_verify_paths()
    return tuple(os.stat(path).st_mtime_ns for path in (paths.cafile, paths.capath) if path)


def expiry(connection: ssl.SSLObject | None) -> float | None:
    """When the certificate of the server at the other end expires, in seconds since 1970."""
    certificate = connection.getpeercert() if connection is not None else None
    until = certificate.get("notAfter") if certificate else None
    return float(ssl.cert_time_to_seconds(until)) if isinstance(until, str) else None


def handshake_error(error: ssl.SSLError) -> Finding:
    """What it says of a server that no connection came about with it.

    A certificate that is expired or not trusted says nothing of the service behind it, and no restart renews
    it: three services that share one would be restarted for nothing.
    """
    if not isinstance(error, ssl.SSLCertVerificationError):
        return Finding(Outcome.FAIL, f"speaks no TLS that is understood here ({error.reason or error})")
    hint = "; if it is meant to be, name it in ca_file" if error.verify_code in _UNKNOWN_SIGNERS else ""
    return Finding(Outcome.UNKNOWN, f"its certificate is not trusted: {error.verify_message}{hint}")
