"""Builds what a configuration names: the gateway, and the strategy with its desk and its pump."""

from collections.abc import Callable
from dataclasses import dataclass

from standfast.agent import loader
from standfast.agent.callbacks import Callbacks
from standfast.agent.config import AgentConfig
from standfast.agent.desk import Desk
from standfast.agent.failures import Failure, FailureType, failed
from standfast.agent.gateway import Gateway
from standfast.agent.gateway.paper import PaperGateway
from standfast.agent.own_orders import OwnOrders
from standfast.agent.pump import Pump


@dataclass(frozen=True, slots=True)
class Trade:
    """A strategy ready to trade: its desk, its callbacks, and the pump that calls them."""

    desk: Desk
    callbacks: Callbacks
    pump: Pump


def build_gateway(config: AgentConfig) -> Gateway:
    """The gateway that the configuration names.

    Raises:
        AgentError: it cannot be built, say for want of a credential.
    """
    if config.gateway == "paper":
        return PaperGateway(config.paper, config.symbols)
    raise failed(FailureType.CONFIG_ERROR, f'cannot use gateway "{config.gateway}": this version has only "paper"')


def build_trade(
    config: AgentConfig,
    gateway: Gateway,
    own: OwnOrders,
    on_disturbance: Callable[[str], None],
    on_faults: Callable[[Failure], None],
) -> Trade:
    """The strategy that the configuration names, wired to the gateway.

    Raises:
        AgentError: STRATEGY_ERROR, it cannot be loaded.
    """
    loaded = loader.load(config.strategy, config.strategy_path, config.parameters)
    desk = Desk(gateway, own, config.symbols, on_disturbance)
    callbacks = Callbacks(loaded, desk)
    return Trade(desk, callbacks, Pump(callbacks, config.callback_timeout_s, on_faults))
