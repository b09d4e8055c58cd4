"""What to look at in the values of an old .env: stand-ins for secrets, names that only Docker knew. Pure."""

import re
from typing import Any, Final
from urllib.parse import urlsplit

_STAND_IN: Final = re.compile(
    r"<.*>|x{3,}|\*{3,}|\.{3}|changeme|change[_-](?:me|this)|replace[_-]?me|placeholder|todo|none|null|secret|password"
    r"|(?:your|my|enter|insert|put)[_ -].*|.*[_-]here",
    re.IGNORECASE,
)


def is_stand_in(secret: str) -> bool:
    """Whether this only marks the place where a secret belongs, as in an example file."""
    return bool(_STAND_IN.fullmatch(secret.strip()))


def doubtful_host(value: Any) -> str:
    """The host of an address when it is a bare name, as a container's is to its neighbours; "" for any other."""
    if not isinstance(value, str) or "://" not in value:
        return ""
    try:
        host = urlsplit(value).hostname or ""
    except ValueError:
        return ""
    return "" if host == "localhost" or "." in host or ":" in host else host
