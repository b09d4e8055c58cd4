"""Does the gateway accept the API key?"""

from standfast.agent.checks.scene import Scene


class ApiKey:
    """Passes when the key is good, whatever the state of the broker behind it."""

    name = "API key"

    async def look(self, scene: Scene) -> None:
        """See Check."""
        await scene.gateway.prove_key()
