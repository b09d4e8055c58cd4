"""Which requests the status service answers: those addressed to this host. Pure.

A page on the internet can make its reader's browser ask any name that resolves to 127.0.0.1
(DNS rebinding); the Host header tells such a request from one that a person of this host made.
"""

import re
from typing import Final

_LOOPBACK: Final = re.compile(r"(localhost|127\.0\.0\.1|\[::1\])(:[0-9]{1,5})?", re.IGNORECASE)


def is_loopback(host: str) -> bool:
    """Whether a Host header names the loopback interface, on any port."""
    return _LOOPBACK.fullmatch(host) is not None
