"""Telegram through python-telegram-bot: its synchronous form (13, Debian 12) and its asynchronous one (20 and later).

The text goes out as plain text, so that every character arrives as it was written.
"""

import asyncio
import importlib
import inspect
import re
from typing import Any, Final

from standfast.notifier import secret
from standfast.notifier.channel_config import TelegramConfig
from standfast.notifier.channels.channel import Answer, Body, Outcome, Standing
from standfast.notifier.parts import split, utf16_units
from standfast.notifier.secret import SecretError

# What one message may hold, in UTF-16 units.
LONGEST_TEXT: Final = 4096
_TOKEN: Final = re.compile(r"[0-9]{3,}:[A-Za-z0-9_-]+")
# By name: the two forms of the library name them differently, and make some a subclass of their network error.
_NOT_US: Final = frozenset({"Unauthorized", "Forbidden", "InvalidToken"})
_REFUSALS: Final = _NOT_US | {"BadRequest", "ChatMigrated"}


class TelegramChannel:
    """A bot that writes into one chat."""

    def __init__(self, config: TelegramConfig) -> None:
        """Load the library and read the token.

        Raises:
            ImportError: the library is not installed.
            SecretError: there is no token, or something else in its place.
        """
        self._config = config
        self._token = secret.read(config.bot_token_credential, config.bot_token_file)
        if not _TOKEN.fullmatch(self._token):
            raise SecretError(
                f'cannot use the credential "{config.bot_token_credential}": it is no token of a bot; set it anew'
            )
        telegram: Any = importlib.import_module("telegram")
        self._error = importlib.import_module("telegram.error").TelegramError
        base_url = f"{config.api_url.rstrip('/')}/bot"
        more: dict[str, Any] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        if inspect.iscoroutinefunction(telegram.Bot.send_message):
            more["request"] = importlib.import_module("telegram.request").HTTPXRequest()
        self._bot = telegram.Bot(self._token, base_url=base_url, **more)
        if more:
            self._loop = asyncio.new_event_loop()

    def deliver(self, body: Body, parts_done: int = 0) -> Answer:
        """Send the parts that were not sent yet."""
        parts = split(body["text"], LONGEST_TEXT, utf16_units)
        done = parts_done
        try:
            for part in parts[parts_done:]:
                self._send(part)
                done += 1
        except self._error as error:
            return self._failed(error, done)
        return Answer(Outcome.DELIVERED, parts_done=done)

    def standing(self) -> Standing:
        """Whether the token is a bot's (getMe)."""
        try:
            self._get_me()
        except self._error as error:
            refused = type(error).__name__ in _NOT_US
            return Standing(False if refused else None, self._words(error))
        return Standing(True)

    def close(self) -> None:
        """Give the connections back."""
        if self._loop is not None:
            self._loop.run_until_complete(self._bot.request.shutdown())
            self._loop.close()

    def _send(self, text: str) -> None:
        self._call(self._bot.send_message, self._config.chat_id, text, disable_web_page_preview=True)

    def _get_me(self) -> None:
        self._call(self._bot.get_me)

    def _call(self, method: Any, *arguments: Any, **more: Any) -> None:
        timeout_s = self._config.timeout_s
        if self._loop is None:
            method(*arguments, timeout=timeout_s, **more)
            return
        times = dict.fromkeys(("connect_timeout", "read_timeout", "write_timeout"), timeout_s)
        self._loop.run_until_complete(method(*arguments, **times, **more))

    def _words(self, error: Exception) -> str:
        return secret.scrubbed(f"{type(error).__name__}: {error}", self._token)

    def _failed(self, error: Exception, done: int) -> Answer:
        detail = self._words(error)
        if type(error).__name__ in _REFUSALS:
            return Answer(Outcome.REFUSED, detail, parts_done=done)
        retry_after = getattr(error, "retry_after", None)
        return Answer(Outcome.RETRY, detail, float(retry_after) if retry_after is not None else None, done)
