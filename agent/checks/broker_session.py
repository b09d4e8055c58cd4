"""Is the broker logged in, so that the books mean something?"""

from standfast.agent.checks.scene import Scene


class BrokerSession:
    """Passes on evidence of a live session, not on a mere success."""

    name = "broker session"

    async def look(self, scene: Scene) -> None:
        """See Check."""
        await scene.gateway.prove_session()
