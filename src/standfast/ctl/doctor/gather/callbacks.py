"""Whether the callbacks of a strategy's class fit, as its source tells: what the agent's loader asks of the class."""

import ast
from collections.abc import Sequence
from typing import Final

from standfast.agent.loader import CALLBACKS

Function = ast.FunctionDef | ast.AsyncFunctionDef

_WANTED: Final = {0: "nothing", 1: "one argument"}


def misfit(lineage: Sequence[ast.ClassDef]) -> str:
    """What is wrong with the callbacks of a class and those that it inherits from, nearest first; "" for nothing.

    Of what is not a plain method, such as a decorated one, nothing is known.
    """
    found = _functions(lineage)
    for name, arguments in CALLBACKS.items():
        if name in found and not _takes(found[name].args, arguments + 1):
            return f"its method {name} must take {_WANTED[arguments]} besides self"
        if name in found and _yields(found[name]):
            return f"its method {name} must not `yield`: nothing of it would ever run"
    kinds = {isinstance(one, ast.AsyncFunctionDef) for one in found.values()}
    return "its callbacks must be all `async def` or all plain `def`" if len(kinds) > 1 else ""


def _functions(lineage: Sequence[ast.ClassDef]) -> dict[str, Function]:
    """The callbacks that are methods without decorators, where nothing that comes after hides them."""
    found: dict[str, Function] = {}
    for one in (part for owner in reversed(lineage) for part in owner.body):
        bound = {part.id for part in ast.walk(one) if isinstance(part, ast.Name)} | {getattr(one, "name", "")}
        if isinstance(one, Function) and not one.decorator_list:
            found[one.name] = one
        else:
            found = {name: known for name, known in found.items() if name not in bound}
    return {name: one for name, one in found.items() if name in CALLBACKS}


def _yields(function: Function) -> bool:
    """Whether it is a generator; a function within it may be one."""
    left: list[ast.AST] = list(function.body)
    while left:
        one = left.pop()
        if isinstance(one, ast.Yield | ast.YieldFrom):
            return True
        if not isinstance(one, Function | ast.Lambda):
            left.extend(ast.iter_child_nodes(one))
    return False


def _takes(arguments: ast.arguments, count: int) -> bool:
    """Whether it can be called with so many arguments by their places, and no others."""
    places = len(arguments.posonlyargs) + len(arguments.args)
    needed = places - len(arguments.defaults)
    needs_more = any(default is None for default in arguments.kw_defaults)
    return needed <= count and (count <= places or arguments.vararg is not None) and not needs_more
