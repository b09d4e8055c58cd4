"""A name server that hears every question and answers none."""

from __future__ import annotations

import os
import socket
import threading
from pathlib import Path
from typing import Self

# An address of this process alone: others may test the same beside it.
_ADDRESS = f"127.77.{os.getpid() // 256 % 256}.{os.getpid() % 256}"
_END = b"end"


class SilentNameServer:
    """Needs root, for its port; `asked` is what came so far."""

    def __init__(self) -> None:
        self.asked = b""
        self._changed = threading.Condition()
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._thread = threading.Thread(target=self._listen)

    def __enter__(self) -> Self:
        self._socket.bind((_ADDRESS, 53))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(_END, (_ADDRESS, 53))
        self._thread.join()
        self._socket.close()

    def write_resolv_conf(self, path: Path, options: str = "") -> None:
        """A file in the place of /etc/resolv.conf that sends everybody here."""
        path.write_text(f"nameserver {_ADDRESS}\n{options}\n")

    def wait_for_question(self, timeout_s: float = 10) -> None:
        """Until somebody asked anything."""
        with self._changed:
            assert self._changed.wait_for(lambda: self.asked, timeout_s), "nobody asked the name server"

    def _listen(self) -> None:
        while (question := self._socket.recv(512)) != _END:
            with self._changed:
                self.asked += question
                self._changed.notify_all()
