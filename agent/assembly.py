"""Builds what a configuration names: the gateway, and the strategy with its desk and its pump."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from standfast import paths
from standfast.agent import loader
from standfast.agent.callbacks import Callbacks
from standfast.agent.config import AgentConfig, OpenAlgoConfig
from standfast.agent.desk import Desk
from standfast.agent.failures import AgentError, Failure, FailureType, failed
from standfast.agent.gateway import Gateway
from standfast.agent.gateway.paper import PaperGateway
from standfast.agent.pump import Pump

_HERE: Final = Path(__file__)
_RESTART: Final = "Have it run with the new one: systemctl restart standfast-agent@{name}"
_OPENALGO: Final = "standfast.agent.gateway.openalgo"


def _put_there_ns(path: Path) -> int | None:
    """When that file was put where it is; None where it is not. A package's file has the same mtime on each host."""
    try:
        return path.stat().st_ctime_ns
    except OSError:
        return None


# When the files were installed that this process is made of.
_INSTALLED_NS: Final = _put_there_ns(_HERE)


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
    _be_of_one_version(_OPENALGO)
    from standfast.agent.gateway.openalgo import OpenAlgoGateway  # its libraries cost a paper agent 8 MiB

    return OpenAlgoGateway(config.openalgo, read_key(config.openalgo), config.symbols, config.live)


def _be_of_one_version(module: str) -> None:
    """Have a process that an upgrade left running import nothing more of the package: that would be the new one's.

    Raises:
        AgentError: CONFIG_ERROR, it must be restarted.
    """
    if module not in sys.modules and _put_there_ns(_HERE) != _INSTALLED_NS:
        detail = (
            'gateway = "openalgo" takes a restart: Standfast was installed anew since this agent started, '
            "and two versions are not mixed in one process"
        )
        raise AgentError(Failure(FailureType.CONFIG_ERROR, detail, _RESTART))


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
