"""Builds what a configuration names: the gateway, and the strategy with its desk and its pump."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from standfast import paths
from standfast.agent import loader
from standfast.agent.callbacks import Callbacks
from standfast.agent.config import AgentConfig, OpenAlgoConfig
from standfast.agent.desk import Desk
from standfast.agent.failures import Failure, FailureType, failed
from standfast.agent.gateway import Gateway
from standfast.agent.gateway.paper import PaperGateway
from standfast.agent.pump import Pump


@dataclass(frozen=True, slots=True)
class Trade:
    """A strategy ready to trade: its desk, its callbacks, and the pump that calls them."""

    desk: Desk
    callbacks: Callbacks
    pump: Pump

    async def begin(self) -> None:
        """Let the strategy trade: orders are taken from its start on, ticks handed over once that has returned.

        Raises:
            AgentError: its start raised; it does not trade.
        """
        self.desk.open()
        try:
            await self.pump.open()
        except BaseException:
            self.rest()
            raise

    def rest(self) -> None:
        """Take no orders and hand no tick over, until it begins again."""
        self.desk.shut("the agent is not ACTIVE")
        self.pump.shut()


def build_gateway(config: AgentConfig, state: Path) -> Gateway:
    """The gateway that the configuration names; what it has to remember goes into the directory `state`.

    Raises:
        AgentError: it cannot be built, say for want of a credential.
    """
    if config.gateway == "paper":
        return PaperGateway(config.paper, config.symbols, state / "paper.json")
    from standfast.agent.gateway.openalgo import OpenAlgoGateway  # its libraries cost a paper agent 8 MiB

    return OpenAlgoGateway(config.openalgo, read_key(config.openalgo), config.symbols, config.live)


def read_key(config: OpenAlgoConfig) -> str:
    """The API key, from the file that is configured or else from the systemd credential.

    Raises:
        AgentError: CREDENTIAL_MISSING, there is none.
    """
    path = Path(config.api_key_file) if config.api_key_file else paths.credential(config.api_key_credential)
    if path is None:
        raise failed(FailureType.CREDENTIAL_MISSING, f'there is no credential "{config.api_key_credential}"')
    try:
        key = path.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise failed(FailureType.CREDENTIAL_MISSING, f"cannot read the API key from {path}: {reason}") from error
    if not key:
        raise failed(FailureType.CREDENTIAL_MISSING, f"the API key in {path} is empty")
    return key


async def build_trade(config: AgentConfig, desk: Desk, on_faults: Callable[[Failure], None]) -> Trade:
    """The strategy that the configuration names, wired to its desk.

    Raises:
        AgentError: STRATEGY_ERROR, it cannot be loaded.
    """
    loaded, thread = await loader.load(config)
    callbacks = Callbacks(loaded, desk, thread)
    return Trade(desk, callbacks, Pump(callbacks, config.callback_timeout_s, on_faults))
