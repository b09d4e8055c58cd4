"""Agents can load their strategies. Pure."""

from collections.abc import Iterator

from standfast.ctl.doctor.facts import Facts
from standfast.ctl.doctor.finding import Finding, note, wrong


def findings(facts: Facts) -> Iterator[Finding]:
    """Strategies that are not there, that the agents' user may not read, or of which it cannot be told."""
    for name, file in facts.strategies.items():
        if file.obstacle:
            yield wrong(
                f"agent {name} cannot read its strategy {file.path}: {file.obstacle}",
                "put it where the agent may look, such as /srv"
                if file.is_hidden
                else "let the user standfast-agent read it: chmod -R o+rX, or a group",
            )
    for name, code in facts.code.items():
        strategy = facts.agents[name].strategy if name in facts.agents else ""
        if code.wrong:
            yield wrong(
                f'agent {name} cannot load strategy = "{strategy}": {code.wrong}',
                code.step or "correct strategy, strategy_path or [parameters] in its configuration",
            )
        elif code.unknown:
            yield note(
                f'whether agent {name} can load strategy = "{strategy}" is not known: {code.unknown}',
                f"see when it starts: journalctl -u standfast-agent@{name} -p warning",
            )
