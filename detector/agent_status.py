"""What agents say of themselves, in their status files."""

import logging

from standfast import paths, statusfile
from standfast.detector.model import AgentObservation
from standfast.statusfile import StatusFileError
from standfast.unit_names import agent_name

log = logging.getLogger(__name__)

# The type of failure of an agent whose trading a human has taken away.
_KILLED = "KILLED"


def said_by(unit: str, at: float, before: AgentObservation | None) -> AgentObservation | None:
    """What the agent of a unit says, where that is something else than before.

    An agent writes its status before it tells systemd that it is up: of one that is, this is not of an earlier run.
    """
    try:
        status = statusfile.read(paths.agent_status(agent_name(unit))) or {}
    except StatusFileError as error:
        log.debug("Not known how %s stands: %s", unit, error)
        status = {}
    state, failure, flat = status.get("state"), status.get("failure"), status.get("flat")
    is_killed = isinstance(failure, dict) and failure.get("type") == _KILLED
    said = AgentObservation(
        at, unit, state if isinstance(state, str) else "", is_killed, flat if isinstance(flat, bool) else None
    )
    return None if before is not None and _what(said) == _what(before) else said


def _what(said: AgentObservation) -> tuple[str, bool, bool | None]:
    return said.state, said.killed, said.flat
