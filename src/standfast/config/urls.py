"""Whether an address in a configuration can be used. Pure."""

from urllib.parse import urlsplit


def is_url(text: str, schemes: tuple[str, ...]) -> bool:
    """Whether a text is an address with one of these schemes, a host, and a port that exists if it names one."""
    try:
        parts = urlsplit(text)
        return parts.scheme in schemes and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False


def shown_url(text: str) -> str:
    """An address without its user, password, query and fragment, in which secrets are wont to stand."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return text
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()


def origin(text: str) -> str:
    """What of an address may be said aloud when it is wrong: where it leads, and nothing that only its owner knows."""
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        return "text that is none"
    if not parts.scheme or not host:
        return "text that is none" if text else '""'
    return f'"{parts.scheme}://{host}{f":{port}" if port is not None else ""}/..."'
