"""Room for databases and journal. Pure."""

from collections.abc import Iterator
from typing import Final

from standfast.check.config import CheckConfig
from standfast.ctl.doctor.facts import Facts
from standfast.ctl.doctor.finding import Finding, wrong

JOURNAL: Final = "/var/log/journal"


def findings(facts: Facts) -> Iterator[Finding]:
    """Disks with less room than check.toml asks for."""
    lowest = (facts.check or CheckConfig()).disk.lowest_share
    for path, share in facts.free_shares.items():
        if share < lowest:
            yield wrong(f"the disk of {path} is nearly full: {share:.1%} is free", _step(path))


def _step(path: str) -> str:
    """What makes room on this disk; the journal only where it lies there."""
    vacuum = "journalctl --vacuum-size=200M; " if path == JOURNAL else ""
    return f'make room: {vacuum}what takes it: du -xh "$(findmnt -no TARGET -T {path})" | sort -h | tail'
