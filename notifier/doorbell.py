"""The doorbell: a datagram that says "look into the journal now", so that nobody waits for its slow notice."""

import contextlib
import os
import socket
from pathlib import Path

from standfast.errors import StandfastError

_RINGS_AT_ONCE = 1024


class DoorbellError(StandfastError):
    """The doorbell could not be hung up; reading goes on, only slower."""


class Doorbell:
    """A datagram socket that anybody may send to; what is sent does not matter."""

    def __init__(self, path: Path) -> None:
        """Hang it up.

        Raises:
            DoorbellError: the directory is missing or not writable.
        """
        self._path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
        try:
            path.unlink(missing_ok=True)
            self._socket.bind(str(path))
            # Every unit's user may ring, whatever the umask says.
            os.chmod(path, 0o666)
        except OSError as error:
            self._socket.close()
            raise DoorbellError(
                f"cannot create the doorbell {path}: {error.strerror}; see that its directory exists and is writable"
            ) from error

    def fileno(self) -> int:
        """Readable when somebody rang."""
        return self._socket.fileno()

    def answer(self) -> int:
        """Take away the rings that wait; tells how many."""
        for number in range(_RINGS_AT_ONCE):
            try:
                self._socket.recv(1)
            except BlockingIOError:
                return number
        return _RINGS_AT_ONCE

    def close(self) -> None:
        """Take it down."""
        self._socket.close()
        with contextlib.suppress(OSError):
            self._path.unlink()
