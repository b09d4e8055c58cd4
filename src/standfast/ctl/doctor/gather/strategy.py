"""An agent's strategy as its source tells it: the module is looked for and read, never imported or run."""

import ast
import difflib
import os
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Final

from standfast.agent.config import AgentConfig
from standfast.agent.loader import CALLBACKS
from standfast.ctl.doctor.facts import Code
from standfast.ctl.doctor.gather.callbacks import misfit

_LARGEST_BYTES: Final = 5_000_000
_CORRECT: Final = "correct that file"
_CORRECT_CLASS: Final = "correct that class, or name another one as its strategy"


def look(config: AgentConfig) -> Code:
    """Whether there is the class that `strategy` names, as far as that can be told without running the module."""
    module, _, name = config.strategy.partition(":")
    own = config.strategy_path
    if own and Path(own).is_dir() and not os.access(own, os.R_OK | os.X_OK):
        return Code(unknown=f"this user may not look into {own}")
    try:
        origin = _origin(module, [*([own] if own else []), *(place for place in sys.path if place)])
    except (OSError, ImportError, ValueError) as error:
        return Code(unknown=f"{module} cannot be looked for: {error}")
    if origin is None:
        return Code(wrong=f"there is no module {module} {f'in {own} or ' if own else ''}on Python's path")
    return (
        _in_source(Path(origin), name, config.parameters)
        if origin.endswith(".py")
        else Code(unknown=f"{origin} is no source")
    )


def _origin(module: str, places: Sequence[str]) -> str | None:
    """The file of a module, found without importing the packages that it lies in; None where there is none."""
    parts, found = module.split("."), list(places)
    for number in range(1, len(parts) + 1):
        spec = PathFinder.find_spec(".".join(parts[:number]), found)
        if spec is None:
            return None
        if number == len(parts):
            return spec.origin or f"{module}, a directory without __init__.py,"
        found = list(spec.submodule_search_locations or ())
    return None


def _in_source(path: Path, name: str, parameters: Collection[str]) -> Code:
    try:
        if not path.is_file() or path.stat().st_size > _LARGEST_BYTES:
            return Code(unknown=f"{path} is no file of source")
        tree = ast.parse(path.read_bytes(), str(path))
    except SyntaxError as error:
        return Code(wrong=f"{path}:{error.lineno} is not Python: {error.msg}", step=_CORRECT)
    except OSError as error:
        return Code(unknown=f"{path} cannot be read: {error.strerror}")
    except (ValueError, RecursionError, MemoryError) as error:
        return Code(wrong=f"{path} is not Python: {str(error) or 'too deep'}", step=_CORRECT)
    return _in_tree(tree, path, name, parameters)


def _in_tree(tree: ast.Module, path: Path, name: str, parameters: Collection[str]) -> Code:
    bodies = list(_statements(tree.body))
    classes = {one.name: one for one in bodies if isinstance(one, ast.ClassDef)}
    if name in classes:
        return _complete(classes[name], classes, path, parameters)
    if name in _bound(bodies) or "*" in _bound(bodies) or "__getattr__" in _bound(bodies):
        return Code(unknown=f"{path} makes {name} in a way that only running it tells")
    close = difflib.get_close_matches(name, list(classes), n=1)
    return Code(wrong=f"{path} has no class {name}" + (f", but {close[0]}" if close else ""))


def _complete(
    found: ast.ClassDef, classes: Mapping[str, ast.ClassDef], path: Path, parameters: Collection[str]
) -> Code:
    """What a class lacks; of one that inherits from elsewhere the source alone tells only what is its own."""
    lineage = _lineage(found, classes)
    own = {name for one in lineage or [] for name in _bound(_statements(one.body))}
    missing = [name for name in CALLBACKS if name not in own]
    if missing and lineage is not None:
        return Code(wrong=f"class {found.name} in {path} has no method {missing[0]}", step=_CORRECT_CLASS)
    if why := misfit(lineage or [found]):
        return Code(wrong=f"class {found.name} in {path}: {why}", step=_CORRECT_CLASS)
    why = _misfit(found, parameters)
    return Code(wrong=f"the constructor of {found.name} in {path} {why}" if why else "")


def _lineage(found: ast.ClassDef, classes: Mapping[str, ast.ClassDef]) -> list[ast.ClassDef] | None:
    """The class and those of its module that it inherits from, nearest first; None where more belongs to it."""
    if found.keywords or found.decorator_list:
        return None
    lineage = [found]
    for base in found.bases:
        name = base.id if isinstance(base, ast.Name) else ""
        if name == "object" and name not in classes:
            continue
        others = {one: known for one, known in classes.items() if one != name}
        above = _lineage(classes[name], others) if name in classes else None
        if above is None:
            return None
        lineage += above
    return lineage


def _is_plain(found: ast.ClassDef) -> bool:
    """Whether a class is nothing but what its own body says."""
    return not found.bases and not found.keywords and not found.decorator_list


def _misfit(found: ast.ClassDef, parameters: Collection[str]) -> str:
    """Why the constructor does not take the [parameters], as the agent hands them over, by name; "" where it may."""
    own = [one for one in found.body if isinstance(one, ast.FunctionDef) and one.name == "__init__"]
    if not own or own[-1].decorator_list or found.decorator_list or found.keywords:
        return f"takes no [parameters]: {', '.join(parameters)}" if parameters and not own and _is_plain(found) else ""
    taken = own[-1].args
    places = [*taken.posonlyargs, *taken.args][1:]
    without = len(places) - len(taken.defaults)
    named = [one.arg for one in (*places, *taken.kwonlyargs) if one not in taken.posonlyargs]
    needed = [one.arg for one in places[: max(without, 0)]]
    needed += [one.arg for one, default in zip(taken.kwonlyargs, taken.kw_defaults, strict=True) if default is None]
    return _unfitting(named, needed, parameters, is_open=taken.kwarg is not None)


def _unfitting(named: Sequence[str], needed: Sequence[str], parameters: Collection[str], *, is_open: bool) -> str:
    strangers = [one for one in parameters if one not in named] if not is_open else []
    if strangers:
        close = difflib.get_close_matches(strangers[0], named, n=1)
        meant = f"; did you mean {close[0]}?" if close else f"; it takes {', '.join(named) or 'none'}"
        return f"does not take {strangers[0]} of [parameters]{meant}"
    missing = [one for one in needed if one not in parameters]
    return f"needs {missing[0]}, which [parameters] does not give" if missing else ""


def _statements(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements that are run when a module is imported: those in branches too, those in functions not."""
    for one in body:
        yield one
        if not isinstance(one, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            inner = [part for part in ast.iter_child_nodes(one) if isinstance(part, ast.stmt | ast.ExceptHandler)]
            yield from _statements([part for part in inner if isinstance(part, ast.stmt)])
            for part in inner:
                yield from _statements(part.body if isinstance(part, ast.ExceptHandler) else [])


def _bound(statements: Iterator[ast.stmt] | Sequence[ast.stmt]) -> set[str]:
    """The names that statements bind: classes, functions, imports, and whatever is assigned to."""
    found: set[str] = set()
    for one in statements:
        if isinstance(one, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            found.add(one.name)
        elif isinstance(one, ast.Import | ast.ImportFrom):
            found |= {alias.asname or alias.name.partition(".")[0] for alias in one.names}
        else:
            found |= {part.id for part in ast.walk(one) if isinstance(part, ast.Name)}
    return found
