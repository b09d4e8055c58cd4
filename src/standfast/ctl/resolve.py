"""`standfastctl resolve`: somebody says that a problem is over."""

from collections.abc import Mapping

from standfast.clock import utc_now
from standfast.ctl.numbered import Deed
from standfast.overview import snapshot as shots
from standfast.overview.reading import read_snapshot
from standfast.overview.snapshot import Snapshot, Source
from standfast.unit_names import agent_name, short


def still_so(known: Mapping[str, str], snapshot: Snapshot) -> str:
    """That an agent is still in what was resolved: it hears of no command, and says again only what it finds anew."""
    name = agent_name(known.get("unit", ""))
    source = snapshot.agents.get(name, Source(None))
    failure = shots.table(source.get("failure"))
    if not name or failure.get("type") != known.get("type"):
        return ""
    step = failure.get("action") or f"systemctl reload {short(known['unit'])}"
    return f"Agent {name} is still in {source.get('state')} for it, and says so again only when it looks anew. {step}"


def _doubt(known: Mapping[str, str]) -> str:
    return still_so(known, read_snapshot(utc_now()))


COMMAND = Deed(
    name="resolve",
    verb="Resolve",
    done="Resolved",
    then=(
        "If it occurs again, it is a new problem.",
        "What goes on is not over: what the detector watches it says anew at once, see standfastctl errors.",
        "To take a problem on that lasts: standfastctl ack; to hear nothing of it: standfastctl silence",
    ),
    doubt=_doubt,
).command(
    summary="say that a problem is over",
    description=(
        "Marks an unresolved problem as resolved, for what nobody reports the end of. What still fails is not over: "
        "the detector says it anew at once, an agent when it is reloaded. For root and the members of standfast-admin. "
        "Exits 0 when it is resolved, 1 when it is not, 2 when called wrongly."
    ),
)
