"""The OpenAlgo gateway: REST for orders and books, a WebSocket for the feed, and no faith in a mere success."""

from standfast.agent.gateway.openalgo.gateway import OpenAlgoGateway

__all__ = ["OpenAlgoGateway"]
