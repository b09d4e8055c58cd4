"""Where the agent's life becomes visible: events, log lines, STATUS= and the status file."""

import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from standfast import statusfile
from standfast.agent.failures import Setting
from standfast.agent.messages import Messages
from standfast.events import Event
from standfast.heartbeat import Heartbeat
from standfast.journal import Emitter
from standfast.statusfile import StatusFileError

log = logging.getLogger(__name__)


class Voice:
    """Speaks for one agent."""

    def __init__(
        self, name: str, emitter: Emitter, heartbeat: Heartbeat, status_path: Path, setting: Callable[[], Setting]
    ) -> None:
        self.messages = Messages(name, setting)
        self._emitter = emitter
        self._heartbeat = heartbeat
        self._status_path = status_path
        self._file_trouble = ""

    def say(self, event: Event) -> None:
        """Emit an event."""
        self._emitter.emit(event)

    def status(self, words: str) -> None:
        """The line that `systemctl status` shows."""
        self._heartbeat.status(words)

    def show(self, status: Mapping[str, Any]) -> None:
        """Replace the status file; trouble with it is logged once and stops nothing."""
        try:
            statusfile.write(self._status_path, {**status, "reload_refused": self._heartbeat.noted})
            self._file_trouble = ""
        except StatusFileError as error:
            if str(error) != self._file_trouble:
                log.error("%s", error)
            self._file_trouble = str(error)
