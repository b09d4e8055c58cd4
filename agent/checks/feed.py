"""Does the feed deliver?"""

from standfast.agent.checks.scene import Scene


class Feed:
    """Passes when the feed is connected and, where ticks are expected, gives one."""

    name = "WebSocket feed"

    async def look(self, scene: Scene) -> None:
        """See Check."""
        if scene.gateway.has_feed:
            await scene.gateway.prove_feed(scene.expect_ticks)
