"""Which daemons run on with another version than the one that is installed. Pure."""

from standfast import __version__
from standfast.overview.snapshot import Snapshot, Source


def older_versions(snapshot: Snapshot) -> list[str]:
    """A line for each, with the next step."""
    return [
        f"The {one.what} runs {running}, installed is {__version__}: restart it when it suits: "
        f"systemctl restart {one.unit}"
        for one, source in snapshot.sources.items()
        if (running := older_version(source))
    ]


def older_version(source: Source) -> str:
    """The version that a daemon runs with, "" where it is the installed one or the daemon does not run."""
    if source.status is None:
        return ""
    running = source.get("version")
    # The first versions did not say which they were.
    return "" if running == __version__ else running if isinstance(running, str) else "an older version"
