"""Finds a user's strategy class and makes one; whatever goes wrong is one clear line."""

import importlib
import inspect
import sys
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from standfast.agent.failures import AgentError, FailureType, failed

# The callbacks, and how many arguments each is given.
CALLBACKS: Final = {"start": 1, "tick": 1, "stop": 0}


@dataclass(frozen=True, slots=True)
class LoadedStrategy:
    """A strategy that fits: `is_async` says which kind its callbacks are."""

    instance: Any
    is_async: bool


# Where strategies were loaded from in this process: a module of theirs may be imported anew.
_strategy_paths: set[str] = set()


def load(target: str, path: str, parameters: Mapping[str, Any]) -> LoadedStrategy:
    """Make the strategy that "module:Class" names, found in the directory `path` first.

    Raises:
        AgentError: STRATEGY_ERROR, saying which of the steps failed and why.
    """
    module_name, _, class_name = target.partition(":")
    if path and not Path(path).is_dir():
        raise _wrong(target, f"strategy_path {path} is no directory that the agent's user can see")
    kind = _class(_module(target, module_name, path), target, class_name)
    is_async = _fits(target, kind)
    try:
        inspect.signature(kind).bind(**parameters)
    except TypeError as error:
        raise _wrong(target, f"its constructor does not take the configured `parameters`: {error}") from error
    try:
        return LoadedStrategy(kind(**parameters), is_async)
    except (Exception, SystemExit) as error:
        raise _wrong(target, f"its constructor raised {users_trace(error)}") from error


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
        raise _wrong(target, f"there is no module {error.name} {where}on Python's path") from error
    except SyntaxError as error:
        raise _wrong(target, f"{error.filename}:{error.lineno} is not Python: {error.msg}") from error
    except (Exception, SystemExit) as error:
        raise _wrong(target, f"importing it raised {users_trace(error)}") from error


def _lies_in(module: ModuleType, path: str) -> bool:
    return bool(module.__file__) and Path(str(module.__file__)).is_relative_to(path)


def _class(module: ModuleType, target: str, name: str) -> type[Any]:
    kind = getattr(module, name, None)
    if not isinstance(kind, type):
        raise _wrong(target, f"module {module.__name__} has no class {name}")
    return kind


def _fits(target: str, kind: type[Any]) -> bool:
    """Whether its callbacks are async; all three must be there, take their arguments and be of one kind."""
    kinds: set[bool] = set()
    for name, arguments in CALLBACKS.items():
        callback = getattr(kind, name, None)
        if not callable(callback):
            raise _wrong(target, f"it has no method {name}; a strategy has start(trading), tick(tick) and stop()")
        try:
            inspect.signature(callback).bind(*[None] * (arguments + 1))
        except TypeError as error:
            wanted = "nothing" if arguments == 0 else "one argument"
            raise _wrong(target, f"its method {name} must take {wanted} besides self: {error}") from error
        kinds.add(inspect.iscoroutinefunction(callback))
    if len(kinds) > 1:
        raise _wrong(target, "its callbacks must be all `async def` or all plain `def`")
    return kinds.pop()


def _wrong(target: str, what: str) -> AgentError:
    return failed(FailureType.STRATEGY_ERROR, f'cannot load strategy "{target}": {what}')


def users_trace(error: BaseException) -> str:
    """An exception in one line: its type, its text, and where in the user's own code it came from."""
    where = " <- ".join(f"{one.filename}:{one.lineno} in {one.name}" for one in reversed(_users_frames(error)[-3:]))
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" + (f" (at {where})" if where else "")


def _users_frames(error: BaseException) -> list[traceback.FrameSummary]:
    ours = str(Path(__file__).parent)
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not frame.filename.startswith(("<frozen", ours)) and "importlib" not in frame.filename
    ]
    return frames or (_users_frames(error.__cause__) if error.__cause__ else [])
