"""What the configuration files hold, and what of this host they name: secrets and strategies."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from standfast.agent.config import AgentConfig
from standfast.config import Mistake
from standfast.ctl import configuration
from standfast.ctl.configuration import Verdict
from standfast.ctl.doctor.facts import Facts, Unit
from standfast.ctl.doctor.gather import files, secrets, strategy


def judged() -> tuple[list[Verdict], list[Mistake]]:
    """Every file that is installed as its daemon would read it, and the mistakes in and between them."""
    found = configuration.installed()
    verdicts = [configuration.judge(file) for file in found.files]
    mistakes = [mistake for one in verdicts for mistake in one.mistakes]
    return verdicts, [*found.mistakes, *mistakes, *configuration.strangers()]


def of(verdicts: Sequence[Verdict], mistakes: Sequence[Mistake] = ()) -> Facts:
    """The configurations that can be used, and what is wrong with the others."""
    by_program: dict[str, Any] = {one.file.program: one.config for one in verdicts if one.config is not None}
    agents: dict[str, AgentConfig] = {
        one.file.path.stem: one.config
        for one in verdicts
        if one.file.program == "agent" and isinstance(one.config, AgentConfig)
    }
    return Facts(
        mistakes=tuple(mistakes),
        unusable=tuple(str(one.file.there or one.file.path) for one in verdicts if one.config is None),
        secrets_in_environment=tuple(dict.fromkeys(line for one in verdicts for line in one.secrets)),
        detector=by_program.get("detector"),
        notifier=by_program.get("notifier"),
        check=by_program.get("check"),
        agents=agents,
    )


def with_what_they_name(facts: Facts, units: Mapping[str, Unit]) -> Facts:
    """The same with the secrets and strategies that are asked for, as the units are handed and see them."""
    return replace(
        facts,
        units=units,
        secrets=tuple(secrets.needed(facts, units)),
        strategies=dict(files.strategies(facts.agents, units)),
        code={name: strategy.look(config) for name, config in facts.agents.items()},
    )
