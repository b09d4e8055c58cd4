"""For every test: a terminated run unwinds like an interrupted one, so that fixtures clean up."""

from __future__ import annotations

import signal
from types import FrameType

import pytest


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "anywhere: a test among the system tests that boots no machine")
    end_on_sigterm()


def end_on_sigterm() -> None:
    signal.signal(signal.SIGTERM, _terminate)


def _terminate(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
