"""Environment files as systemd reads them (EnvironmentFile= in systemd.exec(5))."""

import re
from pathlib import Path
from typing import Final

from standfast.config import ConfigError, Mistake

_ASSIGNMENT: Final = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_]*)=(.*)")


def read_environment(path: Path) -> dict[str, str]:
    """The variables of a file; none when the file is not there.

    Raises:
        ConfigError: it cannot be read.
    """
    try:
        return parse(path.read_text())
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "bytes that are not UTF-8"
        hint = "see its owner and mode, or use sudo" if isinstance(error, PermissionError) else ""
        raise ConfigError([Mistake(str(path), "", "a readable file", str(reason), hint)]) from error


def parse(text: str) -> dict[str, str]:
    """The variables of a text: comments, empty lines and what is no assignment are passed over, as systemd does."""
    joined = text.replace("\\\n", "")
    found = {}
    for line in joined.splitlines():
        if match := _ASSIGNMENT.fullmatch(line):
            found[match[1]] = _unquoted(match[2].strip())
    return found


def odd_lines(text: str) -> list[int]:
    """The numbers of the lines that are no assignment, no comment and not empty: nobody reads them."""
    found, is_continued = [], False
    for number, line in enumerate(text.splitlines(), 1):
        is_noise = not line.strip() or line.lstrip().startswith(("#", ";"))
        if not (is_continued or is_noise or _ASSIGNMENT.fullmatch(line)):
            found.append(number)
        is_continued = line.endswith("\\")
    return found


def _unquoted(value: str) -> str:
    if len(value) >= 2 and value[0] == value[-1] == "'":
        return value[1:-1]
    if len(value) >= 2 and value[0] == value[-1] == '"':
        return re.sub(r'\\(["\\`$])', r"\1", value[1:-1])
    return re.sub(r"\\(.)", r"\1", value)
