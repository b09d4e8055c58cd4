"""What a reload takes up at once, and what only a strategy and a gateway that are built anew do. Pure."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any

from standfast.agent.config import (
    ActiveConfig,
    AgentConfig,
    CrashesConfig,
    ShutdownConfig,
    StartupConfig,
    WaitingConfig,
)


def waits_for_restart(built: AgentConfig, configured: AgentConfig) -> tuple[str, ...]:
    """The keys that differ from what gateway and strategy were built from; empty where these can stay as they are."""
    return tuple(_differing(_essence(built), _essence(configured)))


def _essence(config: AgentConfig) -> AgentConfig:
    """A configuration without what is looked up anew each time: patience, hours, crashes, and the end."""
    return replace(
        config,
        startup=StartupConfig(),
        active=ActiveConfig(),
        waiting=WaitingConfig(),
        crashes=CrashesConfig(),
        shutdown=ShutdownConfig(),
        session=None,
    )


def _differing(old: Any, new: Any, above: str = "") -> Iterator[str]:
    for one in fields(old):
        before, after = getattr(old, one.name), getattr(new, one.name)
        if is_dataclass(before):
            yield from _differing(before, after, f"{above}{one.name}.")
        elif before != after:
            yield above + one.name
