"""Can the agent's own database be written?"""

from standfast.agent.checks.scene import Scene
from standfast.agent.failures import FailureType, failed
from standfast.clock import utc_now


class Database:
    """Passes when the time of this check could be written into a database that outlives the process."""

    name = "database"

    async def look(self, scene: Scene) -> None:
        """See Check."""
        if not scene.store.is_durable:
            raise failed(FailureType.DATABASE_ERROR, "the agent's database could not be opened")
        scene.store.checked(utc_now())
