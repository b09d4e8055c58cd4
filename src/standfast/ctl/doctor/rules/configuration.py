"""Configuration files: without mistakes, and readable by their daemons. Pure."""

from collections.abc import Iterator
from dataclasses import replace

from standfast.ctl.doctor.facts import Facts
from standfast.ctl.doctor.finding import Finding, wrong


def findings(facts: Facts) -> Iterator[Finding]:
    """Each mistake, as check-config tells it."""
    for mistake in facts.mistakes:
        yield wrong(str(replace(mistake, hint="")), mistake.hint or "correct it; see: standfastctl check-config")
    for line in facts.secrets_in_environment:
        what, _, step = line.partition("; ")
        yield wrong(what, step)
