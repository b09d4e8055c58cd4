"""The ways out: one file per channel. A channel's module is imported only where that channel is used."""

from standfast.notifier.channels.channel import Answer, Channel, Outcome
from standfast.notifier.config import JOURNAL, Channels

__all__ = ["Answer", "Channel", "Outcome", "build"]


def build(name: str, channels: Channels) -> Channel:
    """The configured channel of this name, ready to deliver.

    Raises:
        KeyError: it is not configured.
    """
    if name == JOURNAL:
        from standfast.notifier.channels.journal import JournalChannel

        return JournalChannel()
    if name == "webhook" and channels.webhook is not None:
        from standfast.notifier.channels.webhook import WebhookChannel

        return WebhookChannel(channels.webhook)
    raise KeyError(name)
