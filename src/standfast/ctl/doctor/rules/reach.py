"""Channels, gateways and probes answer. Pure."""

from collections.abc import Iterator

from standfast.ctl.doctor.facts import Facts
from standfast.ctl.doctor.finding import Finding, note, wrong


def findings(facts: Facts) -> Iterator[Finding]:
    """What could not be connected to."""
    for place in facts.reached:
        if not place.trouble:
            continue
        what = f"{place.what} cannot be reached at {place.address}: {place.trouble}"
        step = "see that the name and port are right, that it runs, and that no firewall is between"
        if place.is_needed:
            yield wrong(what, step)
        else:
            yield note(f"{what}; the agent does not run now", f"before it is started: {step}")
