"""The names of Standfast's own units, as systemd knows them. Pure."""

from typing import Final

DETECTOR: Final = "standfast-detector.service"
NOTIFIER: Final = "standfast-notifier.service"
MASTER_RESTART: Final = "standfast-master-restart.service"
CHECK: Final = "standfast-check.service"
CHECK_TIMER: Final = "standfast-check.timer"
ALARM: Final = "standfast-alarm.service"
STATUS: Final = "standfast-status.service"
STATUS_SOCKET: Final = "standfast-status.socket"
TARGET: Final = "standfast.target"

# The template of the agents' units, and the glob that all of them fit.
AGENT_TEMPLATE: Final = "standfast-agent@.service"
AGENTS: Final = "standfast-agent@*.service"

# TimeoutStopSec= of the agents' unit as it is shipped.
AGENT_STOPS_AFTER_S: Final = 10.0


def agent_unit(name: str) -> str:
    """The unit of an agent."""
    return AGENT_TEMPLATE.replace("@", f"@{name}")


def agent_name(unit: str) -> str:
    """The agent whose unit it is; "" for the template and for every other unit."""
    prefix, _, name = short(unit).partition("@")
    return name if prefix == short(AGENT_TEMPLATE).rstrip("@") else ""


def short(unit: str) -> str:
    """A unit as people type it: what has no type is a service."""
    return unit.removesuffix(".service")
