"""All facts together, each kind from its own place."""

import os
from dataclasses import replace
from typing import Final

from standfast.clock import utc_now
from standfast.ctl.doctor.facts import OWN, Facts, Unit
from standfast.ctl.doctor.gather import configured, files, host, reach, secrets, told, units
from standfast.ctl.doctor.rules.files import paths as watched_paths
from standfast.detector.watched import is_glob
from standfast.overview.reading import read_snapshot
from standfast.unit_names import AGENTS, DETECTOR, agent_unit

POLKIT: Final = "polkit.service"
OPENALGO: Final = "*openalgo*.service"


def gather() -> Facts:
    """Look at everything that this user may look at.

    Raises:
        SystemctlError: systemd cannot be asked.
    """
    facts, polkit = _with_units(configured.of(*configured.judged()))
    facts = _with_host(_with_places(configured.with_what_they_name(facts, facts.units)), polkit)
    return told.with_statuses(facts, read_snapshot(utc_now()))


def _with_units(facts: Facts) -> tuple[Facts, Unit]:
    """With Standfast's own units, the agents', and what the detector watches; and polkit's unit."""
    watches = [watch.unit for watch in facts.detector.watch] if facts.detector else []
    globs = units.matching([*filter(is_glob, watches), OPENALGO, AGENTS])
    watched = [name for watch in watches for name in (globs[watch] if is_glob(watch) else (watch,))]
    own = [*OWN, *map(agent_unit, facts.agents), *globs[AGENTS]]
    described = units.described(list(dict.fromkeys([*own, POLKIT, *watched])))
    facts = replace(
        facts,
        globs=globs,
        units={name: described[name] for name in own if name in described},
        watched={name: described[name] for name in watched if name in described},
    )
    return facts, described.get(POLKIT, Unit(POLKIT))


def _with_places(facts: Facts) -> Facts:
    """With what can be connected to, the files that the detector looks at, and secrets that lie open or idle."""
    seer = facts.unit(DETECTOR)
    places = reach.places(facts.notifier, facts.check, facts.agents, facts.detector, facts.watched)
    idle = {agent for agent in facts.agents if not facts.agent_unit(agent).is_active}
    return replace(
        facts,
        reached=reach.reached(list(places), idle),
        files=files.seen((path for _, path in watched_paths(facts.detector)) if facts.detector else (), seer),
        idle_secrets=secrets.idle(facts.secrets),
        spoilt_secrets=secrets.spoilt(),
        loose_credentials=secrets.loose(),
    )


def _with_host(facts: Facts, polkit: Unit) -> Facts:
    """With what concerns the host as a whole."""
    return replace(
        facts,
        is_root=os.geteuid() == 0,
        in_container=host.in_container(),
        missing_users=host.missing_users(facts.notifier.listen_to_users if facts.notifier else ()),
        missing_groups=host.missing_groups(),
        deaf_admins=host.deaf_admins(),
        polkit=host.polkit(polkit, facts.unit(DETECTOR)),
        journal=host.journal(),
        free_shares=host.free_shares(),
        is_synchronized=host.is_synchronized(),
        modules=host.modules(),
    )
