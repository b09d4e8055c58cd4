"""System tests: real machines, skipped with the reason where none can be booted; --part=trixie picks a Debian."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system import machine as machines
from tests.system.machine import Machine, why_not
from tests.system.package import built_deb
from tests.system.tree import SUITES

_HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what boots machines where none can be booted; `@pytest.mark.anywhere` says that a test boots none."""
    here = [item for item in items if _HERE in item.path.parents and item.get_closest_marker("anywhere") is None]
    if here and (reason := why_not()):
        for item in here:
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="module", params=SUITES)
def debian(request: pytest.FixtureRequest) -> str:
    """The Debian release that a test runs on."""
    return str(request.param)


@pytest.fixture(scope="session")
def deb() -> Path:
    """The package, built anew when the checkout is newer."""
    return built_deb()


@pytest.fixture(scope="module")
def machine(request: pytest.FixtureRequest, debian: str, deb: Path) -> Iterator[Machine]:
    """A booted machine with the package and what the module names as MORE, shared by the tests of a module."""
    with Machine(debian, deb, name="box1", more=getattr(request.module, "MORE", ())) as booted:
        yield booted


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Show the machines' journals since the test's start beside its failure."""
    report: pytest.TestReport = yield  # type: ignore[assignment]
    if report.failed:
        since = time.time() - (time.monotonic() - item.stash.get(_STARTED, time.monotonic()))
        report.sections += [(f"journal of {name}", text) for name, text in machines.post_mortems]
        report.sections += [(f"journal of {up.name}", up.journal_text(since)) for up in machines.running]
    machines.post_mortems.clear()
    return report  # type: ignore[return-value]


_STARTED = pytest.StashKey[float]()


def pytest_runtest_setup(item: pytest.Item) -> None:
    item.stash[_STARTED] = time.monotonic()
