"""A private bus with a systemd of the test's own on it."""

from __future__ import annotations

import importlib
import shutil
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

with warnings.catch_warnings():
    warnings.simplefilter("ignore", ImportWarning)  # of gi on Debian 12, for which dbus_fast looks at its import
    importlib.import_module("dbus_fast")

from tests.bus.private_bus import PrivateBus


@pytest.fixture
def bus(tmp_path: Path) -> Iterator[PrivateBus]:
    if shutil.which("dbus-daemon") is None:
        pytest.skip("not installed: dbus-daemon")
    with PrivateBus(tmp_path) as found:
        yield found
