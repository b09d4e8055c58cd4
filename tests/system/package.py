"""The package that system tests install."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.system.tree import REPOSITORY


def built_deb() -> Path:
    """The package file; packaging/make-deb builds it when the checkout has changed since."""
    result = subprocess.run(
        [str(REPOSITORY / "packaging/make-deb"), "--if-changed"],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=600,
    )
    if result.returncode != 0:
        raise RuntimeError(f"packaging/make-deb failed:\n{result.stdout[-4000:]}{result.stderr[-4000:]}")
    return Path(result.stdout.splitlines()[-1])
