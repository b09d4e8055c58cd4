"""Writes every story as a file in the replay format: `python -m tests.scenarios.write`."""

from __future__ import annotations

from pathlib import Path

from tests.scenarios.cascades import CASCADES
from tests.scenarios.foreseen import FORESEEN, WITH_A_CASCADE
from tests.scenarios.pulled_up import PULLED_UP
from tests.scenarios.quiet import QUIET
from tests.scenarios.quiet_checks import QUIET_CHECKS
from tests.scenarios.story import Story

HERE = Path(__file__).parent


def stories() -> list[Story]:
    """All of them, each marked as what it is."""
    cascades = [make() for make in (*CASCADES, *PULLED_UP, *WITH_A_CASCADE)]
    for story in cascades:
        story.is_cascade = True
    return [*cascades, *(make() for make in (*QUIET, *QUIET_CHECKS, *FORESEEN))]


def files() -> dict[Path, str]:
    """The files and their texts."""
    return {HERE / f"{story.name}.jsonl": story.text() for story in stories()}


def main() -> None:
    for old in HERE.glob("*.jsonl"):
        old.unlink()
    for path, text in files().items():
        path.write_text(text)


if __name__ == "__main__":
    main()
