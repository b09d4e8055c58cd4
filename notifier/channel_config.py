"""The configuration of the channels: a frozen dataclass for each table under [channels]. Pure."""

import dataclasses
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

from standfast.config import Alias, AtLeast, Duration, load_text
from standfast.config.schema import fields_of
from standfast.config.urls import is_url, origin

# What is used when no channel is configured.
JOURNAL: Final = "journal"
# Where a canary goes; nobody can configure it.
CANARY: Final = "canary"

Timeout = Annotated[float, Duration(0.1)]
_NUMBER: Final = re.compile(r"\+[1-9][0-9]{5,14}")
_ADDRESS: Final = re.compile(r"[^@\s<>,]+@[^@\s<>,]+")


@dataclass(frozen=True, slots=True)
class JournalConfig:
    """[channels.journal]: messages as journal entries; what is used when no channel is configured."""


# The credential that signs webhooks where no other is named.
SIGNING: Final = "webhook-secret"


@dataclass(frozen=True, slots=True)
class WebhookConfig:
    """[channels.webhook]: a POST of JSON.

    Attributes:
        secret_credential: the credential with the key of the signature, without which nothing is sent when it is named
            here; "" signs with `SIGNING` where that is there.
    """

    url: str
    timeout_s: Timeout = 10.0
    secret_credential: str = ""
    secret_file: str = ""

    def mistakes(self) -> Iterator[tuple[str, str, str]]:
        """The address must be one that can be posted to."""
        if not is_http_url(self.url):
            yield "url", "an http:// or https:// address with a host", origin(self.url)


@dataclass(frozen=True, slots=True)
class TelegramConfig:
    """[channels.telegram]: a bot that writes into a chat."""

    chat_id: str
    bot_token_credential: str = "telegram-bot-token"
    bot_token_file: str = ""
    api_url: str = "https://api.telegram.org"
    timeout_s: Timeout = 10.0

    def mistakes(self) -> Iterator[tuple[str, str, str]]:
        """There is a chat, and the server can be posted to."""
        if not self.chat_id.strip():
            yield "chat_id", 'the number of a chat, such as "-100123", or "@name"', json.dumps(self.chat_id)
        if not is_http_url(self.api_url):
            yield "api_url", "an http:// or https:// address with a host", json.dumps(self.api_url)


@dataclass(frozen=True, slots=True)
class SmsConfig:
    """[channels.sms]: text messages through Twilio.

    Attributes:
        daily_cap: so many messages within 24 hours at most; each part to each number is one.
    """

    account_sid: str
    sender: Annotated[str, Alias("from")]
    to: tuple[str, ...]
    auth_token_credential: str = "twilio-auth-token"
    auth_token_file: str = ""
    api_url: str = "https://api.twilio.com"
    daily_cap: Annotated[int, AtLeast(1)] = 20
    timeout_s: Timeout = 10.0

    def mistakes(self) -> Iterator[tuple[str, str, str]]:
        """Numbers are written as Twilio wants them."""
        if not self.account_sid.startswith("AC"):
            yield "account_sid", 'the account\'s id, which starts with "AC"', json.dumps(self.account_sid)
        if not self.to:
            yield "to", "at least one number", "[]"
        for place, number in enumerate(self.to, 1):
            if not _NUMBER.fullmatch(number):
                yield f"to[{place}]", 'a number such as "+4912345"', json.dumps(number)
        if not is_http_url(self.api_url):
            yield "api_url", "an http:// or https:// address with a host", json.dumps(self.api_url)


class Tls(StrEnum):
    """Whether a connection to a mail server becomes encrypted by STARTTLS."""

    OFFERED = "offered"
    REQUIRED = "required"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class EmailConfig:
    """[channels.email]: mail by SMTP.

    Attributes:
        user: to log in as; "" for a server that takes mail without.
        tls: with smtp://, whether to use STARTTLS; smtps:// is encrypted from the start.
    """

    smtp_url: str
    sender: Annotated[str, Alias("from")]
    to: tuple[str, ...]
    user: str = ""
    password_credential: str = "smtp-password"
    password_file: str = ""
    tls: Tls = Tls.OFFERED
    timeout_s: Timeout = 20.0

    def mistakes(self) -> Iterator[tuple[str, str, str]]:
        """Addresses are addresses, and no password goes over the net in clear text."""
        if not is_url(self.smtp_url, ("smtp", "smtps")):
            yield "smtp_url", "an smtp:// or smtps:// address with a host", origin(self.smtp_url)
        elif self.user and self.tls is not Tls.REQUIRED and not _stays_private(self.smtp_url):
            yield "tls", '"required" where a password is sent to another host', json.dumps(self.tls.value)
        if not self.to:
            yield "to", "at least one address", "[]"
        for key, address in (("from", self.sender), *((f"to[{place}]", one) for place, one in enumerate(self.to, 1))):
            if not _ADDRESS.fullmatch(address):
                yield key, 'an address such as "me@example.org"', json.dumps(address)


