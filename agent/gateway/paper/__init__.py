"""The paper gateway: a simulated broker inside the agent, with a live synthetic feed and a menu of faults."""

from standfast.agent.gateway.paper.gateway import PaperGateway

__all__ = ["PaperGateway"]
