"""Room for databases and journal. Pure."""

from collections.abc import Iterator

from standfast.check.config import CheckConfig
from standfast.ctl.doctor.facts import Facts
from standfast.ctl.doctor.finding import Finding, wrong


def findings(facts: Facts) -> Iterator[Finding]:
    """Disks with less room than check.toml asks for."""
    lowest = (facts.check or CheckConfig()).disk.lowest_share
    for path, share in facts.free_shares.items():
        if share < lowest:
            yield wrong(
                f"the disk of {path} is nearly full: {share:.1%} is free",
                "make room: journalctl --vacuum-size=200M, apt-get clean, du -xh / | sort -h | tail",
            )
