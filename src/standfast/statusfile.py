"""The small JSON files under /run/standfast by which each daemon says what it sees."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from standfast import __version__
from standfast.errors import StandfastError


class StatusFileError(StandfastError):
    """A status file could not be written or read."""


def write(path: Path, status: Mapping[str, Any]) -> None:
    """Replace `path` in one step, so that a reader sees the old status or the new one, never half of one.

    Who writes it says with which version it runs: after an upgrade that is not the installed one.

    Raises:
        StatusFileError: the directory is missing, full or not writable.
    """
    beside = path.with_name(f".{path.name}.new")
    try:
        beside.write_text(json.dumps({**status, "version": __version__}, indent=1) + "\n")
        beside.chmod(0o644)
        os.replace(beside, path)
    except OSError as error:
        raise StatusFileError(
            f"cannot write the status file {path}: {error.strerror}; see that its directory exists and has room"
        ) from error


def read(path: Path) -> dict[str, Any] | None:
    """The status that a daemon wrote last, or None when it is not running and left none.

    Raises:
        StatusFileError: there is a file, but it cannot be read or is not a JSON object.
    """
    try:
        status = json.loads(path.read_text(), parse_constant=_refuse)
    except FileNotFoundError:
        return None
    except PermissionError as error:
        raise StatusFileError(
            f"cannot read the status file {path}: {error.strerror}; it is there for everybody: see the modes of its "
            "directories, or use sudo"
        ) from error
    except (OSError, ValueError, RecursionError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise StatusFileError(f"cannot read the status file {path}: {reason}; restart its daemon") from error
    if not isinstance(status, dict):
        raise StatusFileError(f"cannot read the status file {path}: it is not a JSON object; restart its daemon")
    return status


def _refuse(constant: str) -> Any:
    """NaN and the infinities are no JSON, though Python reads them: whoever passes the status on could not write it."""
    raise ValueError(f"{constant} is no JSON")
