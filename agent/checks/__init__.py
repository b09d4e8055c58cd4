"""The checks that must pass before the agent trades, in their order."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from standfast.agent.checks.api_key import ApiKey
from standfast.agent.checks.broker_session import BrokerSession
from standfast.agent.checks.connectivity import Connectivity
from standfast.agent.checks.database import Database
from standfast.agent.checks.feed import Feed
from standfast.agent.checks.scene import Scene
from standfast.agent.failures import AgentError, Failure

log = logging.getLogger(__name__)


class Check(Protocol):
    """One dependency that is looked at."""

    name: str

    async def look(self, scene: Scene) -> None:
        """Return when all is well; AgentError carries the failure when it is not."""


CHECKS: Final[tuple[Check, ...]] = (Connectivity(), ApiKey(), BrokerSession(), Feed(), Database())


@dataclass(frozen=True, slots=True)
class Report:
    """How a look at all dependencies came out.

    Attributes:
        failure: the first one, None when all is well.
        check: which check found it; "" when something of the agent's own stood before the checks.
        closed: the market is closed, so nothing was looked at.
    """

    failure: Failure | None = None
    check: str = ""
    closed: bool = False

    @property
    def is_good(self) -> bool:
        """Whether all was looked at and nothing failed."""
        return self.failure is None and not self.closed


async def look_at_all(scene: Scene, checks: Sequence[Check] = CHECKS) -> Report:
    """Run the checks in order until one fails: what comes later depends on what comes before."""
    for check in checks:
        try:
            await check.look(scene)
        except AgentError as error:
            return Report(error.failure, check.name)
    return Report()


__all__ = ["CHECKS", "Check", "Report", "Scene", "look_at_all"]
