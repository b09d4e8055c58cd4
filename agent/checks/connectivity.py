"""Can the gateway be reached at all?"""

from standfast.agent.checks.scene import Scene


class Connectivity:
    """Passes when the gateway answers."""

    name = "gateway connectivity"

    async def look(self, scene: Scene) -> None:
        """See Check."""
        await scene.gateway.prove_connection()
