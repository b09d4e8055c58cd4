"""Text messages through Twilio: in the alphabet of text messages, one segment where it fits, two where not."""

import dataclasses
import importlib
from datetime import datetime
from typing import Any, Final

import requests

from standfast.clock import utc_now
from standfast.notifier import secret
from standfast.notifier.backoff import retry_after_s
from standfast.notifier.brief import in_brief
from standfast.notifier.channel_config import SmsConfig
from standfast.notifier.channels.channel import Answer, Body, Outcome, Standing, over_all
from standfast.notifier.gsm7 import septets, transliterate

SEGMENT: Final = 160
_TWILIO: Final = "https://api.twilio.com"
_PASSING: Final = frozenset({408, 429})
# An account that is suspended or closed is still shown to its owner, and sends nothing.
_ACTIVE: Final = "active"


class SmsChannel:
    """An account that writes to one or more numbers; each part to each number is one message."""

    def __init__(self, config: SmsConfig) -> None:
        """Load the library and read the token.

        Raises:
            ImportError: the library is not installed.
            SecretError: there is no token.
        """
        self._config = config
        self._token = secret.read(config.auth_token_credential, config.auth_token_file)
        self._http = _http_client(config)
        rest: Any = importlib.import_module("twilio.rest")
        self._error = importlib.import_module("twilio.base.exceptions").TwilioException
        self._client = rest.Client(config.account_sid, self._token, http_client=self._http)

    def deliver(self, body: Body, parts_done: int = 0) -> Answer:
        """Send what was not sent yet of all parts to all numbers; a number that is refused holds up no other."""
        parts = in_brief(transliterate(body["text"]), SEGMENT, septets)
        messages = [(number, part) for number in self._config.to for part in parts]
        taken, refused = parts_done, dict[str, str]()
        for position, (number, part) in enumerate(messages[parts_done:], parts_done):
            if number in refused:
                continue
            answer = self._send(number, part)
            match answer.outcome:
                case Outcome.DELIVERED:
                    taken += 1
                case Outcome.REFUSED:
                    refused[number] = f"refused for {number}: {answer.detail}"
                case Outcome.RETRY:
                    # Goes on here, past what was refused; anew when nothing was taken, so that all can be refused.
                    words = "; ".join([answer.detail, *refused.values()])
                    return dataclasses.replace(answer, detail=words, parts_done=position if taken else 0)
        return Answer(over_all(taken, refused), "; ".join(refused.values()), parts_done=taken)

    def standing(self) -> Standing:
        """Whether the account and its token belong together, and the account may send."""
        try:
            account = self._client.api.v2010.accounts(self._config.account_sid).fetch()
        except self._error as error:
            answer = self._refused_or_not(error)
            return Standing(False if answer.outcome is Outcome.REFUSED else None, answer.detail)
        except requests.RequestException as error:
            return Standing(None, f"cannot reach Twilio: {type(error).__name__}")
        return Standing(account.status == _ACTIVE, f"the account is {account.status}")

    def close(self) -> None:
        """Give the connections back."""
        if self._http.session is not None:
            self._http.session.close()

    def _send(self, number: str, part: str) -> Answer:
        try:
            self._client.messages.create(to=number, from_=self._config.sender, body=part)
        except self._error as error:
            return self._refused_or_not(error)
        except requests.RequestException as error:
            return Answer(Outcome.RETRY, f"cannot reach Twilio: {type(error).__name__}")
        return Answer(Outcome.DELIVERED)

    def _refused_or_not(self, error: Any) -> Answer:
        status = getattr(error, "status", None) or 0
        detail = secret.scrubbed(f"HTTP {status}: {getattr(error, 'msg', error)}", self._token)
        if 400 <= status < 500 and status not in _PASSING:
            return Answer(Outcome.REFUSED, detail)
        return Answer(Outcome.RETRY, detail, self._http.asked_to_wait_s(utc_now()))


def _http_client(config: SmsConfig) -> Any:
    """Twilio's own client with our timeout, which speaks to the configured address and remembers Retry-After."""
    base: Any = importlib.import_module("twilio.http.http_client").TwilioHttpClient

    class HttpClient(base):  # type: ignore[misc]
        retry_after: str | None = None

        def request(self, method: str, url: str, *args: Any, **more: Any) -> Any:
            url = url.replace(_TWILIO, config.api_url.rstrip("/"), 1)
            response = super().request(method, url, *args, **more)
            self.retry_after = dict(getattr(response, "headers", None) or {}).get("Retry-After")
            return response

        def asked_to_wait_s(self, now: datetime) -> float | None:
            return retry_after_s(self.retry_after, now)

    return HttpClient(timeout=config.timeout_s)
