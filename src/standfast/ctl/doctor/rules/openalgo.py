"""An OpenAlgo on this host stops after the agents that trade through it. Pure."""

from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from standfast.ctl.doctor.facts import Facts
from standfast.ctl.doctor.finding import Finding, note, wrong

_LOCAL: Final = frozenset({"127.0.0.1", "::1", "localhost"})


def findings(facts: Facts) -> Iterator[Finding]:
    """Agents whose gateway would be stopped beside them at the shutdown of the host."""
    for name, config in facts.agents.items():
        if config.gateway != "openalgo" or urlsplit(config.openalgo.url).hostname not in _LOCAL:
            continue
        unit = facts.agent_unit(name)
        after = unit.get("After").split()
        servers = [one for one in facts.globs.get("*openalgo*.service", ()) if not one.startswith("standfast-")]
        missing = [one for one in servers if one not in after]
        edit = f"systemctl edit {unit.name}: [Unit] After="
        if missing and len(missing) == len(servers):
            yield wrong(
                f"agent {name} trades through {missing[0]}, but is not ordered after it: at a shutdown both stop "
                "at once and its positions may stay open",
                f"{edit}{missing[0]}",
            )
        elif not servers and not any("openalgo" in one for one in after):
            yield note(
                f"agent {name} trades through an OpenAlgo on this host; no unit of that name is to be seen",
                f"if it runs as a unit: {edit}ITS-NAME.service, so that it outlives the agent at a shutdown",
            )
