"""Finds a user's strategy class and makes one; whatever goes wrong is one clear line.

It is loaded in a thread of its own: what hangs while it is imported or made holds up nothing else.
"""

import asyncio
import difflib
import importlib
import inspect
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from standfast.agent.config import AgentConfig
from standfast.agent.failures import AgentError, Failure, FailureType, failed
from standfast.agent.threads import CallThread
from standfast.agent.traces import own_frames, users_frames, users_trace

# The callbacks, and how many arguments each is given.
CALLBACKS: Final = {"start": 1, "tick": 1, "stop": 0}
# What hangs in an import keeps Python from importing that module once more.
_HANGS: Final = "Correct where it hangs, then: systemctl restart standfast-agent@{name}"


@dataclass(frozen=True, slots=True)
class FoundStrategy:
    """A class that fits, and what its constructor is given."""

    target: str
    kind: type[Any]
    parameters: Mapping[str, Any]
    is_async: bool


@dataclass(frozen=True, slots=True)
class LoadedStrategy:
    """A strategy that fits: `is_async` says which kind its callbacks are."""

    instance: Any
    is_async: bool


# Where strategies were loaded from in this process: a module of theirs may be imported anew.
_strategy_paths: set[str] = set()


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
    found = await thread.call(partial(find, config.strategy, config.strategy_path, config.parameters))
    # A strategy of the loop's is made on the loop, too: it may ask for it.
    return make(found) if found.is_async else await thread.call(partial(make, found))


def _hangs(config: AgentConfig, thread: CallThread) -> AgentError:
    where = " <- ".join(own_frames(thread.stack))
    detail = f'cannot load strategy "{config.strategy}": it has not come to its end for {config.callback_timeout_s:g} s'
    return AgentError(Failure(FailureType.STRATEGY_ERROR, detail + (f" (at {where})" if where else ""), _HANGS))


def find(target: str, path: str, parameters: Mapping[str, Any]) -> FoundStrategy:
    """The class that "module:Class" names, found in the directory `path` first.

    Raises:
        AgentError: STRATEGY_ERROR, saying which of the steps failed and why.
    """
    module_name, _, class_name = target.partition(":")
    if path and not Path(path).is_dir():
        raise _wrong(target, f"strategy_path {path} is no directory that the agent's user can see")
    kind = _class(_module(target, module_name, path), target, class_name)
    is_async = _fits(target, kind)
    _takes(target, kind, parameters)
    return FoundStrategy(target, kind, parameters, is_async)


def make(found: FoundStrategy) -> LoadedStrategy:
    """One strategy of that class.

    Raises:
        AgentError: STRATEGY_ERROR, its constructor raised.
    """
    try:
        return LoadedStrategy(found.kind(**found.parameters), found.is_async)
    except (Exception, SystemExit) as error:
        raise _wrong(found.target, f"its constructor raised {users_trace(error)}") from error


def _module(target: str, name: str, path: str) -> ModuleType:
    if path:
        _strategy_paths.add(path)
        sys.path[:] = [path, *(one for one in sys.path if one != path)]
    importlib.invalidate_caches()
    if name in sys.modules and any(_lies_in(sys.modules[name], one) for one in _strategy_paths):
        del sys.modules[name]  # a reload is there to take up a corrected strategy, also one that lies elsewhere
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        where = f"in {path} or " if path else ""
        by = f" (imported at {frames[0]})" if (frames := users_frames(error)) else ""
        raise _wrong(target, f"there is no module {error.name} {where}on Python's path{by}") from error
    except SyntaxError as error:
        raise _wrong(target, f"{error.filename}:{error.lineno} is not Python: {error.msg}") from error
    except (Exception, SystemExit) as error:
        raise _wrong(target, f"importing it raised {users_trace(error)}") from error


def _lies_in(module: ModuleType, path: str) -> bool:
    return bool(module.__file__) and Path(str(module.__file__)).is_relative_to(path)


def _class(module: ModuleType, target: str, name: str) -> type[Any]:
    kind = getattr(module, name, None)
    if not isinstance(kind, type):
        own = [one for one, value in vars(module).items() if isinstance(value, type)]
        close = difflib.get_close_matches(name, own, n=1)
        instead = f", but {close[0]}" if close else ""
        raise _wrong(target, f"{module.__file__ or f'module {module.__name__}'} has no class {name}{instead}")
    return kind


def _fits(target: str, kind: type[Any]) -> bool:
    """Whether its callbacks are async; all three must be there, take their arguments and be of one kind."""
    kinds: set[bool] = set()
    for name, arguments in CALLBACKS.items():
        callback = getattr(kind, name, None)
        if not callable(callback):
            lacks = f"it has no method {name}; a strategy has start(trading), tick(tick) and stop()"
            raise _wrong(target, f"{lacks}{_at(kind)}")
        if why := _misfit(callback, arguments):
            raise _wrong(target, f"its method {name} must {why}{_at(callback)}")
        kinds.add(inspect.iscoroutinefunction(callback))
    if len(kinds) > 1:
        raise _wrong(target, f"its callbacks must be all `async def` or all plain `def`{_at(kind)}")
    return kinds.pop()


def _misfit(callback: Callable[..., Any], arguments: int) -> str:
    """What a callback must, and does not; "" where it fits."""
    try:
        inspect.signature(callback).bind(*[None] * (arguments + 1))
    except TypeError as error:
        return f"take {'one argument' if arguments else 'nothing'} besides self: {error}"
    if inspect.isgeneratorfunction(callback) or inspect.isasyncgenfunction(callback):
        return "not `yield`: nothing of it would ever run"
    return ""


def _takes(target: str, kind: type[Any], parameters: Mapping[str, Any]) -> None:
    try:
        signature = inspect.signature(kind)
    except ValueError:  # a class out of a library in C may have none: its constructor will tell
        return
    try:
        signature.bind(**parameters)
    except TypeError as error:
        takes = f"; it takes {', '.join(signature.parameters) or 'none'}"
        wrong = f"its constructor does not take the configured `parameters`: {error}{takes}"
        raise _wrong(target, f"{wrong}{_at(getattr(kind, '__init__', kind), kind)}") from error


def _at(*places: Any) -> str:
    """Where the first of these that is written in Python stands: " (at /srv/bots/dip.py:7)"."""
    for one in places:
        try:
            return f" (at {inspect.getsourcefile(one)}:{inspect.getsourcelines(one)[1]})"
        except (OSError, TypeError, SyntaxError, IndexError):  # no source, or no longer that one
            continue
    return ""


def _wrong(target: str, what: str) -> AgentError:
    return failed(FailureType.STRATEGY_ERROR, f'cannot load strategy "{target}": {what}')
