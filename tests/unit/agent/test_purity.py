"""Modules that call themselves pure import nothing that touches the world."""

import ast
from pathlib import Path

import pytest

AGENT = Path(__file__).resolve().parents[3] / "agent"
EDGES = {
    *("asyncio", "dbus_fast", "logging", "os", "queue", "random", "requests", "selectors", "signal", "socket"),
    *("sqlite3", "ssl", "subprocess", "sys", "systemd", "threading", "time", "urllib", "wsproto"),
}


def docstring(path: Path) -> str:
    return ast.get_docstring(ast.parse(path.read_text())) or ""


PURE = [path for path in AGENT.rglob("*.py") if "Pure" in docstring(path).split("\n")[0]]


def test_the_core_calls_itself_pure() -> None:
    names = {path.stem for path in PURE}
    core = {
        "lifecycle",
        "retry",
        "session",
        "crashes",
        "ledger",
        "flatness",
        "failures",
        "messages",
        "broker",
        "answers",
    }
    assert core <= names


@pytest.mark.parametrize("path", PURE, ids=lambda path: str(path.relative_to(AGENT)))
def test_what_calls_itself_pure_imports_no_edge(path: Path) -> None:
    imported: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            imported |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            imported.add(node.module.partition(".")[0])
            if node.module.startswith("standfast.agent.") and (source := _source(node.module)):
                assert source in PURE, f"{path.name} is called pure and imports {node.module}, which is not"
    assert imported & EDGES == set()


def _source(module: str) -> Path | None:
    path = AGENT.joinpath(*module.split(".")[2:])
    return next((one for one in (path.with_suffix(".py"), path / "__init__.py") if one.exists()), None)
