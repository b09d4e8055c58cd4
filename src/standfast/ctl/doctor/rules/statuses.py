"""What a daemon says of itself can be read: without it `standfastctl status` and the page are blind. Pure."""

from collections.abc import Iterator
from fnmatch import fnmatchcase

from standfast.ctl.doctor.facts import Facts
from standfast.ctl.doctor.finding import Finding, wrong
from standfast.unit_names import AGENTS, short


def findings(facts: Facts) -> Iterator[Finding]:
    """Daemons that run, and whose status file is gone or spoilt; one that does not run has none."""
    for unit in sorted(facts.unseen):
        if not facts.unit(unit).is_active:
            continue
        # A stop closes an agent's positions.
        when = "restart it when it suits" if fnmatchcase(unit, AGENTS) else "restart it"
        yield wrong(
            f"{unit} runs, but its status file under /run/standfast is gone or cannot be read",
            f"{when}: systemctl restart {short(unit)}",
        )
