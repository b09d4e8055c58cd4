"""Agents can load their strategies. Pure."""

from collections.abc import Iterator

from standfast.ctl.doctor.facts import Facts
from standfast.ctl.doctor.finding import Finding, wrong


def findings(facts: Facts) -> Iterator[Finding]:
    """Strategies that are not there, or that the agents' user may not read."""
    for name, file in facts.strategies.items():
        if file.obstacle:
            yield wrong(
                f"agent {name} cannot read its strategy {file.path}: {file.obstacle}",
                "put it where the agent may look, such as /srv"
                if file.is_hidden
                else "let the user standfast-agent read it: chmod -R o+rX, or a group",
            )
        elif not file.exists:
            yield wrong(
                f"agent {name} has no strategy at {file.path}",
                "correct strategy and strategy_path in its configuration",
            )
