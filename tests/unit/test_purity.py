"""A module that calls itself pure in the first line of its docstring imports no edge, by no chain of imports.

The same decisions run live, in replay and in tests; they can, because they cannot ask the world anything.
"""

from __future__ import annotations

import ast
from pathlib import Path

import grimp
import pytest

SOURCE = Path(__file__).parents[2] / "src/standfast"
EDGES = (
    "asyncio",
    "dbus_fast",
    "requests",
    "socket",
    "sqlite3",
    "subprocess",
    "systemd",
    "threading",
    "time",
    "wsproto",
)
CORES = {
    "agent": {"lifecycle", "retry", "session", "crashes", "ledger", "flatness", "failures", "messages"},
    "detector": {"fold", "reading", "counting", "levels", "limits", "decide", "rootcause", "engine", "replay"},
    "notifier": {"aggregate", "backoff", "dedup", "flapping", "hear", "resolution", "route", "silence", "throttle"},
}


def module_of(path: Path) -> str:
    return ".".join(("standfast", *path.relative_to(SOURCE).with_suffix("").parts)).removesuffix(".__init__")


def is_pure(path: Path) -> bool:
    docstring = ast.get_docstring(ast.parse(path.read_text())) or ""
    return "Pure" in docstring.partition("\n")[0]


def source_files() -> list[Path]:
    """Every module, those of the programs through their links."""
    rooms = [SOURCE, *(SOURCE / name for name in CORES)]
    return sorted({path for room in rooms for path in room.rglob("*.py")})


PURE = [module_of(path) for path in source_files() if is_pure(path)]


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph("standfast", include_external_packages=True)


@pytest.mark.parametrize(("program", "core"), CORES.items())
def test_the_decisions_call_themselves_pure(program: str, core: set[str]) -> None:
    assert {f"standfast.{program}.{name}" for name in core} <= set(PURE)


@pytest.mark.parametrize("module", PURE)
def test_what_calls_itself_pure_reaches_no_edge(module: str, graph: grimp.ImportGraph) -> None:
    reached = graph.find_upstream_modules(module)
    chains = [graph.find_shortest_chain(module, edge) for edge in EDGES if edge in reached]
    assert chains == []
