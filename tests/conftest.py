"""For all tests: a terminated run unwinds like an interrupted one and cleans up; --part runs some of them."""

from __future__ import annotations

import signal
from types import FrameType

import pytest

HOST_PART = "host"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--part", help=f"only the tests on that Debian release, or ({HOST_PART}) those that need none")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    wanted = config.getoption("--part")
    if wanted is not None:
        config.hook.pytest_deselected(items=[item for item in items if part_of(item) != wanted])
        items[:] = [item for item in items if part_of(item) == wanted]


def part_of(item: pytest.Item) -> str:
    """The Debian release that a test runs on, or HOST_PART."""
    callspec = getattr(item, "callspec", None)  # a test without parameters has none
    return str(callspec.params.get("debian", HOST_PART)) if callspec else HOST_PART


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "anywhere: a test among the system tests that boots no machine")
    end_on_sigterm()


def end_on_sigterm() -> None:
    signal.signal(signal.SIGTERM, _terminate)


def _terminate(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
