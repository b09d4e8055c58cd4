"""The webhook: a POST of the message as JSON."""

import hashlib
import hmac
import json
from typing import Final

import requests

from standfast import paths
from standfast.clock import utc_now
from standfast.notifier import secret
from standfast.notifier.backoff import retry_after_s
from standfast.notifier.channel_config import SIGNING, WebhookConfig
from standfast.notifier.channels.channel import Answer, Body, Outcome, Standing

# The header with the HMAC-SHA-256 of the body's bytes, in the form that GitHub made common.
SIGNATURE: Final = "X-Standfast-Signature-256"
# A client's mistake that another attempt cannot mend, with the exceptions that it can.
_PASSING = frozenset({408, 425, 429})


class WebhookChannel:
    """Posts to one address; its connection is kept between messages."""

    def __init__(self, config: WebhookConfig) -> None:
        """Read the key of the signature, if there is one.

        Raises:
            SecretError: a credential or a file is named for it, and is not there or cannot be read.
        """
        self._config = config
        self._key = _key(config)
        self._session = requests.Session()

    def deliver(self, body: Body, parts_done: int = 0) -> Answer:
        """Post once; the same message is repeated under the same `id` only."""
        data = json.dumps(dict(body)).encode()
        try:
            with self._session.post(
                self._config.url,
                data=data,
                headers={"Content-Type": "application/json", **self._signature(data)},
                timeout=self._config.timeout_s,
                allow_redirects=False,
                stream=True,  # what it says beside its status is of no interest, and may be endless
            ) as response:
                return _answer(response)
        except requests.RequestException as error:
            return Answer(Outcome.RETRY, _reason(error))

    def standing(self) -> Standing:
        """Whatever is posted to an address of the user's may be told to somebody."""
        return Standing(None, "a webhook can be asked nothing without sending something", is_askable=False)

    def _signature(self, data: bytes) -> dict[str, str]:
        if not self._key:
            return {}
        return {SIGNATURE: "sha256=" + hmac.new(self._key, data, hashlib.sha256).hexdigest()}

    def close(self) -> None:
        """Give the connection back."""
        self._session.close()


def _key(config: WebhookConfig) -> bytes:
    is_named = bool(config.secret_file or config.secret_credential)
    if not is_named and paths.credential(SIGNING) is None:
        return b""
    return secret.read(config.secret_credential or SIGNING, config.secret_file).encode()


def _answer(response: requests.Response) -> Answer:
    status = response.status_code
    detail = f"HTTP {status} {response.reason or ''}".strip()
    if 200 <= status < 300:
        return Answer(Outcome.DELIVERED, detail)
    if 300 <= status < 500 and status not in _PASSING:
        return Answer(Outcome.REFUSED, detail)
    return Answer(Outcome.RETRY, detail, retry_after_s(response.headers.get("Retry-After"), utc_now()))


def _reason(error: requests.RequestException) -> str:
    """What failed, without the address, which may carry a secret in its path or query."""
    if isinstance(error, requests.Timeout):
        return "no answer in time"
    if isinstance(error, requests.exceptions.SSLError):
        return "the TLS connection failed; see that the certificate is valid"
    if isinstance(error, requests.ConnectionError):
        return "cannot connect, or the connection broke off"
    return type(error).__name__
