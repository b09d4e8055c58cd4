"""The ways out: one file per channel. A channel's module is imported only where that channel is used."""

from standfast.notifier.channel_config import Channels
from standfast.notifier.channels.channel import Answer, Channel, Outcome, Standing

__all__ = ["Answer", "Channel", "Outcome", "Standing", "build"]


def build(name: str, channels: Channels) -> Channel:
    """The configured channel of this name, ready to deliver.

    Raises:
        KeyError: it is not configured.
        ImportError: the library that it needs is not installed.
        SecretError: a secret that it needs is missing.
    """
    match name:
        case "journal":
            from standfast.notifier.channels.journal import JournalChannel

            return JournalChannel()
        case "webhook" if channels.webhook:
            from standfast.notifier.channels.webhook import WebhookChannel

            return WebhookChannel(channels.webhook)
        case "telegram" if channels.telegram:
            from standfast.notifier.channels.telegram import TelegramChannel

            return TelegramChannel(channels.telegram)
        case "sms" if channels.sms:
            from standfast.notifier.channels.sms import SmsChannel

            return SmsChannel(channels.sms)
        case "email" if channels.email:
            from standfast.notifier.channels.email import EmailChannel

            return EmailChannel(channels.email)
        case "alertmanager" if channels.alertmanager:
            from standfast.notifier.channels.alertmanager import AlertmanagerChannel

            return AlertmanagerChannel(channels.alertmanager)
        case "apprise" if channels.apprise:
            from standfast.notifier.channels.apprise import AppriseChannel

            return AppriseChannel(channels.apprise)
    raise KeyError(name)
