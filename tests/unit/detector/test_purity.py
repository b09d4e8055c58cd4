"""Modules that say of themselves that they are pure import no edge: no loop, socket, clock, database or bus."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

DETECTOR = Path(__file__).parents[3] / "detector"
EDGES = {"asyncio", "socket", "sqlite3", "time", "subprocess", "threading", "dbus_fast", "systemd", "os"}
EDGES |= {
    f"standfast.{name}" for name in ("clock", "daemon", "heartbeat", "journal", "paths", "statusfile", "systemd1")
}


def name_of(path: Path) -> str:
    return ".".join(("standfast", "detector", *path.relative_to(DETECTOR).with_suffix("").parts))


def is_pure(path: Path) -> bool:
    return (ast.get_docstring(ast.parse(path.read_text())) or "").partition("\n")[0].endswith("Pure.")


PURE = sorted(path for path in DETECTOR.rglob("*.py") if is_pure(path))
IMPURE = {name_of(path) for path in DETECTOR.rglob("*.py")} - {name_of(path) for path in PURE}


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def test_the_core_is_among_them() -> None:
    core = {"fold", "reading", "counting", "levels", "limits", "decide", "rootcause", "engine", "replay", "mind"}
    assert core <= {path.stem for path in PURE}


@pytest.mark.parametrize("path", PURE, ids=[name_of(path) for path in PURE])
def test_pure(path: Path) -> None:
    assert not imports(path) & (EDGES | IMPURE)
