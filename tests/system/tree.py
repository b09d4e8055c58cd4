"""Debian trees for test machines: built once with mmdebstrap, cached, shared read-only.

A tree holds Debian's minimal system and everything that the package depends on, so that `apt install ./standfast.deb`
in a machine needs no network. Its key covers the list of packages and the month: either one's change builds anew.
"""

from __future__ import annotations

import contextlib
import datetime
import fcntl
import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

REPOSITORY = Path(__file__).resolve().parents[2]
CONTROL = REPOSITORY / "packaging/debian/control"
SUITES = ("trixie", "bookworm")
BASE_PACKAGES = (
    "ca-certificates",
    "dbus",
    "iproute2",
    "libpam-systemd",
    "polkitd",
    "procps",
    "systemd",
    "systemd-sysv",
    "util-linux",
)
# What the optional channels and checks need, each for something with a secret, and what tests them in place.
PROVIDERS = (
    "apprise",
    "python3-psycopg",
    "python3-pytest",
    "python3-pytest-timeout",
    "python3-python-telegram-bot",
    "python3-twilio",
)
RECIPE = "1"  # count up when a tree is made otherwise than before
BUILD_TIMEOUT_S = 900


class TreeError(Exception):
    """A Debian tree could not be built."""


def cache_directory() -> Path:
    """Where trees and the traces of running machines live: $STANDFAST_CACHE or ~/.cache/standfast."""
    configured = os.environ.get("STANDFAST_CACHE")
    return Path(configured) if configured else Path.home() / ".cache/standfast"


def package_dependencies(control: str) -> list[str]:
    """The Debian packages that the binary package's Depends and Recommends name (first alternatives, no versions)."""
    binary = control.split("\n\n", 1)[1]
    fields = re.findall(r"^(?:Depends|Recommends):((?:.*\n)(?:[ \t].*\n)*)", binary, re.MULTILINE)
    items = (item.strip() for field in fields for item in field.split(","))
    names = (re.split(r"[ (|]", item)[0] for item in items)
    return sorted({name for name in names if name and not name.startswith("$")})


def packages() -> list[str]:
    """What a tree is made of."""
    return sorted({*BASE_PACKAGES, *package_dependencies(CONTROL.read_text())})


def tree_key(suite: str, names: list[str], day: datetime.date) -> str:
    """The directory name of the tree of these packages in this month."""
    digest = hashlib.sha256(" ".join([RECIPE, *names]).encode()).hexdigest()[:12]
    return f"{suite}-{day:%Y%m}-{digest}"


@contextlib.contextmanager
def locked(path: Path, mode: int = fcntl.LOCK_EX) -> Iterator[IO[bytes]]:
    """Hold a lock on *path*; the kernel lets go of it when its holder dies, however it dies."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        fcntl.flock(file, mode)
        yield file


@contextlib.contextmanager
def tree(suite: str, names: Sequence[str] = (), purpose: str = "", more: Sequence[str] = ()) -> Iterator[Path]:
    """The cached tree of *suite*, built when it is missing, and not pruned as long as it is in use.

    With *names* it is made of those packages instead; *purpose* keeps such a tree apart from the machines' own. With
    *more* it is a machine's own and has those packages besides.
    """
    names = sorted(names) or sorted([*packages(), *more])
    purpose = purpose or "with-" + "-".join(more) if more else purpose
    trees = cache_directory() / "trees"
    name = f"{purpose}-{suite}" if purpose else suite
    path = trees / tree_key(name, names, datetime.datetime.now(datetime.UTC).date())
    with locked(trees / f"{name}.build"):
        if not path.exists():
            _prune(trees, name)
            _build(suite, names, path)
        in_use = contextlib.ExitStack()
        in_use.enter_context(locked(path.with_suffix(".in-use"), fcntl.LOCK_SH))
    with in_use:
        yield path


def _build(suite: str, names: list[str], path: Path) -> None:
    unfinished = path.with_suffix(".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    command = [
        "mmdebstrap",
        "--quiet",
        "--variant=minbase",
        f"--include={','.join(names)}",
        # systemd starts what is enabled; a machine of one test has no use for apt's own timers.
        "--customize-hook=rm -f $1/etc/systemd/system/timers.target.wants/apt-daily*",
        # These are the host's; each machine has a name of its own, and mostly no network.
        "--customize-hook=rm -f $1/etc/hostname $1/etc/resolv.conf",
        suite,
        str(unfinished),
        *host_mirror(),
    ]
    print(f"standfast: building a Debian {suite} tree in {path.parent} (once, about a minute)", flush=True)
    result = subprocess.run(command, capture_output=True, text=True, timeout=BUILD_TIMEOUT_S, stdin=subprocess.DEVNULL)
    if result.returncode != 0:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise TreeError(f"mmdebstrap {suite} failed with {result.returncode}:\n{result.stderr[-4000:]}")
    unfinished.rename(path)


def host_mirror() -> list[str]:
    """The Debian mirror that this host's apt is configured for; none when it has none, then mmdebstrap has its own."""
    fields = "$(ORIGIN)|$(LABEL)|$(REPO_URI)"
    command = ["apt-get", "indextargets", "--format", fields, "Created-By: Packages"]
    listed = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    for line in listed.stdout.splitlines():
        origin, label, uri = line.split("|", 2)
        if origin == label == "Debian" and uri.startswith(("http:", "https:")):
            return [uri]
    return []


def _prune(trees: Path, suite: str) -> None:
    """Remove the suite's older trees, except those that a machine still runs on."""
    for old in trees.glob(f"{suite}-*"):
        if old.suffix == ".in-use":
            continue
        with old.with_suffix(".in-use").open("ab") as file, contextlib.suppress(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(old, ignore_errors=True)
            old.with_suffix(".in-use").unlink()
