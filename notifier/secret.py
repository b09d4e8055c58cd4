"""Secrets: from systemd's credentials or from a file, read when they are used, never kept in a configuration."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from standfast import paths, scrub
from standfast.errors import StandfastError


class SecretError(StandfastError):
    """A secret is not there or cannot be read."""


def read(credential: str, file: str = "") -> str:
    """The secret of this credential, or of `file` when one is configured.

    Raises:
        SecretError: there is none.
    """
    path = Path(file) if file else paths.credential(credential)
    if path is None:
        raise SecretError(
            f'cannot find the credential "{credential}": set it with standfastctl secret set {credential},'
            " then restart the notifier"
        )
    try:
        secret = path.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise SecretError(f"cannot read the secret in {path}: {reason}; see its owner and mode") from error
    if not secret:
        raise SecretError(f"cannot use the secret in {path}: it is empty; set it anew")
    return secret


def missing(wanted: Iterable[tuple[str, str, str]]) -> Iterator[tuple[str, SecretError]]:
    """Of (channel, credential, file): each channel whose secret cannot be read, and why."""
    for channel, credential, file in wanted:
        try:
            read(credential, file)
        except SecretError as error:
            yield channel, error


def scrubbed(text: str, *secrets: str) -> str:
    """A library's words on one line, without the secrets that it may have put into them."""
    return " ".join(scrub.scrubbed(text, *secrets).split())[:300]
