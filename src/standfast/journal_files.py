"""The journal's files on this host: whether this process may read what daemons log."""

import os
from pathlib import Path
from typing import Final

_DIRECTORIES: Final = (Path("/var/log/journal"), Path("/run/log/journal"))


def may_read_journal() -> bool:
    """Whether this user sees what daemons log; without the right the journal's own reader shows silently nothing."""
    found = (path for directory in _DIRECTORIES for path in directory.glob("*/system.journal"))
    return any(os.access(path, os.R_OK) for path in found)
