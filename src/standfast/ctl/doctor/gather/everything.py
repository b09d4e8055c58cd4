"""All facts together, each kind from its own place."""

import importlib.util
import os
from pathlib import Path
from typing import Any, Final

from standfast.agent.config import AgentConfig
from standfast.config import ConfigError, Mistake
from standfast.ctl import configuration
from standfast.ctl.doctor.facts import DETECTOR, OWN, Facts, Unit, agent_unit
from standfast.ctl.doctor.gather import files, host, reach, secrets, units
from standfast.ctl.doctor.rules.files import paths as watched_paths
from standfast.ctl.doctor.rules.libraries import LIBRARIES
from standfast.detector.watched import is_glob

POLKIT: Final = "polkit.service"
OPENALGO: Final = "*openalgo*.service"
_AGENT_GLOB: Final = "standfast-agent@*.service"


def gather() -> Facts:
    """Look at everything that this user may look at.

    Raises:
        SystemctlError: systemd cannot be asked.
    """
    verdicts, mistakes = _verdicts()
    by_program: dict[str, Any] = {one.file.program: one.config for one in verdicts if one.config is not None}
    agents: dict[str, AgentConfig] = {
        one.file.path.stem: one.config
        for one in verdicts
        if one.file.program == "agent" and isinstance(one.config, AgentConfig)
    }
    detector, notifier = by_program.get("detector"), by_program.get("notifier")
    watches = [watch.unit for watch in detector.watch] if detector else []
    globs = units.matching([*filter(is_glob, watches), OPENALGO, _AGENT_GLOB])
    names = [watch for watch in watches if not is_glob(watch)]
    matched = [name for pattern in filter(is_glob, watches) for name in globs[pattern]]
    own = list(dict.fromkeys([*OWN, *map(agent_unit, agents), *globs[_AGENT_GLOB]]))
    described = units.described(list(dict.fromkeys([*own, POLKIT, *names, *matched])))
    own_units = {name: described[name] for name in own if name in described}
    watched = {name: described[name] for name in (*names, *matched) if name in described}
    found_secrets = tuple(secrets.needed(notifier, detector, agents, own_units))
    seer = own_units.get(DETECTOR, Unit(DETECTOR))
    return Facts(
        is_root=os.geteuid() == 0,
        in_container=host.in_container(),
        units=own_units,
        watched=watched,
        globs=globs,
        mistakes=tuple(mistakes),
        secrets_in_environment=tuple(dict.fromkeys(line for one in verdicts for line in one.secrets)),
        detector=detector,
        notifier=notifier,
        check=by_program.get("check"),
        agents=agents,
        missing_users=host.missing_users(notifier.listen_to_users if notifier else ()),
        missing_groups=host.missing_groups(),
        deaf_admins=host.deaf_admins(),
        polkit=host.polkit(described.get(POLKIT, Unit(POLKIT)), seer),
        journal=host.journal(),
        free_shares=host.free_shares(),
        secrets=found_secrets,
        idle_secrets=secrets.idle(found_secrets),
        public_credentials=secrets.public_files(),
        is_synchronized=host.is_synchronized(),
        reached=reach.reached(list(reach.places(notifier, by_program.get("check"), agents, detector, watched))),
        files=files.seen((path for _, path in watched_paths(detector)) if detector else (), seer),
        strategies=dict(files.strategies(agents, own_units)),
        modules=frozenset(module for module, _ in LIBRARIES.values() if _is_installed(module)),
    )


def _verdicts() -> tuple[list[configuration.Verdict], list[Mistake]]:
    try:
        verdicts = [configuration.judge(file) for file in configuration.installed()]
        strangers = list(configuration.strangers())
    except ConfigError as error:
        return [], list(error.mistakes)
    return verdicts, [*(mistake for one in verdicts for mistake in one.mistakes), *strangers]


def _is_installed(module: str) -> bool:
    """Whether a library is there, without loading it; what lies in the current directory is none."""
    try:
        found = importlib.util.find_spec(module)
    except (ImportError, ValueError):
        return False
    return found is not None and found.origin is not None and Path(found.origin).is_absolute()
