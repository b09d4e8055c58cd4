"""A detector that goes on where an earlier life left off: what it has not looked at yet is not taken for well. Pure."""

from collections.abc import Iterator
from typing import Final

from standfast.detector.config import DetectorConfig
from standfast.detector.model import State
from standfast.detector.watched import Watching

# What cannot be looked at for longer than this keeps no level up.
FINDS_OUT_WITHIN_S: Final = 600.0


def is_finding_out(state: State, config: DetectorConfig, watching: Watching, now: float) -> bool:
    """Whether something that the recalled level may rest on has not been looked at yet."""
    if state.recalled_at is None or now - state.recalled_at >= FINDS_OUT_WITHIN_S:
        return False
    return not state.units or any(_unseen(state, config, watching))


def _unseen(state: State, config: DetectorConfig, watching: Watching) -> Iterator[bool]:
    yield from (name not in state.units for name in watching.names)
    yield from (path not in state.files for path in config.critical_files)
    yield from (("", database.name) not in state.checks for database in config.database)
    for unit in state.units:
        if watching.watches(unit):
            yield from ((unit, check.label) not in state.checks for check in watching.rules(unit).checks)
