"""What a channel speaks through is installed. Pure."""

from collections.abc import Iterator
from typing import Final

from standfast.ctl.doctor.facts import Facts
from standfast.ctl.doctor.finding import Finding, wrong

# By channel: the Python module, and the Debian package that brings it.
LIBRARIES: Final = {
    "telegram": ("telegram", "python3-python-telegram-bot"),
    "sms": ("twilio", "python3-twilio"),
    "apprise": ("apprise", "apprise"),
}


def findings(facts: Facts) -> Iterator[Finding]:
    """Channels that are configured and cannot speak."""
    for channel in facts.notifier.channel_names if facts.notifier else ():
        module, package = LIBRARIES.get(channel, ("", ""))
        if module and module not in facts.modules:
            yield wrong(
                f"the channel {channel} is configured, but its library is not installed",
                f"apt install {package} && systemctl restart standfast-notifier",
            )
