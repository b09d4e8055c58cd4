"""Configuration files: without mistakes, and readable by their daemons. Pure."""

from collections.abc import Iterator
from dataclasses import replace

from standfast.ctl.doctor.facts import Facts
from standfast.ctl.doctor.finding import Finding, wrong
from standfast.unit_names import short


def findings(facts: Facts) -> Iterator[Finding]:
    """Each mistake, as check-config tells it; with the daemon that did not take the file over for it."""
    for mistake in facts.mistakes:
        what, step = str(replace(mistake, hint="")), mistake.hint or "correct it; see: standfastctl check-config"
        if unit := facts.refused_by(mistake):
            what += f"; {short(unit)} runs on with its earlier configuration"
            step += f"; then systemctl reload {short(unit)}"
        yield wrong(what, step)
    for line in facts.secrets_in_environment:
        what, _, step = line.partition("; ")
        yield wrong(what, step)
