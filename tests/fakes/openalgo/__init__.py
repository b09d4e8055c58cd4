"""A local server that behaves as a measured OpenAlgo does, lies included."""

from tests.fakes.openalgo.server import FakeOpenAlgo
from tests.fakes.openalgo.world import Broker, World

__all__ = ["Broker", "FakeOpenAlgo", "World"]
