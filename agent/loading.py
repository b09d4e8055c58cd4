"""Loads a strategy in a thread of its own: what hangs while it is imported or made holds up nothing else."""

import asyncio
from functools import partial
from typing import Final

from standfast.agent import loader
from standfast.agent.config import AgentConfig
from standfast.agent.failures import AgentError, Failure, FailureType
from standfast.agent.loader import LoadedStrategy
from standfast.agent.threads import CallThread
from standfast.agent.traces import own_frames

# What hangs in an import keeps Python from importing that module once more.
_STEP: Final = "Correct where it hangs, then: systemctl restart standfast-agent@{name}"


async def load(config: AgentConfig) -> tuple[LoadedStrategy, CallThread | None]:
    """The strategy that is configured; with the thread that it was made in, where that is to run its callbacks.

    Raises:
        AgentError: STRATEGY_ERROR, it cannot be loaded, or takes longer than a callback may.
    """
    thread = CallThread("strategy")
    try:
        async with asyncio.timeout(config.callback_timeout_s):
            loaded = await _loaded(config, thread)
    except TimeoutError:
        error = _hangs(config, thread)
        thread.close()
        raise error from None
    except BaseException:
        thread.close()
        raise
    if loaded.is_async:
        thread.close()
        return loaded, None
    return loaded, thread


async def _loaded(config: AgentConfig, thread: CallThread) -> LoadedStrategy:
    found = await thread.call(partial(loader.find, config.strategy, config.strategy_path, config.parameters))
    # A strategy of the loop's is made on the loop, too: it may ask for it.
    return loader.make(found) if found.is_async else await thread.call(partial(loader.make, found))


def _hangs(config: AgentConfig, thread: CallThread) -> AgentError:
    where = " <- ".join(own_frames(thread.stack))
    detail = f'cannot load strategy "{config.strategy}": it has not come to its end for {config.callback_timeout_s:g} s'
    return AgentError(Failure(FailureType.STRATEGY_ERROR, detail + (f" (at {where})" if where else ""), _STEP))
