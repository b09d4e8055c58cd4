"""Which disks matter, and how full they are."""

import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from standfast import paths
from standfast.check import findings
from standfast.check.findings import Answer

_JOURNALS: Final = (paths.ROOT / "var/log/journal", paths.ROOT / "run/log/journal")
# See systemd-escape(1).
_TO_ESCAPE: Final = re.compile(r"[^a-zA-Z0-9:_./]|^\.")


def answers(of: Iterable[str], lowest_share: float) -> list[Answer]:
    """An answer for each disk that the state, the journal or one of these files is on."""
    journal = next((one for one in _JOURNALS if one.exists()), _JOURNALS[0])
    return [_look(mount, lowest_share) for mount in mounts((paths.STATE, journal, *(Path(one) for one in of)))]


def mounts(files: Iterable[Path]) -> list[Path]:
    """Where the disks of these files are mounted; a file in a directory that cannot be seen is on none."""
    found: dict[int, Path] = {}
    for file in files:
        place = next((one for one in (file, file.parent) if os.path.exists(one)), None)
        if place is not None:
            found.setdefault(place.stat().st_dev, _top(place))
    return list(found.values())


def unit_of(mount: Path) -> str:
    """The unit that systemd has for a mount, by which the trouble of one disk is told from another's."""
    plain = str(mount).strip("/")
    escaped = _TO_ESCAPE.sub(lambda match: "".join(f"\\x{byte:02x}" for byte in match[0].encode()), plain)
    return f"{escaped.replace('/', '-') or '-'}.mount"


def _top(place: Path) -> Path:
    """The highest directory on the same disk."""
    device = place.stat().st_dev
    for above in place.resolve().parents:
        if above.stat().st_dev != device:
            break
        place = above
    return place


def _look(mount: Path, lowest_share: float) -> Answer:
    found = os.statvfs(mount)
    free = {
        "bytes": (found.f_bavail * found.f_frsize, found.f_blocks * found.f_frsize),
        "inodes": (found.f_favail, found.f_files),
    }
    return findings.disk(str(mount), unit_of(mount), free, lowest_share)