@dataclass(frozen=True, slots=True)
class AlertmanagerConfig:
    """[channels.alertmanager]: alerts for an Alertmanager, or for all peers of a cluster of them.

    Attributes:
        resend_s: how often what stays unresolved is sent again, so that it does not resolve by itself.
    """

    urls: tuple[str, ...]
    resend_s: Annotated[float, Duration(1)] = 60.0
    timeout_s: Timeout = 10.0

    def mistakes(self) -> Iterator[tuple[str, str, str]]:
        """There is a server, and each can be posted to."""
        if not self.urls:
            yield "urls", "at least one address", "[]"
        for number, url in enumerate(self.urls, 1):
            if not is_http_url(url):
                yield f"urls[{number}]", "an http:// or https:// address with a host", origin(url)


@dataclass(frozen=True, slots=True)
class AppriseConfig:
    """[channels.apprise]: any of the services that the Apprise library knows, each by an address.

    Attributes:
        urls: addresses without a secret in them; with none, they are the lines of the credential.
    """

    urls: tuple[str, ...] = ()
    urls_credential: str = "apprise-urls"
    urls_file: str = ""
    timeout_s: Timeout = 10.0

    def mistakes(self) -> Iterator[tuple[str, str, str]]:
        """Addresses have a scheme; which ones there are, the library knows when it is loaded."""
        for number, url in enumerate(self.urls, 1):
            if "://" not in url:
                yield f"urls[{number}]", 'an address such as "ntfy://topic"', "something else"


@dataclass(frozen=True, slots=True)
class Channels:
    """[channels]: each table that is there is a channel that is used."""

    journal: JournalConfig | None = None
    webhook: WebhookConfig | None = None
    telegram: TelegramConfig | None = None
    sms: SmsConfig | None = None
    email: EmailConfig | None = None
    alertmanager: AlertmanagerConfig | None = None
    apprise: AppriseConfig | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The configured channels in the order of their fields; the journal when there is none."""
        found = tuple(item.name for item in dataclasses.fields(self) if getattr(self, item.name) is not None)
        return found or (JOURNAL,)


def secrets(channels: Channels) -> Iterator[tuple[str, str, str]]:
    """What must be there beside the configuration: (channel, credential, file) of each secret that is needed."""
    if channels.telegram:
        yield "telegram", channels.telegram.bot_token_credential, channels.telegram.bot_token_file
    if channels.sms:
        yield "sms", channels.sms.auth_token_credential, channels.sms.auth_token_file
    if channels.email and channels.email.user:
        yield "email", channels.email.password_credential, channels.email.password_file
    if channels.apprise and not channels.apprise.urls:
        yield "apprise", channels.apprise.urls_credential, channels.apprise.urls_file
    if channels.webhook and (channels.webhook.secret_credential or channels.webhook.secret_file):
        yield "webhook", channels.webhook.secret_credential, channels.webhook.secret_file


def channels_to_table(channels: Channels) -> dict[str, Any]:
    """The channels as the plain table that they were read from, the form in which the worker gets them."""
    table: dict[str, Any] = _table(channels)
    return table


def channels_from_table(table: Mapping[str, Any]) -> Channels:
    """What `channels_to_table` made.

    Raises:
        ConfigError: it is something else.
    """
    return load_text(Channels, json.dumps(table), "channels.json", {})


def is_http_url(text: str) -> bool:
    """Whether a text is an address that an HTTP client can be sent to."""
    return is_url(text, ("http", "https"))


def _stays_private(smtp_url: str) -> bool:
    """Whether what is said to this server cannot be overheard: it is this host, or encrypted from the start."""
    parts = urlsplit(smtp_url)
    return parts.scheme == "smtps" or parts.hostname in ("127.0.0.1", "::1", "localhost")


def _table(config: Any) -> Any:
    """A configuration as the plain table that it was read from; what is None was not there."""
    if isinstance(config, tuple):
        return [_table(one) for one in config]
    if not dataclasses.is_dataclass(config):
        return config
    keys = {key: getattr(config, attribute) for key, (attribute, _) in fields_of(type(config)).items()}
    return {key: _table(value) for key, value in keys.items() if value is not None}
