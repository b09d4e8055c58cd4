"""Files that the daemons have to see: whether they are there, and what hides them."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from standfast.agent.config import AgentConfig
from standfast.ctl.access import AGENTS, DAEMONS, homes, unreadable
from standfast.ctl.doctor.facts import File, Unit
from standfast.unit_names import agent_unit

# What PrivateTmp=yes gives a unit of its own.
_PRIVATE: Final = ("/tmp", "/var/tmp")


def seen(paths: Iterable[str], unit: Unit, user: str = DAEMONS) -> dict[str, File]:
    """Each path as the unit, running as that user, sees it."""
    found = list(dict.fromkeys(paths))
    shut = unreadable(user, map(Path, found))
    hidden = set(_hidden(found, unit))
    return {
        path: File(path, _exists(path), _hidden_words(path, unit), is_hidden=True)
        if path in hidden
        else File(path, _exists(path), shut.get(Path(path), ""))
        for path in found
    }


def strategies(agents: Mapping[str, AgentConfig], units: Mapping[str, Unit]) -> Iterator[tuple[str, File]]:
    """The module of each agent whose strategy lies in a directory of its own."""
    for name, config in agents.items():
        if not config.strategy_path:
            continue
        path = _module(Path(config.strategy_path), config.strategy.partition(":")[0])
        unit = units.get(agent_unit(name), Unit(agent_unit(name)))
        yield name, seen([str(path)], unit, AGENTS)[str(path)]


def _module(directory: Path, name: str) -> Path:
    """The file of a module, or the directory of a package; the file where there is neither."""
    path = directory.joinpath(*name.split("."))
    try:
        return path if path.is_dir() else path.with_name(f"{path.name}.py")
    except OSError:
        return path.with_name(f"{path.name}.py")


def _exists(path: str) -> bool:
    try:
        Path(path).stat()
    except FileNotFoundError:
        return False
    except OSError:  # this user may not look: it is not said to be missing
        return True
    return True


def _hidden(paths: Iterable[str], unit: Unit) -> Iterator[str]:
    """Those that the unit's sandbox hides, whoever may read them."""
    lines = (one.value for one in unit.drop_ins if one.key in ("BindPaths", "BindReadOnlyPaths"))
    bound = [place.lstrip("-").partition(":")[0] for line in lines for place in line.split()]
    found = list(paths)
    in_homes = set(homes(found)) if unit.get("ProtectHome") in ("yes", "tmpfs") else set()
    in_tmp = {path for path in found if any(Path(path).is_relative_to(place) for place in _PRIVATE)}
    for path in in_homes | in_tmp:
        if not any(Path(path).is_relative_to(place) for place in bound):
            yield path


def _hidden_words(path: str, unit: Unit) -> str:
    """What hides a path from a unit."""
    key = "PrivateTmp=yes" if path.startswith(_PRIVATE) else f"ProtectHome={unit.get('ProtectHome')}"
    return f"{key} of {unit.name} hides it"
