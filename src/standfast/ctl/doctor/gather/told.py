"""What the daemons tell of themselves in their status files, and which tell nothing. Pure."""

from dataclasses import replace
from fnmatch import fnmatchcase

from standfast.ctl.doctor.facts import Facts
from standfast.ctl.restarting import held_by
from standfast.overview import itself
from standfast.overview.problems import of_fleet
from standfast.overview.snapshot import Snapshot, Source
from standfast.overview.versions import older_version
from standfast.unit_names import AGENTS, DETECTOR, NOTIFIER, agent_unit


def with_statuses(facts: Facts, snapshot: Snapshot) -> Facts:
    """The facts with it; of an agent whose directory is gone too, only its unit is known."""
    sources = {unit: Source(None) for unit in facts.units if fnmatchcase(unit, AGENTS)}
    sources |= {DETECTOR: snapshot.detector, NOTIFIER: snapshot.notifier}
    sources |= {agent_unit(name): source for name, source in snapshot.agents.items()}
    return replace(
        facts,
        older_versions={unit: running for unit, source in sources.items() if (running := older_version(source))},
        held={agent_unit(name): held for name, held in held_by(snapshot.agents).items()},
        flags=snapshot.idle,
        unseen=frozenset(unit for unit, source in sources.items() if source.status is None),
        troubles=tuple(itself.troubles(snapshot, [name for name, unit in facts.watched.items() if not unit.is_loaded])),
        remarks=tuple(itself.left_for_later(snapshot)),
        fleet=tuple(of_fleet(snapshot)),
    )
