"""Apprise: more than a hundred other services through one library, each an address of its own."""

import importlib
import logging
import re
from collections.abc import Iterator
from typing import Any, Final

from standfast.events import Severity
from standfast.notifier import secret
from standfast.notifier.channel_config import AppriseConfig
from standfast.notifier.channels.channel import Answer, Body, Outcome, Standing, over_all
from standfast.notifier.model import MessageKind
from standfast.notifier.parts import split
from standfast.notifier.secret import SecretError

# The library answers yes or no; the status of the other side stands in its log only.
_STATUS: Final = re.compile(r"\berror=([1-5][0-9]{2})\b")
_PASSING: Final = frozenset({408, 425, 429})
_TYPES: Final = {Severity.INFO: "info", Severity.WARNING: "warning", Severity.CRITICAL: "failure"}


class AppriseChannel:
    """The services of the configured addresses, in their order."""

    def __init__(self, config: AppriseConfig) -> None:
        """Load the library and read the addresses.

        Raises:
            ImportError: the library is not installed.
            SecretError: there are no addresses, or one is none that the library knows.
        """
        self._library: Any = importlib.import_module("apprise")
        # Its log has addresses with their secrets in it.
        logging.getLogger("apprise").propagate = False
        self._urls = _urls(config)
        self._services = [self._service(number, url, config) for number, url in enumerate(self._urls, 1)]

    def deliver(self, body: Body, parts_done: int = 0) -> Answer:
        """Send what was not sent yet of all parts to all services; one that refuses does not stop the others."""
        refusals: list[str] = []
        done, delivered = 0, parts_done
        for service, parts in self._split(body["text"]):
            for number, part in enumerate(parts, 1):
                if done + number <= parts_done:
                    continue
                answer = self._send(service, part, body)
                if answer.outcome is Outcome.RETRY:
                    # Anew when nothing was taken, so that all can be refused.
                    return Answer(Outcome.RETRY, answer.detail, parts_done=done + number - 1 if delivered else 0)
                if answer.outcome is Outcome.REFUSED:
                    refusals.append(answer.detail)
                    break  # the rest of the text would be refused too
                delivered += 1
            done += len(parts)
        return Answer(over_all(delivered, refusals), "; ".join(refusals), parts_done=done)

    def standing(self) -> Standing:
        """The library can only send."""
        return Standing(None, "Apprise's services can be asked nothing without sending something", is_askable=False)

    def close(self) -> None:
        """Nothing is held."""

    def _split(self, text: str) -> Iterator[tuple[Any, list[str]]]:
        for service in self._services:
            yield service, split(text, service.body_maxlen or len(text))

    def _send(self, service: Any, text: str, body: Body) -> Answer:
        to_one = self._library.Apprise()
        to_one.add(service)
        with self._library.LogCapture(level=logging.INFO) as words:
            is_taken = to_one.notify(body=text, title="", notify_type=_type(body), body_format="text")
            said = words.getvalue()
        if is_taken:
            return Answer(Outcome.DELIVERED)
        found = _STATUS.search(said)
        status = int(found[1]) if found else 0
        if 300 <= status < 500 and status not in _PASSING:
            return Answer(Outcome.REFUSED, f"{service.service_name}: HTTP {status}")
        return Answer(Outcome.RETRY, f"{service.service_name}: {f'HTTP {status}' if status else 'no answer'}")

    def _service(self, number: int, url: str, config: AppriseConfig) -> Any:
        service = self._library.Apprise.instantiate(url, suppress_exceptions=True)
        if service is None:
            raise SecretError(f"cannot use address {number} of [channels.apprise]: Apprise knows no such service")
        service.socket_connect_timeout = service.socket_read_timeout = config.timeout_s
        return service


def _type(body: Body) -> str:
    return "success" if body["kind"] == MessageKind.RECOVERY else _TYPES[Severity(body["severity"])]


def _urls(config: AppriseConfig) -> tuple[str, ...]:
    """The addresses of the configuration, or of the credential: a line each, "#" begins a comment."""
    if config.urls:
        return config.urls
    lines = (line.strip() for line in secret.read(config.urls_credential, config.urls_file).splitlines())
    urls = tuple(line for line in lines if line and not line.startswith("#"))
    if not urls:
        raise SecretError(f'cannot find an address in the credential "{config.urls_credential}": set it anew')
    return urls
