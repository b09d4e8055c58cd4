"""Channels, gateways and probes answer. Pure."""

from collections.abc import Iterator

from standfast.ctl.doctor.facts import Facts
from standfast.ctl.doctor.finding import Finding, wrong


def findings(facts: Facts) -> Iterator[Finding]:
    """What could not be connected to."""
    for place in facts.reached:
        if place.trouble:
            yield wrong(
                f"{place.what} cannot be reached at {place.address}: {place.trouble}",
                "see that the name and port are right, that it runs, and that no firewall is between",
            )
