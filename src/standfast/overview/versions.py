"""Which daemons run on with another version than the one that is installed. Pure."""

from standfast import __version__
from standfast.overview.snapshot import Snapshot, Source


def older_versions(snapshot: Snapshot) -> list[str]:
    """A line for each, with the next step."""
    units = {"The failure detector": "standfast-detector", "The notifier": "standfast-notifier"}
    found = [
        *zip(units, units.values(), (snapshot.detector, snapshot.notifier), strict=True),
        *((f"Agent {name}", f"standfast-agent@{name}", source) for name, source in snapshot.agents.items()),
    ]
    return [
        f"{who} runs {running}, installed is {__version__}: restart it when it suits: systemctl restart {unit}"
        for who, unit, source in found
        if (running := older_version(source))
    ]


def older_version(source: Source) -> str:
    """The version that a daemon runs with, "" where it is the installed one or the daemon does not run."""
    if source.status is None:
        return ""
    running = source.get("version")
    # The first versions did not say which they were.
    return "" if running == __version__ else running if isinstance(running, str) else "an older version"
