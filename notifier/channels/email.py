"""Mail by SMTP: one message to all recipients, with an id that stays the same when it is sent again."""

import smtplib
import ssl
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Final
from urllib.parse import urlsplit

from standfast.notifier import secret
from standfast.notifier.channel_config import EmailConfig, Tls
from standfast.notifier.channels.channel import Answer, Body, Outcome, Standing, over_all
from standfast.notifier.secret import SecretError

_PORTS: Final = {"smtp": 25, "smtps": 465}


class EmailChannel:
    """A mail server; a connection is made for each message, servers close idle ones."""

    def __init__(self, config: EmailConfig) -> None:
        """Read the password, if there is a user.

        Raises:
            SecretError: there is a user and no password, or one that the library cannot send.
        """
        self._config = config
        self._password = secret.read(config.password_credential, config.password_file) if config.user else ""
        if not (config.user + self._password).isascii():
            raise SecretError(
                f'cannot log in with the credential "{config.password_credential}": it or the user of'
                " [channels.email] has a character beyond ASCII; choose another password"
            )

    def deliver(self, body: Body, parts_done: int = 0) -> Answer:
        """Send once."""
        try:
            with self._connected() as server:
                refused = server.send_message(_message(self._config, body))
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _ in error.recipients.values()]
            return self._by_code(min(codes, default=550), str(error.recipients))
        except smtplib.SMTPResponseException as error:
            return self._by_code(error.smtp_code, _words(error))
        except smtplib.SMTPNotSupportedError as error:
            return Answer(Outcome.REFUSED, f"{error}; see tls and user of [channels.email]")
        except (smtplib.SMTPException, OSError) as error:
            words = secret.scrubbed(str(error) or type(error).__name__, self._password)
            return Answer(Outcome.RETRY, f"cannot speak to the mail server: {words}")
        words = "; ".join(
            f"refused for {one}: SMTP {code} {why.decode(errors='replace')}" for one, (code, why) in refused.items()
        )
        return Answer(over_all(True, refused), secret.scrubbed(words, self._password))

    def standing(self) -> Standing:
        """Whether the server lets us in; nothing is handed to it."""
        try:
            with self._connected():
                return Standing(True)
        except smtplib.SMTPAuthenticationError as error:
            answer = self._by_code(error.smtp_code, _words(error))
            return Standing(False if answer.outcome is Outcome.REFUSED else None, answer.detail)
        except smtplib.SMTPNotSupportedError as error:
            return Standing(False, f"{error}; see tls and user of [channels.email]")
        except (smtplib.SMTPException, OSError) as error:
            words = secret.scrubbed(str(error) or type(error).__name__, self._password)
            return Standing(None, f"cannot speak to the mail server: {words}")

    def _by_code(self, code: int, words: str) -> Answer:
        """SMTP says 4xx for now and 5xx for good."""
        outcome = Outcome.REFUSED if 500 <= code < 600 else Outcome.RETRY
        return Answer(outcome, f"SMTP {code} {secret.scrubbed(words, self._password)}")

    def close(self) -> None:
        """Nothing is held."""

    def _connected(self) -> smtplib.SMTP:
        """A session that is ready to send."""
        url = urlsplit(self._config.smtp_url)
        host, port, timeout_s = url.hostname or "", url.port or _PORTS[url.scheme], self._config.timeout_s
        is_secure = url.scheme == "smtps"
        if is_secure:
            context = ssl.create_default_context()
            server: smtplib.SMTP = smtplib.SMTP_SSL(host, port, timeout=timeout_s, context=context)
        else:
            server = smtplib.SMTP(host, port, timeout=timeout_s)
        try:
            self._prepare(server, is_secure=is_secure)
        except BaseException:
            server.close()
            raise
        return server

    def _prepare(self, server: smtplib.SMTP, *, is_secure: bool) -> None:
        server.ehlo_or_helo_if_needed()
        wanted = self._config.tls
        if not is_secure and (wanted is Tls.REQUIRED or (wanted is Tls.OFFERED and server.has_extn("starttls"))):
            server.starttls(context=_context(verified=wanted is Tls.REQUIRED))
        if self._config.user:
            server.login(self._config.user, self._password)


def _words(error: smtplib.SMTPResponseException) -> str:
    words = error.smtp_error
    return words if isinstance(words, str) else words.decode(errors="replace")


def _context(*, verified: bool) -> ssl.SSLContext:
    """Encryption that is merely taken when offered asks for no name: the alternative is clear text."""
    context = ssl.create_default_context()
    if not verified:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _message(config: EmailConfig, body: Body) -> EmailMessage:
    message = EmailMessage()
    message["Subject"] = f"{body['host']}: {body['title']}"
    message["From"] = config.sender
    message["To"] = ", ".join(config.to)
    message["Date"] = format_datetime(datetime.fromisoformat(body["at"]))
    message["Message-ID"] = f"<{body['id']}@standfast.local>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(body["text"])
    return message
