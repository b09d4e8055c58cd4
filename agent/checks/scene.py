"""What the checks look at."""

from dataclasses import dataclass

from standfast.agent.gateway import Gateway
from standfast.agent.store import Store


@dataclass(frozen=True, slots=True)
class Scene:
    """The agent's dependencies; `expect_ticks` says whether the feed must deliver to pass."""

    gateway: Gateway
    store: Store
    expect_ticks: bool
