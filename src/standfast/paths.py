"""Where Standfast keeps its files; `STANDFAST_ROOT` moves all of them under another root for tests."""

import os
from pathlib import Path

ROOT = Path(os.environ.get("STANDFAST_ROOT", "/"))

CONFIG = ROOT / "etc/standfast"
STATE = ROOT / "var/lib/standfast"
RUNTIME = ROOT / "run/standfast"

DETECTOR_CONFIG = CONFIG / "detector.toml"
NOTIFIER_CONFIG = CONFIG / "notifier.toml"
CHECK_CONFIG = CONFIG / "check.toml"
AGENTS_CONFIG = CONFIG / "agents"

# Made when the package is first installed, and gone with a purge.
INSTALLED = STATE / "installed"
DETECTOR_DATABASE = STATE / "detector/detector.db"
NOTIFIER_DATABASE = STATE / "notifier/notifier.db"

DETECTOR_STATUS = RUNTIME / "detector/status.json"
NOTIFIER_STATUS = RUNTIME / "notifier/status.json"
AGENTS_RUNTIME = RUNTIME / "agent"
CHECK_STATUS = RUNTIME / "check/status.json"
DOORBELL = RUNTIME / "notifier/doorbell"

# What the units hand over where no secret was set (SetCredential=): a newline.
NO_CREDENTIAL = b"\n"


def is_there(path: Path) -> bool:
    """Whether a file is there; one that may not be looked for counts as there: whoever opens it is told why not."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except (OSError, ValueError):
        return True
    return True


def listed(directory: Path, *suffixes: str) -> list[Path]:
    """The files of a directory with one of the suffixes, sorted; none where this user may not look."""
    try:
        return sorted(path for path in directory.iterdir() if path.suffix in suffixes)
    except OSError:
        return []


def agent_config(name: str) -> Path:
    """The configuration file of agent NAME."""
    return AGENTS_CONFIG / f"{name}.toml"


def agent_names(beside: Path | None = None) -> list[str]:
    """The agents that have a configuration file, in the directory of this one or in the usual one."""
    directory = beside.parent if beside else AGENTS_CONFIG
    return sorted({path.stem for path in listed(directory, ".toml", ".json")})


def agent_database(name: str) -> Path:
    """The state database of agent NAME."""
    return STATE / "agent" / name / "state.db"


def agent_status(name: str) -> Path:
    """The status file of agent NAME; it is there while the agent runs."""
    return AGENTS_RUNTIME / name / "status.json"


def credential(name: str) -> Path | None:
    """The file of a systemd credential (see systemd.exec(5)), or None where systemd handed over none."""
    directory = os.environ.get("CREDENTIALS_DIRECTORY")
    if not directory:
        return None
    path = Path(directory) / name
    return path if path.is_file() and path.stat().st_size > len(NO_CREDENTIAL) else None
