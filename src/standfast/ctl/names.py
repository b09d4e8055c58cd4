"""The names that a shell completes: what there is on this host now, and nothing at all where that cannot be read."""

from collections.abc import Iterable, Mapping

from standfast import paths
from standfast.clock import utc_now
from standfast.overview import snapshot as shots
from standfast.overview.reading import read_snapshot
from standfast.unit_names import agent_unit


def agents() -> Iterable[str]:
    """The agents that are configured."""
    return paths.agent_names()


def units() -> Iterable[str]:
    """The units that are watched."""
    return shots.watched(read_snapshot(utc_now()))


def needs() -> Mapping[str, Iterable[str]]:
    """Of each watched unit those that it needs."""
    return {name: shots.texts(row.get("needs")) for name, row in shots.watched(read_snapshot(utc_now())).items()}


def silenceable() -> Iterable[str]:
    """The units of which something may be told: those that are watched, the agents' and those that have a problem."""
    problems = shots.rows(read_snapshot(utc_now()).notifier.get("unresolved_errors"))
    about = (row.get("unit") for row in problems)
    agents_units = (agent_unit(name) for name in agents())
    return sorted({*units(), *agents_units, *(unit for unit in about if isinstance(unit, str) and unit)})


def channels() -> Iterable[str]:
    """The notifier's channels."""
    return [str(row.get("name")) for row in shots.rows(read_snapshot(utc_now()).notifier.get("channels"))]


def problems() -> Iterable[str]:
    """The numbers of the unresolved problems."""
    return _ids("unresolved_errors")


def silences() -> Iterable[str]:
    """The ids of the silences in force."""
    return _ids("silences")


def error_types() -> Iterable[str]:
    """The types of the unresolved problems."""
    rows = shots.rows(read_snapshot(utc_now()).notifier.get("unresolved_errors"))
    return sorted({str(row["error_type"]) for row in rows if row.get("error_type")})


def _ids(key: str) -> list[str]:
    rows = shots.rows(read_snapshot(utc_now()).notifier.get(key))
    return [str(row["id"]) for row in rows if isinstance(row.get("id"), str | int)]
