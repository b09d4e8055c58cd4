"""The channels' own tests with the providers' libraries as each Debian packages them."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.tree import PROVIDERS, REPOSITORY, tree

TESTS = [
    f"tests/unit/notifier/test_{name}.py"
    for name in ("telegram", "sms", "email", "webhook", "alertmanager", "apprise", "slow_names")
]
# A mount namespace of its own, over the tree that others share; it ends with the tests, and its mounts with it.
_ENTER = """
mount -t tmpfs tmpfs "$2"
mkdir "$2/upper" "$2/scratch" "$2/root"
mount -t overlay overlay -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/scratch" "$2/root"
mkdir "$2/root/srv/standfast"
mount --bind -o ro "$3" "$2/root/srv/standfast"
mount --bind /dev "$2/root/dev"
mount -t proc proc "$2/root/proc"
root=$2/root
shift 3
exec chroot "$root" sh -c 'cd /srv/standfast && exec "$@"' sh "$@"
"""


@pytest.fixture
def libraries(debian: str) -> Iterator[Path]:
    """A tree of that Debian with the providers' libraries in it."""
    with tree(debian, more=PROVIDERS) as path:
        yield path


def test_the_channels_with_the_libraries_of_each_debian(libraries: Path, tmp_path: Path) -> None:
    command = ["python3", "-B", "-m", "pytest", "-q", "-p", "no:cacheprovider", "-o", "addopts=--import-mode=importlib"]
    enter = ["setpriv", "--pdeathsig=KILL", "unshare", "--mount", "--pid", "--fork", "--kill-child=KILL"]
    enter += ["sh", "-euc", _ENTER, "sh", str(libraries), str(tmp_path), str(REPOSITORY)]
    result = subprocess.run(
        [*enter, *command, *TESTS],
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert result.returncode == 0, result.stdout[-8000:] + result.stderr[-2000:]
    passed = re.search(r"^([0-9]+) passed(?!.*skipped)", result.stdout.splitlines()[-1])
    assert passed, result.stdout[-2000:]
    assert int(passed[1]) > 50
